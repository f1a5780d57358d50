-- Employees: the people who are scheduled. Deactivated, never deleted, once anything refers to them.

CREATE TABLE workforce.employees (
    employee_id    bigint GENERATED ALWAYS AS IDENTITY,
    employee_no    text NOT NULL,
    name           text NOT NULL,
    email          text NOT NULL,
    role           text,
    department_id  bigint,
    time_zone      text,
    active         boolean NOT NULL DEFAULT true,
    weekly_minutes integer NOT NULL DEFAULT 2400,
    min_minutes    integer,
    max_minutes    integer,
    hired_on       date,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT employees_pkey PRIMARY KEY (employee_id),
    CONSTRAINT employees_employee_no_unique UNIQUE (employee_no),
    CONSTRAINT employees_department_fkey FOREIGN KEY (department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT employees_employee_no_length
        CHECK (btrim(employee_no) <> '' AND char_length(employee_no) <= 50),
    CONSTRAINT employees_name_length CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    -- 254 is the longest address that a mail path can carry (RFC 5321, 4.5.3.1.3).
    CONSTRAINT employees_email_form CHECK (email ~ '^[^@\s]+@[^@\s]+$' AND char_length(email) <= 254),
    CONSTRAINT employees_role_length CHECK (btrim(role) <> '' AND char_length(role) <= 100),
    CONSTRAINT employees_weekly_minutes_in_a_week CHECK (weekly_minutes BETWEEN 0 AND 7 * 24 * 60),
    CONSTRAINT employees_min_minutes_not_negative CHECK (min_minutes >= 0),
    CONSTRAINT employees_max_minutes_not_negative CHECK (max_minutes >= 0),
    CONSTRAINT employees_min_minutes_up_to_max CHECK (min_minutes <= max_minutes),
    CONSTRAINT employees_hired_on_finite CHECK (isfinite(hired_on))
);

-- The address is kept as it was given; two addresses that differ only in case are the same.
CREATE UNIQUE INDEX employees_email_unique ON workforce.employees (lower(email));

COMMENT ON TABLE workforce.employees IS
    'People who are scheduled. A person who leaves is set inactive; history and hours stay.';
COMMENT ON COLUMN workforce.employees.employee_no IS
    'The organisation''s own number; the key that files are imported by.';
COMMENT ON COLUMN workforce.employees.email IS
    'As given. Unique without regard to case (employees_email_unique): look it up by lower(email).';
COMMENT ON COLUMN workforce.employees.time_zone IS
    'IANA name; NULL means the department''s.';
COMMENT ON COLUMN workforce.employees.weekly_minutes IS
    'Contracted minutes per ISO week; work above counts as overtime.';
COMMENT ON COLUMN workforce.employees.min_minutes IS
    'Fewest minutes in a planning period; NULL means none.';
COMMENT ON COLUMN workforce.employees.max_minutes IS
    'Most minutes in a planning period; NULL means none.';

CREATE TRIGGER employees_updated_at
    BEFORE UPDATE ON workforce.employees
    FOR EACH ROW
    EXECUTE FUNCTION workforce.set_updated_at();

CREATE TRIGGER employees_time_zone
    AFTER INSERT OR UPDATE OF time_zone ON workforce.employees
    FOR EACH ROW
    WHEN (NEW.time_zone IS NOT NULL)
    EXECUTE FUNCTION workforce.refuse_unknown_time_zone();
