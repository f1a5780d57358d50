-- What is known of rosters searched before: whole ones by the fingerprint of their problem, and the days of
-- single people by that of their own part.
--
-- Backends come and go, so it stands in tables. They are unlogged: what is lost is searched again. A roster
-- is kept as places in lists, without an id or a name. Each role sees only what it kept itself: a bound is
-- believed, so nobody else may write it.

CREATE UNLOGGED TABLE rota.known_rosters (
    known_by name NOT NULL DEFAULT current_user,
    fingerprint uuid NOT NULL,
    days integer[] NOT NULL,
    broken_hard bigint NOT NULL,
    medium bigint NOT NULL,
    cost bigint NOT NULL,
    lower_medium bigint NOT NULL,
    lower_bound bigint NOT NULL,
    searched_ms bigint NOT NULL,
    used_at timestamptz NOT NULL,
    bytes integer NOT NULL GENERATED ALWAYS AS (cardinality(days) * 4 + 128) STORED,
    PRIMARY KEY (known_by, fingerprint)
);

COMMENT ON TABLE rota.known_rosters IS
    'The best roster known of each problem. At most 2 MB of each role; what was not of use for the longest '
    'goes.';
COMMENT ON COLUMN rota.known_rosters.known_by IS 'Who searched it, and alone sees it.';
COMMENT ON COLUMN rota.known_rosters.fingerprint IS
    'The problem, as rota.roster_fingerprints tells it apart.';
COMMENT ON COLUMN rota.known_rosters.days IS
    'For each person and day the place of the shift in the problem''s list; -1 for a free day.';
COMMENT ON COLUMN rota.known_rosters.broken_hard IS 'Units by which it breaks hard rules.';
COMMENT ON COLUMN rota.known_rosters.medium IS 'Its medium cost.';
COMMENT ON COLUMN rota.known_rosters.cost IS 'Its soft cost.';
COMMENT ON COLUMN rota.known_rosters.lower_medium IS 'No roster has less medium cost.';
COMMENT ON COLUMN rota.known_rosters.lower_bound IS 'No roster of that medium cost has less soft cost.';
COMMENT ON COLUMN rota.known_rosters.searched_ms IS 'The longest budget that a search of it used up.';
COMMENT ON COLUMN rota.known_rosters.used_at IS 'When it was last of use.';
COMMENT ON COLUMN rota.known_rosters.bytes IS 'About what it takes.';

CREATE UNLOGGED TABLE rota.known_days (
    known_by name NOT NULL DEFAULT current_user,
    fingerprint uuid NOT NULL,
    alike integer NOT NULL,
    days integer[] NOT NULL,
    used_at timestamptz NOT NULL,
    bytes integer NOT NULL GENERATED ALWAYS AS (cardinality(days) * 4 + 128) STORED,
    PRIMARY KEY (known_by, fingerprint, alike)
);

COMMENT ON TABLE rota.known_days IS
    'The days of single people in rosters found before. At most 2 MB of each role.';
COMMENT ON COLUMN rota.known_days.known_by IS 'Who searched it, and alone sees it.';
COMMENT ON COLUMN rota.known_days.fingerprint IS
    'All that decides what the days of this person can be and cost by themselves.';
COMMENT ON COLUMN rota.known_days.alike IS 'Which of the people whose part is the same, from 1.';
COMMENT ON COLUMN rota.known_days.days IS 'For each day the place of the shift; -1 for a free day.';
COMMENT ON COLUMN rota.known_days.used_at IS 'When it was last of use.';
COMMENT ON COLUMN rota.known_days.bytes IS 'About what it takes.';

