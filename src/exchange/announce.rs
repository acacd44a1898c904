//! `Authorised` → [`Announced`]: the *ask* entry is durable, and with it the nonce and the Idempotency-Key's claim. Nobody is asked before;
//! a replay on another node loses here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::authorise::Authorised;
use super::matter::Matter;
use super::plan::Plan;
use super::{Gateway, Stopped, entries, unwitnessed};
use crate::ledger::entry::{EntryKind, Outcome};
use crate::store::Append;

/// A request whose asking is in the log.
#[derive(Debug)]
pub struct Announced {
    matter: Matter,
    plan: Arc<Plan>,
}

impl Announced {
    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>) {
        (self.matter, self.plan)
    }
}

/// Commits the *ask* entry. It is there also when nobody may be asked: the log's indexes then tell the recipient nothing about the person.
///
/// # Errors
/// [`Stopped`]: facts that changed send the request back to authorise.
pub async fn announce(gateway: &Gateway, authorised: Authorised) -> Result<Announced, Stopped> {
    let (mut matter, plan) = authorised.into_parts();
    let asked: BTreeMap<_, _> = plan.asked().collect();
    let mut body = entries::body(gateway, &matter, &plan, EntryKind::Ask)?;
    body.items = entries::decided(&plan);
    let sources: Vec<_> = asked.keys().cloned().collect();
    body.asked = asked;
    let mut clear = entries::clear(gateway, &matter, &plan, EntryKind::Ask, Outcome::Pending);
    clear.source = if let [only] = sources.as_slice() { Some(only.clone()) } else { None };
    let written = gateway.journal.write(clear, body, None, plan.purpose.retention.log_years)?;
    let nonce = matter.nonce.take();
    let append = Append {
        nonce: nonce.clone(),
        idempotency: matter.idempotency.clone(),
        expected: Some(plan.expected.clone()),
        entries: vec![written.row],
        changes: unwitnessed::of(gateway, &matter, &plan)?,
        ..Append::default()
    };
    match gateway.sequencer.append(append).await {
        Ok(_) => {
            if let Some(nonce) = &nonce {
                gateway.nonces.made_durable(&nonce.organisation, &nonce.nonce);
            }
            Ok(Announced { matter, plan })
        }
        Err(error) => {
            // The store gave the nonce back with everything else: the next attempt claims it again.
            matter.nonce = nonce;
            Err(Stopped::of_append(error, matter))
        }
    }
}
