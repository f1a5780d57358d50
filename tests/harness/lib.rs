//! Private Postgres servers.
