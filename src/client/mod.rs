//! The integrator's client: sign, send, verify the response, open, verify the receipt and keep it. What `sluis request` and the demo use, and what
//! an organisation's own client has to do.

mod audit;
mod compose;
pub mod consent_form;
mod exports;
mod kit;
mod offers;
mod opened;
mod persons;
mod readable;
mod receipts;
pub mod sign;
mod trace;
mod trouble;
mod verify;
mod witnesses;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use audit::{
    Absent, Against, AuditError, Awaited, Foreign, Pair, Recipient, Reconciliation, Side, Sides, StorePlace, Surplus, Verified,
    Witnessed, verify_indexes, verify_search,
};
pub use compose::{Question, Whom};
pub use exports::{ExportCheck, Exported, Untrue};
pub use kit::{GatewayInfo, Kit, KitError, ListedOrganisation, OrganisationInfo, read_jwk};
pub use offers::{OfferMade, OfferWaiting};
pub use opened::{OpenedDelivery, Step, open_delivery, sealed_messages};
pub use persons::PersonError;
pub use readable::{Names, Readable, plain};
pub use trace::Trace;
pub use trouble::{Problem, Trouble};
pub use verify::{Kept, VerifyError};

use crate::clock::Clock;
use crate::crypto::envelope::DecryptionKey;
use crate::crypto::keys::{SigningKey, VerifyingKey};
use crate::entropy::Entropy;
use crate::exchange::authenticate::REQUEST_TAG;
use crate::http::client::{Answer, Call, CallError, Downloaded, SigningClient};
use crate::http::tls;
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::Policy;

/// The largest answer that is read.
const MOST: usize = 16 * 1024 * 1024;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(30);

/// How long a file may take to begin, and between two of its pieces: all of it is read before its first byte is sent.
const FILE: Duration = Duration::from_mins(10);

/// How often an open disclosure is asked after.
const POLL: Duration = Duration::from_secs(1);

/// A client of one organisation.
pub struct Client {
    http: SigningClient,
    gateway: GatewayInfo,
    organisation: OrganisationInfo,
    gateway_keys: Vec<VerifyingKey>,
    decryption: DecryptionKey,
    log: VerifierKey,
    policy: Option<Policy>,
}

/// An answer that was verified and opened.
#[derive(Clone, Debug)]
pub struct Disclosed {
    /// The disclosure's id.
    pub id: String,
    /// `open` or `complete`.
    pub status: String,
    /// The deliveries, oldest first.
    pub deliveries: Vec<OpenedDelivery>,
}

/// The body of a 200.
#[derive(Deserialize)]
struct Body {
    disclosure: String,
    status: String,
    deliveries: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    sealed: String,
    receipt: String,
}

impl Client {
    /// A client from an integrator's kit.
    ///
    /// # Errors
    /// [`KitError`] names the file that cannot be used.
    pub fn new(kit: &Kit, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, KitError> {
        let tls = tls::client(&kit.identity(), &kit.trust()).map_err(KitError::new)?;
        let signing = SigningKey::from_jwk(&kit.signing_key()?).map_err(KitError::new)?;
        let gateway_keys =
            kit.gateway.signing_keys.iter().map(VerifyingKey::from_jwk).collect::<Result<_, _>>().map_err(KitError::new)?;
        Ok(Self {
            http: SigningClient::new(tls, signing, REQUEST_TAG, clock, entropy),
            gateway: kit.gateway.clone(),
            organisation: kit.organisation.clone(),
            gateway_keys,
            decryption: DecryptionKey::from_jwk(&kit.encryption_key()?).map_err(KitError::new)?,
            log: kit.gateway.log_vkey.parse().map_err(KitError::new)?,
            policy: kit.policy()?,
        })
    }

    /// The organisation it acts for.
    pub const fn organisation(&self) -> &OrganisationInfo {
        &self.organisation
    }

    /// `POST /v1/disclosures`.
    ///
    /// # Errors
    /// [`Trouble`] says which check failed, what was expected and what to do.
    pub async fn disclose(&self, body: &[u8], idempotency_key: Option<&str>) -> Result<Disclosed, Trouble> {
        self.disclose_traced(body, idempotency_key, &mut Trace::default()).await
    }

    /// The same, and tells in `trace` what was done, also when it fails.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn disclose_traced(
        &self,
        body: &[u8],
        idempotency_key: Option<&str>,
        trace: &mut Trace,
    ) -> Result<Disclosed, Trouble> {
        let call = Call { idempotency_key, ..self.to(&Method::POST, "/v1/disclosures", Some(body)) };
        self.ask(call, body, trace).await
    }

