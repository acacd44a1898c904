//! Refusals of authenticated callers are entries too; strangers are only counted.

use super::Gateway;
use super::authenticate::Authenticated;
use super::gateway::client;
use super::refusal::{ProblemType, Refusal};
use super::request::{self, DisclosureRequest, SubjectReference};
use crate::consent::professional::Reference;
use crate::json::NO_SUCH_MEMBER;
use crate::ledger::entry::{self, Actor, Body, Clear, EntryKind, Operation, Outcome, Status};
use crate::store::journal::{DEFAULT_YEARS, JournalError};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Conflict, NonceClaim};

/// How many of the places that were wrong in a body are kept, and how long one may be.
const MOST_PLACES: usize = 8;
const LONGEST_PLACE: usize = 64;

/// Whether the caller still counts by the registry as it is now, and not as this node last read it.
///
/// # Errors
/// The refusal of one who is suspended, or whose certificate or key was withdrawn.
pub async fn standing(gateway: &Gateway, authenticated: &Authenticated) -> Result<(), Refusal> {
    let registry = gateway.registry.refresh().await?;
    authenticated.caller().renewed(&registry, gateway.clock.now()).map(drop)
}

/// Logs that `authenticated` was refused, with its nonce. What the caller is told depends on whether that worked, and on whether it still
/// counts: who was suspended a moment ago hears that and nothing else, who shows withdrawn credentials is a stranger.
pub async fn log_refusal(gateway: &Gateway, authenticated: &Authenticated, refusal: Refusal, instance: &str) -> Refusal {
    let refusal = match standing(gateway, authenticated).await {
        Err(gone) if gone.kind == ProblemType::OrganisationSuspended => gone,
        Err(gone) if gone.kind == ProblemType::SignatureInvalid => return gone,
        // The store's own trouble is told by the append.
        Ok(()) | Err(_) => refusal,
    };
    if !is_logged(gateway, authenticated, refusal.kind) {
        return refusal;
    }
    // The nonce of a replay is there already, and so is that of a request which was announced before it was refused.
    let claim = authenticated.nonce();
    let is_there = refusal.kind == ProblemType::NonceReplayed || gateway.nonces.is_durable(&claim.organisation, &claim.nonce);
    let nonce = (!is_there).then(|| claim.clone());
    match append(gateway, authenticated, &refusal, nonce, instance).await {
        Ok(()) => refusal,
        // A replay of what another node refused, or this one before it was started again.
        Err(Failed::Append(AppendError::Conflict(Conflict::NonceReplayed))) => {
            let replayed = Refusal::from(AppendError::Conflict(Conflict::NonceReplayed));
            match append(gateway, authenticated, &replayed, None, instance).await {
                Ok(()) => replayed,
                Err(failed) => failed.into(),
            }
        }
        Err(failed) => failed.into(),
    }
}

/// Why a refusal is not in the log.
enum Failed {
    Journal(JournalError),
    Append(AppendError),
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Append(error) => error.into(),
            Failed::Journal(error) => {
                tracing::error!(%error, "a refusal could not be written");
                Self::new(ProblemType::LogUnavailable, "try again")
            }
        }
    }
}

async fn append(
    gateway: &Gateway,
    authenticated: &Authenticated,
    refusal: &Refusal,
    nonce: Option<NonceClaim>,
    instance: &str,
) -> Result<(), Failed> {
    let entry = entry(gateway, authenticated, refusal, instance).map_err(Failed::Journal)?;
    let append = Append { nonce, entries: vec![entry], ..Append::default() };
    gateway.sequencer.append(append).await.map(drop).map_err(Failed::Append)
}

/// What the log itself cannot take is not logged. Of a caller beyond its rate, who could fill the log with refusals, only some are.
fn is_logged(gateway: &Gateway, authenticated: &Authenticated, kind: ProblemType) -> bool {
    match kind {
        ProblemType::LogUnavailable | ProblemType::StoreUnavailable => false,
        ProblemType::RateLimited => gateway.excesses.take(authenticated.caller().oin(), gateway.clock.now()).is_ok(),
        _ => true,
    }
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
        reason: Some(reason(refusal)),
    });
    // What was asked, as far as it can be read: by that, officers find the refusal.
    let asked = request::parse(&signed.body).ok();
    let asked = asked.as_ref();
    let subject = asked.and_then(|asked| match &asked.subject {
        SubjectReference::Identifier(identifier) => Some(gateway.journal.subject_token(&party, identifier)),
        SubjectReference::Pseudonym(_) | SubjectReference::Offer(_) => None,
    });
    body.actor =
        asked.map(actor).or_else(|| officer(&signed.body)).map(|actor| Actor { organisation: Some(party.clone()), ..actor });
    let only_source = asked.and_then(|asked| match asked.sources.as_deref() {
        Some([only]) => Some(only.clone()),
        _ => None,
    });
    body.purpose = asked.map(|asked| asked.purpose.clone());
    let clear = Clear {
        kind: EntryKind::Refusal,
        time: now,
        party: party.clone(),
        source: only_source,
        recipient: Some(party.clone()),
        purpose: asked.map(|asked| asked.purpose.clone()),
        categories: asked.map(|asked| asked.categories.iter().copied().collect()).unwrap_or_default(),
        outcome: Outcome::Refused,
        overridden: false,
        subject,
        actor: body.actor.as_ref().map(|actor| gateway.journal.actor_token(&party, &actor.reference)),
        case: asked.and_then(|asked| asked.case.as_ref()).map(|case| gateway.journal.case_token(&party, case)),
        trace,
    };
    gateway.journal.write(clear, body, None, DEFAULT_YEARS).map(|written| written.row)
}

/// Who acted, as the refused request says.
fn actor(asked: &DisclosureRequest) -> Actor {
    Actor {
        reference: asked.actor.reference.clone(),
        role: Some(asked.actor.role.clone()),
        on_behalf_of: asked.actor.on_behalf_of.clone(),
        organisation: None,
        acting_as: None,
    }
}

/// In whose name a privacy officer's act was asked for: her claim, for her signature may be what was wrong.
fn officer(body: &[u8]) -> Option<Actor> {
    #[derive(serde::Deserialize)]
    struct Asked {
        by: String,
    }
    let Asked { by } = serde_json::from_slice(body).ok()?;
    let Reference(reference) = by.parse().ok()?;
    Some(Actor { reference, role: None, on_behalf_of: None, organisation: None, acting_as: None })
}

/// What was wrong, with the places in the body: those that are names of ours, and no words of the caller's.
fn reason(refusal: &Refusal) -> String {
    let known = refusal.faults.iter().filter(|fault| fault.expected != NO_SUCH_MEMBER);
    let places = known.map(|fault| fault.pointer.as_str()).filter(|pointer| pointer.len() <= LONGEST_PLACE);
    let places: Vec<&str> = places.take(MOST_PLACES).collect();
    if places.is_empty() { refusal.detail.clone() } else { format!("{}: {}", refusal.detail, places.join(" ")) }
}

fn resource(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}
