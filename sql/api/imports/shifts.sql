-- Import of shifts: stage, refuse, store.
--
-- The key is (department, date, shift_type, start_time). A shift that exists and changes its hours takes its
-- assignments along; where that could double-book somebody, its line is refused and the shift stays.

CREATE FUNCTION api.stage_shifts() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    CREATE TEMPORARY TABLE import_stage ON COMMIT DROP AS
    WITH
    typed AS (
        SELECT
            line.*,
            api.given(line.department) AS department_name,
            api.date_value(api.given(line.date)) AS shift_date,
            api.time_value(api.given(line.start_time)) AS starts,
            api.time_value(api.given(line.end_time)) AS ends
        FROM
            pg_temp.import_rows AS line
    )
    SELECT
        typed.line_number,
        typed.department_name AS department,
        typed.shift_date AS date,
        api.given(typed.shift_type) AS shift_type,
        typed.starts AS start_time,
        typed.ends AS end_time,
        coalesce(api.given(typed.time_zone), existing.time_zone, department.time_zone) AS time_zone,
        coalesce(api.integer_value(api.given(typed.required_staff)), existing.required_staff, 1)
            AS required_staff,
        coalesce(api.integer_value(api.given(typed.break_minutes)), existing.break_minutes, 0)
            AS break_minutes,
        CASE
            WHEN typed.required_qualifications IS NULL THEN coalesce(existing.required_qualifications, '{}')
            ELSE ARRAY(
                SELECT btrim(listed.code)
                FROM unnest(string_to_array(typed.required_qualifications, ';')) AS listed (code)
                WHERE btrim(listed.code) <> ''
                GROUP BY btrim(listed.code)
                ORDER BY btrim(listed.code)
            )
        END AS required_qualifications,
        coalesce(api.integer_value(api.given(typed.priority)), existing.priority, 5) AS priority,
        existing.shift_id,
        existing.during AS old_during,
        NULL::tstzrange AS during
    FROM
        typed
        LEFT JOIN (
            SELECT
                candidate.name,
                min(candidate.department_id) AS department_id,
                min(candidate.time_zone) AS time_zone
            FROM
                workforce.departments AS candidate
            GROUP BY
                candidate.name
            HAVING
                count(*) = 1
        ) AS department ON department.name = typed.department_name
        LEFT JOIN workforce.shifts AS existing
            ON existing.department_id = department.department_id
            AND existing.date = typed.shift_date
            AND existing.shift_type = api.given(typed.shift_type)
            AND existing.start_time = typed.starts;
    ANALYZE pg_temp.import_stage;
END
$$;

COMMENT ON FUNCTION api.stage_shifts IS
    'Makes pg_temp.import_stage: the lines as shifts, merged with the ones that exist.';

CREATE FUNCTION api.zone_new_departments() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    UPDATE workforce.departments AS department
    SET
        time_zone = agreed.time_zone
    FROM (
        SELECT
            staged.department AS name,
            min(staged.time_zone) AS time_zone
        FROM
            pg_temp.import_stage AS staged
        WHERE
            staged.time_zone IS NOT NULL
        GROUP BY
            staged.department
        HAVING
            min(staged.time_zone) = max(staged.time_zone)
    ) AS agreed
    WHERE
        agreed.name = department.name
        AND department.time_zone = 'UTC'
        AND agreed.time_zone <> 'UTC'
        AND NOT EXISTS (
            SELECT FROM workforce.shifts AS shift WHERE shift.department_id = department.department_id
        );
END
$$;

COMMENT ON FUNCTION api.zone_new_departments IS
    'Gives a department that is still in UTC and has no shift the one zone that its lines agree on: an '
    'import of employees creates departments without knowing where they are.';

CREATE FUNCTION api.import_shifts() RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    inserted bigint;
    updated bigint;
BEGIN
    LOCK TABLE workforce.departments, workforce.shifts, workforce.assignments IN SHARE ROW EXCLUSIVE MODE;
    PERFORM api.start_import();
    PERFORM api.stage_shifts();
    PERFORM api.refuse_staged_shifts();
    PERFORM api.create_staged_departments();
    PERFORM api.drop_refused_lines();
    PERFORM api.zone_new_departments();
    UPDATE pg_temp.import_stage AS staged
    SET
        time_zone = department.time_zone
    FROM
        workforce.departments AS department
    WHERE
        department.name = staged.department
        AND staged.time_zone IS NULL;
    PERFORM api.refuse_staged_shift_lengths();
    PERFORM api.drop_refused_lines();
    PERFORM api.refuse_repeated_shifts();
    PERFORM api.drop_refused_lines();
    PERFORM api.refuse_moves_into_bookings();
    PERFORM api.drop_refused_lines();
    PERFORM api.refuse_moves_into_moves();
    PERFORM api.drop_refused_lines();

    WITH
    stored AS (
        INSERT INTO workforce.shifts AS shift (
            department_id, date, shift_type, start_time, end_time, time_zone,
            required_staff, break_minutes, required_qualifications, priority
        )
        SELECT
            department.department_id,
            staged.date,
            staged.shift_type,
            staged.start_time,
            staged.end_time,
            staged.time_zone,
            staged.required_staff,
            staged.break_minutes,
            staged.required_qualifications,
            staged.priority
        FROM
            pg_temp.import_stage AS staged
            JOIN workforce.departments AS department ON department.name = staged.department
        ORDER BY
            department.department_id,
            staged.date,
            staged.shift_type,
            staged.start_time
        ON CONFLICT (department_id, date, shift_type, start_time) DO UPDATE
        SET
            end_time = excluded.end_time,
            time_zone = excluded.time_zone,
            required_staff = excluded.required_staff,
            break_minutes = excluded.break_minutes,
            required_qualifications = excluded.required_qualifications,
            priority = excluded.priority
        WHERE
            (
                shift.end_time, shift.time_zone, shift.required_staff, shift.break_minutes,
                shift.required_qualifications, shift.priority
            ) IS DISTINCT FROM (
                excluded.end_time, excluded.time_zone, excluded.required_staff, excluded.break_minutes,
                excluded.required_qualifications, excluded.priority
            )
        RETURNING
            shift.xmax = 0 AS is_new
    )
    SELECT
        count(*) FILTER (WHERE stored.is_new),
        count(*) FILTER (WHERE NOT stored.is_new)
    INTO inserted, updated
    FROM
        stored;
    RETURN api.import_answer(inserted, updated);
END
$$;

COMMENT ON FUNCTION api.import_shifts IS
    'Stores the lines of pg_temp.import_rows as shifts, keyed by department, date, shift_type and '
    'start_time, and returns counts and refusals. Departments that nobody has yet are created. time_zone '
    'defaults to the department''s; an end_time that is not after start_time is on the next day.';

SELECT rota.expose_import(
    'shifts',
    'api.import_shifts'::regproc,
    columns => ARRAY[
        'date', 'shift_type', 'start_time', 'end_time', 'time_zone', 'department', 'required_staff',
        'break_minutes', 'required_qualifications', 'priority'
    ],
    required_columns => ARRAY['date', 'shift_type', 'start_time', 'end_time', 'department'],
    summary => 'Shifts, keyed by department, date, shift_type and start_time'
);
