//! What a request to the registers claims: its nonce, and its Idempotency-Key.

use std::time::Duration;

use super::Api;
use super::disclosures::idempotency_key;
use crate::actions::once::Once;
use crate::actions::{ActionError, Unread};
use crate::crypto::hex;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::json::Fault;
use crate::store::{Append, Claim, IdempotencyClaim};

/// A claim without answer is taken over after so long.
const STALE: Duration = Duration::from_secs(30);

/// Whether the request is to be worked on.
pub(super) enum Start {
    /// It is; this is what it claims.
    Now(Once),
    /// It was before, under this id.
    Done(String),
}

/// Claims the nonce and the Idempotency-Key, if there is one, for what will be known as `id`. A key means the same path and the same body.
pub(super) async fn start(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Start, Refusal> {
    let nonce = authenticated.nonce().clone();
    let Some(key) = idempotency_key(authenticated)? else { return Ok(Start::Now(Once { nonce: Some(nonce), claim: None })) };
    let gateway = &api.gateway;
    let key = hex::encode(&gateway.idempotency.of(key.as_bytes()));
    let organisation = authenticated.caller().oin().clone();
    let request = authenticated.request();
    let body = gateway.idempotency.of(&[request.path.as_bytes(), b"\n", &request.body].concat());
    let now = gateway.clock.now();
    match gateway.store.claim(&organisation, &key, now).await? {
        Some(claim) if claim.body != body => {
            Err(Refusal::new(ProblemType::IdempotencyConflict, "this Idempotency-Key came with another request; use a new key"))
        }
        Some(Claim { answered: true, disclosure, .. }) => {
            // Nothing happens twice; the nonce is used up all the same.
            gateway.sequencer.append(Append { nonce: Some(nonce), ..Append::default() }).await?;
            Ok(Start::Done(disclosure))
        }
        _ => {
            let stale_before = now.minus(STALE);
            let claim = IdempotencyClaim { organisation, key, body, disclosure: id.to_owned(), stale_before, replaces: None };
            Ok(Start::Now(Once { nonce: Some(nonce), claim: Some(claim) }))
        }
    }
}

/// A body that cannot be read, with every fault.
pub(super) fn unread(unread: Unread) -> Refusal {
    match unread {
        Unread::NotJson => Refusal::new(ProblemType::MalformedRequest, "the body is not JSON"),
        Unread::Faults(faults) => Refusal::schema(faults),
    }
}

/// Why an act was not done, for its caller.
pub(super) fn refusal(error: ActionError) -> Refusal {
    match error {
        ActionError::Faults(faults) => Refusal::schema(faults),
        ActionError::Member { pointer, expected } => Refusal::schema(vec![Fault { pointer: pointer.to_owned(), expected }]),
        ActionError::Invalid(expected) => Refusal::schema(vec![Fault { pointer: String::new(), expected }]),
        ActionError::NotFound => Refusal::new(ProblemType::NotFound, "there is none, or it is not yours"),
        ActionError::State(detail) => Refusal::new(ProblemType::StateConflict, detail),
        ActionError::Append(error) => error.into(),
        ActionError::Store(error) => error.into(),
        ActionError::Journal(_) | ActionError::Entropy(_) => {
            Refusal::new(ProblemType::LogUnavailable, "nothing was taken; try again").retry_after(Duration::from_secs(5))
        }
    }
}
