//! What the tests of the suite stand on: databases, sessions, proxies and an HTTP client.
//!
//! A test takes what it needs and shares nothing with others, so that all run at once:
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! use rota_tests::{database::Database, proxy::Proxy};
//!
//! let database = Database::migrated().await?;               // a copy of a migrated template
//! let session = database.session().await?;                  // as many sessions as wanted
//! session.batch_execute("INSERT INTO workforce.departments (name) VALUES ('Ward 1')").await?;
//!
//! let proxy = Proxy::on(&database).await?;                  // a proxy of its own
//! let answer = proxy.get("/api/departments").await?;
//! assert_eq!(answer.status, 200);
//! assert_eq!(answer.json()?["items"][0]["name"], "Ward 1");
//! # Ok(())
//! # }
//! ```
//!
//! Databases are dropped, proxies stopped, when their values are. The cluster belongs to
//! `cargo xtask test`, which starts it before the suite and stops it after, however the suite
//! ends. A test that has to stop, crash or pause its server starts one with
//! [`server::OwnServer`].
//!
//! Tests return `anyhow::Result<()>` and use `?`. No test asserts a time.

pub mod database;
pub mod dump;
pub mod http;
pub mod proxy;
pub mod server;
pub mod session;
pub mod template;
