-- The queries that the indexes exist for: at least one for every index of ours, and for every index of a
-- constraint that a query relies on. A test runs each through EXPLAIN and asserts the index in the plan.
--
-- Format: a line `-- name:`, a line `-- index:` (several where the plan needs several, with commas), then
-- one statement. Ids, dates and texts are literals: EXPLAIN needs no row to match.
-- The test runs them over filled and analysed tables with enable_seqscan = off: a demo organisation is
-- small enough for a sequential scan to be the better plan of some, and what is to be proved is that the
-- index can serve the query, not that it must.

-- name: employees in the order of names
-- index: employees_by_name
SELECT employee_id, name
FROM workforce.employees
WHERE active
ORDER BY name, employee_id
LIMIT 101;

-- name: employees in the order of names, next page
-- index: employees_by_name
SELECT employee_id, name
FROM workforce.employees
WHERE (name, employee_id) > ('M', 1)
ORDER BY name, employee_id
LIMIT 101;

-- name: employees in the order of names, backwards, next page
-- index: employees_by_name
SELECT employee_id, name
FROM workforce.employees
WHERE (name, employee_id) < ('M', 1)
ORDER BY name DESC, employee_id DESC
LIMIT 101;

-- name: employees in the order of numbers
-- index: employees_employee_no_unique
SELECT employee_id, employee_no
FROM workforce.employees
WHERE (employee_no, employee_id) > ('E000100', 1)
ORDER BY employee_no, employee_id
LIMIT 101;

-- name: employees in the order of seniority
-- index: employees_by_hired_on
SELECT employee_id, hired_on
FROM workforce.employees
ORDER BY hired_on, employee_id
LIMIT 101;

-- name: employees, newest first
-- index: employees_by_created_at
SELECT employee_id, created_at
FROM workforce.employees
ORDER BY created_at DESC, employee_id DESC
LIMIT 101;

-- name: employees of a department
-- index: employees_by_department
SELECT employee_id, name
FROM workforce.employees
WHERE department_id = 1
ORDER BY name, employee_id
LIMIT 101;

-- name: employees of a role
-- index: employees_by_role
SELECT employee_id, name
FROM workforce.employees
WHERE role = 'nurse'
ORDER BY name, employee_id
LIMIT 101;

-- name: employees found by a part of a text
-- index: employees_by_text
SELECT employee_id, name
FROM workforce.employees
WHERE name ILIKE '%schmidt 44%'
    OR email ILIKE '%schmidt 44%'
    OR employee_no ILIKE '%schmidt 44%';

-- name: employee by number
-- index: employees_employee_no_unique
SELECT employee_id
FROM workforce.employees
WHERE employee_no = 'E000100';

-- name: employee by e-mail
-- index: employees_email_unique
SELECT employee_id
FROM workforce.employees
WHERE lower(email) = lower('Somebody@Example.org');

-- name: holders of a qualification
-- index: employee_qualifications_by_qualification
SELECT employee_id
FROM workforce.employee_qualifications
WHERE qualification_id = 1;

-- name: qualifications of an employee
-- index: employee_qualifications_pkey
SELECT qualification_id, valid
FROM workforce.employee_qualifications
WHERE employee_id = 1;

-- name: departments below a department
-- index: departments_name_unique_below_parent
SELECT department_id, name
FROM workforce.departments
WHERE parent_id = 1;

-- name: availability of an employee in a window
-- index: availability_by_employee
SELECT during, preference
FROM workforce.availability
WHERE employee_id = 1
    AND lower(during) < timestamptz '2026-02-09 00:00Z'
    AND upper(during) > timestamptz '2026-02-02 00:00Z';

-- name: availability of everybody in a window
-- index: availability_by_during
SELECT person_id, during, preference
FROM rota_source.availability
WHERE during && tstzrange '[2026-02-02 00:00Z,2026-02-03 00:00Z)';

-- name: time off of an employee
-- index: time_off_unique_per_employee
SELECT days, kind, status
FROM workforce.time_off
WHERE employee_id = 1;

-- name: absences of everybody in a window
-- index: time_off_by_during
SELECT person_id, during, kind
FROM rota_source.absences
WHERE during && tstzrange '[2026-02-02 00:00Z,2026-02-03 00:00Z)';

-- name: shifts of a range of dates
-- index: shifts_by_date
SELECT shift_id, date, start_time, end_time
FROM workforce.shifts
WHERE date >= date '2026-02-02'
    AND date < date '2026-02-09'
ORDER BY date, shift_id
LIMIT 101;

-- name: shifts of a range of dates, next page
-- index: shifts_by_date
SELECT shift_id, date, start_time, end_time
FROM workforce.shifts
WHERE date < date '2026-02-09'
    AND (date, shift_id) > (date '2026-02-02', 1)
