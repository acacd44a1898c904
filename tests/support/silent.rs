//! A source that accepts connections and never answers.

use std::time::Duration;

use sluis::connector::config::Config;
use sluis::demo::organisations::Slug;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::TestGateway;

/// Stands where a source's connector stood, until it is dropped.
pub struct SilentSource(JoinHandle<()>);

impl SilentSource {
    /// Stops the connector of `slug` and listens in its place.
    pub async fn instead_of(gateway: &mut TestGateway, slug: Slug) -> Self {
        let folder = gateway.running().layout.source(slug);
        let address = Config::load(&folder.join("connector.toml")).expect("a connector's configuration").listen;
        gateway.running_mut().stop_connector(slug);
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        Self(tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        }))
    }
}

impl Drop for SilentSource {
    fn drop(&mut self) {
        self.0.abort();
    }
}
