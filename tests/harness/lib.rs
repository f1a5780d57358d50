//! Private Postgres servers, clusters and proxies: for the commands, the tests and the benchmarks.
//!
//! The way through the crate, top to bottom:
//!
//! 1. [`account`]: which account server processes run under (never root);
//! 2. [`run_folder`]: where the project keeps what it makes at run time;
//! 3. [`installation`]: the Postgres that the machine has, or the [`embedded`] one;
//! 4. [`private_server`]: a relocatable copy of it, which is the one we write to;
//! 5. [`cluster`]: a running server of our own on a free port;
//! 6. [`proxy`]: a running `rota serve` in front of it.
//!
//! [`environment`] hands these from a command to the processes it starts. Sessions
//! and HTTP clients are elsewhere: the commands must build fast.

pub mod account;
pub mod cluster;
pub mod cluster_files;
pub mod embedded;
pub mod environment;
pub mod installation;
pub mod interruption;
mod leftovers;
pub mod ownership;
pub mod ports;
pub mod private_server;
pub mod process;
pub mod program;
pub mod progress;
pub mod proxy;
pub mod run_folder;
