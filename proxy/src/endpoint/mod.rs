//! What the database exposes: endpoints and imports, how a request finds one, and how its arguments are read.

mod argument;
mod bind;
mod body;
mod catalog;
mod openapi;
mod query;
mod route;
mod staleness;
mod statement;
mod value;
mod watch;

pub use argument::{Argument, ArgumentType, Scalar};
pub use bind::{Arguments, bind};
#[cfg(test)]
pub(crate) use catalog::samples;
pub use catalog::{Catalog, Endpoint};
pub use query::{decode, pairs};
pub use route::{Resolved, Router};
pub use staleness::Staleness;
pub use statement::{Shape, StatementText};
pub use value::Value;
pub use watch::{CatalogState, CatalogWatch};
