//! The address of the shared level of the cache.

use std::fmt;

use redis::IntoConnectionInfo;

use super::{Bounds, SettingValue};

/// One Redis or a cluster. Passwords are never shown.
#[derive(Clone)]
pub enum RedisAddress {
    /// One server, as a URL that the driver reads.
    Single(String),
    /// Some nodes of a cluster, as URLs; the others are found through them.
    Cluster(Vec<String>),
}

const CLUSTER: &str = "redis-cluster://";

impl SettingValue for RedisAddress {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        let wanted = || {
            "must be redis://host:port/database, or redis-cluster://host:port,host:port for a cluster"
                .to_owned()
        };
        let checked = |url: String| match url.as_str().into_connection_info() {
            Ok(_) => Ok(url),
            Err(_) => Err(wanted()),
        };
        match text.strip_prefix(CLUSTER) {
            None => checked(text.to_owned()).map(Self::Single),
            Some(nodes) => {
                // What stands before an @ are the credentials of every node.
                let (credentials, nodes) = nodes.rsplit_once('@').unwrap_or(("", nodes));
                let at = if credentials.is_empty() { "" } else { "@" };
                let urls = nodes.split(',').map(|node| checked(format!("redis://{credentials}{at}{node}")));
                urls.collect::<Result<_, _>>().map(Self::Cluster)
            }
        }
    }

    fn show(&self) -> String {
        let without_credentials = |url: &str| match url.rsplit_once('@') {
            Some((_, place)) => format!("redis://***@{place}"),
            None => url.to_owned(),
        };
        let shown = match self {
            Self::Single(url) => without_credentials(url),
            Self::Cluster(urls) => {
                urls.iter().map(|url| without_credentials(url)).collect::<Vec<_>>().join(",")
            }
        };
        toml::Value::String(shown).to_string()
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.show())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_or_a_cluster_and_no_password_is_shown() {
        let read = |text: &str| RedisAddress::parse(text, Bounds::Any);
        assert!(matches!(read("redis://localhost:6379/1"), Ok(RedisAddress::Single(_))));
        let cluster = read("redis-cluster://:secret@a:1,b:2").unwrap();
        assert!(!cluster.show().contains("secret"));
        assert!(
            matches!(cluster, RedisAddress::Cluster(urls) if urls == ["redis://:secret@a:1", "redis://:secret@b:2"])
        );
        assert!(read("localhost").is_err() && read("redis-cluster://").is_err());
    }
}
