-- A stretch of time with one number of heads: what rota.coverage_agg gives an array of.

CREATE TYPE rota.coverage_step AS (
    during tstzrange,
    heads bigint
);

COMMENT ON TYPE rota.coverage_step IS
    'A stretch of time with the same number of heads.';
