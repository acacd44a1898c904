//! The case that a request stands in: whether the caller takes part in it, and for whom it asks.
//!
//! A case is there for those who take part in it while it is open. For everybody else there is no such case, be it closed, another's or made up:
//! one answer, so that nobody learns from it that a case exists, who is in it or how far it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Gateway;
use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use super::registry::Registry;
use super::request::{ActingAs, DisclosureRequest};
use crate::case_room::{Case, CaseFact, CaseId, State, Track};
use crate::catalogue::Purpose;
use crate::json::Fault;
use crate::organisation::{Kind, Oin};
use crate::pseudonym::Domain;
use crate::store::Revision;

/// A case in which the caller takes part, as it was read.
#[derive(Debug)]
pub(super) struct InCase {
    /// The facts' revision of the same moment.
    pub(super) revision: Revision,
    /// The case.
    pub(super) case: Case,
}

impl InCase {
    /// What the policies are given of it, with the kinds of those who attend as the registry has them.
    ///
    /// # Errors
    /// A refusal, when one who attends is not registered.
    pub(super) fn fact(&self, registry: &Registry) -> Result<Arc<CaseFact>, Refusal> {
        let kind_of = |oin: &Oin| registry.member(oin).map(|member| member.organisation.kind);
        self.case.fact(kind_of).map(Arc::new).ok_or_else(|| {
            tracing::error!(case = %self.case.id, "ALARM: one who attends a case is not registered; nothing is given in it");
            Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again").retry_after(super::SOON)
        })
    }
}

/// The rules on how a request may stand in a case, whatever the case.
///
/// # Errors
/// A refusal that depends only on what is asked.
pub(super) fn fits(purpose: &Purpose, request: &DisclosureRequest) -> Result<(), Refusal> {
    if request.case.is_none() && purpose.case.is_some() {
        let expected = "required for this purpose: the id of a case in which the organisation takes part".to_owned();
        return Err(Refusal::schema(vec![Fault { pointer: "/case".to_owned(), expected }]));
    }
    if request.case.is_none() && request.acting_as.is_some() {
        return Err(Refusal::new(ProblemType::NotPermitted, "actingAs needs a case"));
    }
    Ok(())
}

/// The case that the request names, if it names one.
///
/// # Errors
/// `not-found`, the same whatever the cause; to those who take part, why they cannot ask in this way.
pub(super) async fn of(gateway: &Gateway, matter: &Matter) -> Result<Option<InCase>, Refusal> {
    let Some(named) = &matter.request.case else { return Ok(None) };
    let Ok(id) = named.parse::<CaseId>() else { return Err(no_such_case()) };
    let Some((revision, case)) = gateway.store.case(&id).await? else { return Err(no_such_case()) };
    let caller = matter.caller.oin();
    if case.state != State::Open || !case.takes_part(caller) {
        return Err(no_such_case());
    }
    let refused = |detail: &str| Err(Refusal::new(ProblemType::NotPermitted, detail));
    if case.track == Track::Anonymous {
        return refused("the case is an anonymous consultation: no source is asked about a person in it");
    }
    match matter.request.acting_as {
        Some(ActingAs::ExpertiseTeam) if !case.attendees.contains(caller) => {
            refused("the organisation does not attend this case: it cannot act as its team")
        }
        Some(ActingAs::CaseDirector) if case.director.as_ref() != Some(caller) => {
            refused("the organisation does not direct this case")
        }
        _ => Ok(Some(InCase { revision, case })),
    }
}

fn no_such_case() -> Refusal {
    Refusal::new(ProblemType::NotFound, "no open case of this id in which the organisation takes part")
}

/// Within which a person has its name: that of the team or director is shared by all who act as such, over the case's whole course.
pub(super) fn domain(matter: &Matter) -> Domain {
    let (request, purpose) = (&matter.request, matter.request.purpose.clone());
    match (&request.case, request.acting_as) {
        (Some(case), Some(ActingAs::ExpertiseTeam)) => Domain::of_team(case.clone(), purpose),
        (Some(case), Some(ActingAs::CaseDirector)) => Domain::of_director(case.clone(), purpose),
        (case, _) => Domain::of_organisation(matter.caller.oin(), case.clone(), purpose),
    }
}

/// As what the caller receives: the policies decide on this kind.
pub(super) fn recipient_kind(matter: &Matter) -> Kind {
    match matter.request.acting_as {
        Some(ActingAs::ExpertiseTeam) => Kind::ExpertiseTeam,
        Some(ActingAs::CaseDirector) => Kind::CaseDirector,
        None => matter.caller.organisation().kind,
    }
}

/// The organisations that receive: of a team its attendees, whichever of them asks.
pub(super) fn recipients(matter: &Matter, case: Option<&CaseFact>) -> BTreeSet<Oin> {
    match (matter.request.acting_as, case) {
        (Some(ActingAs::ExpertiseTeam), Some(case)) => case.attendees.clone(),
        _ => [matter.caller.oin().clone()].into(),
    }
}
