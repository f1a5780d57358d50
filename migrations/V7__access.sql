-- Users, roles, permissions, and the scopes in which a user holds a role.

CREATE TABLE access.users (
    user_id      bigint GENERATED ALWAYS AS IDENTITY,
    employee_id  bigint,
    email        text NOT NULL,
    display_name text NOT NULL,
    active       boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT users_pkey PRIMARY KEY (user_id),
    CONSTRAINT users_one_per_employee UNIQUE (employee_id),
    CONSTRAINT users_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT users_email_form CHECK (email ~ '^[^@\s]+@[^@\s]+$' AND char_length(email) <= 254),
    CONSTRAINT users_display_name_length
        CHECK (btrim(display_name) <> '' AND char_length(display_name) <= 200)
);

CREATE UNIQUE INDEX users_email_unique ON access.users (lower(email));

COMMENT ON TABLE access.users IS
    'Who may sign in. Holds no secret: who a user is, is proved elsewhere.';
COMMENT ON COLUMN access.users.employee_id IS
    'The person behind the user; NULL for administrators and machines.';
COMMENT ON COLUMN access.users.email IS
    'As given. Unique without regard to case (users_email_unique).';

CREATE TABLE access.roles (
    role_id bigint GENERATED ALWAYS AS IDENTITY,
    name    text NOT NULL,
    active  boolean NOT NULL DEFAULT true,

    CONSTRAINT roles_pkey PRIMARY KEY (role_id),
    CONSTRAINT roles_name_unique UNIQUE (name),
    CONSTRAINT roles_name_length CHECK (btrim(name) <> '' AND char_length(name) <= 100)
);

COMMENT ON TABLE access.roles IS
    'Named sets of permissions. An inactive role grants nothing.';

CREATE TABLE access.permissions (
    permission_id bigint GENERATED ALWAYS AS IDENTITY,
    code          text NOT NULL,

    CONSTRAINT permissions_pkey PRIMARY KEY (permission_id),
    CONSTRAINT permissions_code_unique UNIQUE (code),
    CONSTRAINT permissions_code_length CHECK (btrim(code) <> '' AND char_length(code) <= 100)
);

COMMENT ON TABLE access.permissions IS
    'What can be allowed, by code.';

CREATE TABLE access.role_permissions (
    role_id       bigint NOT NULL,
    permission_id bigint NOT NULL,

    CONSTRAINT role_permissions_pkey PRIMARY KEY (role_id, permission_id),
    CONSTRAINT role_permissions_role_fkey FOREIGN KEY (role_id)
        REFERENCES access.roles (role_id) ON DELETE CASCADE,
    CONSTRAINT role_permissions_permission_fkey FOREIGN KEY (permission_id)
        REFERENCES access.permissions (permission_id) ON DELETE CASCADE
);

COMMENT ON TABLE access.role_permissions IS
    'Which permissions a role holds.';

CREATE TABLE access.user_roles (
    user_role_id bigint GENERATED ALWAYS AS IDENTITY,
    user_id      bigint NOT NULL,
    role_id      bigint NOT NULL,
    active       boolean NOT NULL DEFAULT true,

    CONSTRAINT user_roles_pkey PRIMARY KEY (user_role_id),
    -- Leads with the user, so it also finds a user's roles.
    CONSTRAINT user_roles_unique UNIQUE (user_id, role_id),
    CONSTRAINT user_roles_user_fkey FOREIGN KEY (user_id)
        REFERENCES access.users (user_id) ON DELETE CASCADE,
    CONSTRAINT user_roles_role_fkey FOREIGN KEY (role_id)
        REFERENCES access.roles (role_id)
);

COMMENT ON TABLE access.user_roles IS
    'Which roles a user holds. Where they hold is said by access.scope_assignments.';

CREATE TABLE access.scope_assignments (
    scope_assignment_id bigint GENERATED ALWAYS AS IDENTITY,
    user_role_id        bigint NOT NULL,
    scope_kind          text NOT NULL,
    scope_id            text,
    active              boolean NOT NULL DEFAULT true,

    CONSTRAINT scope_assignments_pkey PRIMARY KEY (scope_assignment_id),
    -- Leads with the user's role, so it also finds the scopes of one.
    CONSTRAINT scope_assignments_unique UNIQUE NULLS NOT DISTINCT (user_role_id, scope_kind, scope_id),
    CONSTRAINT scope_assignments_user_role_fkey FOREIGN KEY (user_role_id)
        REFERENCES access.user_roles (user_role_id) ON DELETE CASCADE,
    CONSTRAINT scope_assignments_kind_known
        CHECK (scope_kind IN ('global', 'department', 'program', 'project')),
    CONSTRAINT scope_assignments_only_global_without_id
        CHECK ((scope_kind = 'global') = (scope_id IS NULL))
);

COMMENT ON TABLE access.scope_assignments IS
    'Where a user''s role holds: everywhere (global), or in one department, program or project.';
COMMENT ON COLUMN access.scope_assignments.scope_id IS
    'The id inside the kind, as text; NULL for global.';

CREATE FUNCTION access.acting_user_id()
RETURNS bigint
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN nullif(current_setting('rota.user_id', true), '')::bigint;

COMMENT ON FUNCTION access.acting_user_id() IS
    'The user on whose behalf the session works: the setting rota.user_id, NULL where none is set.';
