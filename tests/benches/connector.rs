//! The connectors of sources as a process of their own.

use std::path::PathBuf;
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
pub(crate) async fn run(configurations: &[PathBuf]) -> Outcome<()> {
    let mut bound = Vec::new();
    for configuration in configurations {
        bound.push(sluis::app::connector::bind(&Config::load(configuration)?, &outside()).await?);
    }
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
        terminate.recv().await;
        stop.cancel();
    });
    futures_util::future::join_all(bound.into_iter().map(|bound| bound.run(shutdown.clone()))).await;
    Ok(())
}
