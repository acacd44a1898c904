//! The decision on one request: which forms may be asked of whom, pinned to one policy bundle and one reading of the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::case::recipient_kind;
use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use super::registry::Member;
use crate::case_room::CaseFact;
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::crypto::{digest, hex};
use crate::organisation::Oin;
use crate::policy::{Bundle, Question};
use crate::pseudonym::{Domain, Pseudonym};
use crate::secret::Personal;
use crate::store::duties::Reliance;
use crate::store::{Expected, PersonFacts};
use crate::subject::SubjectId;

/// The decision: pinned to one policy bundle and one reading of the facts.
#[derive(Debug)]
pub struct Plan {
    /// The bundle that decided.
    pub bundle: Arc<Bundle>,
    /// The purpose.
    pub purpose: Arc<Purpose>,
    /// Within which the subject has its name.
    pub domain: Domain,
    /// About whom; when a pseudonym is nobody's in this domain, a number that nobody has.
    pub subject: Personal<SubjectId>,
    /// The pseudonym that was asked by.
    pub asked_by: Option<Pseudonym>,
    /// What the decision rests on, to be found unchanged when it is recorded.
    pub expected: Expected,
    /// A digest of the organisations and the case alone, of which the recipient may see that they changed.
    pub standing: [u8; 32],
    /// What is recorded about the person, as far as it bears on this disclosure.
    pub person: PersonFacts,
    /// The case that the request stands in, if any.
    pub case: Option<Arc<CaseFact>>,
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
    /// A consent to something else, where consent is what is missing: for an explanation alone.
    pub nearby: Option<(String, u32)>,
    /// What the policies were asked; nothing when they were not.
    pub question: Option<Question>,
}

impl Cell {
    /// What an item given by it rests on: the consent, the override ([`Reliance::on_override`]).
    pub fn relies_on(&self) -> impl Iterator<Item = String> {
        let consent = self.consent.iter().map(|(id, _)| id.clone());
        consent.chain(self.overridden_by.iter().map(|id| Reliance::on_override(id)))
    }
}

impl Plan {
    /// The sources of the asked combinations, each once.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Member>> {
        let mut seen = BTreeSet::new();
        self.cells.iter().map(|cell| &cell.source).filter(move |source| seen.insert(source.organisation.oin.clone()))
    }

    /// What each source will be asked for: sources in poor health, and those of whom nothing may be asked, are left out.
    pub(super) fn asked(&self) -> impl Iterator<Item = (Oin, BTreeMap<Category, BTreeSet<Form>>)> {
        let well = self.sources().filter(|source| !self.poor.contains(&source.organisation.oin));
        let asked = well.map(|source| (source.organisation.oin.clone(), self.asked_of(&source.organisation.oin)));
        asked.filter(|(_, categories)| !categories.is_empty())
    }

    fn asked_of(&self, source: &Oin) -> BTreeMap<Category, BTreeSet<Form>> {
        let mut asked: BTreeMap<Category, BTreeSet<Form>> = BTreeMap::new();
        for cell in self.cells.iter().filter(|cell| cell.source.organisation.oin == *source) {
            let forms: BTreeSet<_> = cell.form.into_iter().chain(cell.summary.then_some(Form::Summary)).collect();
            if !forms.is_empty() {
                asked.insert(cell.category, forms);
            }
        }
        asked
    }

    /// How a source is called towards the recipient: by OIN if the recipient named it, else by its kind.
    pub(super) fn source_name(&self, source: &Member) -> String {
        let organisation = &source.organisation;
        if self.named { organisation.oin.to_string() } else { organisation.kind.code().to_owned() }
    }

    /// Whether "nothing there", said in this form, would tell of consent or override: then absence is `unavailable`, never `no`.
    pub(super) fn absence_rests_on_person(&self, matter: &Matter, source: &Member, category: Category, form: Form) -> bool {
        let (recipient, giver) = (recipient_kind(matter), source.organisation.kind);
        self.bundle.rests_on_person(recipient, &self.purpose.id, giver, category, form)
    }

    /// A digest of what was decided: who receives with which key, and what may be asked of whom on which grounds. An answer made under an equal
    /// verdict would be made again as it is. So it is given again as it is, whatever else was recorded about the person meanwhile: a new text
    /// would tell the recipient that something was (invariant 8).
    pub(super) fn verdict(&self, matter: &Matter, now: Timestamp) -> [u8; 32] {
        let key = matter.caller.member().encryption_key(now).map(|(key, _)| key.id().as_str().to_owned());
        let cells = self.cells.iter().map(|cell| {
            let Cell { source, category, form, summary, policies: _, reason: _, consent, overridden_by, nearby: _, question } =
                cell;
            // What governs it counts, relied upon or not: an item's facts can make it rest on that. Not where nothing may be asked.
            let governing = question.as_ref().filter(|_| form.is_some() || *summary);
            let given = governing.and_then(|question| question.consent.as_ref()).map(|consent| (&consent.id, consent.version));
            let derogation = governing.and_then(|question| question.derogation.as_ref()).map(|one| &one.id);
            let form = form.map(Form::code);
            serde_json::json!([source.organisation.oin, category, form, summary, consent, overridden_by, given, derogation])
        });
        let verdict = serde_json::json!([hex::encode(&self.standing), key, cells.collect::<Vec<_>>()]);
        digest::sha256(verdict.to_string().as_bytes())
    }

    /// Until when summaries can come: the purpose's deadline, or at once over when none can.
    pub(super) fn open_until(&self, matter: &Matter) -> Timestamp {
        if self.summaries { matter.arrived.plus(self.purpose.deadline) } else { matter.arrived }
    }

    /// Refuses when every named source is in poor health, asked or not: that tells nothing about the person.
    pub(super) fn some_source_is_well(&self) -> Result<(), Refusal> {
        if self.sources().any(|source| !self.poor.contains(&source.organisation.oin)) {
            return Ok(());
        }
        let wait = Duration::from_secs(30);
        Err(Refusal::new(ProblemType::SourcesUnavailable, "none of the sources answers at the moment").retry_after(wait))
    }
}
