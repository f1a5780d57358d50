-- Schedules: the plan of one department for one period, from draft to archive.

CREATE TABLE workforce.schedules (
    schedule_id    bigint GENERATED ALWAYS AS IDENTITY,
    department_id  bigint,
    period         daterange NOT NULL,
    status         text NOT NULL DEFAULT 'draft',
    version        integer NOT NULL DEFAULT 1,
    created_by     bigint DEFAULT access.acting_user_id(),
    created_at     timestamptz NOT NULL DEFAULT now(),
    published_at   timestamptz,
    roster_options jsonb NOT NULL DEFAULT '{}',

    CONSTRAINT schedules_pkey PRIMARY KEY (schedule_id),
    CONSTRAINT schedules_department_fkey FOREIGN KEY (department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT schedules_creator_fkey FOREIGN KEY (created_by)
        REFERENCES access.users (user_id),
    -- The arbiter of get-or-create: INSERT ... ON CONFLICT (department_id, period).
    CONSTRAINT schedules_period_unique_in_department UNIQUE NULLS NOT DISTINCT (department_id, period),
    CONSTRAINT schedules_period_bounded
        CHECK (NOT isempty(period) AND isfinite(lower(period)) IS TRUE AND isfinite(upper(period)) IS TRUE),
    CONSTRAINT schedules_status_known CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT schedules_version_positive CHECK (version >= 1),
    CONSTRAINT schedules_draft_is_not_published CHECK (status <> 'draft' OR published_at IS NULL),
    CONSTRAINT schedules_published_has_a_time CHECK (status <> 'published' OR published_at IS NOT NULL),
    CONSTRAINT schedules_roster_options_known CHECK (
        jsonb_typeof(roster_options) = 'object'
        AND roster_options - '{house_rules, weights}'::text[] = '{}'
    )
);

COMMENT ON TABLE workforce.schedules IS
    'One plan per department and period. How many assignments it has is counted when asked, never stored.';
COMMENT ON COLUMN workforce.schedules.department_id IS
    'NULL for a plan of the whole organisation.';
COMMENT ON COLUMN workforce.schedules.period IS
    'Local days, half-open: a week is [Monday, next Monday).';
COMMENT ON COLUMN workforce.schedules.version IS
    'Counts publications: the first is 1.';
COMMENT ON COLUMN workforce.schedules.roster_options IS
    'house_rules and weights that hold for this schedule; each replaces the one of its department.';
