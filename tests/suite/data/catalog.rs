//! A database's catalog at a glance.

use anyhow::Result;
use rota_tests::session::Session;

/// One checksum for each part of the catalog. A row's `xmin` is the transaction that wrote it, so
/// that equal checksums say that nothing was written, not even the same again. Comments and the
/// rows of our own catalogs are compared by what they say.
const SNAPSHOT: &str = "
    SELECT 'schemas', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_namespace
    UNION ALL
    SELECT 'relations', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_class
    UNION ALL
    SELECT 'columns', md5(string_agg(concat(attrelid, ' ', attnum, ' ', xmin), ',' ORDER BY attrelid, attnum))
    FROM pg_attribute
    UNION ALL
    SELECT 'indexes', md5(string_agg(concat(indexrelid, ' ', xmin), ',' ORDER BY indexrelid)) FROM pg_index
    UNION ALL
    SELECT 'constraints', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_constraint
    UNION ALL
    SELECT 'triggers', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_trigger
    UNION ALL
    SELECT 'functions', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_proc
    UNION ALL
    SELECT 'rules of views', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_rewrite
    UNION ALL
    SELECT 'extensions', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)) FROM pg_extension
    UNION ALL
    SELECT 'comments', md5(string_agg(d::text, ',' ORDER BY classoid, objoid, objsubid))
    FROM pg_description AS d
    UNION ALL
    SELECT 'endpoints', md5(string_agg(e::text, ',' ORDER BY e::text)) FROM rota.endpoints AS e
    UNION ALL
    SELECT 'imports', md5(string_agg(i::text, ',' ORDER BY i::text)) FROM rota.imports AS i
    UNION ALL
    SELECT 'history', md5(string_agg(h::text, ',' ORDER BY h::text)) FROM rota_migration.history AS h
    UNION ALL
    SELECT 'programs', md5(string_agg(p::text, ',' ORDER BY p::text)) FROM rota_migration.programs AS p";

/// Takes the checksums of a migrated database.
pub(super) async fn snapshot(session: &Session) -> Result<Vec<Vec<Option<String>>>> {
    session.rows(SNAPSHOT).await
}
