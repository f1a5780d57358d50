-- Views under management: figures that lists, reports and overviews would otherwise add up anew each time.
--
-- Here and not in sql/views, because each of them holds rows: programs are dropped and made again with any
-- change of their files, and these would be recomputed with them. Their queries stand beside them, so nothing
-- they depend on is dropped with the programs either.
--
-- A rollup where a change touches few keys, a materialized view where it may touch any. The mappings say
-- which keys those are (see rota.create_rollup); rota.check_rollup compares with the query.

-- What depends on the shift alone is worked out once, as its other lengths are, not once for each booking.
ALTER TABLE workforce.shifts
    ADD COLUMN night_minutes integer NOT NULL
        GENERATED ALWAYS AS (
            rota.minutes_in_band(
                rota.shift_range(date, start_time, end_time, time_zone), time_zone, '22:00', '06:00'
            )
        ) STORED;

COMMENT ON COLUMN workforce.shifts.night_minutes IS
    'Elapsed minutes from 22:00 to 06:00 on the shift''s own clock.';

-- The heads of each active shift. Small steps: the coverage of a day is added up from these, and a booking
-- dirties one shift here and one department's day there, each found by the row itself.
CREATE VIEW workforce.shift_coverage_query AS
SELECT
    shift.shift_id,
    shift.date,
    -- 0 stands for none: a key is never null.
    coalesce(shift.department_id, 0) AS department_id,
    shift.required_staff AS required,
    count(assignment.shift_id)::integer AS assigned
FROM workforce.shifts AS shift
LEFT JOIN workforce.assignments AS assignment
    ON assignment.shift_id = shift.shift_id
    AND assignment.binding
WHERE shift.active
-- By its key alone, it would depend on the key, and a dump would make it only after the rows.
GROUP BY
    shift.shift_id,
    shift.date,
    shift.department_id,
    shift.required_staff;

COMMENT ON VIEW workforce.shift_coverage_query IS
    'What workforce.shift_coverage holds: heads required by and booked on each active shift.';

SELECT rota.create_rollup(
    'workforce.shift_coverage',
    'workforce.shift_coverage_query',
    '{shift_id}',
    mappings => '{"workforce.shifts": ["shift_id"], "workforce.assignments": ["shift_id"]}',
    max_staleness => '10 seconds'
);

COMMENT ON TABLE workforce.shift_coverage IS
    'Rollup: heads required by and booked on each active shift; department_id 0 = none.';

CREATE VIEW workforce.daily_coverage_query AS
SELECT
    staffed.date,
    staffed.department_id,
    count(*)::integer AS shifts,
    sum(staffed.required)::integer AS required,
    sum(staffed.assigned)::integer AS assigned,
    sum(greatest(staffed.required - staffed.assigned, 0))::integer AS missing,
    sum(greatest(staffed.assigned - staffed.required, 0))::integer AS surplus
FROM workforce.shift_coverage AS staffed
GROUP BY
    staffed.date,
    staffed.department_id;

COMMENT ON VIEW workforce.daily_coverage_query IS
    'What workforce.daily_coverage holds: heads by local date and department, missing summed shift by shift.';

SELECT rota.create_rollup(
    'workforce.daily_coverage',
    'workforce.daily_coverage_query',
    '{date,department_id}',
    mappings => '{"workforce.shift_coverage": ["date", "department_id"]}',
    max_staleness => '10 seconds'
);

COMMENT ON TABLE workforce.daily_coverage IS
    'Rollup: heads required, booked, missing, surplus by local date and department; department_id 0 = none.';

-- Everybody's weeks. Overtime is what goes beyond the contract in the whole week, so a week is the unit in
-- which it can be kept.
CREATE VIEW workforce.weekly_workload_query AS
SELECT
    week.week_start,
    week.employee_id,
    week.assignments,
    week.elapsed_minutes,
    week.worked_minutes,
    week.night_minutes,
    greatest(week.worked_minutes - employee.weekly_minutes, 0) AS overtime_minutes
