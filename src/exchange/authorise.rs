//! `Authenticated` → [`Authorised`]: purpose, recipient, consent, override and policy give one form per source and category, or nothing.
//!
//! What depends only on who asks for what is refused openly here; what depends on the person never is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Gateway;
use super::authenticate::Caller;
use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use super::registry::{Member, Registry};
use super::request::SubjectReference;
use super::vault::VaultFailure;
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::consent::derogation::governing_override;
use crate::consent::governing;
use crate::json::Fault;
use crate::organisation::{Kind, Oin};
use crate::policy::reason;
use crate::policy::{Basis, Bundle, Decision, FormSet, Party, Question};
use crate::pseudonym::{Domain, Pseudonym};
use crate::secret::Personal;
use crate::store::facts::facts_digest;
use crate::store::{Expected, PersonFacts, SubjectIndex};
use crate::subject::SubjectId;

/// The far end of time, for facts that do not end.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A request with what may be asked of whom.
#[derive(Debug)]
pub struct Authorised {
    matter: Matter,
    plan: Arc<Plan>,
}

/// The decision: pinned to one policy bundle and one reading of the facts.
#[derive(Debug)]
pub struct Plan {
    /// The bundle that decided.
    pub bundle: Arc<Bundle>,
    /// The purpose.
    pub purpose: Arc<Purpose>,
    /// Within which the subject has its name.
    pub domain: Domain,
    /// About whom; `None` when a pseudonym is nobody's in this domain.
    pub subject: Option<Personal<SubjectId>>,
    /// The pseudonym that was asked by.
    pub asked_by: Option<Pseudonym>,
    /// What the decision rests on, to be found unchanged when it is recorded.
    pub expected: Expected,
    /// What is recorded about the person.
    pub person: Option<PersonFacts>,
    /// Each asked combination of source and category that is not impossible for everyone.
    pub cells: Vec<Cell>,
    /// The sources that were in poor health when this was decided: not asked, and named as unreachable, whoever the person is.
    pub poor: BTreeSet<Oin>,
    /// Categories that no named source may ever give to this recipient for this purpose.
    pub not_permitted: Vec<Category>,
    /// Whether the requester named the sources.
    pub named: bool,
    /// The finest form that was asked for.
    pub asked_form: Form,
    /// Whether a summary can come, whoever the person is.
    pub summaries: bool,
}

/// One asked combination.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The source.
    pub source: Arc<Member>,
    /// The category.
    pub category: Category,
    /// The best form that may be asked of the source.
    pub form: Option<Form>,
    /// Whether a summary may be asked of the source's professional.
    pub summary: bool,
    /// The deciding policies.
    pub policies: Vec<Arc<str>>,
    /// Why nothing may be asked, for officers.
    pub reason: Option<Arc<str>>,
    /// The consent it rests on, if any.
    pub consent: Option<(String, u32)>,
    /// The override it rests on, if any.
    pub overridden_by: Option<String>,
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
    let bundle = gateway.policy.load_full();
    let purpose = purpose(&bundle, matter)?;
    let domain =
        Domain { recipient: matter.caller.oin().clone(), case: matter.request.case.clone(), purpose: purpose.id.clone() };
    let (subject, asked_by) = subject(gateway, matter, &domain).await?;
    let index = subject.as_ref().map(|subject| gateway.subject_index(subject));
    let person = match index {
        Some(index) => Some(gateway.store.person_facts(index).await?),
        None => None,
    };
    let registry = match &person {
        Some(person) => gateway.registry.at_least(person.revision).await?,
        None => gateway.registry.refresh().await?,
    };
    matter.caller = standing(&matter.caller, &registry, now)?;
    may_receive(matter, now)?;
    let sources = sources(&registry, matter, &purpose)?;
    let asking =
        Asking { bundle: &bundle, purpose: &purpose, matter, subject: subject.as_ref(), person: person.as_ref(), asked_by, now };
    let (cells, not_permitted, summaries) = asking.cells(&sources)?;
    let expected = expected(&registry, matter, &sources, index, person.as_ref(), now);
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
        person,
        cells,
        poor,
        not_permitted,
        named,
        asked_form,
        summaries,
    })
}

fn not_permitted(detail: &str) -> Refusal {
    Refusal::new(ProblemType::NotPermitted, detail)
}

