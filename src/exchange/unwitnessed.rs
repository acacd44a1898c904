//! What passes in an emergency while no quorum of witnesses cosigns the log (`design.md` §7): each entry says so, and the privacy officer of every
//! organisation concerned has it to review.

use std::collections::BTreeSet;

use super::case::recipients;
use super::matter::Matter;
use super::plan::Plan;
use super::quorum::Witnessing;
use super::{Gateway, Stopped};
use crate::catalogue::{Category, Purpose};
use crate::consent::derogation::REVIEW_WORKING_DAYS;
use crate::ledger::entry::{Body, Reference};
use crate::notice::{Task, TaskKind, TaskState};
use crate::organisation::Oin;
use crate::store::Change;
use crate::store::journal::JournalError;

/// What one delivery is, for its review.
pub(super) struct Concerned<'a> {
    /// The id of the disclosure.
    pub(super) disclosure: &'a str,
    /// Of which categories was asked: what came of it says nothing here.
    pub(super) categories: &'a BTreeSet<Category>,
    /// Who asked, and by whose hand: she does not review it.
    pub(super) asker: (&'a Oin, &'a str),
    /// Every organisation that receives it, and every one that was asked.
    pub(super) parties: BTreeSet<Oin>,
}

impl Gateway {
    /// Whether what is done for this purpose now passes only because it is an emergency: the lock is closed for others.
    pub(super) fn is_unwitnessed(&self, purpose: &Purpose) -> bool {
        purpose.emergency && self.witnessing.as_ref().is_some_and(Witnessing::is_closed)
    }

    /// Says in an entry that it was made behind a closed lock, if it was.
    pub(super) fn note_lock(&self, purpose: &Purpose, body: &mut Body) {
        if self.is_unwitnessed(purpose) {
            body.references.insert(Reference { object: "lock".to_owned(), id: "closed".to_owned() });
        }
    }
}

/// The reviews that follow from asking under this plan, or from giving.
pub(super) fn of(gateway: &Gateway, matter: &Matter, plan: &Plan) -> Result<Vec<Change>, Stopped> {
    let concerned = Concerned {
        disclosure: &matter.id.to_string(),
        categories: &matter.request.categories.iter().copied().collect(),
        asker: (matter.caller.oin(), &matter.request.actor.reference),
        parties: recipients(matter, plan.case.as_deref()).into_iter().chain(plan.asked().map(|(source, _)| source)).collect(),
    };
    reviews(gateway, &plan.purpose, concerned)
}

/// The reviews that follow, if the lock is closed; one that is there already stays as it is.
pub(super) fn reviews(gateway: &Gateway, purpose: &Purpose, concerned: Concerned<'_>) -> Result<Vec<Change>, Stopped> {
    if !gateway.is_unwitnessed(purpose) {
        return Ok(Vec::new());
    }
    let (now, registry) = (gateway.clock.now(), gateway.registry.current());
    let (asker, actor) = concerned.asker;
    let mut changes = Vec::with_capacity(concerned.parties.len());
    for owner in concerned.parties {
        let Some(member) = registry.member(&owner) else { continue };
        changes.push(Change::Task(Box::new(Task {
            id: gateway.new_id().map_err(JournalError::from)?.to_string(),
            version: 1,
            kind: TaskKind::EmergencyReview,
            owner_kind: member.organisation.kind,
            about: concerned.disclosure.to_owned(),
            follows: None,
            purpose: Some(purpose.id.clone()),
            categories: concerned.categories.clone(),
            not_by: (owner == *asker).then(|| actor.to_owned()),
            owner,
            created_at: now,
            due: now.plus_working_days(REVIEW_WORKING_DAYS),
            state: TaskState::Due,
            answers: Vec::new(),
        })));
    }
    Ok(changes)
}
