-- Indexes of access.user_roles. A user's roles are found by their unique constraint.

-- Who holds a role; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS user_roles_by_role
    ON access.user_roles (role_id, user_id);
