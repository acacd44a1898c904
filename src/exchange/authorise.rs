//! `Authenticated` → [`Authorised`]: purpose, recipient, consent, override and policy give one form per source and category, or nothing.
//!
//! What depends only on who asks for what is refused openly here; what depends on the person never is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Gateway;
use super::asking::{Asking, Known};
use super::authenticate::Caller;
use super::case::{self, InCase};
use super::matter::Matter;
use super::offered::{self, Offered};
use super::plan::Plan;
use super::refusal::{ProblemType, Refusal};
use super::registry::{Member, Registry};
use super::request::SubjectReference;
use super::vault::VaultFailure;
use crate::case_room::CaseFact;
use crate::catalogue::Purpose;
use crate::clock::Timestamp;
use crate::consent::authority::Regime;
use crate::crypto::base64;
use crate::json::Fault;
use crate::organisation::Oin;
use crate::policy::Bundle;
use crate::pseudonym::{Domain, Pseudonym};
use crate::secret::Personal;
use crate::store::facts::facts_digest;
use crate::store::{Expected, PersonFacts, Revision, SubjectIndex};
use crate::subject::{LocalNumber, SubjectId};

/// The far end of time, for facts that do not end.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A request with what may be asked of whom.
#[derive(Debug)]
pub struct Authorised {
    matter: Matter,
    plan: Arc<Plan>,
}

impl Authorised {
    /// The request.
    pub const fn matter(&self) -> &Matter {
        &self.matter
    }

    /// The decision.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>) {
        (self.matter, self.plan)
    }
}

/// Decides.
///
/// # Errors
/// A refusal that depends only on who asks for what, or on the store.
pub async fn authorise(gateway: &Gateway, mut matter: Matter) -> Result<Authorised, Refusal> {
    let plan = plan(gateway, &mut matter, Caller::renewed).await?;
    Ok(Authorised { matter, plan: Arc::new(plan) })
}

/// The decision by the facts of this moment. `standing` says by the same registry whether the caller still counts: with its credentials when it
/// is calling, as an organisation when what it asked earlier is delivered now.
pub(super) async fn plan(
    gateway: &Gateway,
    matter: &mut Matter,
    standing: fn(&Caller, &Registry, Timestamp) -> Result<Caller, Refusal>,
) -> Result<Plan, Refusal> {
    let now = gateway.clock.now();
    let mut bundle = gateway.policy.load_full();
    let mut purpose = purpose_of(&bundle, matter)?;
    let in_case = case::of(gateway, matter).await?;
    let domain = case::domain(matter);
    let Meant { subject, asked_by, is_someone, offered_by } = meant(gateway, matter, &domain).await?;
    let index = gateway.subject_index(&subject);
    let person = gateway.store.person_facts(index).await?;
    let registry = gateway.registry.at_least(person.revision).await?;
    matter.caller = standing(&matter.caller, &registry, now)?;
    if registry.policy.as_deref().is_some_and(|recorded| recorded != bundle.hash()) {
        bundle = gateway.policy.in_force(registry.policy.as_deref()).ok_or_else(other_policies)?;
        purpose = purpose_of(&bundle, matter)?;
    }
    may_receive(matter, now)?;
    let sources = sources(&registry, matter, &purpose, offered_by.as_ref())?;
    let organisations = organisations(matter, &sources);
    let fact = in_case.as_ref().map(|in_case| in_case.fact(&registry)).transpose()?;
    let recipients = case::recipients(matter, fact.as_deref());
    let person = person.bearing_on(&recipients, &organisations);
    let known = Known { person: &person, case: fact.as_ref(), authority: &gateway.authority, regime: Regime::Other, now };
    let asking = Asking { bundle: &bundle, purpose: &purpose, matter, subject: &subject, known, asked_by, is_someone };
    let (cells, not_permitted, summaries) = asking.cells(&sources)?;
    let in_case = in_case.as_ref().zip(fact.as_deref());
    let read = Read { registry: &registry, subject: index, person: &person, in_case };
    let standing = read.digest(&organisations, None);
    let expected = read.expected(matter, (organisations, recipients), now);
    let poor = sources.iter().map(|source| &source.organisation.oin).filter(|source| gateway.health.is_poor(source)).cloned();
    let poor = poor.collect();
    let named = matter.request.sources.is_some();
    let asked_form = matter.request.form;
    Ok(Plan {
        bundle,
        purpose,
        domain,
        subject,
        asked_by,
        expected,
        standing,
        person,
        case: fact,
        cells,
        poor,
        not_permitted,
        named,
        asked_form,
        summaries,
    })
}

