-- How old an answer from managed views may be, and is.
--
-- An endpoint that can be answered from them has an argument max_staleness_ms, 0 where people look at what
-- they have just changed. Its staleness function tells for the same arguments how old that answer is, or NULL
-- where it comes from the tables: the views do not hold it, are older than was asked for, or nobody knows how
-- old they are.

CREATE FUNCTION api.staleness_within(views regclass[], max_staleness_ms integer) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        told.staleness_ms
    FROM (SELECT rota.staleness_ms(views) AS staleness_ms) AS told
    WHERE
        told.staleness_ms <= max_staleness_ms;
END;

COMMENT ON FUNCTION api.staleness_within IS
    'How old managed views are, in milliseconds; NULL if older than max_staleness_ms, or if nobody knows.';
