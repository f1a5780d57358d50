-- Departments named by a file.
--
-- A file knows a department by its name alone. A name that nobody has yet becomes a department at the top; a
-- name that several have, in different places of the tree, cannot be told apart and is refused.

CREATE FUNCTION api.refuse_ambiguous_departments() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    WITH
    ambiguous AS (
        SELECT
            department.name,
            min(department.department_id) AS first_id,
            count(*) AS times
        FROM
            workforce.departments AS department
        GROUP BY
            department.name
        HAVING
            count(*) > 1
    )
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        staged.line_number,
        'department',
        '21000',
        format('department "%s" exists %s times in the tree', staged.department, ambiguous.times),
        ambiguous.first_id::text
    FROM
        pg_temp.import_stage AS staged
        JOIN ambiguous ON ambiguous.name = staged.department;
END
$$;

COMMENT ON FUNCTION api.refuse_ambiguous_departments IS
    'Refuses staged lines whose department name more than one department has.';

CREATE FUNCTION api.create_staged_departments() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO workforce.departments (name, time_zone)
    SELECT
        staged.department,
        coalesce(mode() WITHIN GROUP (ORDER BY staged.time_zone), 'UTC')
    FROM
        pg_temp.import_stage AS staged
    WHERE
        staged.department IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM workforce.departments AS department WHERE department.name = staged.department
        )
        AND NOT EXISTS (
            SELECT FROM pg_temp.import_refusals AS refusal WHERE refusal.line_number = staged.line_number
        )
    GROUP BY
        staged.department
    ORDER BY
        staged.department;
END
$$;

COMMENT ON FUNCTION api.create_staged_departments IS
    'Creates the departments that good staged lines name and nobody has, in the zone that most of the lines '
    'have.';

CREATE FUNCTION api.refuse_unknown_time_zones() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message)
    SELECT
        staged.line_number,
        'time_zone',
        '22023',
        format('time zone "%s" is not known; use an IANA name like Europe/Berlin', staged.time_zone)
    FROM
        pg_temp.import_stage AS staged
        JOIN (
            SELECT
                named.time_zone
            FROM (
                SELECT DISTINCT zoned.time_zone
                FROM pg_temp.import_stage AS zoned
                WHERE zoned.time_zone IS NOT NULL
            ) AS named
            WHERE
                NOT api.is_time_zone(named.time_zone)
        ) AS unknown USING (time_zone);
END
$$;

COMMENT ON FUNCTION api.refuse_unknown_time_zones IS
    'Refuses staged lines with a time zone that the server does not know; each name is tried once.';
