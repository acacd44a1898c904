//! What stays the same on a request's way through the steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::authenticate::Caller;
use super::earlier::Earlier;
use super::plan::Cell;
use super::request::DisclosureRequest;
use crate::clock::Timestamp;
use crate::ledger::entry::{Client, TraceId};
use crate::organisation::Oin;
use crate::source::ItemFacts;
use crate::store::{IdempotencyClaim, NonceClaim};

/// One item that a source gave and the policies withheld by its facts.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// Which asked combination it answered, with the question as it was asked last.
    pub cell: Cell,
    /// The reason's code.
    pub reason: Arc<str>,
    /// What the source stated.
    pub facts: ItemFacts,
}

/// One disclosure being worked on.
#[derive(Clone, Debug)]
pub struct Matter {
    /// The disclosure's id, a `UUIDv7`.
    pub id: Uuid,
    /// What joins its entries in the log.
    pub trace: TraceId,
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub request: Arc<DisclosureRequest>,
    /// SHA-256 of the request's raw body: what receipts are about.
    pub request_digest: [u8; 32],
    /// The request's raw body, sealed for the case that it must be answered anew.
    pub body: bytes::Bytes,
    /// How the caller was authenticated, for the log.
    pub client: Client,
    /// When it came in: what is kept and promised counts from here.
    pub arrived: Timestamp,
    /// When the answer that is being made was asked for, on the monotonic clock.
    pub asked_at: Instant,
    /// The nonce, until it is durable.
    pub nonce: Option<NonceClaim>,
    /// SHA-256 of the newest call to each source that was asked and has answered, or of the first without an answer: what contribution receipts
    /// are about.
    pub calls: BTreeMap<Oin, [u8; 32]>,
    /// The claim on an Idempotency-Key.
    pub idempotency: Option<IdempotencyClaim>,
    /// What sources gave and the policies then withheld, for the log.
    pub withheld: Vec<Withheld>,
    /// What is kept of the same disclosure from before, when this is not its first delivery.
    pub earlier: Option<Earlier>,
}
