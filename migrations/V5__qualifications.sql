-- Qualifications, and who holds which of them from when to when.

CREATE TABLE workforce.qualifications (
    qualification_id bigint GENERATED ALWAYS AS IDENTITY,
    code             text NOT NULL,
    name             text NOT NULL,

    CONSTRAINT qualifications_pkey PRIMARY KEY (qualification_id),
    CONSTRAINT qualifications_code_unique UNIQUE (code),
    CONSTRAINT qualifications_code_length CHECK (btrim(code) <> '' AND char_length(code) <= 50),
    CONSTRAINT qualifications_name_length CHECK (btrim(name) <> '' AND char_length(name) <= 200)
);

COMMENT ON TABLE workforce.qualifications IS
    'What a person can be qualified for.';
COMMENT ON COLUMN workforce.qualifications.code IS
    'The short name by which shifts require it and files carry it.';

CREATE TABLE workforce.employee_qualifications (
    employee_id      bigint NOT NULL,
    qualification_id bigint NOT NULL,
    valid            daterange NOT NULL DEFAULT daterange '(,)',

    CONSTRAINT employee_qualifications_pkey PRIMARY KEY (employee_id, qualification_id, valid),
    CONSTRAINT employee_qualifications_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT employee_qualifications_qualification_fkey FOREIGN KEY (qualification_id)
        REFERENCES workforce.qualifications (qualification_id),
    -- An empty range overlaps nothing, so the exclusion below would let it pass.
    CONSTRAINT employee_qualifications_valid_not_empty CHECK (NOT isempty(valid)),
    CONSTRAINT employee_qualifications_valid_finite_or_unbounded
        CHECK (isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
    CONSTRAINT employee_qualifications_no_overlap EXCLUDE USING gist (
        employee_id WITH =,
        qualification_id WITH =,
        valid WITH &&
    )
);

COMMENT ON TABLE workforce.employee_qualifications IS
    'A person''s qualifications with their validity. Renewals are rows of their own; periods never overlap.';
COMMENT ON COLUMN workforce.employee_qualifications.valid IS
    'Local days, half-open; an unbounded side means always.';
