-- Departments: a forest, each with the time zone that its people and shifts take by default.
--
-- The tree never has a cycle. The guard is safe under concurrency: moves take one lock before they touch
-- a row, so that of two moves which together would close a cycle the second one sees the first.

CREATE TABLE workforce.departments (
    department_id  bigint GENERATED ALWAYS AS IDENTITY,
    parent_id      bigint,
    name           text NOT NULL,
    time_zone      text NOT NULL DEFAULT 'UTC',
    active         boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT now(),
    roster_options jsonb NOT NULL DEFAULT '{}',

    CONSTRAINT departments_pkey PRIMARY KEY (department_id),
    CONSTRAINT departments_parent_fkey FOREIGN KEY (parent_id)
        REFERENCES workforce.departments (department_id),
    -- Leads with the parent, so it also finds the children of a department.
    CONSTRAINT departments_name_unique_below_parent UNIQUE NULLS NOT DISTINCT (parent_id, name),
    CONSTRAINT departments_name_length CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT departments_not_own_parent CHECK (parent_id <> department_id),
    CONSTRAINT departments_roster_options_known CHECK (
        jsonb_typeof(roster_options) = 'object'
        AND roster_options - '{house_rules, weights}'::text[] = '{}'
    )
);

COMMENT ON TABLE workforce.departments IS
    'Organisational units in a forest. Deactivated, not deleted, once anything refers to them.';
COMMENT ON COLUMN workforce.departments.parent_id IS
    'The department above; NULL at the top. Guarded against cycles.';
COMMENT ON COLUMN workforce.departments.time_zone IS
    'IANA name. Default for people, shifts and leave; a change does not move shifts that exist.';
COMMENT ON COLUMN workforce.departments.roster_options IS
    'What every roster of the department is made by: house_rules and weights of rota.generate_schedule.';

CREATE TRIGGER departments_time_zone
    AFTER INSERT OR UPDATE OF time_zone ON workforce.departments
    FOR EACH ROW
    EXECUTE FUNCTION workforce.refuse_unknown_time_zone();

CREATE FUNCTION workforce.lock_department_tree()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('workforce.departments: tree', 0));
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION workforce.lock_department_tree() IS
    'Statement trigger before any row is locked: changes of the department tree happen one after another.';

-- Walks from the new parent to the top. FOR SHARE reads the newest version of each row, and under
-- REPEATABLE READ fails with 40001 when an ancestor was moved after the snapshot was taken.
CREATE FUNCTION workforce.refuse_department_cycle()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    visited  bigint[] := ARRAY[NEW.department_id];
    ancestor bigint := NEW.parent_id;
BEGIN
    WHILE ancestor IS NOT NULL LOOP
        IF ancestor = ANY (visited) THEN
            RAISE EXCEPTION USING
                ERRCODE = '23514',
                MESSAGE = format(
                    'department %s cannot be placed below department %s: the tree would have a cycle',
                    NEW.department_id,
                    NEW.parent_id
                ),
                HINT = 'choose a parent that is not the department itself and not below it',
                SCHEMA = TG_TABLE_SCHEMA,
                TABLE = TG_TABLE_NAME,
                COLUMN = 'parent_id',
                CONSTRAINT = 'departments_no_cycle';
        END IF;
        visited := visited || ancestor;
        SELECT department.parent_id
        INTO ancestor
        FROM workforce.departments AS department
        WHERE department.department_id = ancestor
        FOR SHARE;
    END LOOP;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION workforce.refuse_department_cycle() IS
    'Row trigger after a change of the parent: 23514 when the department would become its own ancestor.';

CREATE TRIGGER departments_lock_tree
    BEFORE INSERT OR UPDATE OF parent_id ON workforce.departments
    FOR EACH STATEMENT
    EXECUTE FUNCTION workforce.lock_department_tree();

-- After the statement's rows, so that one statement may rearrange a whole subtree.
CREATE TRIGGER departments_no_cycle
    AFTER INSERT OR UPDATE OF parent_id ON workforce.departments
    FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION workforce.refuse_department_cycle();
