//! Sources over HTTP: mTLS, RFC 9421 both ways, bounded answers. No filtering.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;

use super::port::{Destination, SourceFailure, Sources};
use super::{ContributionReceipts, RecordsAnswer};
use crate::http::client::{Answer, Call, CallError, SigningClient};

/// The largest answer that is read: far above what a person's records need.
const MOST: usize = 1024 * 1024;

/// The sources behind connectors that speak the source protocol.
pub struct HttpSources(Arc<SigningClient>);

impl HttpSources {
    /// With the gateway's client, which signs under [`super::SOURCE_TAG`].
    pub const fn new(client: Arc<SigningClient>) -> Self {
        Self(client)
    }

    async fn call(
        &self,
        source: Destination<'_>,
        method: &Method,
        target: &str,
        body: Option<&[u8]>,
    ) -> Result<Answer, SourceFailure> {
        let time = source.time.max(Duration::from_millis(1));
        let call = Call { method, base: source.address, target, body, idempotency_key: None, most: MOST, time };
        // Each of these may come twice: records are asked for under one decision, a receipt is kept once.
        let answer = self.0.call_idempotent(call, |keyid| source.keys.key(keyid)).await.map_err(|error| match error {
            CallError::Connection(_)
            | CallError::Ended(_)
            | CallError::Untrusted(_)
            | CallError::TimedOut(_)
            | CallError::Address(_) => SourceFailure::Unreachable(error.to_string()),
            _ => SourceFailure::Untrustworthy(error.to_string()),
        })?;
        if answer.status == 200 { Ok(answer) } else { Err(SourceFailure::Refused(answer.status)) }
    }
}

#[async_trait]
impl Sources for HttpSources {
    async fn records(&self, source: Destination<'_>, call: &[u8]) -> Result<RecordsAnswer, SourceFailure> {
        let answer = self.call(source, &Method::POST, "/v1/records", Some(call)).await?;
        // serde's own words can quote a value, so only where it failed is kept.
        let unreadable =
            |error: serde_json::Error| SourceFailure::Untrustworthy(format!("not a records answer, column {}", error.column()));
        serde_json::from_slice(&answer.body).map_err(unreadable)
    }

    async fn receipts(&self, source: Destination<'_>, receipts: &ContributionReceipts) -> Result<(), SourceFailure> {
        let body = serde_json::to_vec(receipts)
            .map_err(|_| SourceFailure::Untrustworthy("the receipts cannot be written".to_owned()))?;
        self.call(source, &Method::POST, "/v1/receipts", Some(&body)).await.map(drop)
    }

    async fn probe(&self, source: Destination<'_>) -> Result<(), SourceFailure> {
        self.call(source, &Method::GET, "/v1/health", None).await.map(drop)
    }
}
