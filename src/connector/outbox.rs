//! What goes to the gateway unasked: released summaries and overrides. What may still pass is tried again, ever later; what the gateway refuses
//! for good is told to the operator and not sent again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;

use super::Connector;
use super::delivery::override_key;
use super::inbox::PendingRelease;
use super::turns::{Sent, Told, Turns};
use crate::clock::Clock;
use crate::crypto::keys::VerifyingKey;
use crate::entropy::Entropy;
use crate::http::client::{Call, SigningClient};
use crate::source::overrides::OverrideMessage;

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_millis(300);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(10);

/// The longest wait that the gateway may ask for.
const LONGEST: Duration = Duration::from_mins(10);

/// The largest answer that is read.
const MOST: usize = 64 * 1024;

/// Where a released summary goes.
const RELEASES: &str = "/v1/releases";

/// Where an override goes.
const OVERRIDES: &str = "/v1/overrides";

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
    /// The time, for what is shown.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for the pauses.
    pub entropy: Arc<dyn Entropy>,
}

/// What waits.
enum Message {
    Override(Box<OverrideMessage>),
    Release(PendingRelease),
}

impl Message {
    /// By which it is known here.
    fn key(&self) -> String {
        match self {
            Self::Override(message) => override_key(&message.id, message.standing),
            Self::Release(release) => release.entry.clone(),
        }
    }

    fn target(&self) -> &'static str {
        match self {
            Self::Override(_) => OVERRIDES,
            Self::Release(_) => RELEASES,
        }
    }

    fn body(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Override(message) => serde_json::to_vec(message),
            Self::Release(release) => serde_json::to_vec(&release.answer),
        }
    }
}

impl Outbox {
    /// Sends what waits, for ever.
    pub async fn run(self) {
        let mut turns = Turns::new();
        loop {
            if let Err(error) = self.round(&mut turns).await {
                tracing::warn!(%error, "what waits for the gateway cannot be read");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn round(&self, turns: &mut Turns) -> Result<(), String> {
        let wrong = |error: &dyn std::fmt::Display| error.to_string();
        let deliveries = &self.connector.deliveries;
        let overrides = self.connector.pending_overrides().await.map_err(|error| wrong(&error))?;
        let releases = self.connector.pending_releases().await.map_err(|error| wrong(&error))?;
        let messages = overrides
            .into_iter()
            .map(|message| Message::Override(Box::new(message)))
            .chain(releases.into_iter().map(Message::Release));
        let mut messages: Vec<(String, Message)> = messages.map(|message| (message.key(), message)).collect();
        let waiting: BTreeSet<String> = messages.iter().map(|(key, _)| key.clone()).collect();
        turns.retain(&waiting, deliveries);
        Turns::order(&mut messages, deliveries);
        for (key, message) in messages {
            if turns.may(&key, deliveries, Instant::now()) && self.send(turns, &key, &message).await {
                self.acknowledge(&message).await?;
            }
        }
        Ok(())
    }

    /// Whether the gateway has taken a message.
    async fn send(&self, turns: &mut Turns, key: &str, message: &Message) -> bool {
        let sent = self.post(message).await;
        let told = Told { deliveries: &self.connector.deliveries, clock: &*self.clock, entropy: &*self.entropy };
        turns.settle(message.target(), key, sent, Instant::now(), &told)
    }

    async fn acknowledge(&self, message: &Message) -> Result<(), String> {
        match message {
            Message::Override(message) => {
                let done = self.connector.acknowledge_override(&message.id, message.standing).await;
                done.map_err(|error| error.to_string())
            }
            Message::Release(release) => {
                let done = self.connector.acknowledge_release(&release.entry).await;
                done.map_err(|error| error.to_string())
            }
        }
    }

    async fn post(&self, message: &Message) -> Sent {
        let target = message.target();
        let Ok(body) = message.body() else { return Sent::Never("the message cannot be written".to_owned()) };
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
        match self.client.call(call, key).await {
            Ok(answer) => judged(target, answer.status, &answer.headers, &answer.body),
            Err(error) => Sent::NoWay(error.to_string()),
        }
    }
}

/// What a signed answer means for the message.
fn judged(target: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Sent {
    #[derive(Deserialize)]
    struct Problem {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        detail: String,
        #[serde(default)]
        errors: Vec<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        pointer: String,
        detail: String,
    }
    if status == StatusCode::OK {
        return Sent::Taken;
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let suffix = problem.as_ref().and_then(|problem| problem.kind.strip_prefix("urn:sluis:problem:")).unwrap_or("unknown");
    let detail = problem.as_ref().map_or("", |problem| problem.detail.as_str());
    let places = problem.iter().flat_map(|problem| &problem.errors);
    let places: Vec<_> = places.map(|place| format!("; at {}: {}", place.pointer, place.detail)).collect();
    let reason = format!("{status} {suffix}: {detail}{}", places.concat());
    let retry_after = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    // What rests on the message itself stays as it is. The rest lies with the connection, the organisation's standing or the gateway: an
    // operator or time can mend it.
    // So does what is not there, but for a release: the gateway records a disclosure when its slowest source has answered, and a professional
    // may have released by then. Its own time ends that wait.
    if suffix == "not-found" && target == RELEASES {
        return Sent::Unknown(reason);
    }
    let own_fault = matches!(suffix, "malformed-request" | "schema-invalid" | "not-permitted" | "method-not-allowed")
        || matches!(suffix, "idempotency-conflict" | "body-too-large" | "media-type" | "head-too-large" | "not-found");
    if own_fault {
        Sent::Never(reason)
    } else {
        Sent::Later { reason, not_before: Duration::from_secs(retry_after.unwrap_or(0)).min(LONGEST) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(target: &str, status: u16, suffix: &str) -> Sent {
        let body = serde_json::json!({"type": format!("urn:sluis:problem:{suffix}"), "detail": "why"}).to_string();
        judged(target, status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn a_release_that_overtakes_its_disclosure_is_not_given_up() {
        assert!(matches!(problem(RELEASES, 404, "not-found"), Sent::Unknown(reason) if reason == "404 not-found: why"));
        assert!(matches!(problem(OVERRIDES, 404, "not-found"), Sent::Never(_)), "an override waits for nothing");
        for target in [RELEASES, OVERRIDES] {
            for (status, suffix) in [(403, "not-permitted"), (413, "body-too-large"), (400, "schema-invalid")] {
                assert!(matches!(problem(target, status, suffix), Sent::Never(_)), "{target}: {suffix}");
            }
            for (status, suffix) in [(503, "log-unavailable"), (403, "organisation-suspended"), (500, "unknown")] {
                assert!(matches!(problem(target, status, suffix), Sent::Later { .. }), "{target}: {suffix}");
            }
            assert!(matches!(judged(target, 200, &HeaderMap::new(), b"{}"), Sent::Taken));
            let body = br#"{"type": "urn:sluis:problem:schema-invalid", "detail": "1 fault(s); see errors", "errors": [{"pointer": "/id", "detail": "a text"}]}"#;
            let told = "400 schema-invalid: 1 fault(s); see errors; at /id: a text";
            assert!(matches!(judged(target, 400, &HeaderMap::new(), body), Sent::Never(reason) if reason == told));
        }
    }
}
