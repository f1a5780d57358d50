//! The shared level in a Redis Cluster: answers lie on several nodes, and a lost node is a miss.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use rota_harness::ports::free_port;
use rota_tests::proxy::Proxy;

use super::stage::{Stage, number, verdict};
use crate::proxy::waiting::until;

/// The fewest nodes of a cluster.
const NODES: usize = 3;
/// Counters of the stage.
const COUNTERS: u32 = 10;

/// Three nodes in memory, each with a third of the slots and no replica.
struct RedisCluster {
    nodes: Vec<(Child, u16)>,
    /// What the nodes know of each other.
    folder: PathBuf,
}

impl RedisCluster {
    async fn start() -> Result<Self> {
        let mut cluster = Self { nodes: Vec::new(), folder: PathBuf::new() };
        for _ in 0..NODES {
            let (port, bus) = (free_port()?, free_port()?);
            if cluster.nodes.is_empty() {
                cluster.folder =
                    std::env::temp_dir().join(format!("rota-redis-{}-{port}", std::process::id()));
                fs::create_dir_all(&cluster.folder)?;
            }
            let node = Command::new("redis-server")
                .args([
                    "--port",
                    &port.to_string(),
                    "--cluster-port",
                    &bus.to_string(),
                    "--bind",
                    "127.0.0.1",
                ])
                .args(["--cluster-enabled", "yes", "--cluster-config-file", &format!("{port}.conf")])
                // The slots of the other nodes are served while one is gone.
                .args(["--cluster-require-full-coverage", "no", "--save", "", "--appendonly", "no", "--dir"])
                .arg(&cluster.folder)
                .stdout(Stdio::null())
                .spawn()
                .context("redis-server is not installed")?;
            cluster.nodes.push((node, port));
        }
        for node in 0..NODES {
            until("a node answers", async || Ok(cluster.tell(node, &["PING"])? == "PONG")).await?;
        }
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(cluster.nodes.iter().map(|(_, port)| format!("127.0.0.1:{port}")))
            .arg("--cluster-yes")
            .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        for node in 0..NODES {
            until("the nodes know each other", async || {
                Ok(cluster.tell(node, &["CLUSTER", "INFO"])?.contains("cluster_state:ok"))
            })
            .await?;
        }
        Ok(cluster)
    }

    fn url(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|(_, port)| format!("127.0.0.1:{port}")).collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    fn tell(&self, node: usize, command: &[&str]) -> Result<String> {
        let port = self.nodes[node].1.to_string();
        let told = Command::new("redis-cli").args(["-p", &port]).args(command).output()?;
        Ok(String::from_utf8(told.stdout)?.trim().to_owned())
    }

    /// Answers on each node.
    fn held(&self) -> Result<Vec<usize>> {
        let count =
            |node| Ok(self.tell(node, &["KEYS", "rota:*"])?.lines().filter(|line| !line.is_empty()).count());
        (0..NODES).map(count).collect()
    }
}

impl Drop for RedisCluster {
    fn drop(&mut self) {
        for (node, _) in &mut self.nodes {
            let _ = node.kill();
            let _ = node.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A proxy that uses the cluster and has found it. Time enough for a busy machine.
async fn proxy(stage: &Stage, cluster: &RedisCluster) -> Result<Proxy> {
    let url = cluster.url();
    let settings = [("ROTA_REDIS_URL", url.as_str()), ("ROTA_REDIS_BUDGET_MS", "2000")];
    let proxy = stage.proxy_with(&settings).await?;
    let found = || Ok(proxy.log()?.iter().any(|line| line["message"] == "redis answers"));
    until("the proxy has found the cluster", async || found()).await?;
    Ok(proxy)
}

#[tokio::test]
async fn answers_are_shared_through_all_nodes_of_a_cluster_and_a_lost_node_is_a_miss() -> Result<()> {
    let (stage, mut cluster) = (Stage::new().await?, RedisCluster::start().await?);
    let (one, other) = (proxy(&stage, &cluster).await?, proxy(&stage, &cluster).await?);
    until("every counter's answer lies in the cluster", async || {
        for counter in 1..=COUNTERS {
            // An answer in memory is not written again.
            stage.raise(counter).await?;
            one.get(&format!("/counters/{counter}")).await?;
        }
        Ok(cluster.held()?.iter().sum::<usize>() >= usize::try_from(COUNTERS)?)
    })
    .await?;
    let held = cluster.held()?;
    assert!(held.iter().filter(|answers| **answers > 0).count() > 1, "{held:?}");
    let mut shared = 0;
    for counter in 1..=COUNTERS {
        let answer = other.get(&format!("/counters/{counter}")).await?;
        assert_eq!(number(&answer)?, number(&one.get(&format!("/counters/{counter}")).await?)?);
        shared += usize::from(verdict(&answer) == "Rota; hit; detail=shared");
    }
    assert!(shared > 1, "{shared} answers were taken from the cluster");

    let (lost, _) = &mut cluster.nodes[0];
    lost.kill()?;
    lost.wait()?;
    for counter in 1..=COUNTERS {
        let before = number(&one.get(&format!("/counters/{counter}")).await?)?;
        stage.raise(counter).await?;
        for proxy in [&one, &other] {
            until("the change is read through either proxy", async || {
                let answer = proxy.get(&format!("/counters/{counter}")).await?;
                ensure!(answer.status == 200, "{}: {}", answer.status, answer.text());
                Ok(number(&answer)? == before + 1)
            })
            .await?;
        }
    }
    Ok(())
}
