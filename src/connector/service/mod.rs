//! The gateway-facing side of a connector: mTLS, RFC 9421 both ways, nobody but the one gateway.

mod verify;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::Connector;
use super::receipts::{ContributionStatement, ReceiptError, Unproven};
use crate::clock::Clock;
use crate::crypto::digest;
use crate::crypto::keys::VerifyingKey;
use crate::crypto::message_signature::RequestSignature;
use crate::entropy::{Entropy, random};
use crate::exchange::nonces::Nonces;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::signed::{Peer, SignedRequest};
use crate::http::incoming::{self, ReadError, Reading};
use crate::http::reply::{Asked, Reply, Responder, bare};
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::{Policy, QuorumNotMet};
use crate::ledger::receipt::{ReceiptError as NotVerified, Trust, verify as verify_receipt};
use crate::ledger::statement::Statement;
use crate::organisation::Oin;
use crate::source::{ContributionReceipts, RecordsRequest};

/// How long the gateway's body may take.
const BODY_TIME: Duration = Duration::from_secs(5);

/// What the gateway-facing side works with.
pub struct Service {
    /// The connector.
    pub connector: Arc<Connector>,
    /// The gateway's OIN: its certificate must name it.
    pub gateway: Oin,
    /// The gateway's signing keys.
    pub gateway_keys: Vec<VerifyingKey>,
    /// The log's key.
    pub log: VerifierKey,
    /// Whose cosignatures a receipt needs, if any.
    pub witnesses: Option<Policy>,
    /// Signs answers.
    pub responder: Responder,
    /// The authorities under which this connector is called.
    pub authorities: Vec<String>,
    /// Nonces of the gateway's calls.
    pub nonces: Nonces,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The listener's router.
pub fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(answer).with_state(service)
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (arrived, arrived_at) = (service.clock.now(), Instant::now());
    let Ok(id) = random::<16>(&*service.entropy) else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let Some(peer) = request.extensions().get::<Peer>().cloned() else { return bare(StatusCode::BAD_REQUEST) };
    let signature = RequestSignature::parse(request.headers());
    let asked = Asked {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        signature: signature.as_ref().ok().cloned(),
        id: uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
    };
    let reading = Reading { authorities: &service.authorities, body_time: BODY_TIME, arrived, arrived_at };
    let outcome = match incoming::read(request, peer, signature, reading).await {
        Ok(request) => service.route(request).await,
        Err(ReadError::Refused(refusal)) => Err(refusal),
        Err(ReadError::TimedOut) => return bare(StatusCode::REQUEST_TIMEOUT),
    };
    let reply = outcome.unwrap_or_else(|refusal| Reply::problem(&refusal, &asked.id));
    service.responder.send(reply, &asked, &*service.clock)
}

impl Service {
    async fn route(&self, request: SignedRequest) -> Result<Reply, Refusal> {
        self.verify(&request)?;
        match (&request.method, request.path.as_str()) {
            (&Method::POST, "/v1/records") => self.records(&request).await,
            (&Method::POST, "/v1/receipts") => self.receipts(&request).await,
            (&Method::GET, "/v1/health") => Ok(Reply::json(br#"{"status":"ready"}"#.to_vec())),
            _ => Err(Refusal::new(ProblemType::NotFound, "no such resource")),
        }
    }

    async fn records(&self, request: &SignedRequest) -> Result<Reply, Refusal> {
        let asked: RecordsRequest = body(request)?;
        let answered = self.connector.answer(&asked, digest::sha256(&request.body)).await.map_err(|error| {
            tracing::error!(%error, decision = asked.decision, "a call was not answered");
            Refusal::new(ProblemType::StoreUnavailable, "nothing was given")
        })?;
        Ok(Reply::json(
            serde_json::to_vec(&answered).map_err(|_| Refusal::new(ProblemType::StoreUnavailable, "nothing was given"))?,
        ))
    }

    async fn receipts(&self, request: &SignedRequest) -> Result<Reply, Refusal> {
        let ContributionReceipts { receipts } = body(request)?;
        let check = |about: &ContributionStatement, text: &str| self.verify_receipt(about, text);
        self.connector.accept_receipts(&receipts, &check).await.map_err(|error| {
            let first = receipts.first().map(|receipt| receipt.disclosure.as_str());
            let receipts = receipts.len();
            if let ReceiptError::Unwitnessed(_) = error {
                // The log's witnesses are not reached: no fault of the gateway's word. It sends them again until they are cosigned.
                tracing::warn!(%error, receipts, first, "receipts are not taken yet");
                Refusal::new(ProblemType::StateConflict, "a receipt is not cosigned yet: none is kept; send them again")
            } else {
                tracing::error!(%error, receipts, first, "receipts were not accepted");
                Refusal::new(ProblemType::StateConflict, "a receipt does not prove what was given: none is kept")
            }
        })?;
        Ok(Reply::json(br#"{"status":"kept"}"#.to_vec()))
    }

    /// The tlog-proof against what this connector gave.
    fn verify_receipt(&self, about: &ContributionStatement, text: &str) -> Result<(), Unproven> {
        let untrue = |why: &dyn std::fmt::Display| Unproven::Untrue(why.to_string());
        let disclosure = about.disclosure.parse().map_err(|_| untrue(&"the disclosure's id is no UUID"))?;
        let statement = Statement::from_digests(disclosure, about.party.clone(), about.payload, about.request);
        verify_receipt(text, &statement, Trust { log: &self.log, policy: self.witnesses.as_ref() }).map(drop).map_err(|error| {
            match error {
                NotVerified::Witnesses(QuorumNotMet::TooFew { .. }) => Unproven::Unwitnessed(error.to_string()),
                error => untrue(&error),
            }
        })
    }
}

/// Only where a body cannot be read is told, never its words.
fn body<T: serde::de::DeserializeOwned>(request: &SignedRequest) -> Result<T, Refusal> {
    let place = |error: serde_json::Error| format!("not this message, line {} column {}", error.line(), error.column());
    serde_json::from_slice(&request.body).map_err(|error| Refusal::new(ProblemType::SchemaInvalid, place(error)))
}
