-- Two time zone databases compared: the server's, and that of whoever asks.

CREATE FUNCTION rota.time_zone_report(
    time_zones text[] DEFAULT '{}',
    changed_at timestamptz[] DEFAULT '{}',
    offset_seconds integer[] DEFAULT '{}',
    within tstzrange DEFAULT '[2020-01-01 00:00Z,2038-01-01 00:00Z)'
) RETURNS TABLE (version text, zones integer, compared integer, differences jsonb)
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
    held AS (
        SELECT compared.name, change.changed_at AS at, change.offset_seconds AS seconds
        FROM compared, LATERAL rota.time_zone_changes(compared.name, within) AS change
        WHERE compared.known
    ),
    differing AS (
        SELECT DISTINCT ON (name)
            name,
            at,
            asked.seconds AS asked_seconds,
            held.seconds AS held_seconds
        FROM asked FULL JOIN held USING (name, at)
        WHERE asked.seconds IS DISTINCT FROM held.seconds
        ORDER BY name, at
    )
    SELECT
        rota.time_zone_version(),
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
    'The edition of the server''s time zone data (NULL when its files do not say), how many zones it has, and which '
    'of the zones given differ from it, each from when on. A zone is given by its changes within the range, as '
    'rota.time_zone_changes shows them: parallel arrays, the offset at the start of the range first.';