FROM (
    SELECT
        date_trunc('week', shift.date::timestamp)::date AS week_start,
        assignment.employee_id,
        count(*)::integer AS assignments,
        sum(shift.elapsed_minutes)::integer AS elapsed_minutes,
        sum(shift.worked_minutes)::integer AS worked_minutes,
        sum(shift.night_minutes)::integer AS night_minutes
    FROM workforce.assignments AS assignment
    JOIN workforce.shifts AS shift
        ON shift.shift_id = assignment.shift_id
    WHERE assignment.binding
    GROUP BY
        date_trunc('week', shift.date::timestamp)::date,
        assignment.employee_id
) AS week
JOIN workforce.employees AS employee
    ON employee.employee_id = week.employee_id;

COMMENT ON VIEW workforce.weekly_workload_query IS
    'What workforce.weekly_workload holds: minutes of binding assignments by ISO week and person.';

-- A booking knows when its shift begins and not on which local date. Offsets of all time zones lie within 16
-- hours, and a skipped day (Samoa, 30 December 2011) moves a beginning by 24 more: the date is in the week of
-- the earliest or of the latest reading, nearly always the same. That spares the writer a look at the shifts.
SELECT rota.create_rollup(
    'workforce.weekly_workload',
    'workforce.weekly_workload_query',
    '{week_start,employee_id}',
    mappings => json_build_object(
        'workforce.assignments',
        'SELECT date_trunc(''week'', lower(changed.during) AT TIME ZONE ''UTC'' + edge.distance)::date, '
        'changed.employee_id '
        'FROM changed '
        'CROSS JOIN (VALUES (interval ''-40 hours''), (interval ''16 hours'')) AS edge (distance) '
        'WHERE changed.binding',
        'workforce.shifts',
        'SELECT date_trunc(''week'', changed.date::timestamp)::date, assignment.employee_id '
        'FROM changed JOIN workforce.assignments AS assignment ON assignment.shift_id = changed.shift_id '
        'WHERE assignment.binding',
        'workforce.employees',
        'SELECT date_trunc(''week'', shift.date::timestamp)::date, changed.employee_id '
        'FROM changed '
        'JOIN workforce.assignments AS assignment ON assignment.employee_id = changed.employee_id '
        'JOIN workforce.shifts AS shift ON shift.shift_id = assignment.shift_id '
        'WHERE assignment.binding'
    )::jsonb,
    max_staleness => '10 seconds'
);

COMMENT ON TABLE workforce.weekly_workload IS
    'Rollup: minutes of each person in an ISO week: worked, at night (22:00 to 06:00), beyond the contract.';

CREATE VIEW workforce.weekly_overview_query AS
SELECT
    figure.week_start,
    sum(figure.shifts)::integer AS shifts,
    sum(figure.employees)::integer AS employees,
    sum(figure.assignments)::integer AS assignments,
    sum(figure.elapsed_minutes) AS elapsed_minutes,
    sum(figure.worked_minutes) AS worked_minutes,
    sum(figure.night_minutes) AS night_minutes,
    sum(figure.overtime_minutes) AS overtime_minutes
FROM (
    SELECT
        date_trunc('week', covered.date::timestamp)::date AS week_start,
        covered.shifts,
        0 AS employees,
        0 AS assignments,
        0 AS elapsed_minutes,
        0 AS worked_minutes,
        0 AS night_minutes,
        0 AS overtime_minutes
    FROM workforce.daily_coverage AS covered
    UNION ALL
    SELECT
        workload.week_start,
        0,
        1,
        workload.assignments,
        workload.elapsed_minutes,
        workload.worked_minutes,
        workload.night_minutes,
        workload.overtime_minutes
    FROM workforce.weekly_workload AS workload
) AS figure
GROUP BY figure.week_start;

COMMENT ON VIEW workforce.weekly_overview_query IS
    'What workforce.weekly_overview holds: everybody''s hours, and the active shifts, by ISO week.';

SELECT rota.create_rollup(
    'workforce.weekly_overview',
    'workforce.weekly_overview_query',
    '{week_start}',
    mappings => '{
        "workforce.daily_coverage": ["date_trunc(''week'', date::timestamp)::date"],
        "workforce.weekly_workload": ["week_start"]
    }',
    max_staleness => '10 seconds'
);

COMMENT ON TABLE workforce.weekly_overview IS
    'Rollup: active shifts, people at work and their minutes in each ISO week.';

