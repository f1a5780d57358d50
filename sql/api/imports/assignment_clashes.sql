-- Import of assignments: double bookings, inside the file and with what stands.
--
-- Claims on a person's time are ordered by their start. Only where one begins before all earlier ones have
-- ended is there anything to decide, and only for these people the claims are gone through one by one.

CREATE FUNCTION api.collect_claims() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.import_claims;
    CREATE TEMPORARY TABLE import_claims ON COMMIT DROP AS
    WITH
    span AS MATERIALIZED (
        SELECT
            tstzrange(min(lower(staged.during)), max(upper(staged.during))) AS during
        FROM
            pg_temp.import_stage AS staged
    ),
    standing AS (
        SELECT
            existing.assignment_id,
            existing.employee_id,
            existing.shift_id,
            existing.during
        FROM
            span
            JOIN workforce.assignments AS existing ON existing.during && span.during
        WHERE
            existing.binding
            AND existing.employee_id IN (SELECT staged.employee_id FROM pg_temp.import_stage AS staged)
    )
    SELECT
        staged.employee_id,
        staged.during,
        staged.line_number,
        NULL::bigint AS assignment_id,
        staged.shift_id
    FROM
        pg_temp.import_stage AS staged
    WHERE
        staged.binding
        AND NOT EXISTS (
            SELECT
            FROM standing
            WHERE standing.employee_id = staged.employee_id
                AND standing.shift_id = staged.shift_id
        )
    UNION ALL
    SELECT
        standing.employee_id,
        standing.during,
        0,
        standing.assignment_id,
        standing.shift_id
    FROM
        standing
        LEFT JOIN pg_temp.import_stage AS staged USING (employee_id, shift_id)
    WHERE
        staged.binding IS NOT FALSE;
    ANALYZE pg_temp.import_claims;
END
$$;

COMMENT ON FUNCTION api.collect_claims IS
    'Makes pg_temp.import_claims: the time that staged lines newly claim, and, as line 0, the time that '
    'standing assignments keep. A standing one that the file releases keeps nothing.';

CREATE FUNCTION api.refuse_staged_double_bookings() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    suspects bigint[];
    claim record;
    person bigint;
    taken tstzmultirange;
    refused bigint[] := '{}';
BEGIN
    PERFORM api.collect_claims();
    -- Whoever has a claim that begins before all earlier ones have ended needs a closer look.
    SELECT
        array_agg(DISTINCT ordered.employee_id)
    INTO suspects
    FROM (
        SELECT
            claimed.employee_id,
            lower(claimed.during) < max(upper(claimed.during)) OVER (
                PARTITION BY claimed.employee_id
                ORDER BY lower(claimed.during), upper(claimed.during)
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS clashes
        FROM
            pg_temp.import_claims AS claimed
    ) AS ordered
    WHERE
        ordered.clashes;
    IF suspects IS NULL THEN
        RETURN;
    END IF;

    -- First come, first served: a line that is refused takes no time from the lines after it.
    FOR claim IN
        SELECT
            claimed.employee_id,
            claimed.during,
            claimed.line_number
        FROM
            pg_temp.import_claims AS claimed
        WHERE
            claimed.employee_id = ANY (suspects)
        ORDER BY
            claimed.employee_id,
            claimed.line_number
    LOOP
        IF claim.employee_id IS DISTINCT FROM person THEN
            person := claim.employee_id;
            taken := '{}';
        END IF;
        IF claim.line_number > 0 AND taken && claim.during THEN
            refused := refused || claim.line_number;
        ELSE
            taken := taken + tstzmultirange(claim.during);
        END IF;
    END LOOP;
    DELETE FROM pg_temp.import_claims AS claimed
    USING unnest(refused) AS lost (line_number)
    WHERE claimed.line_number = lost.line_number;
    CREATE INDEX ON pg_temp.import_claims USING gist (employee_id, during);

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        staged.line_number,
        'employee_no',
        '23P01',
        format(
            'employee number "%s" is double booked: shift %s and shift %s of %s overlap %s minutes',
            staged.employee_no,
            staged.shift_id,
            winner.shift_id,
            CASE
                WHEN winner.line_number > 0 THEN 'line ' || winner.line_number
                ELSE 'assignment ' || winner.assignment_id
            END,
            rota.worked_minutes(staged.during * winner.during)
        ),
        coalesce(winner.assignment_id::text, 'line ' || winner.line_number)
    FROM
        unnest(refused) AS lost (line_number)
        JOIN pg_temp.import_stage AS staged ON staged.line_number = lost.line_number
        CROSS JOIN LATERAL (
            SELECT
                claimed.*
            FROM
                pg_temp.import_claims AS claimed
            WHERE
                claimed.employee_id = staged.employee_id
                AND claimed.during && staged.during
            ORDER BY
                claimed.line_number
            LIMIT 1
        ) AS winner;
END
$$;

COMMENT ON FUNCTION api.refuse_staged_double_bookings IS
    'Refuses staged lines that overlap a standing assignment or an earlier good line of the same person.';
