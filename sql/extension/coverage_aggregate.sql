-- Heads over time, of as many rows as a query reads. Workers of a parallel query each count their own rows.

CREATE AGGREGATE rota.coverage_agg(during tstzrange) (
    SFUNC = rota.coverage_accumulate,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = rota.coverage_finish,
    COMBINEFUNC = rota.coverage_combine,
    SERIALFUNC = rota.coverage_serialize,
    DESERIALFUNC = rota.coverage_deserialize,
    PARALLEL = SAFE
);

COMMENT ON AGGREGATE rota.coverage_agg(tstzrange) IS
    'How many of the ranges there are over time, as stretches that follow one another from the first start '
    'to the last end; unnest shows them as rows. NULL when no range holds anything.';

CREATE AGGREGATE rota.coverage_agg(during tstzrange, heads bigint) (
    SFUNC = rota.coverage_accumulate_heads,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = rota.coverage_finish,
    COMBINEFUNC = rota.coverage_combine,
    SERIALFUNC = rota.coverage_serialize,
    DESERIALFUNC = rota.coverage_deserialize,
    PARALLEL = SAFE
);

COMMENT ON AGGREGATE rota.coverage_agg(tstzrange, bigint) IS
    'As rota.coverage_agg(tstzrange), each range bringing so many heads; negative ones take them off, so '
    'that heads wanted and heads booked leave the open ones.';
