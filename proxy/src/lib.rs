//! The proxy: an HTTP front for the functions of one Postgres database, and the `rota` command around it.
//!
//! It knows no noun of the domain. What it serves it learns from `rota.endpoint_catalog()`; a request is a row
//! of stages, each able to refuse (`pipeline`).

pub mod admin;
pub mod admission;
pub mod cache;
pub mod command;
pub mod config;
pub mod database;
pub mod endpoint;
pub mod error;
pub mod http;
pub mod import;
mod job_runner;
pub mod migration;
pub mod observe;
pub mod pipeline;
pub mod refresh;
pub mod server;
mod upload;
pub mod workers;
