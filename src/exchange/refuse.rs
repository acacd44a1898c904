//! Refusals of authenticated callers are entries too; strangers are only counted.

use super::Gateway;
use super::authenticate::Authenticated;
use super::gateway::client;
use super::refusal::{ProblemType, Refusal};
use crate::ledger::entry::{self, Body, Clear, EntryKind, Operation, Outcome, Status};
use crate::store::journal::{DEFAULT_YEARS, JournalError};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Conflict};

/// Logs that `authenticated` was refused, with its nonce. What the caller is told depends on whether that worked.
pub async fn log_refusal(gateway: &Gateway, authenticated: &Authenticated, refusal: Refusal, instance: &str) -> Refusal {
    if !is_logged(refusal.kind) {
        return refusal;
    }
    let entry = match entry(gateway, authenticated, &refusal, instance) {
        Ok(entry) => entry,
        Err(error) => {
            tracing::error!(%error, "a refusal could not be written");
            return Refusal::new(ProblemType::LogUnavailable, "try again");
        }
    };
    // The nonce of a replay is there already; that of a first refusal becomes durable here.
    let nonce = (refusal.kind != ProblemType::NonceReplayed).then(|| authenticated.nonce().clone());
    let append = Append { nonce, entries: vec![entry], ..Append::default() };
    match gateway.sequencer.append(append.clone()).await {
        Ok(_) => refusal,
        // Another step of this same request made the nonce durable before it was refused, or another node saw it.
        Err(AppendError::Conflict(Conflict::NonceReplayed)) => {
            match gateway.sequencer.append(Append { nonce: None, ..append }).await {
                Ok(_) => refusal,
                Err(error) => error.into(),
            }
        }
        Err(error) => error.into(),
    }
}

/// What the log itself cannot take is not logged; and a caller beyond its rate could fill the log with refusals.
const fn is_logged(kind: ProblemType) -> bool {
    !matches!(kind, ProblemType::LogUnavailable | ProblemType::StoreUnavailable | ProblemType::RateLimited)
}

fn entry(
    gateway: &Gateway,
    authenticated: &Authenticated,
    refusal: &Refusal,
    instance: &str,
) -> Result<crate::store::EntryRow, JournalError> {
    let party = authenticated.caller().oin().clone();
    let now = gateway.clock.now();
    let trace = gateway.journal.trace()?;
    let signed = authenticated.request();
    let operation = Operation {
        trace_id: trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        // A path can hold an id that the caller made up: only what kind of resource it was is kept.
        name: format!("{} {}", signed.method, resource(&signed.path)),
        // Logboek Dataverwerkingen: a refusal that was handled is no error.
        status: Status::Unset,
        started_at: signed.arrived,
        ended_at: Some(now),
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(EntryKind::Refusal, now, party.clone(), operation);
    body.receiving = Some(party.clone());
    body.client = Some(client(authenticated));
    body.refusal = Some(entry::Refusal {
        problem: refusal.kind.suffix().to_owned(),
        instance: Some(instance.to_owned()),
        reason: Some(refusal.detail.clone()),
    });
    let clear = Clear {
        kind: EntryKind::Refusal,
        time: now,
        party: party.clone(),
        source: None,
        recipient: Some(party),
        purpose: None,
        categories: std::collections::BTreeSet::new(),
        outcome: Outcome::Refused,
        overridden: false,
        subject: None,
        actor: None,
        case: None,
        trace,
    };
    gateway.journal.write(clear, &body, None, DEFAULT_YEARS).map(|written| written.row)
}

fn resource(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}
