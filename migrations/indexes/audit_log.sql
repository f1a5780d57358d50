-- Indexes of access.audit_log. The newest rows of all are found by the primary key, which grows with time.

-- What happened to one thing, newest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_log_by_entity
    ON access.audit_log (entity_type, entity_id, at, audit_log_id);

-- What one user did, newest first; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_log_by_user
    ON access.audit_log (user_id, at, audit_log_id)
    WHERE user_id IS NOT NULL;

-- Everything between two instants. BRIN: rows only ever arrive in the order of time, so a few
-- kilobytes do what a B-tree would need gigabytes for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_log_by_time
    ON access.audit_log USING brin (at);
