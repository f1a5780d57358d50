-- What makes a shift valid, and which shift has the place that a refused one wants.

CREATE FUNCTION api.require_shift_fields(
    department_id bigint,
    date date,
    shift_type text,
    start_time time,
    end_time time,
    time_zone text,
    break_minutes integer,
    required_staff integer,
    required_qualifications text[],
    priority integer
) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_variable
DECLARE
    longest numeric;
BEGIN
    IF department_id IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM workforce.departments AS department
        WHERE department.department_id = require_shift_fields.department_id
    ) THEN
        PERFORM api.refuse_unknown(
            'department_id',
            format('department %s does not exist', department_id),
            'GET /api/departments lists them'
        );
    END IF;
    IF date IS NULL OR NOT isfinite(date) THEN
        PERFORM api.refuse('date', 'date is missing', 'give the local day on which the shift starts');
    END IF;
    PERFORM api.require_text('shift_type', shift_type, 50);
    IF start_time IS NULL
        OR start_time >= '24:00'
        OR start_time <> date_trunc('minute', start_time::interval)
    THEN
        PERFORM api.refuse(
            'start_time',
            format('start_time %s is no whole minute of a day', coalesce(start_time::text, 'null')),
            'use a time from 00:00 to 23:59'
        );
    END IF;
    IF end_time IS NULL OR end_time <> date_trunc('minute', end_time::interval) THEN
        PERFORM api.refuse(
            'end_time',
            format('end_time %s is no whole minute of a day', coalesce(end_time::text, 'null')),
            'use a time from 00:00 to 23:59; one that is not after start_time is on the next day'
        );
    END IF;
    PERFORM api.require_time_zone(time_zone);
    PERFORM api.require_between('required_staff', required_staff, 0, 10000);
    PERFORM api.require_between('priority', priority, 1, 10);
    PERFORM api.require_between('break_minutes', break_minutes, 0, 1440);
    longest := rota.worked_minutes(rota.shift_range(date, start_time, end_time, time_zone));
    IF break_minutes > longest THEN
        PERFORM api.refuse(
            'break_minutes',
            format('break_minutes %s is more than the shift''s %s minutes', break_minutes, longest),
            'the break is a part of the shift'
        );
    END IF;
    IF array_position(required_qualifications, NULL) IS NOT NULL THEN
        PERFORM api.refuse('required_qualifications', 'a required qualification is null', 'list codes only');
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_shift_fields IS
    'True when the fields make a valid shift; else raises 22023 or P0002 that names the field.';

CREATE FUNCTION api.refuse_shift_clash(department_id bigint, date date, shift_type text, start_time time)
RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN api.refuse_clash(
        'shift_type',
        format(
            'the department has a shift "%s" on %s at %s already (shift %s)',
            shift_type,
            date,
            to_char(start_time, 'HH24:MI'),
            (
                SELECT other.shift_id
                FROM workforce.shifts AS other
                WHERE other.department_id IS NOT DISTINCT FROM refuse_shift_clash.department_id
                    AND other.date = refuse_shift_clash.date
                    AND other.shift_type = refuse_shift_clash.shift_type
                    AND other.start_time = refuse_shift_clash.start_time
            )
        ),
        'raise required_staff of that shift, or use another shift_type or start_time'
    );
END
$$;

COMMENT ON FUNCTION api.refuse_shift_clash IS
    'Raises 23505 that names the shift which has the place already.';