/// Other policies are in force than this node has read: it must not decide by its own.
fn other_policies() -> Refusal {
    tracing::error!("ALARM: the policies in force are not those of this node; nothing passes until it has read them");
    Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again").retry_after(super::SOON)
}

fn not_permitted(detail: &str) -> Refusal {
    Refusal::new(ProblemType::NotPermitted, detail)
}

/// The purpose, and the rules on how a request may stand in it.
fn purpose_of(bundle: &Bundle, matter: &Matter) -> Result<Arc<Purpose>, Refusal> {
    let request = &matter.request;
    let purpose = bundle
        .purpose(&request.purpose)
        .cloned()
        .ok_or_else(|| not_permitted("no policy serves this purpose: check its code"))?;
    if !purpose.served {
        return Err(not_permitted("this purpose is not asked for here"));
    }
    case::fits(&purpose, request)?;
    Ok(purpose)
}

/// Whether this organisation can receive anything, and may name a person in this way.
fn may_receive(matter: &Matter, now: Timestamp) -> Result<(), Refusal> {
    if matter.caller.member().encryption_key(now).is_none() {
        return Err(not_permitted("no encryption key of the organisation is registered that counts now; have one registered"));
    }
    let by_bsn = matches!(&matter.request.subject, SubjectReference::Identifier(id) if id.is_bsn());
    if by_bsn && !matter.caller.organisation().bsn_authority {
        return Err(not_permitted(
            "the organisation has no authority to use the citizen number (BSN): name the person by a source's own number, or by a pseudonym",
        ));
    }
    Ok(())
}

/// Who is meant by a request's subject.
struct Meant {
    subject: Personal<SubjectId>,
    asked_by: Option<Pseudonym>,
    is_someone: bool,
    /// The source that has the person in mind, when the request names an offer.
    offered_by: Option<Oin>,
}

/// Who is meant. A pseudonym of another domain, or of none, is a person whom no source knows.
async fn meant(gateway: &Gateway, matter: &Matter, domain: &Domain) -> Result<Meant, Refusal> {
    let someone = |subject, asked_by| Meant { subject, asked_by, is_someone: true, offered_by: None };
    match &matter.request.subject {
        SubjectReference::Identifier(identifier) => Ok(someone(identifier.clone(), None)),
        SubjectReference::Offer(id) => {
            let Offered { subject, source } = offered::of(gateway, matter, *id).await?;
            Ok(Meant { offered_by: Some(source), ..someone(subject, None) })
        }
        SubjectReference::Pseudonym(pseudonym) => match gateway.vault.person(domain, *pseudonym).await {
            Ok(Some(person)) => Ok(someone(person, Some(*pseudonym))),
            Ok(None) => Ok(Meant { is_someone: false, ..someone(nobody(gateway, *pseudonym)?, Some(*pseudonym)) }),
            Err(VaultFailure::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "the vault failed");
                Err(Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again"))
            }
        },
    }
}

