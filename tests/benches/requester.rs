//! The integrator that asks: each request signed anew, each response verified, opened, its receipt checked.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use serde::Deserialize;
use sluis::app::gateway::Outside;
use sluis::client::{Kit, open_delivery};
use sluis::crypto::envelope::DecryptionKey;
use sluis::crypto::keys::{SigningKey, VerifyingKey};
use sluis::exchange::authenticate::REQUEST_TAG;
use sluis::http::client::{Answer, Call, SigningClient};
use sluis::http::tls;
use sluis::ledger::note::VerifierKey;
use sluis::organisation::Oin;

use crate::Outcome;

/// Veilig Thuis, as an integrator with the kit.
pub(crate) struct Requester {
    http: SigningClient,
    base: String,
    keys: Vec<VerifyingKey>,
    decryption: DecryptionKey,
    log: VerifierKey,
    party: Oin,
}

#[derive(Deserialize)]
struct Body {
    disclosure: String,
    deliveries: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    sealed: String,
    receipt: String,
}

/// What an answer held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Items in the payload.
    pub(crate) items: usize,
    /// Different categories among them.
    pub(crate) categories: usize,
    /// Bytes of the response's body.
    pub(crate) bytes: usize,
}

impl Requester {
    /// With an organisation's folder of the kit.
    pub(crate) fn new(folder: &Path, outside: &Outside) -> Outcome<Self> {
        let kit = Kit::open(folder)?;
        let tls = tls::client(&kit.identity(), &kit.trust())?;
        let signing = SigningKey::from_jwk(&kit.signing_key()?)?;
        Ok(Self {
            http: SigningClient::new(tls, signing, REQUEST_TAG, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)),
            base: kit.gateway.api.clone(),
            keys: kit.gateway.signing_keys.iter().map(VerifyingKey::from_jwk).collect::<Result<_, _>>()?,
            decryption: DecryptionKey::from_jwk(&kit.encryption_key()?)?,
            log: kit.gateway.log_vkey.parse()?,
            party: kit.organisation.oin.clone(),
        })
    }

    /// Asks, and verifies the response's signature: the moment at which that was done, and what came.
    pub(crate) async fn ask(&self, body: &[u8]) -> Outcome<(Instant, Answer)> {
        let call = Call {
            method: &Method::POST,
            base: &self.base,
            target: "/v1/disclosures",
            body: Some(body),
            idempotency_key: None,
            most: 1024 * 1024,
            time: Duration::from_secs(30),
        };
        let answer = self.http.call(call, |id| self.keys.iter().find(|key| key.id().as_str() == id)).await?;
        Ok((Instant::now(), answer))
    }

    /// Opens the delivery and checks its receipt.
    pub(crate) fn check(&self, request: &[u8], answer: &Answer) -> Outcome<Held> {
        if answer.status != 200 {
            return Err(format!("status {}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        self.open(request, &answer.body)
    }

    /// The same of a response's body.
    pub(crate) fn open(&self, request: &[u8], body: &[u8]) -> Outcome<Held> {
        let bytes = body.len();
        let body: Body = serde_json::from_slice(body)?;
        let [Delivery { sealed, receipt }] = body.deliveries.as_slice() else { return Err("not one delivery".into()) };
        let (receipt, mut steps) = (receipt.clone(), Vec::new());
        let opened =
            open_delivery(&self.decryption, &self.log, &self.party, &body.disclosure, sealed, receipt, request, &mut steps)?;
        let items = opened.payload.get("items").and_then(serde_json::Value::as_array).ok_or("no items")?;
        let categories: std::collections::BTreeSet<_> =
            items.iter().filter_map(|item| item.get("category")).filter_map(serde_json::Value::as_str).collect();
        Ok(Held { items: items.len(), categories: categories.len(), bytes })
    }
}