ORDER BY date, shift_id
LIMIT 101;

-- name: shifts of a department in a range of dates
-- index: shifts_unique_in_department
SELECT shift_id, date, start_time, end_time
FROM workforce.shifts
WHERE department_id = 1
    AND date >= date '2026-02-02'
    AND date < date '2026-02-09';

-- name: shifts of a type in a range of dates
-- index: shifts_by_type
SELECT shift_id, date
FROM workforce.shifts
WHERE shift_type = 'night'
    AND date >= date '2026-02-02'
    AND date < date '2026-02-09'
ORDER BY date, shift_id
LIMIT 101;

-- name: shifts that meet a window
-- index: shifts_by_during
SELECT shift_id, team_id, during, required
FROM rota_source.shifts
WHERE during && tstzrange '[2026-02-02 00:00Z,2026-02-03 00:00Z)';

-- name: schedules in the order of periods
-- index: schedules_by_period_start
SELECT schedule_id, period
FROM workforce.schedules
ORDER BY lower(period) DESC, schedule_id DESC
LIMIT 101;

-- name: schedules that meet a range of dates
-- index: schedules_by_period
SELECT schedule_id, period
FROM workforce.schedules
WHERE period && daterange '[2026-02-02,2026-02-09)';

-- name: schedules in one state, newest first
-- index: schedules_by_status
SELECT schedule_id, created_at
FROM workforce.schedules
WHERE status = 'draft'
ORDER BY created_at DESC, schedule_id DESC
LIMIT 101;

-- name: schedules made by a user
-- index: schedules_by_creator
SELECT schedule_id, created_at
FROM workforce.schedules
WHERE created_by = 1
ORDER BY created_at DESC, schedule_id DESC
LIMIT 101;

-- name: schedules of a department
-- index: schedules_period_unique_in_department
SELECT schedule_id, period
FROM workforce.schedules
WHERE department_id = 1;

-- name: roster of an employee
-- index: assignments_by_employee
SELECT assignment_id, during, status
FROM workforce.assignments
WHERE employee_id = 1
    AND lower(during) >= timestamptz '2026-02-02 00:00Z'
    AND lower(during) < timestamptz '2026-02-09 00:00Z'
ORDER BY lower(during), assignment_id;

-- name: roster of an employee with its shifts
-- index: assignments_by_employee
SELECT assignment_id, shift_type, date, start_time, end_time, status
FROM workforce.assignment_details
WHERE employee_id = 1
    AND lower(during) >= timestamptz '2026-02-02 00:00Z'
    AND lower(during) < timestamptz '2026-02-09 00:00Z'
ORDER BY lower(during), assignment_id;

-- name: bookings of some people in a window
-- index: assignments_by_employee
SELECT assignment_id, person_id, during
FROM rota_source.assignments
WHERE binding
    AND person_id = ANY (ARRAY[1, 2]::bigint[])
    AND during && tstzrange '[2026-02-02 00:00Z,2026-02-09 00:00Z)';

-- name: one person's work around a write, by which rules are judged
-- index: assignments_by_employee
SELECT person_id, assignment_id, during, nature, unpaid_minutes, estimated
FROM rota_source.assignments
WHERE binding
    AND person_id = ANY (ARRAY[1]::bigint[])
    AND during && tstzrange '[2026-02-02 00:00Z,2026-02-09 00:00Z)'
    AND lower(during) >= timestamptz '2025-12-29 00:00Z'
    AND lower(during) < timestamptz '2026-02-09 00:00Z'
ORDER BY person_id, lower(during);

-- name: bookings of everybody in a window
-- index: assignments_by_during
SELECT assignment_id, person_id, during
FROM rota_source.assignments
WHERE binding
    AND during && tstzrange '[2026-02-02 00:00Z,2026-02-03 00:00Z)';

-- name: assignments in the order of time, next page
-- index: assignments_by_start
SELECT assignment_id, employee_id, during
FROM workforce.assignments
WHERE (lower(during), assignment_id) > (timestamptz '2026-02-02 00:00Z', 1)
ORDER BY lower(during), assignment_id
LIMIT 101;

-- name: assignments in the order of time, backwards
-- index: assignments_by_start
SELECT assignment_id, employee_id, during
FROM workforce.assignments
WHERE lower(during) >= timestamptz '2026-02-02 00:00Z'
    AND lower(during) < timestamptz '2026-02-09 00:00Z'
ORDER BY lower(during) DESC, assignment_id DESC
LIMIT 101;

-- name: assignments of a schedule
-- index: assignments_by_schedule
SELECT assignment_id, employee_id, during
FROM workforce.assignments
WHERE schedule_id = 1
ORDER BY lower(during), assignment_id;

