//! The witness over a real socket, on its real store.

mod durable;
mod statuses;

use std::net::SocketAddr;
use std::sync::Arc;

use sluis::app::gateway::Outside;
use sluis::app::witness::bind;
use sluis::entropy::SystemEntropy;
use sluis::ledger::note::VerifierKey;
use sluis::witness::config::Config;
use tokio_util::sync::CancellationToken;

use crate::support::Folder;
use crate::support::clock::MovedClock;
use crate::support::witness::configure;

/// A witness that serves.
struct Serving {
    address: SocketAddr,
    clock: Arc<MovedClock>,
    folder: Folder,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Serving {
    async fn knowing(logs: &[&VerifierKey]) -> Self {
        let folder = Folder::new();
        configure(folder.path(), logs);
        Self::on(folder).await
    }

    async fn on(folder: Folder) -> Self {
        let config = Config::load(&folder.path().join("witness.toml")).expect("a configuration");
        let clock = Arc::new(MovedClock::default());
        let outside = Outside { clock: Arc::clone(&clock) as _, entropy: Arc::new(SystemEntropy::default()) };
        let bound = bind(&config, &outside).await.expect("bound");
        let (address, shutdown) = (bound.address, CancellationToken::new());
        let task = tokio::spawn(bound.run(shutdown.clone()));
        Self { address, clock, folder, shutdown, task }
    }

    async fn restarted(self) -> Self {
        self.shutdown.cancel();
        self.task.await.expect("ended");
        Self::on(self.folder).await
    }
}
