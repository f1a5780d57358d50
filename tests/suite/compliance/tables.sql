-- What rules ask for beyond conflicts, beside the tables of somebody else.

ALTER TABLE rota_source.assignments ADD COLUMN nature text, ADD COLUMN estimated boolean DEFAULT false;
ALTER TABLE rota_source.shifts ADD COLUMN nature text;

ALTER TABLE rota_source.rules
    ADD COLUMN person_id text,
    ADD COLUMN rule_set text,
    ADD COLUMN rule_name text,
    ADD COLUMN title text,
    ADD COLUMN mode text,
    ADD COLUMN jurisdiction text,
    ADD COLUMN source text;

CREATE TABLE rota_source.conditions (
    person_id text,
    condition text,
    holds boolean,
    during tstzrange DEFAULT '(,)'
);

CREATE TABLE rota_source.rotations (
    person_id text,
    kind text,
    during tstzrange
);

CREATE TABLE rota_source.postings (
    posting_id text,
    person_id text,
    unit text,
    establishment text,
    days daterange
);
