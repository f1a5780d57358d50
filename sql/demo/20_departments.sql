-- Departments: three sites in three time zones, divisions below a site, wards below a division. No two have
-- the same name, so that an import finds each by its name.

CREATE FUNCTION demo.make_departments(departments integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO demo.units (number, parent_number, depth, name, time_zone)
    SELECT
        placed.number,
        CASE
            WHEN placed.depth = 1 THEN placed.site
            -- The ward's division is the last one of the site before it.
            WHEN placed.depth = 2 THEN placed.number - 3 * (placed.place % 4)
        END,
        placed.depth,
        CASE placed.depth
            WHEN 0 THEN (
                ARRAY['Havel Clinic Berlin', 'Harbor Hospital New York', 'Sumida Hospital Tokyo']
            )[placed.site]
            WHEN 1 THEN demo.division_name(placed.place / 4) || ' ' || placed.city
            ELSE demo.division_name(placed.place / 4) || ' ' || placed.city || ', ward ' || placed.place % 4
        END,
        (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo'])[placed.site]
    FROM (
        SELECT
            numbers.number,
            (numbers.number - 1) % 3 + 1 AS site,
            (ARRAY['Berlin', 'New York', 'Tokyo'])[(numbers.number - 1) % 3 + 1] AS city,
            (numbers.number - 4) / 3 AS place,
            CASE
                WHEN numbers.number <= 3 THEN 0
                WHEN (numbers.number - 4) / 3 % 4 = 0 THEN 1
                ELSE 2
            END AS depth
        FROM
            generate_series(1, departments) AS numbers (number)
    ) AS placed;

    FOR level IN 0..2 LOOP
        WITH
        inserted AS (
            INSERT INTO workforce.departments (parent_id, name, time_zone)
            SELECT
                parent.department_id,
                unit.name,
                unit.time_zone
            FROM
                demo.units AS unit
                LEFT JOIN demo.units AS parent ON parent.number = unit.parent_number
            WHERE
                unit.depth = level
            ORDER BY
                unit.number
            RETURNING
                department_id,
                parent_id,
                name
        )
        UPDATE demo.units AS unit
        SET
            department_id = inserted.department_id
        FROM
            inserted
        WHERE
            unit.depth = level
            AND unit.name = inserted.name
            AND inserted.parent_id IS NOT DISTINCT FROM (
                SELECT parent.department_id FROM demo.units AS parent WHERE parent.number = unit.parent_number
            );
    END LOOP;
END
$$;

COMMENT ON FUNCTION demo.make_departments(integer) IS
    'Makes this many departments, at least 6, sites included.';
