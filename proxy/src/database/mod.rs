//! Everything between the proxy and the server: connecting, pooling, calling, and what its errors mean.

pub mod call;
pub mod connect;
mod driven;
pub mod failure;
mod jobs;
pub mod imports;
pub mod lease;
pub mod pool;
pub mod retry;
pub mod sqlstate;
mod statements;
pub mod tls;
