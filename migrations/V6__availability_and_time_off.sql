-- When people can work, would like to work, cannot work; and when they are away.

CREATE TABLE workforce.availability (
    availability_id bigint GENERATED ALWAYS AS IDENTITY,
    employee_id     bigint NOT NULL,
    during          tstzrange NOT NULL,
    preference      text NOT NULL,
    note            text,

    CONSTRAINT availability_pkey PRIMARY KEY (availability_id),
    CONSTRAINT availability_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT availability_during_half_open CHECK (
        NOT isempty(during)
        AND (lower_inc(during) OR lower_inf(during))
        AND NOT upper_inc(during)
    ),
    CONSTRAINT availability_preference_known
        CHECK (preference IN ('available', 'preferred', 'unavailable')),
    CONSTRAINT availability_note_length CHECK (char_length(note) <= 2000)
);

COMMENT ON TABLE workforce.availability IS
    'What people said about their time. Softer than time off: working against it is a warning.';

CREATE TABLE workforce.time_off (
    time_off_id            bigint GENERATED ALWAYS AS IDENTITY,
    employee_id            bigint NOT NULL,
    days                   daterange NOT NULL,
    time_zone              text NOT NULL,
    kind                   text NOT NULL,
    status                 text NOT NULL DEFAULT 'approved',
    excluded_from_averages boolean NOT NULL DEFAULT false,
    during                 tstzrange NOT NULL
        GENERATED ALWAYS AS (rota.local_days(days, time_zone)) STORED,
    created_at             timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT time_off_pkey PRIMARY KEY (time_off_id),
    CONSTRAINT time_off_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    -- Leads with the employee, so it also finds a person's absences.
    CONSTRAINT time_off_unique_per_employee UNIQUE (employee_id, days, kind),
    CONSTRAINT time_off_days_have_a_start
        CHECK (NOT isempty(days) AND isfinite(lower(days)) IS TRUE AND isfinite(upper(days)) IS NOT FALSE),
    CONSTRAINT time_off_kind_length CHECK (btrim(kind) <> '' AND char_length(kind) <= 50),
    CONSTRAINT time_off_status_known CHECK (status IN ('requested', 'approved', 'rejected'))
);

COMMENT ON TABLE workforce.time_off IS
    'Absences by local day. Only approved ones bind; a requested one is a wish.';
COMMENT ON COLUMN workforce.time_off.days IS
    'Local days, half-open; no end means until further notice.';
COMMENT ON COLUMN workforce.time_off.time_zone IS
    'IANA name. When left out: the employee''s, else the department''s, else UTC.';
COMMENT ON COLUMN workforce.time_off.excluded_from_averages IS
    'True where the rules leave these days out of averaged hours (annual leave, sickness).';
COMMENT ON COLUMN workforce.time_off.during IS
    'The instants of days in time_zone: 23, 24 or 25 hours a day.';

CREATE FUNCTION workforce.set_time_off_time_zone()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT coalesce(employee.time_zone, department.time_zone, 'UTC')
    INTO NEW.time_zone
    FROM workforce.employees AS employee
    LEFT JOIN workforce.departments AS department USING (department_id)
    WHERE employee.employee_id = NEW.employee_id;
    -- No such employee: any zone will do, the foreign key refuses the row by its proper name.
    NEW.time_zone := coalesce(NEW.time_zone, 'UTC');
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION workforce.set_time_off_time_zone() IS
    'Row trigger BEFORE INSERT: the zone of an absence that names none.';

CREATE TRIGGER time_off_time_zone
    BEFORE INSERT ON workforce.time_off
    FOR EACH ROW
    WHEN (NEW.time_zone IS NULL)
    EXECUTE FUNCTION workforce.set_time_off_time_zone();
