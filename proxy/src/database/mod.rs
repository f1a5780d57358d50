//! Everything between the proxy and the server: connecting, pooling, calling, and what its errors mean.

pub mod call;
pub mod connect;
pub mod failure;
pub mod lease;
pub mod pool;
pub mod sqlstate;
mod statements;
