//! The connection to one Redis or to a cluster.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, FromRedisValue, IntoConnectionInfo, RedisError, RedisResult, Script, cmd};
use tokio::sync::Mutex;

use super::wire::{STAMP_END, STAMP_START};
use crate::config::RedisAddress;

/// A question that took longer than this is given up by the driver, so that it frees its place.
const ANSWER_WITHIN: Duration = Duration::from_millis(900);

/// One Redis, or a cluster.
pub(super) struct Link {
    kind: Kind,
    put: Script,
}

enum Kind {
    Single(ConnectionManager),
    Cluster(Box<Cluster>),
}

struct Cluster {
    client: ClusterClient,
    connected: Mutex<Option<ClusterConnection>>,
}

impl Link {
    pub(super) fn new(address: &RedisAddress) -> RedisResult<Self> {
        let tcp = TcpSettings::default().set_nodelay(true);
        let kind = match address {
            RedisAddress::Single(url) => {
                let info = url.as_str().into_connection_info()?.set_tcp_settings(tcp);
                let config = ConnectionManagerConfig::new()
                    .set_response_timeout(Some(ANSWER_WITHIN))
                    .set_connection_timeout(Some(ANSWER_WITHIN))
                    .set_number_of_retries(0);
                Kind::Single(ConnectionManager::new_lazy_with_config(Client::open(info)?, config)?)
            }
            RedisAddress::Cluster(urls) => {
                let client = ClusterClientBuilder::new(urls.iter().map(String::as_str))
                    .connection_timeout(ANSWER_WITHIN)
                    .response_timeout(ANSWER_WITHIN)
                    .retries(1)
                    .tcp_settings(tcp)
                    .build()?;
                Kind::Cluster(Box::new(Cluster { client, connected: Mutex::default() }))
            }
        };
        // Strings compare byte by byte, and stamps are written so that the newer one is the greater.
        let put = Script::new(&format!(
            "local stored = redis.call('GETRANGE', KEYS[1], {STAMP_START}, {STAMP_END} - 1)
             if stored > string.sub(ARGV[1], {STAMP_START} + 1, {STAMP_END}) then return 0 end
             redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
             return 1"
        ));
        Ok(Self { kind, put })
    }

    pub(super) async fn get(&self, name: &str) -> RedisResult<Option<Vec<u8>>> {
        self.ask(cmd("GET").arg(name)).await
    }

    pub(super) async fn put(&self, name: &str, value: &[u8], lifetime: Duration) -> RedisResult<()> {
        let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut invocation = self.put.prepare_invoke();
        invocation.key(name).arg(value).arg(lifetime_ms);
        let _: i64 = match &self.kind {
            Kind::Single(manager) => invocation.invoke_async(&mut manager.clone()).await?,
            Kind::Cluster(cluster) => invocation.invoke_async(&mut cluster.connection().await?).await?,
        };
        Ok(())
    }

    pub(super) async fn ping(&self) -> RedisResult<()> {
        // A look-up, since a cluster's ping would go to any of its nodes.
        self.ask::<Option<Vec<u8>>>(cmd("GET").arg("rota:ping")).await.map(drop)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match &self.kind {
            Kind::Single(manager) => command.query_async(&mut manager.clone()).await,
            Kind::Cluster(cluster) => command.query_async(&mut cluster.connection().await?).await,
        }
    }
}

impl Cluster {
    async fn connection(&self) -> Result<ClusterConnection, RedisError> {
        let mut connected = self.connected.lock().await;
        if let Some(connection) = &*connected {
            return Ok(connection.clone());
        }
        let connection = self.client.get_async_connection().await?;
        *connected = Some(connection.clone());
        Ok(connection)
    }
}