ALTER TABLE rota.known_rosters ENABLE ROW LEVEL SECURITY;
ALTER TABLE rota.known_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_s_own ON rota.known_rosters USING (known_by = current_user);
CREATE POLICY one_s_own ON rota.known_days USING (known_by = current_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON rota.known_rosters, rota.known_days TO PUBLIC;

CREATE FUNCTION rota.is_kept_in_memory(problem jsonb) RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Days of people: a month of two thousand, a year of a hundred and eighty. Beyond that one roster would
    -- push out all others, and keeping it would take longer than many a search.
    SELECT
        NOT pg_is_in_recovery()
        AND jsonb_array_length(problem -> 'people')
            * ((problem ->> 'to_date')::date - (problem ->> 'from_date')::date) BETWEEN 1 AND 65536
$$;

COMMENT ON FUNCTION rota.is_kept_in_memory(jsonb) IS
    'Whether rosters of a problem are remembered: some days of somebody, not too many, and not on a standby, '
    'which has no unlogged tables.';

CREATE FUNCTION rota.people_alike(fingerprints jsonb)
RETURNS TABLE (place bigint, fingerprint uuid, alike integer)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        person.place,
        person.fingerprint::uuid,
        (row_number() OVER (PARTITION BY person.fingerprint ORDER BY person.place))::integer
    FROM jsonb_array_elements_text(fingerprints -> 'people') WITH ORDINALITY AS person (fingerprint, place)
$$;

COMMENT ON FUNCTION rota.people_alike(jsonb) IS
    'The people of rota.roster_fingerprints by their places, and which of those with the same part each is.';

CREATE FUNCTION rota.recall_roster(problem jsonb) RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fingerprints jsonb;
    start jsonb;
BEGIN
    IF NOT rota.is_kept_in_memory(problem) THEN
        RETURN NULL;
    END IF;
    fingerprints := rota.roster_fingerprints(problem);
    SELECT
        jsonb_build_object(
            'days', to_jsonb(known.days),
            'lower_medium', known.lower_medium,
            'lower_bound', known.lower_bound,
            'searched_ms', known.searched_ms
        )
    INTO start
    FROM rota.known_rosters AS known
    WHERE
        known.known_by = current_user
        AND known.fingerprint = (fingerprints ->> 'roster')::uuid;
    IF FOUND THEN
        RETURN start;
    END IF;
    SELECT jsonb_build_object('days', jsonb_agg(known.days ORDER BY person.place))
    INTO start
    FROM
        rota.people_alike(fingerprints) AS person
        LEFT JOIN rota.known_days AS known
            ON
                known.known_by = current_user
                AND known.fingerprint = person.fingerprint
                AND known.alike = person.alike
    HAVING count(known.days) > 0;
    RETURN start;
END
$$;

COMMENT ON FUNCTION rota.recall_roster(jsonb) IS
    'What is known of a problem, for the option start of rota.solve_roster: its own roster with what was '
    'proven of it, else the days of everybody whose own part is as it was; NULL for nothing.';

CREATE FUNCTION rota.roster_places(problem jsonb, answer jsonb) RETURNS integer[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    person AS (
        SELECT item.person ->> 'id' AS id, item.place
        FROM jsonb_array_elements(problem -> 'people') WITH ORDINALITY AS item (person, place)
    ),
    shift AS (
        SELECT item.shift ->> 'id' AS id, (item.place - 1)::integer AS place
        FROM jsonb_array_elements(problem -> 'shifts') WITH ORDINALITY AS item (shift, place)
    ),
    worked AS (
        SELECT entry.person_id, entry.date, shift.place
        FROM rota.roster_rows(answer) AS entry
        JOIN shift ON shift.id = entry.shift_id
    ),
    horizon AS (
        SELECT day::date AS date
        FROM
            generate_series(
                (problem ->> 'from_date')::date, (problem ->> 'to_date')::date - 1, interval '1 day'
            ) AS day
    ),
    rows AS (
        SELECT person.place, array_agg(coalesce(worked.place, -1) ORDER BY horizon.date) AS days
        FROM
            person
            CROSS JOIN horizon
            LEFT JOIN worked ON worked.person_id = person.id AND worked.date = horizon.date
        GROUP BY person.place
    )
    SELECT array_agg(rows.days ORDER BY rows.place)
    FROM rows
$$;

COMMENT ON FUNCTION rota.roster_places(jsonb, jsonb) IS
    'The roster of an answer as places in the problem''s list of shifts, for each person and day; -1 for a '
    'free day. NULL without people or days.';

CREATE FUNCTION rota.forget_oldest_rosters() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- Bytes of each table that one role fills: some hundred months of fifty people, the days of some
    -- thousand.
    most_bytes CONSTANT bigint := 2097152;
BEGIN
    DELETE FROM rota.known_rosters
    WHERE
        known_by = current_user
        AND fingerprint IN (
            SELECT known.fingerprint
            FROM (
                SELECT fingerprint, sum(bytes) OVER (ORDER BY used_at DESC, fingerprint) AS until_here
                FROM rota.known_rosters
                WHERE known_by = current_user
            ) AS known
            WHERE known.until_here > most_bytes
        );
    DELETE FROM rota.known_days
    WHERE
        known_by = current_user
        AND (fingerprint, alike) IN (
            SELECT known.fingerprint, known.alike
            FROM (
                SELECT
                    fingerprint,
                    alike,
                    sum(bytes) OVER (ORDER BY used_at DESC, fingerprint, alike) AS until_here
                FROM rota.known_days
                WHERE known_by = current_user
            ) AS known
            WHERE known.until_here > most_bytes
        );
END
$$;

COMMENT ON FUNCTION rota.forget_oldest_rosters() IS
    'Drops what one keeps beyond 2 MB of rosters and of people''s days: what was not of use for the longest.';

CREATE FUNCTION rota.remember_roster(problem jsonb, answer jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    places integer[];
    fingerprints jsonb;
BEGIN
    -- Whoever is just keeping one goes on: nobody waits for another's transaction here.
    IF
        NOT rota.is_kept_in_memory(problem)
        OR current_setting('transaction_read_only')::boolean
        OR NOT pg_try_advisory_xact_lock('rota.known_rosters'::regclass::integer, hashtext(current_user))
    THEN
        RETURN;
    END IF;
    places := rota.roster_places(problem, answer);
    fingerprints := rota.roster_fingerprints(problem);
    INSERT INTO rota.known_rosters AS known (
        fingerprint, days, broken_hard, medium, cost, lower_medium, lower_bound, searched_ms, used_at
    )
    SELECT
        (fingerprints ->> 'roster')::uuid,
        places,
        told.broken_hard,
        told.medium,
        told.cost,
        told.lower_medium,
        told.lower_bound,
        (told.search ->> 'searched_ms')::bigint,
        clock_timestamp()
    FROM
        jsonb_to_record(answer) AS told (
            broken_hard bigint,
            medium bigint,
            cost bigint,
            lower_medium bigint,
            lower_bound bigint,
            search jsonb
        )
    ON CONFLICT (known_by, fingerprint) DO UPDATE
    SET
        -- The better roster and, whichever search proved it, the stronger bound.
        (days, broken_hard, medium, cost) = (
            SELECT
                roster.days,
                roster.broken_hard,
                roster.medium,
                roster.cost
            FROM (
                VALUES
                (excluded.days, excluded.broken_hard, excluded.medium, excluded.cost),
                (known.days, known.broken_hard, known.medium, known.cost)
            ) AS roster (days, broken_hard, medium, cost)
            ORDER BY roster.broken_hard, roster.medium, roster.cost
            LIMIT 1
        ),
        (lower_medium, lower_bound) = (
            SELECT
                proven.lower_medium,
                proven.lower_bound
            FROM (
                VALUES
                (excluded.lower_medium, excluded.lower_bound),
                (known.lower_medium, known.lower_bound)
            ) AS proven (lower_medium, lower_bound)
            ORDER BY proven.lower_medium DESC, proven.lower_bound DESC
            LIMIT 1
        ),
        searched_ms = greatest(known.searched_ms, excluded.searched_ms),
        used_at = excluded.used_at
    RETURNING known.days INTO places;
    INSERT INTO rota.known_days (fingerprint, alike, days, used_at)
    SELECT
        person.fingerprint,
        person.alike,
        ARRAY(
            SELECT places[person.place][day]
            FROM generate_series(1, array_length(places, 2)) AS day
            ORDER BY day
        ),
        clock_timestamp()
    FROM rota.people_alike(fingerprints) AS person
    ON CONFLICT (known_by, fingerprint, alike) DO UPDATE
    SET
        days = excluded.days,
        used_at = excluded.used_at;
    PERFORM rota.forget_oldest_rosters();
END
$$;

COMMENT ON FUNCTION rota.remember_roster(jsonb, jsonb) IS
    'Keeps the better of an answer''s roster and the known one for the next search of the same problem, the '
    'days of its people for those of problems like it, and the stronger bound of the two.';