/// The purpose, and the rules on how a request may stand in it.
fn purpose(bundle: &Bundle, matter: &Matter) -> Result<Arc<Purpose>, Refusal> {
    let request = &matter.request;
    let purpose = bundle
        .purpose(&request.purpose)
        .cloned()
        .ok_or_else(|| not_permitted("no policy serves this purpose: check its code"))?;
    if request.case.is_some() {
        // A case is its own thing; until the caller is shown to take part in it there is none.
        return Err(Refusal::new(ProblemType::NotFound, "no such case, or not one of yours"));
    }
    if request.acting_as.is_some() {
        return Err(not_permitted("actingAs needs a case"));
    }
    Ok(purpose)
}

/// Whether this organisation can receive anything, and may name a person in this way.
fn may_receive(matter: &Matter, now: Timestamp) -> Result<(), Refusal> {
    if matter.caller.member().encryption_key(now).is_none() {
        return Err(not_permitted("no encryption key of the organisation is registered that counts now; have one registered"));
    }
    let by_bsn = matches!(&matter.request.subject, SubjectReference::Identifier(id) if id.is_bsn());
    if by_bsn && !matter.caller.organisation().bsn_authority {
        return Err(not_permitted("the organisation has no authority to use the citizen number (BSN)"));
    }
    Ok(())
}

/// Who is meant. A pseudonym of another domain, or of none, is a person whom no source knows.
async fn subject(
    gateway: &Gateway,
    matter: &Matter,
    domain: &Domain,
) -> Result<(Option<Personal<SubjectId>>, Option<Pseudonym>), Refusal> {
    match &matter.request.subject {
        SubjectReference::Identifier(identifier) => Ok((Some(identifier.clone()), None)),
        SubjectReference::Pseudonym(pseudonym) => match gateway.vault.person(domain, *pseudonym).await {
            Ok(person) => Ok((person, Some(*pseudonym))),
            Err(VaultFailure::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "the vault failed");
                Err(Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again"))
            }
        },
    }
}

/// The sources that were named, or the purpose's default.
fn sources(registry: &Registry, matter: &Matter, purpose: &Purpose) -> Result<Vec<Arc<Member>>, Refusal> {
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

/// What one decision after the other is made from.
struct Asking<'a> {
    bundle: &'a Bundle,
    purpose: &'a Purpose,
    matter: &'a Matter,
    subject: Option<&'a Personal<SubjectId>>,
    person: Option<&'a PersonFacts>,
    asked_by: Option<Pseudonym>,
    now: Timestamp,
}

impl Asking<'_> {
    /// Every asked combination; the categories that nobody may ever give; whether a summary can come.
    fn cells(&self, sources: &[Arc<Member>]) -> Result<(Vec<Cell>, Vec<Category>, bool), Refusal> {
        let recipient = self.matter.caller.organisation().kind;
        let mut cells = Vec::new();
        let mut impossible = Vec::new();
        let mut summaries = false;
        for &category in &self.matter.request.categories {
            let possible: Vec<FormSet> = sources.iter().map(|source| self.possible(source, recipient, category)).collect();
            if possible.iter().all(|forms| forms.is_empty()) {
                impossible.push(category);
                continue;
            }
            for (source, forms) in sources.iter().zip(possible) {
                summaries |= forms.contains(Form::Summary);
                cells.push(self.cell(source, category, forms));
            }
        }
        if cells.is_empty() {
            return Err(not_permitted(
                "none of the categories can ever be given to this organisation for this purpose by these sources",
            ));
        }
        Ok((cells, impossible, summaries))
    }

    /// The forms that this source could ever give: nothing to itself, and nothing without a connector.
    fn possible(&self, source: &Member, recipient: Kind, category: Category) -> FormSet {
        let giver = &source.organisation;
        if giver.oin == *self.matter.caller.oin() || giver.connector.is_none() {
            return FormSet::default();
        }
        self.bundle.ever_permitted(recipient, &self.purpose.id, giver.kind, category)
    }

    fn cell(&self, source: &Arc<Member>, category: Category, possible: FormSet) -> Cell {
        let mut cell = Cell {
            source: Arc::clone(source),
            category,
            form: None,
            summary: false,
            policies: Vec::new(),
            reason: None,
            consent: None,
            overridden_by: None,
        };
        if possible.is_empty() || !source.is_active() || self.person.is_none() || !self.may_look_up(source) {
            cell.reason = Some(Arc::from(reason::NOT_PERMITTED));
            return cell;
        }
        let question = self.question(source, category);
        let decision = self.decided(&question, &mut cell, Bundle::decide);
        cell.form = decision.form();
        cell.reason = decision.reason().map(Arc::from);
        if possible.contains(Form::Summary) {
            cell.summary = self.decided(&question, &mut cell, Bundle::decide_summary).form().is_some();
        }
        cell
    }

    /// Decides, and notes on which policies, consent or override the permit rests.
    fn decided(&self, question: &Question, cell: &mut Cell, decide: fn(&Bundle, &Question) -> Decision) -> Decision {
        let decision = decide(self.bundle, question);
        if decision.alarm() {
            tracing::error!(category = %question.category, "ALARM: a policy could not be evaluated; nothing is given");
        }
        if cell.policies.is_empty() || decision.form().is_some() {
            cell.policies.extend_from_slice(decision.policies());
        }
        match self.bundle.basis(&decision) {
            Some(Basis::Consent) => cell.consent = question.consent.as_ref().map(|consent| (consent.id.clone(), consent.version)),
            Some(Basis::Override) => cell.overridden_by = question.derogation.as_ref().map(|one| one.id.clone()),
            Some(Basis::Law) | None => {}
        }
        decision
    }

    /// By BSN only sources with BSN authority can be asked; by a source's own number only that source. Also when the request names a pseudonym.
    fn may_look_up(&self, source: &Member) -> bool {
        self.subject.is_some_and(|subject| subject.can_be_looked_up_by(&source.organisation))
    }

    fn question(&self, source: &Member, category: Category) -> Question {
        question(self.purpose, self.matter, self.person, source, category, self.finest(category), self.now)
    }

    /// By pseudonym nothing that would tell who it is: that is re-identification, and goes another way.
    fn finest(&self, category: Category) -> Form {
        let identifying = matches!(category, Category::Identity | Category::Address | Category::Household);
        match self.matter.request.form {
            Form::Exact if identifying && self.asked_by.is_some() => Form::Reduced,
            form => form,
        }
    }
}

