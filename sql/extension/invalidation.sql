-- Who may follow invalidations, and what they are for. The functions are written in Rust.

COMMENT ON FUNCTION rota.watch_changes() IS
    'Trigger function of rota.watch: announces which transaction changed the table, and which keys.';

COMMENT ON FUNCTION rota.tag_hash(text) IS
    'The hash of a tag such as schema.table or schema.table/column=value: XXH3 of its UTF-8 bytes, with the '
    'lowest bit set where there is an = and not set elsewhere.';

COMMENT ON FUNCTION rota.announce_tag(text) IS
    'Announces a tag of one''s own when the transaction commits; false if it is announced already.';

COMMENT ON FUNCTION rota.next_invalidations(bigint, bigint, integer) IS
    'The events behind a position, after waiting for one at most wait_ms (up to 1000): always one row. '
    'complete is false when events were lost: copy rota.invalidation_words().';

COMMENT ON FUNCTION rota.invalidation_words() IS
    'The highest transaction announced per word, little-endian; events up to position are contained.';

COMMENT ON FUNCTION rota.words_of(bigint[]) IS
    'The highest transaction announced for each tag hash, or for one that shares its word.';

COMMENT ON FUNCTION rota.invalidation_status() IS
    'How invalidations travel (ring, or notify where the library is not preloaded), and the server''s '
    'identity. word_salt is mixed into a tag''s hash (XOR) to choose its word.';

COMMENT ON FUNCTION rota.stamp() IS
    'What the statement sees: life of the server (8 bytes, 0 on a standby), whether it is a standby '
    '(1 byte), then the snapshot as pg_snapshot is sent, with those in progress also on a standby.';

REVOKE ALL ON FUNCTION rota.announce_tag(text) FROM PUBLIC;
