-- Shift templates and shifts.
--
-- A shift keeps the local intent (date, start, end, zone) and derives the instants and the lengths from
-- it. There is no CHECK start < end: an end at or before the start is on the next day, and an equal one
-- is a shift of 24 local hours.

CREATE TABLE workforce.shift_templates (
    shift_template_id       bigint GENERATED ALWAYS AS IDENTITY,
    name                    text NOT NULL,
    department_id           bigint,
    shift_type              text NOT NULL,
    start_time              time NOT NULL,
    end_time                time NOT NULL,
    break_minutes           integer NOT NULL DEFAULT 0,
    required_staff          integer NOT NULL DEFAULT 1,
    required_qualifications text[] NOT NULL DEFAULT '{}',

    CONSTRAINT shift_templates_pkey PRIMARY KEY (shift_template_id),
    CONSTRAINT shift_templates_department_fkey FOREIGN KEY (department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT shift_templates_name_unique UNIQUE NULLS NOT DISTINCT (department_id, name),
    CONSTRAINT shift_templates_name_length CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT shift_templates_shift_type_length
        CHECK (btrim(shift_type) <> '' AND char_length(shift_type) <= 50),
    CONSTRAINT shift_templates_times_in_whole_minutes
        CHECK (extract(second FROM start_time) = 0 AND extract(second FROM end_time) = 0),
    CONSTRAINT shift_templates_start_before_midnight CHECK (start_time < time '24:00'),
    CONSTRAINT shift_templates_break_not_negative CHECK (break_minutes >= 0),
    CONSTRAINT shift_templates_required_staff_not_negative CHECK (required_staff >= 0),
    CONSTRAINT shift_templates_required_qualifications_named
        CHECK (array_position(required_qualifications, NULL) IS NULL)
);

COMMENT ON TABLE workforce.shift_templates IS
    'Patterns from which shifts are made for a date; the zone is that of the department.';

CREATE TABLE workforce.shifts (
    shift_id                bigint GENERATED ALWAYS AS IDENTITY,
    department_id           bigint,
    shift_type              text NOT NULL,
    date                    date NOT NULL,
    start_time              time NOT NULL,
    end_time                time NOT NULL,
    time_zone               text NOT NULL,
    break_minutes           integer NOT NULL DEFAULT 0,
    required_staff          integer NOT NULL DEFAULT 1,
    required_qualifications text[] NOT NULL DEFAULT '{}',
    priority                smallint NOT NULL DEFAULT 5,
    active                  boolean NOT NULL DEFAULT true,
    during                  tstzrange NOT NULL
        GENERATED ALWAYS AS (rota.shift_range(date, start_time, end_time, time_zone)) STORED,
    elapsed_minutes         integer NOT NULL
        GENERATED ALWAYS AS (
            rota.worked_minutes(rota.shift_range(date, start_time, end_time, time_zone))
        ) STORED,
    worked_minutes          integer NOT NULL
        GENERATED ALWAYS AS (
            rota.worked_minutes(rota.shift_range(date, start_time, end_time, time_zone), break_minutes)
        ) STORED,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT shifts_pkey PRIMARY KEY (shift_id),
    CONSTRAINT shifts_department_fkey FOREIGN KEY (department_id)
        REFERENCES workforce.departments (department_id),
    -- What assignments refer to: a shift that moves takes its assignments with it.
    CONSTRAINT shifts_during_unique UNIQUE (shift_id, during),
    -- Leads with department and date, so it also finds the shifts of a department in a range of dates.
    CONSTRAINT shifts_unique_in_department
        UNIQUE NULLS NOT DISTINCT (department_id, date, shift_type, start_time),
    CONSTRAINT shifts_shift_type_length CHECK (btrim(shift_type) <> '' AND char_length(shift_type) <= 50),
    CONSTRAINT shifts_times_in_whole_minutes
        CHECK (extract(second FROM start_time) = 0 AND extract(second FROM end_time) = 0),
    CONSTRAINT shifts_start_before_midnight CHECK (start_time < time '24:00'),
    -- Both ends can meet in a spring gap. rota.shift_range refuses that; were it ever to pass, the empty
    -- range would slip past the guard of assignments, since it overlaps nothing.
    CONSTRAINT shifts_during_not_empty CHECK (NOT isempty(during)),
    -- Some zones moved by odd seconds, the last in 1972: minutes would then be rounded.
    CONSTRAINT shifts_zone_moves_by_whole_minutes
        CHECK (upper(during) - lower(during) = make_interval(mins => elapsed_minutes)),
    CONSTRAINT shifts_break_not_negative CHECK (break_minutes >= 0),
    CONSTRAINT shifts_required_staff_not_negative CHECK (required_staff >= 0),
    CONSTRAINT shifts_priority_from_1_to_10 CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT shifts_required_qualifications_named
        CHECK (array_position(required_qualifications, NULL) IS NULL)
);

COMMENT ON TABLE workforce.shifts IS
    'Work to be done: when, where, by how many, with which qualifications.';
COMMENT ON COLUMN workforce.shifts.date IS
    'The local date on which the shift starts; a night shift belongs to its first date.';
COMMENT ON COLUMN workforce.shifts.end_time IS
    'At or before start_time: on the next day. Equal: 24 local hours. 24:00: the end of the date.';
COMMENT ON COLUMN workforce.shifts.time_zone IS
    'IANA name. When left out: the department''s, else UTC.';
COMMENT ON COLUMN workforce.shifts.break_minutes IS
    'Unpaid minutes inside the shift.';
COMMENT ON COLUMN workforce.shifts.required_staff IS
    'Heads wanted. Fewer is understaffed, more is overstaffed; neither is refused.';
COMMENT ON COLUMN workforce.shifts.required_qualifications IS
    'Codes of workforce.qualifications, all of which every person on the shift must hold.';
COMMENT ON COLUMN workforce.shifts.priority IS
    'From 1 to 10, higher is filled first.';
COMMENT ON COLUMN workforce.shifts.active IS
    'False for a shift that was withdrawn; it then demands nobody.';
COMMENT ON COLUMN workforce.shifts.during IS
    'The instants, half-open. New time zone data moves them with UPDATE ... SET time_zone = time_zone.';
COMMENT ON COLUMN workforce.shifts.elapsed_minutes IS
    'Minutes that really pass between start and end: 7 hours for 22:00 to 06:00 in the spring night.';
COMMENT ON COLUMN workforce.shifts.worked_minutes IS
    'elapsed_minutes less break_minutes.';

CREATE FUNCTION workforce.set_shift_time_zone()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT department.time_zone
    INTO NEW.time_zone
    FROM workforce.departments AS department
    WHERE department.department_id = NEW.department_id;
    NEW.time_zone := coalesce(NEW.time_zone, 'UTC');
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION workforce.set_shift_time_zone() IS
    'Row trigger BEFORE INSERT: the zone of a shift that names none.';

CREATE TRIGGER shifts_time_zone
    BEFORE INSERT ON workforce.shifts
    FOR EACH ROW
    WHEN (NEW.time_zone IS NULL)
    EXECUTE FUNCTION workforce.set_shift_time_zone();

CREATE TRIGGER shifts_updated_at
    BEFORE UPDATE ON workforce.shifts
    FOR EACH ROW
    EXECUTE FUNCTION workforce.set_updated_at();