-- name: heads on a shift
-- index: assignments_once_per_employee_and_shift
SELECT count(*)
FROM workforce.assignments
WHERE shift_id = 1
    AND binding;

-- name: duplicate of an assignment
-- index: assignments_once_per_employee_and_shift
SELECT assignment_id
FROM workforce.assignments
WHERE shift_id = 1
    AND employee_id = 1;

-- name: staffing of a department in a range of dates
-- index: shifts_unique_in_department, assignments_once_per_employee_and_shift
SELECT shift_id, required_staff, assigned_heads
FROM workforce.shift_staffing
WHERE department_id = 1
    AND date >= date '2026-02-02'
    AND date < date '2026-02-03';

-- name: department history of an employee
-- index: department_history_by_employee
SELECT department_history_id, from_department_id, to_department_id, changed_at
FROM workforce.department_history
WHERE employee_id = 1
ORDER BY changed_at DESC, department_history_id DESC
LIMIT 101;

-- name: arrivals in and departures from a department
-- index: department_history_by_from_department, department_history_by_to_department
SELECT department_history_id, employee_id, changed_at
FROM workforce.department_history
WHERE from_department_id = 1
    OR to_department_id = 1;

-- name: department history, newest first
-- index: department_history_by_changed_at
SELECT department_history_id, employee_id, changed_at
FROM workforce.department_history
ORDER BY changed_at DESC, department_history_id DESC
LIMIT 101;

-- name: roles of a user
-- index: user_roles_unique
SELECT role_id
FROM access.user_roles
WHERE user_id = 1
    AND active;

-- name: users who hold a role
-- index: user_roles_by_role
SELECT user_id
FROM access.user_roles
WHERE role_id = 1;

-- name: scopes of a user's role
-- index: scope_assignments_unique
SELECT scope_kind, scope_id, active
FROM access.scope_assignments
WHERE user_role_id = 1;

-- name: roles that hold in a department
-- index: scope_assignments_by_scope
SELECT user_role_id
FROM access.scope_assignments
WHERE active
    AND scope_kind = 'department'
    AND scope_id = '1';

-- name: user by e-mail
-- index: users_email_unique
SELECT user_id
FROM access.users
WHERE lower(email) = lower('Somebody@Example.org');

-- name: audit log of one thing, newest first
-- index: audit_log_by_entity
SELECT at, user_id, action, change
FROM access.audit_log
WHERE entity_type = 'assignment'
    AND entity_id = '1'
ORDER BY at DESC, audit_log_id DESC
LIMIT 101;

-- name: audit log of one user, newest first
-- index: audit_log_by_user
SELECT at, entity_type, entity_id, action
FROM access.audit_log
WHERE user_id = 1
ORDER BY at DESC, audit_log_id DESC
LIMIT 101;

-- name: audit log between two instants
-- index: audit_log_by_time
SELECT at, user_id, entity_type, entity_id, action
FROM access.audit_log
WHERE at >= timestamptz '2026-02-02 00:00Z'
    AND at < timestamptz '2026-02-03 00:00Z';

-- name: audit log, newest first
-- index: audit_log_pkey
SELECT at, user_id, entity_type, entity_id, action
FROM access.audit_log
ORDER BY audit_log_id DESC
LIMIT 101;

-- name: the job that is run next
-- index: jobs_open
SELECT job_id
FROM workforce.jobs
WHERE state IN ('queued', 'running') AND due_at <= now()
ORDER BY priority DESC, due_at, job_id
LIMIT 1;

-- name: the newest jobs
-- index: jobs_pkey
SELECT job_id, state
FROM workforce.jobs
WHERE job_id < 1000
ORDER BY job_id DESC
LIMIT 101;

-- name: the progress of a job
-- index: job_progress_pkey
SELECT elapsed_ms, cost, lower_bound
FROM workforce.job_progress
WHERE job_id = 1 AND attempt = 1 AND elapsed_ms > 100
ORDER BY elapsed_ms;

-- name: the shifts from which a department's day is covered
-- index: shift_coverage_by_date
SELECT required, assigned
FROM workforce.shift_coverage
WHERE
    date = '2026-01-12'
    AND department_id = 3;

-- name: the days from which a week's shifts are counted
-- index: daily_coverage_by_week
SELECT shifts
FROM workforce.daily_coverage
WHERE date_trunc('week', date::timestamp)::date = '2026-01-12';

-- name: the weeks of a person in the order of time
-- index: weekly_workload_by_employee
SELECT week_start, worked_minutes
FROM workforce.weekly_workload
WHERE
    employee_id = 1
    AND week_start > '2026-01-05'
ORDER BY week_start;
