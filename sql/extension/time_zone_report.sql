-- Two time zone databases compared: the server's, and that of whoever asks.

CREATE FUNCTION rota.time_zone_report(
    time_zones text[] DEFAULT '{}',
    changed_at timestamptz[] DEFAULT '{}',
    offset_seconds integer[] DEFAULT '{}',
    within tstzrange DEFAULT '[2020-01-01 00:00Z,2038-01-01 00:00Z)'
) RETURNS TABLE (version text, fingerprint text, zones integer, compared integer, differences jsonb)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    server_zones AS MATERIALIZED (
        SELECT listed.name FROM pg_catalog.pg_timezone_names AS listed
    ),
    asked AS MATERIALIZED (
        SELECT given.name, given.at, given.seconds
        FROM unnest(time_zones, changed_at, offset_seconds) AS given (name, at, seconds)
    ),
    compared AS MATERIALIZED (
        SELECT DISTINCT asked.name, server_zones.name IS NOT NULL AS known
        FROM asked LEFT JOIN server_zones USING (name)
    ),
    held AS MATERIALIZED (
        SELECT compared.name, change.changed_at AS at, change.offset_seconds AS seconds
        FROM compared, LATERAL rota.time_zone_changes(compared.name, within) AS change
        WHERE compared.known
    ),
    parted AS (
        SELECT name, min(at) AS at
        FROM asked FULL JOIN held USING (name, at)
        WHERE asked.seconds IS DISTINCT FROM held.seconds
        GROUP BY name
    ),
    -- What either says from then on: the last change up to then.
    differing AS (
        SELECT
            parted.name,
            parted.at,
            (
                SELECT asked.seconds
                FROM asked
                WHERE asked.name = parted.name AND asked.at <= parted.at
                ORDER BY asked.at DESC
                LIMIT 1
            ) AS asked_seconds,
            (
                SELECT held.seconds
                FROM held
                WHERE held.name = parted.name AND held.at <= parted.at
                ORDER BY held.at DESC
                LIMIT 1
            ) AS held_seconds
        FROM parted JOIN compared ON compared.name = parted.name AND compared.known
    )
    SELECT
        rota.time_zone_version(),
        (
            SELECT
                md5(
                    string_agg(
                        concat_ws(
                            ' ', zone.name, extract(epoch FROM change.changed_at), change.offset_seconds
                        ),
                        ',' ORDER BY zone.name COLLATE "C", change.changed_at
                    )
                )
            FROM server_zones AS zone, LATERAL rota.time_zone_changes(zone.name, within) AS change
        ),
        (SELECT count(*)::integer FROM server_zones),
        (SELECT count(*)::integer FROM compared),
        coalesce(
            jsonb_agg(
                CASE
                    WHEN compared.known THEN jsonb_build_object(
                        'time_zone', compared.name,
                        'first_difference', differing.at,
                        'offset_seconds', differing.asked_seconds,
                        'server_offset_seconds', differing.held_seconds
                    )
                    ELSE jsonb_build_object('time_zone', compared.name, 'unknown_to_server', true)
                END
                ORDER BY compared.name
            ),
            '[]'
        )
    FROM compared LEFT JOIN differing USING (name)
    WHERE NOT compared.known OR differing.name IS NOT NULL
$$;

COMMENT ON FUNCTION rota.time_zone_report(text[], timestamptz[], integer[], tstzrange) IS
    'The edition of the server''s time zone data (NULL when its files do not say), a fingerprint of its '
    'zones and their changes within the range, how many zones it has, and which of the zones given differ '
    'from it, each from when on and by which offsets. A zone is given by its changes within the range, as '
    'rota.time_zone_changes shows them: parallel arrays, the offset at the start of the range first.';
