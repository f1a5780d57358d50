-- Assignments: who works which shift. The one table in which a double booking could happen, and cannot.
--
-- `during` is a copy of the shift's, held in step by the foreign key: when a shift moves, the move
-- cascades here and is refused if it would double-book somebody.

CREATE TABLE workforce.assignments (
    assignment_id bigint GENERATED ALWAYS AS IDENTITY,
    schedule_id   bigint,
    shift_id      bigint NOT NULL,
    during        tstzrange NOT NULL,
    employee_id   bigint NOT NULL,
    status        text NOT NULL DEFAULT 'assigned',
    binding       boolean NOT NULL
        GENERATED ALWAYS AS (status IN ('assigned', 'confirmed')) STORED,
    note          text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT assignments_pkey PRIMARY KEY (assignment_id),
    CONSTRAINT assignments_schedule_fkey FOREIGN KEY (schedule_id)
        REFERENCES workforce.schedules (schedule_id),
    CONSTRAINT assignments_shift_fkey FOREIGN KEY (shift_id, during)
        REFERENCES workforce.shifts (shift_id, during) ON UPDATE CASCADE,
    CONSTRAINT assignments_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    -- Leads with the shift: it serves the foreign key, and carries what a count of heads needs.
    CONSTRAINT assignments_once_per_employee_and_shift
        UNIQUE (shift_id, employee_id) INCLUDE (binding),
    CONSTRAINT assignments_status_known
        CHECK (status IN ('proposed', 'assigned', 'confirmed', 'declined', 'cancelled')),
    CONSTRAINT assignments_note_length CHECK (char_length(note) <= 2000)
)
-- Room in each page for the commonest update, assigned to confirmed: it changes no indexed column, so with
-- room it touches no index.
WITH (fillfactor = 90);

-- One person's roster in the order of time, whatever the state; the foreign key; what the guard looks in. It is made
-- here and not with the other indexes, because a guard that finds no such index would build one more.
CREATE INDEX assignments_by_employee
    ON workforce.assignments (employee_id, lower(during), assignment_id);

-- It stands where an exclusion constraint would, costs no index besides, and makes writers of one person wait for each
-- other where the constraint would let them deadlock.
SELECT rota.guard_overlaps(
    'workforce.assignments',
    key_column => 'employee_id',
    range_column => 'during',
    predicate => 'binding',
    guard_name => 'assignments_no_double_booking'
);

COMMENT ON TABLE workforce.assignments IS
    'An employee on a shift. Two binding assignments of one person never overlap; touching ones are fine.';
COMMENT ON COLUMN workforce.assignments.schedule_id IS
    'The plan it belongs to; NULL for one made outside any plan.';
COMMENT ON COLUMN workforce.assignments.during IS
    'Copied from the shift when the row is written, then kept by the foreign key.';
COMMENT ON COLUMN workforce.assignments.binding IS
    'True while the person is booked by it: assigned or confirmed.';

CREATE TRIGGER assignments_updated_at
    BEFORE UPDATE ON workforce.assignments
    FOR EACH ROW
    EXECUTE FUNCTION workforce.set_updated_at();
