//! What goes to the gateway unasked: released summaries and overrides. Each is tried again until the gateway has taken it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Serialize;

use super::Connector;
use crate::crypto::keys::VerifyingKey;
use crate::http::client::{Call, CallError, SigningClient};

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_millis(300);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(10);

/// The largest answer that is read.
const MOST: usize = 64 * 1024;

/// The way to the gateway.
pub struct Outbox {
    /// The connector.
    pub connector: Arc<Connector>,
    /// Signs under [`crate::exchange::authenticate::REQUEST_TAG`], as every caller of the gateway.
    pub client: Arc<SigningClient>,
    /// The gateway's API, `https://host:port`.
    pub gateway: String,
    /// The gateway's signing keys.
    pub gateway_keys: Vec<VerifyingKey>,
}

impl Outbox {
    /// Sends what waits, for ever.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.send_overrides().await {
                tracing::warn!(%error, "overrides wait");
            }
            if let Err(error) = self.send_releases().await {
                tracing::warn!(%error, "releases wait");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn send_overrides(&self) -> Result<(), String> {
        for message in self.connector.pending_overrides().await.map_err(|error| error.to_string())? {
            if self.post("/v1/overrides", &message).await? {
                self.connector.acknowledge_override(&message.id, message.standing).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    async fn send_releases(&self) -> Result<(), String> {
        for release in self.connector.pending_releases().await.map_err(|error| error.to_string())? {
            if self.post("/v1/releases", &release.answer).await? {
                self.connector.acknowledge_release(&release.entry).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Whether the gateway has taken it; a final refusal is reported and not tried again at once.
    async fn post(&self, target: &str, message: &impl Serialize) -> Result<bool, String> {
        let body = serde_json::to_vec(message).map_err(|_| "a message cannot be written".to_owned())?;
        let call = Call {
            method: &Method::POST,
            base: &self.gateway,
            target,
            body: Some(&body),
            idempotency_key: None,
            most: MOST,
            time: CALL,
        };
        let key = |keyid: &str| self.gateway_keys.iter().find(|key| key.id().as_str() == keyid);
        let answer = self.client.call(call, key).await.map_err(|error: CallError| error.to_string())?;
        if answer.status != 200 {
            tracing::error!(target, status = answer.status, "the gateway has refused what this source brought");
        }
        Ok(answer.status == 200)
    }
}
