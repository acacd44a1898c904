//! The integrator's client: sign, send, verify the response, open, verify the receipt and keep it. What `sluis request` and the demo use, and what
//! an organisation's own client has to do.

mod kit;
mod opened;
mod trouble;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

pub use kit::{GatewayInfo, Kit, KitError, OrganisationInfo};
pub use opened::{OpenedDelivery, Step, open_delivery};
pub use trouble::{Problem, Trouble};

use crate::clock::Clock;
use crate::crypto::envelope::DecryptionKey;
use crate::crypto::keys::{SigningKey, VerifyingKey};
use crate::entropy::Entropy;
use crate::exchange::authenticate::REQUEST_TAG;
use crate::http::client::{Answer, Call, SigningClient};
use crate::http::tls;
use crate::ledger::note::VerifierKey;

/// The largest answer that is read.
const MOST: usize = 4 * 1024 * 1024;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(30);

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
}

/// An answer that was verified and opened.
#[derive(Debug)]
pub struct Disclosed {
    /// The disclosure's id.
    pub id: String,
    /// `open` or `complete`.
    pub status: String,
    /// The deliveries, oldest first.
    pub deliveries: Vec<OpenedDelivery>,
    /// The signature base of the request, for `--explain`.
    pub signature_base: String,
    /// Every check that was made, in order.
    pub steps: Vec<Step>,
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
        let call = Call {
            method: &Method::POST,
            base: &self.gateway.api,
            target: "/v1/disclosures",
            body: Some(body),
            idempotency_key,
            most: MOST,
            time: CALL,
        };
        self.open(&self.call(call).await?, body)
    }

    /// `GET /v1/disclosures/{id}`; `request` is the body that was asked with, which the receipts are about.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn pick_up(&self, id: &str, request: &[u8]) -> Result<Disclosed, Trouble> {
        let target = format!("/v1/disclosures/{id}");
        let call = Call {
            method: &Method::GET,
            base: &self.gateway.api,
            target: &target,
            body: None,
            idempotency_key: None,
            most: MOST,
            time: CALL,
        };
        self.open(&self.call(call).await?, request)
    }

    /// Asks after an open disclosure until it has more deliveries than `known`, is complete, or `wait` is over.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn wait_for_more(&self, disclosed: Disclosed, request: &[u8], wait: Duration) -> Result<Disclosed, Trouble> {
        let until = tokio::time::Instant::now() + wait;
        let known = disclosed.deliveries.len();
        let mut latest = disclosed;
        while latest.status == "open" && latest.deliveries.len() <= known && tokio::time::Instant::now() + POLL <= until {
            tokio::time::sleep(POLL).await;
            latest = self.pick_up(&latest.id, request).await?;
        }
        Ok(latest)
    }

    async fn call(&self, call: Call<'_>) -> Result<Answer, Trouble> {
        let key = |keyid: &str| self.gateway_keys.iter().find(|key| key.id().as_str() == keyid);
        let answer = self.http.call(call, key).await?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(Trouble::Problem(Box::new(Problem::read(answer.status, &answer.body))))
        }
    }

    fn open(&self, answer: &Answer, request: &[u8]) -> Result<Disclosed, Trouble> {
        let body: Body =
            serde_json::from_slice(&answer.body).map_err(|error| Trouble::Answer(format!("line {}", error.line())))?;
        let mut steps = vec![
            Step::passed("TLS 1.3, both certificates", self.gateway.api.clone()),
            Step::passed("response signature", format!("status {} by the gateway, bound {:?}", answer.status, answer.bound)),
        ];
        let mut deliveries = Vec::with_capacity(body.deliveries.len());
        for Delivery { sealed, receipt } in body.deliveries {
            deliveries.push(self.open_delivery(&body.disclosure, &sealed, receipt, request, &mut steps)?);
        }
        let signature_base = answer.signed.base().to_owned();
        Ok(Disclosed { id: body.disclosure, status: body.status, deliveries, signature_base, steps })
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
        open_delivery(&self.decryption, &self.log, &self.organisation.oin, disclosure, sealed, receipt, request, steps)
    }
}

impl Disclosed {
    /// All items of all deliveries.
    pub fn items(&self) -> impl Iterator<Item = &Value> {
        self.deliveries.iter().flat_map(|delivery| delivery.list("items"))
    }

    /// Keeps each receipt, with what it is about, in `folder`: it proves the disclosure also when the log's content is gone.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_receipts(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (place, delivery) in self.deliveries.iter().enumerate() {
            let name = format!("{}-{place}", self.id);
            std::fs::write(folder.join(format!("{name}.tlog-proof")), &delivery.receipt)?;
            std::fs::write(folder.join(format!("{name}.statement.json")), &delivery.statement)?;
        }
        Ok(())
    }
}
