//! The decision on one request: which forms may be asked of whom, pinned to one policy bundle and one reading of the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use super::registry::Member;
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::policy::{Bundle, Question};
use crate::pseudonym::{Domain, Pseudonym};
use crate::secret::Personal;
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
    /// What is recorded about the person.
    pub person: PersonFacts,
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
    /// What the policies were asked; nothing when they were not.
    pub question: Option<Question>,
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

    /// Whether "nothing there" would tell of consent or override: then absence is `unavailable`, never `no`.
    pub(super) fn absence_rests_on_person(&self, matter: &Matter, source: &Member, category: Category) -> bool {
        let (recipient, giver) = (matter.caller.organisation().kind, source.organisation.kind);
        self.bundle.rests_on_person(recipient, &self.purpose.id, giver, category, Form::Signal)
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