/// A number that nobody has, the same each time: the sources are asked, and answer as about anyone whom they do not know, in the same way and
/// time.
fn nobody(gateway: &Gateway, pseudonym: Pseudonym) -> Result<Personal<SubjectId>, Refusal> {
    let none = |_| Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again");
    let named: LocalNumber = base64::encode_url(pseudonym.to_string().as_bytes()).parse().map_err(none)?;
    let SubjectIndex(digest) = gateway.subject_index(&Personal::new(SubjectId::VNumber(named)));
    base64::encode_url(&digest).parse().map(SubjectId::VNumber).map(Personal::new).map_err(none)
}

/// The sources that were named, or the purpose's default.
fn sources(
    registry: &Registry,
    matter: &Matter,
    purpose: &Purpose,
    offered_by: Option<&Oin>,
) -> Result<Vec<Arc<Member>>, Refusal> {
    if let Some(source) = offered_by {
        return Ok(registry.member(source).cloned().into_iter().collect());
    }
    let fault = |pointer: String, expected: &str| Fault { pointer, expected: expected.to_owned() };
    if let Some(named) = &matter.request.sources {
        let unknown = named.iter().enumerate().filter(|(_, oin)| registry.member(oin).is_none());
        let unknown: Vec<_> =
            unknown.map(|(place, _)| fault(format!("/sources/{place}"), "an organisation that takes part here")).collect();
        if !unknown.is_empty() {
            return Err(Refusal::schema(unknown));
        }
        return Ok(named.iter().filter_map(|oin| registry.member(oin).cloned()).collect());
    }
    let Some(default) = &purpose.default_sources else {
        return Err(Refusal::schema(vec![fault("/sources".to_owned(), "required for this purpose: 1 to 32 OINs")]));
    };
    let by_default = |member: &&Arc<Member>| {
        let organisation = &member.organisation;
        organisation.connector.is_some() && organisation.oin != *matter.caller.oin() && default.kinds.contains(&organisation.kind)
    };
    Ok(registry.members().filter(by_default).cloned().collect())
}

/// The organisations that are judged: the one that asks, then the sources.
fn organisations(matter: &Matter, sources: &[Arc<Member>]) -> Vec<Oin> {
    std::iter::once(matter.caller.oin()).chain(sources.iter().map(|source| &source.organisation.oin)).cloned().collect()
}

/// What a decision is made from, as it was read.
struct Read<'a> {
    registry: &'a Registry,
    subject: SubjectIndex,
    person: &'a PersonFacts,
    in_case: Option<(&'a InCase, &'a CaseFact)>,
}

impl Read<'_> {
    fn digest(&self, organisations: &[Oin], person: Option<&PersonFacts>) -> [u8; 32] {
        let digests = organisations.iter().map(|oin| self.registry.member(oin).map_or([0; 32], |member| member.digest));
        facts_digest(digests, self.registry.policy.as_deref(), person, self.in_case.map(|(_, fact)| fact))
    }

    /// What must be found unchanged when the disclosure is recorded.
    fn expected(&self, matter: &Matter, (organisations, recipients): (Vec<Oin>, BTreeSet<Oin>), now: Timestamp) -> Expected {
        let Self { registry, subject, person, in_case } = *self;
        let consents = person.consents.iter().flat_map(|consent| [consent.valid_from, consent.not_after]);
        let overrides = person.overrides.iter().map(|(_, overriding)| overriding.ends_at());
        let credentials = matter.caller.member().next_changes();
        let void_at = consents.chain(overrides).chain(credentials).filter(|&at| at > now).min().unwrap_or(NEVER);
        // Where not all was read at one revision, facts are read again when it is recorded. Which of them is the older says nothing: the database may have
        // lost what one of them was read of.
        let in_case_revision = in_case.map_or(person.revision, |(in_case, _)| in_case.revision);
        let is_one = person.revision == registry.revision && person.revision == in_case_revision;
        let revision = if is_one { person.revision } else { Revision::MIXED };
        let case = in_case.map(|(in_case, _)| in_case.case.id.clone());
        let digest = self.digest(&organisations, Some(person));
        Expected { revision, void_at, subject: Some(subject), case, digest, organisations, recipients }
    }
}
