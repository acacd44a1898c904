//! What the steps work with: every port and register of one node, passed in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::authenticate::Authenticated;
use super::health::Health;
use super::load::{Load, aside};
use super::matter::Matter;
use super::nonces::Nonces;
use super::payloads::Payloads;
use super::policies::LivePolicy;
use super::quorum::Witnessing;
use super::rates::Rates;
use super::readiness::Readiness;
use super::registry::LiveRegistry;
use super::request::DisclosureRequest;
use super::undelivered::Doubts;
use super::vault::Vault;
use crate::catalogue::Purpose;
use crate::clock::{Believed, Clock};
use crate::consent::Authority;
use crate::crypto::base64;
use crate::crypto::digest::{self, KeyedDigest};
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::keystore::KeyStore;
use crate::ledger::entry::{Client, TraceId};
use crate::ledger::note::VerifierKey;
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::source::port::Sources;
use crate::store::journal::{Journal, JournalError};
use crate::store::scribe::Gate;
use crate::store::sequencer::Sequencer;
use crate::store::{Store, SubjectIndex};
use crate::subject::SubjectId;

/// What is left for rechecking, sealing and recording when sources have been waited for.
const FINISHING: Duration = Duration::from_millis(300);

/// What sources get at least, however late it is: what the log says is asked, is asked.
const SHORTEST: Duration = Duration::from_millis(100);

/// One node of the gateway.
pub struct Gateway {
    /// Its own OIN.
    pub oin: Oin,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The time that has surely come.
    pub believed: Arc<Believed>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The way into the log.
    pub sequencer: Sequencer,
    /// Who takes part.
    pub registry: LiveRegistry,
    /// The policies.
    pub policy: LivePolicy,
    /// Who must agree before a consent counts.
    pub authority: Arc<Authority>,
    /// Pseudonyms.
    pub vault: Vault,
    /// Log entries.
    pub journal: Arc<Journal>,
    /// Requests kept for pick-up.
    pub payloads: Payloads,
    /// The sources.
    pub sources: Arc<dyn Sources>,
    /// How they are.
    pub health: Health,
    /// How much is being worked on.
    pub load: Arc<Load>,
    /// Whether the store can be used.
    pub readiness: Readiness,
    /// Nonces seen.
    pub nonces: Nonces,
    /// How much organisations may ask.
    pub rates: Rates,
    /// How much may be refused to one unauthenticated certificate holder before it is told to wait.
    pub strangers: Rates,
    /// How many refusals of one organisation for asking too much are entries of the log.
    pub excesses: Rates,
    /// How many facts about persons one organisation may register: each is read again by all who ask about the person.
    pub registering: Rates,
    /// How many consents one organisation may record about one person: what moves a person's facts has others ask again.
    pub registering_about: Rates<(Oin, SubjectIndex)>,
    /// Finds consents and overrides about a person.
    pub subject_index: KeyedDigest,
    /// Compares bodies under one Idempotency-Key.
    pub idempotency: KeyedDigest,
    /// Deliveries of which nobody knows whether they are in the log.
    pub doubts: Doubts,
    /// Told when receipts wait to be sent to sources.
    pub receipts_waiting: Notify,
    /// The log's key.
    pub log: VerifierKey,
    /// The witnesses of the log, where there are any.
    pub witnessing: Option<Witnessing>,
    /// Closed when nothing more may be signed.
    pub gate: Arc<Gate>,
    /// Where the log's head is remembered outside the store.
    pub marks: Arc<dyn KeyStore>,
    /// Settings.
    pub settings: Settings,
}

/// Settings of the flow.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether answers leave at the purpose's fixed instant.
    pub answer_at: bool,
    /// How long sources get when they do not.
    pub source_time: Duration,
}

impl Gateway {
    /// The index under which consents and overrides about `subject` are kept.
    pub fn subject_index(&self, subject: &Personal<SubjectId>) -> SubjectIndex {
        SubjectIndex(subject.keyed_digest(&self.subject_index))
    }

    /// A new `UUIDv7` (RFC 9562) of this moment.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn new_id(&self) -> Result<Uuid, EntropyUnavailable> {
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>(&*self.entropy)?).into_uuid())
    }

    /// A new matter of an authenticated request.
    ///
    /// # Errors
    /// [`JournalError`], when there is no randomness.
    pub fn matter(&self, authenticated: &Authenticated, request: DisclosureRequest) -> Result<Matter, JournalError> {
        let signed = authenticated.request();
        let id = self.new_id()?;
        Ok(Matter {
            id,
            // The disclosure's own id joins its entries, so that they are found by it.
            trace: TraceId::from_bytes(id.into_bytes()).ok_or(EntropyUnavailable)?,
            caller: authenticated.caller().clone(),
            request: Arc::new(request),
            request_digest: digest::sha256(&signed.body),
            body: signed.body.clone(),
            client: client(authenticated),
            arrived: signed.arrived,
            asked_at: signed.arrived_at,
            nonce: Some(authenticated.nonce().clone()),
            calls: BTreeMap::new(),
            idempotency: None,
            withheld: Vec::new(),
            earlier: None,
        })
    }

    /// How long sources get: until a little before the answer must leave.
    pub(super) fn source_time(&self, purpose: &Purpose, asked_at: Instant) -> Duration {
        if !self.settings.answer_at {
            return self.settings.source_time;
        }
        let until = asked_at + purpose.answer_at.saturating_sub(FINISHING);
        until.saturating_duration_since(Instant::now()).max(SHORTEST)
    }

    /// Waits for the instant at which an answer for this purpose leaves. One that is not ready by then leaves at the next such instant: how
    /// much later it was could tell of the person.
    pub(super) async fn wait_for_answer(&self, purpose: &Purpose, asked_at: Instant) {
        if self.settings.answer_at {
            let _aside = aside();
            tokio::time::sleep_until(asked_at + leaves_after(asked_at.elapsed(), purpose.answer_at)).await;
        }
    }
}

/// The first whole multiple of `step`, and at least one, that is not before `elapsed`.
fn leaves_after(elapsed: Duration, step: Duration) -> Duration {
    let steps = elapsed.as_nanos().div_ceil(step.as_nanos().max(1)).max(1);
    step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

/// How a caller was authenticated, for the log.
pub fn client(authenticated: &Authenticated) -> Client {
    let signature = authenticated.request().signature.as_ref().ok();
    Client {
        authentication: "mTLS, RFC 9421".to_owned(),
        certificate: Some(base64::encode_url(&authenticated.request().peer.fingerprint)),
        key_id: Some(authenticated.caller().credentials().keyid.clone()),
        algorithm: signature.map(|signature| signature.algorithm().to_owned()),
        signature_base: signature.and_then(|signature| signature.base(&authenticated.request().parts()).ok()),
        signature: signature.map(|signature| base64::encode(signature.reference().signature)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_leave_at_whole_steps() {
        let millis = Duration::from_millis;
        for (elapsed, leaves) in [(0, 1000), (1, 1000), (999, 1000), (1000, 1000), (1001, 2000), (5300, 6000)] {
            assert_eq!(leaves_after(millis(elapsed), millis(1000)), millis(leaves), "{elapsed}");
        }
        assert_eq!(leaves_after(millis(7), Duration::ZERO), Duration::ZERO);
    }
}
