-- Indexes of access.scope_assignments. The scopes of a user's role are found by their unique constraint.

-- Who has a say in one department, program or project.
CREATE INDEX CONCURRENTLY IF NOT EXISTS scope_assignments_by_scope
    ON access.scope_assignments (scope_kind, scope_id, user_role_id)
    WHERE active;
