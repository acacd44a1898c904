//! Requests kept sealed for the time that their results can be picked up: to be answered anew when facts have changed, or added to when a
//! professional releases. One key per day of destruction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Stopped;
use super::authenticate::Credentials;
use super::earlier::Released;
use super::matter::Matter;
use super::request;
use crate::clock::Timestamp;
use crate::crypto::base64::InvalidBase64;
use crate::crypto::{aead, base64};
use crate::entropy::Entropy;
use crate::keystore::{KeyStore, KeyStoreError};
use crate::ledger::entry::TraceId;
use crate::organisation::Oin;
use crate::store::{DisclosureRow, NameIndex};

/// How many days back keys are looked for; a gateway that stood still longer finds them when it is started at all.
const LOOK_BACK: u64 = 60;

/// The key of the day on which what it seals is over.
fn class(expires: Timestamp) -> String {
    format!("payload-{}", expires.date())
}

/// Seals and opens kept requests.
pub struct Payloads {
    key_store: Arc<dyn KeyStore>,
    entropy: Arc<dyn Entropy>,
}

/// What is kept beside a request until its results are gone.
#[derive(Debug)]
pub(super) struct Beside {
    /// What was decided.
    pub(super) verdict: [u8; 32],
    /// The deliveries of summaries that were released for it.
    pub(super) released: Vec<Released>,
    /// The names that the recipient must not have where its deliveries are picked up.
    pub(super) apart: Vec<NameIndex>,
    /// The consents on which its deliveries rest; `None` where that is not known.
    pub(super) relied: Option<BTreeSet<String>>,
}

/// What is kept of a request.
#[derive(Serialize, Deserialize)]
struct Kept {
    body: Value,
    digest: String,
    keyid: String,
    fingerprint: String,
    trace: String,
    verdict: String,
    calls: BTreeMap<Oin, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    released: Vec<Released>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    apart: Vec<NameIndex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relied: Option<BTreeSet<String>>,
}

/// A kept request, opened.
pub struct Reopened {
    /// The disclosure's id.
    pub id: Uuid,
    /// What was asked.
    pub request: Arc<request::DisclosureRequest>,
    /// The body as a value written anew.
    pub body: bytes::Bytes,
    /// Its digest.
    pub request_digest: [u8; 32],
    /// The trace of the original request.
    pub trace: TraceId,
    /// What was decided when its answer was made: the verdict of its plan.
    pub verdict: [u8; 32],
    /// SHA-256 of the call to each source that was asked.
    pub calls: BTreeMap<Oin, [u8; 32]>,
    /// The deliveries of summaries that were released for it.
    pub released: Vec<Released>,
    /// The names that the recipient must not have where its deliveries are picked up.
    pub apart: Vec<NameIndex>,
    /// The consents on which its deliveries rest; `None` where that is not known.
    pub relied: Option<BTreeSet<String>>,
    /// With which credentials it was asked.
    pub credentials: Credentials,
}

impl Payloads {
    /// With the key store that holds the days' keys.
    pub fn new(key_store: Arc<dyn KeyStore>, entropy: Arc<dyn Entropy>) -> Self {
        Self { key_store, entropy }
    }

    /// Destroys the keys of days that are over: what they sealed is gone, from backups too.
    ///
    /// # Errors
    /// [`KeyStoreError`], when the key store cannot be written.
    pub fn destroy_before(&self, now: Timestamp) -> Result<(), KeyStoreError> {
        for days in 1..=LOOK_BACK {
            let class = class(now.minus(Duration::from_hours(24 * days)));
            match self.key_store.existing_key(&class) {
                Ok(_) => self.key_store.destroy(&class)?,
                Err(KeyStoreError::Absent(_) | KeyStoreError::Destroyed(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Seals what is kept of `matter` until `expires`. Gives the name of the day's key, and the sealed request.
    pub(super) fn seal(&self, matter: &Matter, beside: Beside, expires: Timestamp) -> Result<(String, Vec<u8>), Stopped> {
        let class = class(expires);
        let Beside { verdict, released, apart, relied } = beside;
        let kept = Kept {
            // As a value: what a caller filled up with spaces takes no room.
            body: serde_json::from_slice(&matter.body).map_err(|_| Stopped::internal("a request cannot be kept"))?,
            digest: base64::encode_url(&matter.request_digest),
            verdict: base64::encode_url(&verdict),
            keyid: matter.caller.credentials().keyid.clone(),
            fingerprint: base64::encode_url(&matter.caller.credentials().fingerprint),
            trace: matter.trace.to_string(),
            calls: matter.calls.iter().map(|(source, digest)| (source.clone(), base64::encode_url(digest))).collect(),
            released,
            apart,
            relied,
        };
        let plain =
            serde_json::to_vec(&kept).map(zeroize::Zeroizing::new).map_err(|_| Stopped::internal("a request cannot be kept"))?;
        let wrapping = self.key_store.wrapping_key(&class)?;
        let sealed = aead::seal(&wrapping, matter.id.to_string().as_bytes(), &plain, &*self.entropy);
        Ok((class, sealed.map_err(|_| Stopped::internal("a request cannot be sealed"))?))
    }

    /// Opens the request of a kept disclosure.
    pub(super) fn open(&self, row: &DisclosureRow) -> Result<Reopened, Stopped> {
        let unreadable = || Stopped::internal("a kept request cannot be opened");
        let wrapping = self.key_store.existing_key(&row.payload_class)?;
        let plain = aead::open(&wrapping, row.id.as_bytes(), &row.request).map_err(|_| unreadable())?;
        let kept: Kept = serde_json::from_slice(plain.expose()).map_err(|_| unreadable())?;
        let body = serde_json::to_vec(&kept.body).map_err(|_| unreadable())?;
        let fingerprint = base64::decode_url_array(&kept.fingerprint).map_err(|_| unreadable())?;
        let calls = kept.calls.into_iter().map(|(source, digest)| Ok((source, base64::decode_url_array(&digest)?)));
        let calls: Result<BTreeMap<_, _>, InvalidBase64> = calls.collect();
        Ok(Reopened {
            id: row.id.parse().map_err(|_| unreadable())?,
            request: Arc::new(request::parse(&body).map_err(|_| unreadable())?),
            request_digest: base64::decode_url_array(&kept.digest).map_err(|_| unreadable())?,
            verdict: base64::decode_url_array(&kept.verdict).map_err(|_| unreadable())?,
            body: body.into(),
            trace: kept.trace.parse().map_err(|_| unreadable())?,
            calls: calls.map_err(|_| unreadable())?,
            released: kept.released,
            apart: kept.apart,
            relied: kept.relied,
            credentials: Credentials { keyid: kept.keyid, fingerprint },
        })
    }
}