CREATE VIEW workforce.schedule_summary_query AS
SELECT
    assignment.schedule_id,
    count(*)::integer AS assignments,
    (count(*) FILTER (WHERE assignment.binding))::integer AS binding_assignments,
    (count(DISTINCT assignment.employee_id) FILTER (WHERE assignment.binding))::integer AS employees,
    (count(DISTINCT assignment.shift_id) FILTER (WHERE assignment.binding))::integer AS shifts,
    coalesce(
        sum(extract(epoch FROM upper(assignment.during) - lower(assignment.during)) / 60)
            FILTER (WHERE assignment.binding),
        0
    )::bigint AS elapsed_minutes
FROM workforce.assignments AS assignment
WHERE assignment.schedule_id IS NOT NULL
GROUP BY assignment.schedule_id;

COMMENT ON VIEW workforce.schedule_summary_query IS
    'What workforce.schedule_summary holds: how many assignments each plan has, binding ones, and hours.';

SELECT rota.create_rollup(
    'workforce.schedule_summary',
    'workforce.schedule_summary_query',
    '{schedule_id}',
    mappings => '{"workforce.assignments": ["schedule_id"]}',
    max_staleness => '10 seconds'
);

COMMENT ON TABLE workforce.schedule_summary IS
    'Rollup: assignments of each plan of every status, and people, shifts and minutes of the binding ones.';

-- A materialized view: a department that moves changes the path of all below it and the sums of all above,
-- old and new. There are some hundreds of departments, and their people are counted from an index. Its order
-- is kept as a number, since comparing paths by a language's rules is most of what the walk costs.
CREATE MATERIALIZED VIEW workforce.department_hierarchy AS
WITH RECURSIVE tree AS (
    SELECT
        root.department_id,
        root.parent_id,
        root.name,
        root.time_zone,
        root.active,
        ARRAY[root.department_id] AS lineage,
        ARRAY[root.name] AS path
    FROM workforce.departments AS root
    WHERE root.parent_id IS NULL
    UNION ALL
    SELECT
        child.department_id,
        child.parent_id,
        child.name,
        child.time_zone,
        child.active,
        tree.lineage || child.department_id,
        tree.path || child.name
    FROM tree
    JOIN workforce.departments AS child ON child.parent_id = tree.department_id
),
headcount AS (
    SELECT
        employee.department_id,
        count(*) AS employees
    FROM workforce.employees AS employee
    WHERE
        employee.active
        AND employee.department_id IS NOT NULL
    GROUP BY employee.department_id
),
subtree AS (
    SELECT
        ancestor.department_id,
        count(*) - 1 AS departments,
        coalesce(sum(headcount.employees), 0)::bigint AS employees
    FROM tree
    CROSS JOIN LATERAL unnest(tree.lineage) AS ancestor (department_id)
    LEFT JOIN headcount ON headcount.department_id = tree.department_id
    GROUP BY ancestor.department_id
)
SELECT
    tree.department_id,
    tree.parent_id,
    tree.name,
    tree.time_zone,
    tree.active,
    tree.lineage,
    tree.path,
    row_number() OVER (ORDER BY tree.path, tree.department_id) AS position,
    coalesce(headcount.employees, 0) AS employees,
    subtree.employees AS subtree_employees,
    subtree.departments AS subtree_departments
FROM tree
JOIN subtree ON subtree.department_id = tree.department_id
LEFT JOIN headcount ON headcount.department_id = tree.department_id;

COMMENT ON MATERIALIZED VIEW workforce.department_hierarchy IS
    'The department tree, depth first by position, with the active employees of each and of all below it.';

-- What a refresh beside its readers needs.
CREATE UNIQUE INDEX department_hierarchy_by_department ON workforce.department_hierarchy (department_id);

SELECT rota.manage_view(
    'workforce.department_hierarchy',
    max_staleness => '10 seconds',
    quiet_period => '200 milliseconds'
);

-- A view is stale until it was refreshed once.
SELECT rota.refresh(known.managed_view)
FROM (
    VALUES
        ('workforce.weekly_overview'::regclass),
        ('workforce.schedule_summary'::regclass),
        ('workforce.department_hierarchy'::regclass)
) AS known (managed_view);
