//! Everything between the proxy and the server: connecting, pooling, calling, and what its errors mean.

pub mod call;
pub mod connect;
mod driven;
pub mod failure;
pub mod imports;
mod jobs;
pub mod lease;
mod manager;
pub mod pool;
pub mod retry;
mod shelves;
pub mod sqlstate;
mod statements;
pub mod tls;
