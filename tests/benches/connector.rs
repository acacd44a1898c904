//! The source's connector as a process of its own.

use std::path::Path;
use std::sync::Arc;

use sluis::app::gateway::Outside;
use sluis::clock::SystemClock;
use sluis::connector::config::Config;
use sluis::entropy::SystemEntropy;
use tokio_util::sync::CancellationToken;

use crate::Outcome;

/// The time and randomness of this machine.
pub(crate) fn outside() -> Outside {
    Outside { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) }
}

/// Serves until the process is told to stop.
pub(crate) async fn run(config: &Path) -> Outcome<()> {
    let bound = sluis::app::connector::bind(&Config::load(config)?, &outside()).await?;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
        terminate.recv().await;
        stop.cancel();
    });
    bound.run(shutdown).await;
    Ok(())
}
