//! A TCP balancer, as stands before several nodes: each connection goes to the next one that takes it, and no byte is looked at.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A running balancer; it ends with this value.
pub struct Balancer {
    address: SocketAddr,
    task: AbortHandle,
}

impl Balancer {
    /// Starts one on this port.
    pub fn on(listener: TcpListener, nodes: Vec<SocketAddr>) -> Self {
        let address = listener.local_addr().expect("an address");
        Self { address, task: tokio::spawn(run(listener, nodes, 1)).abort_handle() }
    }

    /// Starts one that goes to the first that takes a connection, always: what stands before a database and its standby.
    pub async fn failover(servers: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { address, task: tokio::spawn(run(listener, servers, 0)).abort_handle() }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Each connection begins its search `step` further than the one before.
async fn run(listener: TcpListener, nodes: Vec<SocketAddr>, step: usize) {
    let (nodes, turn) = (Arc::new(nodes), AtomicUsize::new(0));
    while let Ok((mut client, _)) = listener.accept().await {
        let (nodes, first) = (Arc::clone(&nodes), turn.fetch_add(step, Ordering::SeqCst));
        tokio::spawn(async move {
            for offset in 0..nodes.len() {
                if let Ok(mut node) = TcpStream::connect(nodes[(first + offset) % nodes.len()]).await {
                    tokio::io::copy_bidirectional(&mut client, &mut node).await.ok();
                    return;
                }
            }
        });
    }
}