/// The question to the policies about one source and category, before the item is known.
pub(super) fn question(
    purpose: &Purpose,
    matter: &Matter,
    person: Option<&PersonFacts>,
    source: &Member,
    category: Category,
    finest: Form,
    now: Timestamp,
) -> Question {
    let recipient = matter.caller.organisation();
    let giver = &source.organisation;
    let consents = person.map(|person| person.consents.as_slice()).unwrap_or_default();
    let overrides: Vec<_> =
        person.map(|person| person.overrides.iter().map(|(_, one)| one.clone()).collect()).unwrap_or_default();
    let consent = governing(consents, &giver.oin, &recipient.oin, &purpose.id, category, now);
    let overriding = governing_override(&overrides, &giver.oin, &recipient.oin, &purpose.id, category, now);
    Question {
        purpose: purpose.id.clone(),
        recipient: Party { oin: recipient.oin.clone(), kind: recipient.kind },
        source: Party { oin: giver.oin.clone(), kind: giver.kind },
        category,
        finest,
        now,
        consent: consent.map(crate::consent::ConsentRecord::fact),
        derogation: overriding.map(crate::consent::Override::fact),
        facts: None,
    }
}

/// What must be found unchanged when the disclosure is recorded.
fn expected(
    registry: &Registry,
    matter: &Matter,
    sources: &[Arc<Member>],
    subject: Option<SubjectIndex>,
    person: Option<&PersonFacts>,
    now: Timestamp,
) -> Expected {
    let organisations: Vec<Oin> =
        std::iter::once(matter.caller.oin()).chain(sources.iter().map(|source| &source.organisation.oin)).cloned().collect();
    let digests = organisations.iter().map(|oin| registry.member(oin).map_or([0; 32], |member| member.digest));
    let consents =
        person.into_iter().flat_map(|person| &person.consents).flat_map(|consent| [consent.valid_from, consent.not_after]);
    let overrides = person.into_iter().flat_map(|person| &person.overrides).map(|(_, overriding)| overriding.ends_at());
    let credentials = matter.caller.member().next_changes();
    let void_at = consents.chain(overrides).chain(credentials).filter(|&at| at > now).min().unwrap_or(NEVER);
    // The older of both readings: whatever moved after it is looked at again when it is recorded.
    let revision = person.map_or(registry.revision, |person| person.revision.min(registry.revision));
    Expected { revision, void_at, subject, digest: facts_digest(digests, person), organisations }
}
