-- What every import shares: the list of refusals, reading one value, and the answer.
--
-- An import is set-based from end to end. It reads pg_temp.import_rows once into a typed stage, writes every
-- fault it finds into pg_temp.import_refusals, and stores the lines that have none: one bad line never costs
-- a good one. Faults are found by queries over all lines, so a file of 100,000 lines is a matter of seconds.

CREATE FUNCTION api.start_import() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.import_refusals;
    DROP TABLE IF EXISTS pg_temp.import_stage;
    CREATE TEMPORARY TABLE import_refusals (
        line_number bigint NOT NULL,
        column_name text,
        code text NOT NULL,
        message text NOT NULL,
        other_id text
    ) ON COMMIT DROP;
END
$$;

COMMENT ON FUNCTION api.start_import IS 'Makes the empty list of refusals, pg_temp.import_refusals.';

CREATE FUNCTION api.drop_refused_lines() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    DELETE FROM pg_temp.import_stage AS staged
    USING pg_temp.import_refusals AS refusal
    WHERE refusal.line_number = staged.line_number;
END
$$;

COMMENT ON FUNCTION api.drop_refused_lines IS 'Takes the refused lines out of pg_temp.import_stage.';

CREATE FUNCTION api.import_answer(inserted bigint, updated bigint) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    answer json;
BEGIN
    WITH
    counted AS (
        SELECT
            (SELECT count(*) FROM pg_temp.import_rows) AS rows,
            (SELECT count(DISTINCT refusal.line_number) FROM pg_temp.import_refusals AS refusal) AS refused
    )
    SELECT
        json_build_object(
            'rows', counted.rows,
            'inserted', import_answer.inserted,
            'updated', import_answer.updated,
            'unchanged', counted.rows - counted.refused - import_answer.inserted - import_answer.updated,
            'refused', counted.refused,
            'refusals', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'line', refusal.line_number,
                                'column', refusal.column_name,
                                'code', refusal.code,
                                'message', refusal.message,
                                'other_id', refusal.other_id
                            )
                            ORDER BY refusal.line_number, refusal.column_name, refusal.code
                        ),
                        '[]'
                    )
                FROM
                    pg_temp.import_refusals AS refusal
            )
        )
    INTO answer
    FROM
        counted;
    DROP TABLE pg_temp.import_refusals;
    DROP TABLE IF EXISTS pg_temp.import_stage;
    RETURN answer;
END
$$;

COMMENT ON FUNCTION api.import_answer IS
    'The answer of an import: {"rows", "inserted", "updated", "unchanged", "refused", "refusals"}. A line '
    'with several faults is refused once and listed once per fault.';
