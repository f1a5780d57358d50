//! Settings: defaults, below a TOML file, below `ROTA_*` environment variables, below flags.
//!
//! Each setting is declared once, in `settings.rs`, with its unit in the name, its default, its bounds and
//! the reason for them. File key, environment variable and flag follow from the name: `pool_size` is
//! `pool_size = 20`, `ROTA_POOL_SIZE=20` and `--pool-size 20`. All faults of all layers are reported at once.

mod database_url;
mod declare;
mod flags;
mod layers;
mod optional;
mod print;
mod redis_address;
mod settings;
mod tls_mode;
mod value;

pub use database_url::DatabaseUrl;
pub use declare::{Bounds, Declared, Scope};
pub use flags::{EverywhereFlags, ServeFlags};
pub use layers::{Fault, Layers, Source};
pub use print::effective;
pub use redis_address::RedisAddress;
pub use settings::{DECLARED, Settings};
pub use tls_mode::TlsMode;
pub use value::{LogFilter, LogFormat, RequestLog, SettingValue};

#[cfg(test)]
mod tests;