    /// `GET /v1/disclosures/{id}`; `request` is the body that was asked with, which the receipts are about.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn pick_up(&self, id: &str, request: &[u8]) -> Result<Disclosed, Trouble> {
        self.pick_up_traced(id, request, &mut Trace::default()).await
    }

    /// The same, and tells in `trace` what was done, also when it fails.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn pick_up_traced(&self, id: &str, request: &[u8], trace: &mut Trace) -> Result<Disclosed, Trouble> {
        let target = format!("/v1/disclosures/{id}");
        self.ask(self.to(&Method::GET, &target, None), request, trace).await
    }

    /// Asks after an open disclosure until it has more deliveries than `known`, is complete, or `wait` is over.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn wait_for_more(&self, disclosed: Disclosed, request: &[u8], wait: Duration) -> Result<Disclosed, Trouble> {
        self.wait_for_more_traced(disclosed, request, wait, &mut Trace::default()).await
    }

    /// The same; `trace` tells of the last call.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn wait_for_more_traced(
        &self,
        disclosed: Disclosed,
        request: &[u8],
        wait: Duration,
        trace: &mut Trace,
    ) -> Result<Disclosed, Trouble> {
        let until = tokio::time::Instant::now() + wait;
        let known = disclosed.deliveries.len();
        let mut latest = disclosed;
        while latest.status == "open" && latest.deliveries.len() <= known && tokio::time::Instant::now() + POLL <= until {
            tokio::time::sleep(POLL).await;
            latest = self.pick_up_traced(&latest.id, request, trace).await?;
        }
        Ok(latest)
    }

    /// `GET` of a resource that answers with JSON.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read(&self, target: &str) -> Result<Value, Trouble> {
        self.json(self.to(&Method::GET, target, None)).await
    }

    /// `POST` to a resource that answers with JSON.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn post(&self, target: &str, body: &[u8], idempotency_key: Option<&str>) -> Result<Value, Trouble> {
        self.json(Call { idempotency_key, ..self.to(&Method::POST, target, Some(body)) }).await
    }

    /// `POST` to a resource that answers with a file: hands its bytes on as they come. They are worth nothing before this has returned, which it does when
    /// they are those that the gateway signed.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn download(
        &self,
        target: &str,
        body: &[u8],
        keep: impl FnMut(&[u8]) -> std::io::Result<()> + Send,
    ) -> Result<(), Trouble> {
        let call = Call { time: FILE, ..self.to(&Method::POST, target, Some(body)) };
        let prepared = self.http.signer().prepare(&call)?;
        let key = |keyid: &str| self.gateway_keys.iter().find(|key| key.id().as_str() == keyid);
        match self.http.download(prepared, key, keep).await? {
            Downloaded::Whole => Ok(()),
            Downloaded::Instead(answer) => Err(Trouble::Problem(Box::new(Problem::read(answer.status, &answer.body)))),
        }
    }

    /// Signs, sends, verifies.
    async fn json(&self, call: Call<'_>) -> Result<Value, Trouble> {
        let answer = self.call(&call, &mut Trace::default()).await?;
        if answer.status != 200 {
            return Err(Trouble::Problem(Box::new(Problem::read(answer.status, &answer.body))));
        }
        serde_json::from_slice(&answer.body).map_err(|error| Trouble::Answer(format!("line {}", error.line())))
    }

    /// A call of the gateway.
    fn to<'a>(&'a self, method: &'a Method, target: &'a str, body: Option<&'a [u8]>) -> Call<'a> {
        Call { method, base: &self.gateway.api, target, body, idempotency_key: None, most: MOST, time: CALL }
    }

    /// Signs, sends, verifies, opens.
    async fn ask(&self, call: Call<'_>, request: &[u8], trace: &mut Trace) -> Result<Disclosed, Trouble> {
        trace.begin();
        let answer = self.call(&call, trace).await.inspect_err(|error| trace.unanswered(error, &self.gateway.api))?;
        trace.answered(&answer, &self.gateway.api);
        let body = read::<Body>(&answer);
        trace.judged(body.as_ref().map(drop));
        self.open(body?, request, &mut trace.steps)
    }

    async fn call(&self, call: &Call<'_>, trace: &mut Trace) -> Result<Answer, CallError> {
        let signer = self.http.signer();
        let prepared = signer.prepare(call)?;
        trace.signed(&prepared, &format!("key {}, {}", signer.key().id(), signer.key().algorithm()));
        let key = |keyid: &str| self.gateway_keys.iter().find(|key| key.id().as_str() == keyid);
        self.http.send(prepared, key).await
    }

    fn open(&self, body: Body, request: &[u8], steps: &mut Vec<Step>) -> Result<Disclosed, Trouble> {
        let mut deliveries = Vec::with_capacity(body.deliveries.len());
        for Delivery { sealed, receipt } in body.deliveries {
            deliveries.push(self.open_delivery(&body.disclosure, &sealed, receipt, request, steps)?);
        }
        Ok(Disclosed { id: body.disclosure, status: body.status, deliveries })
    }

    /// Opens one delivery and verifies its receipt.
    ///
    /// # Errors
    /// [`Trouble`].
    fn open_delivery(
        &self,
        disclosure: &str,
        sealed: &str,
        receipt: String,
        request: &[u8],
        steps: &mut Vec<Step>,
    ) -> Result<OpenedDelivery, Trouble> {
        let opened =
            open_delivery(&self.decryption, &self.log, &self.organisation.oin, disclosure, sealed, receipt, request, steps)?;
        if let Some(policy) = &self.policy {
            match witnesses::witnessed(&opened.receipt, policy) {
                Ok(step) => steps.push(step),
                Err(step) => {
                    let reason = step.detail.clone();
                    steps.push(step);
                    return Err(Trouble::Receipt(reason));
                }
            }
        }
        Ok(opened)
    }
}

impl Disclosed {
    /// All items of all deliveries.
    pub fn items(&self) -> impl Iterator<Item = &Value> {
        self.deliveries.iter().flat_map(|delivery| delivery.list("items"))
    }
}

/// The body of a 200, or why there is none.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Trouble> {
    if answer.status != 200 {
        return Err(Trouble::Problem(Box::new(Problem::read(answer.status, &answer.body))));
    }
    serde_json::from_slice(&answer.body).map_err(|error| Trouble::Answer(format!("line {}", error.line())))
}
