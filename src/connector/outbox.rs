//! What goes to the gateway unasked: released summaries and overrides. What may still pass is tried again, ever later; what the gateway refuses
//! for good is told to the operator and not sent again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Connector;
use super::delivery::{Delivery, override_key};
use crate::clock::Clock;
use crate::crypto::keys::VerifyingKey;
use crate::entropy::Entropy;
use crate::exchange::pace::{Pace, Pauses};
use crate::http::client::{Call, SigningClient};

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_millis(300);

/// A release is worth something for as long as its disclosure is open: the longest pause stays well below that.
const PACE: Pace = Pace { first: Duration::from_millis(500), most: Duration::from_secs(30) };

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

/// The way itself, beside the messages: when nobody answers, no other message is tried either.
const WAY: &str = "way";

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

/// What became of a message.
enum Sent {
    Taken,
    /// It may pass later; not before this time, if the gateway said so.
    Later {
        reason: String,
        not_before: Duration,
    },
    /// Nobody who can be trusted answers: no message passes.
    NoWay(String),
    /// It will never pass.
    Never(String),
}

impl Outbox {
    /// Sends what waits, for ever.
    pub async fn run(self) {
        let mut pauses = Pauses::new(PACE);
        loop {
            if let Err(error) = self.round(&mut pauses).await {
                tracing::warn!(%error, "what waits for the gateway cannot be read");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn round(&self, pauses: &mut Pauses<String>) -> Result<(), String> {
        let wrong = |error: &dyn std::fmt::Display| error.to_string();
        let overrides = self.connector.pending_overrides().await.map_err(|error| wrong(&error))?;
        let releases = self.connector.pending_releases().await.map_err(|error| wrong(&error))?;
        let keys = overrides.iter().map(|message| override_key(&message.id, message.standing));
        let waiting: BTreeSet<String> = keys.chain(releases.iter().map(|release| release.entry.clone())).collect();
        pauses.retain(|key| key == WAY || waiting.contains(key));
        for message in overrides {
            if self.send(pauses, &override_key(&message.id, message.standing), OVERRIDES, &message).await {
                self.connector.acknowledge_override(&message.id, message.standing).await.map_err(|error| wrong(&error))?;
            }
        }
        for release in releases {
            if self.send(pauses, &release.entry, RELEASES, &release.answer).await {
                self.connector.acknowledge_release(&release.entry).await.map_err(|error| wrong(&error))?;
            }
        }
        Ok(())
    }

    /// Sends a message if its time has come; whether the gateway has taken it.
    async fn send(&self, pauses: &mut Pauses<String>, key: &str, target: &'static str, message: &impl Serialize) -> bool {
        let deliveries = &self.connector.deliveries;
        let now = Instant::now();
        let refused = matches!(deliveries.of(key), Delivery::Refused { .. });
        if refused || !pauses.may(&key.to_owned(), now) || !pauses.may(&WAY.to_owned(), now) {
            return false;
        }
        let sent = self.post(target, message).await;
        if !matches!(sent, Sent::NoWay(_)) {
            pauses.done(&WAY.to_owned());
        }
        let (held, reason, not_before) = match sent {
            Sent::Taken => {
                pauses.done(&key.to_owned());
                deliveries.done(key);
                return true;
            }
            Sent::Never(reason) => {
                pauses.done(&key.to_owned());
                tracing::error!(
                    target,
                    id = key,
                    reason,
                    "the gateway has refused this for good; it is not sent again until the connector is restarted"
                );
                deliveries.note(key, Delivery::Refused { at: self.clock.now(), reason });
                return false;
            }
            Sent::Later { reason, not_before } => (key, reason, not_before),
            Sent::NoWay(reason) => (WAY, reason, Duration::ZERO),
        };
        let pause = pauses.failed(held.to_owned(), Instant::now(), not_before, &*self.entropy);
        let again_at = self.clock.now().plus(pause.until.saturating_duration_since(Instant::now()));
        tracing::warn!(target, id = key, reason, attempts = pause.failures, %again_at, "the gateway has not taken this yet; it is tried again");
        deliveries.note(key, Delivery::Delayed { attempts: pause.failures, reason, again_at });
        false
    }

    async fn post(&self, target: &str, message: &impl Serialize) -> Sent {
        let Ok(body) = serde_json::to_vec(message) else { return Sent::Never("the message cannot be written".to_owned()) };
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
    }
    if status == StatusCode::OK {
        return Sent::Taken;
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let suffix = problem.as_ref().and_then(|problem| problem.kind.strip_prefix("urn:sluis:problem:")).unwrap_or("unknown");
    let detail = problem.as_ref().map_or("", |problem| problem.detail.as_str());
    let reason = format!("{status} {suffix}: {detail}");
    let retry_after = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    // What rests on the message itself stays as it is. The rest lies with the connection, the organisation's standing or the gateway: an
    // operator or time can mend it.
    // So does what is not there, but for a release: the gateway records a disclosure when its slowest source has answered, and a professional
    // may have released by then. Its own time ends that wait.
    let own_fault = matches!(suffix, "malformed-request" | "schema-invalid" | "not-permitted" | "method-not-allowed")
        || matches!(suffix, "idempotency-conflict" | "body-too-large" | "media-type" | "head-too-large")
        || (suffix == "not-found" && target != RELEASES);
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
        let Sent::Later { reason, not_before } = problem(RELEASES, 404, "not-found") else { panic!("given up") };
        assert_eq!((reason.as_str(), not_before), ("404 not-found: why", Duration::ZERO));
        assert!(matches!(problem(OVERRIDES, 404, "not-found"), Sent::Never(_)), "an override waits for nothing");
        for target in [RELEASES, OVERRIDES] {
            for (status, suffix) in [(403, "not-permitted"), (413, "body-too-large"), (400, "schema-invalid")] {
                assert!(matches!(problem(target, status, suffix), Sent::Never(_)), "{target}: {suffix}");
            }
            for (status, suffix) in [(503, "log-unavailable"), (403, "organisation-suspended"), (500, "unknown")] {
                assert!(matches!(problem(target, status, suffix), Sent::Later { .. }), "{target}: {suffix}");
            }
            assert!(matches!(judged(target, 200, &HeaderMap::new(), b"{}"), Sent::Taken));
        }
    }
}
