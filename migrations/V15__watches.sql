-- Tables whose changes are announced, because functions of the API read them (see rota.watch).
--
-- The keys are the columns by which a function reads a part of a table: rota.expose binds them to arguments
-- (keyed_reads). A key that nobody binds costs writers a tag and serves nobody.

SELECT rota.watch('workforce.departments');
SELECT rota.watch('workforce.employees', '{employee_id}');
SELECT rota.watch('workforce.qualifications');
SELECT rota.watch('workforce.employee_qualifications', '{employee_id}');
SELECT rota.watch('workforce.availability');
SELECT rota.watch('workforce.time_off', '{employee_id}');
SELECT rota.watch('workforce.shifts', '{shift_id,department_id}');
SELECT rota.watch('workforce.schedules', '{schedule_id,department_id}');
SELECT rota.watch('workforce.assignments', '{employee_id,shift_id,schedule_id}');
SELECT rota.watch('workforce.department_history', '{employee_id}');
SELECT rota.watch('workforce.rules');
