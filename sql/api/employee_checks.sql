-- What makes an employee valid, and whose number or address a refused one has.

CREATE FUNCTION api.require_employee_fields(
    employee_no text,
    name text,
    email text,
    role text,
    department_id bigint,
    time_zone text,
    weekly_minutes integer,
    min_minutes integer,
    max_minutes integer,
    qualifications text[]
) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    unknown text;
BEGIN
    PERFORM api.require_text('employee_no', employee_no, 50);
    PERFORM api.require_text('name', name, 200);
    PERFORM api.require_text('email', email, 254);
    IF role IS NOT NULL THEN
        PERFORM api.require_text('role', role, 100);
    END IF;
    IF email !~ '^[^@[:space:]]+@[^@[:space:]]+$' THEN
        PERFORM api.refuse(
            'email', format('email "%s" is no address', email), 'use a form like name@example.org'
        );
    END IF;
    IF department_id IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM workforce.departments AS department
        WHERE department.department_id = require_employee_fields.department_id
    ) THEN
        PERFORM api.refuse_unknown(
            'department_id',
            format('department %s does not exist', department_id),
            'GET /api/departments lists them'
        );
    END IF;
    PERFORM api.require_time_zone(time_zone);
    PERFORM api.require_between('weekly_minutes', weekly_minutes, 0, 10080);
    PERFORM api.require_between('min_minutes', min_minutes, 0, 527040);
    PERFORM api.require_between('max_minutes', max_minutes, 0, 527040);
    IF min_minutes > max_minutes THEN
        PERFORM api.refuse(
            'min_minutes',
            format('min_minutes %s is more than max_minutes %s', min_minutes, max_minutes),
            'the lower bound must not exceed the upper one'
        );
    END IF;

    SELECT
        listed.code
    INTO unknown
    FROM
        unnest(qualifications) AS listed (code)
        LEFT JOIN workforce.qualifications AS qualification USING (code)
    WHERE
        qualification.qualification_id IS NULL
    LIMIT 1;
    IF FOUND THEN
        PERFORM api.refuse(
            'qualifications',
            format('qualification "%s" is not known', unknown),
            'one of: ' || coalesce(
                (SELECT string_agg(qualification.code, ', ' ORDER BY qualification.code)
                FROM workforce.qualifications AS qualification),
                '(none yet)'
            )
        );
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_employee_fields IS
    'True when the fields make a valid employee; else raises 22023 or P0002 that names the field.';

CREATE FUNCTION api.refuse_employee_clash(employee_id bigint, employee_no text, email text) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    other workforce.employees;
BEGIN
    SELECT
        candidate.*
    INTO other
    FROM
        workforce.employees AS candidate
    WHERE
        candidate.employee_id IS DISTINCT FROM refuse_employee_clash.employee_id
        AND (
            candidate.employee_no = refuse_employee_clash.employee_no
            OR lower(candidate.email) = lower(refuse_employee_clash.email)
        )
    LIMIT 1;
    IF other.employee_no = employee_no THEN
        RETURN api.refuse_clash(
            'employee_no',
            format(
                'employee number %s belongs to %s (employee %s)', employee_no, other.name, other.employee_id
            ),
            'use a number that is free, or change that employee'
        );
    END IF;
    RETURN api.refuse_clash(
        'email',
        format('e-mail address %s is in use by %s (employee %s)', email, other.name, other.employee_id),
        'every employee needs an address of their own; upper and lower case count as the same'
    );
END
$$;

COMMENT ON FUNCTION api.refuse_employee_clash IS
    'Raises 23505 that names whose number or address it is.';
