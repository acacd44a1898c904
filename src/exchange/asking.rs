//! One decision per source and category: what is possible for everyone, what the policies permit here, and on what that rests.

use std::sync::Arc;

use super::case::{recipient_kind, recipients};
use super::matter::Matter;
use super::plan::Cell;
use super::refusal::{ProblemType, Refusal};
use super::registry::Member;
use crate::case_room::CaseFact;
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::consent::authority::Regime;
use crate::consent::derogation::governing_override;
use crate::consent::team::governing_all;
use crate::consent::{Authority, nearest};
use crate::organisation::Kind;
use crate::policy::{Basis, Bundle, Decision, FormSet, Party, Question, reason};
use crate::pseudonym::Pseudonym;
use crate::secret::Personal;
use crate::store::PersonFacts;
use crate::subject::SubjectId;

/// What one decision after the other is made from.
pub(super) struct Asking<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) purpose: &'a Purpose,
    pub(super) matter: &'a Matter,
    pub(super) subject: &'a Personal<SubjectId>,
    pub(super) known: Known<'a>,
    pub(super) asked_by: Option<Pseudonym>,
    /// `false` when the pseudonym is nobody's in this domain.
    pub(super) is_someone: bool,
}

/// What is recorded that a decision rests on, beside the organisations.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// About the person.
    pub(super) person: &'a PersonFacts,
    /// About the case, if the request stands in one.
    pub(super) case: Option<&'a Arc<CaseFact>>,
    /// Whose consent counts.
    pub(super) authority: &'a Authority,
    /// Under which regime the source's record is.
    pub(super) regime: Regime,
    /// The moment.
    pub(super) now: Timestamp,
}

impl Asking<'_> {
    /// Every asked combination; the categories that nobody may ever give; whether a summary can come.
    pub(super) fn cells(&self, sources: &[Arc<Member>]) -> Result<(Vec<Cell>, Vec<Category>, bool), Refusal> {
        let recipient = recipient_kind(self.matter);
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
            return Err(Refusal::new(
                ProblemType::NotPermitted,
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
            nearby: None,
            question: None,
        };
        if possible.is_empty() || !source.is_active() || !self.may_look_up(source) {
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
        if !cell.summary && matches!(cell.reason.as_deref(), Some(reason::CONSENT_MISSING | reason::SUMMARY_ONLY)) {
            self.look_nearby(&question, &mut cell);
        }
        cell.question = Some(question);
        cell
    }

    /// Where nothing may be asked for want of consent, an explanation tells of the one that comes nearest: that there is one, and for what. It decides
    /// nothing.
    fn look_nearby(&self, question: &Question, cell: &mut Cell) {
        let Known { person, case, now, .. } = self.known;
        let recipients = recipients(self.matter, case.map(Arc::as_ref));
        let found = nearest(&person.consents, &question.source.oin, &recipients, &self.purpose.id, question.category, now);
        if let Some(consent) = found {
            if cell.reason.as_deref() == Some(reason::CONSENT_MISSING) {
                cell.reason = Some(Arc::from(reason::CONSENT_NOT_COVERING));
            }
            cell.nearby = Some((consent.id.clone(), consent.version));
        }
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
        let RestsOn { consent, overridden_by } = rests_on(self.bundle, question, &decision);
        cell.consent = consent.or(cell.consent.take());
        cell.overridden_by = overridden_by.or(cell.overridden_by.take());
        decision
    }

    /// By BSN only sources with BSN authority can be asked; by a source's own number only that source. Also when the request names a pseudonym.
    fn may_look_up(&self, source: &Member) -> bool {
        // Nobody is asked about where most persons could be: where the citizen number is used.
        let organisation = &source.organisation;
        self.subject.can_be_looked_up_by(organisation) && (self.is_someone || organisation.bsn_authority)
    }

    fn question(&self, source: &Member, category: Category) -> Question {
        let regime = Regime::of_kind(source.organisation.kind, &self.purpose.id);
        question(self.purpose, self.matter, Known { regime, ..self.known }, source, category, self.finest(category))
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

/// What a permit rests on beside the law: nothing, one consent or one override.
#[derive(Default)]
pub(super) struct RestsOn {
    /// The consent with its version.
    pub(super) consent: Option<(String, u32)>,
    /// The override.
    pub(super) overridden_by: Option<String>,
}

/// What this decision on this question rests on.
pub(super) fn rests_on(bundle: &Bundle, question: &Question, decision: &Decision) -> RestsOn {
    let (mut consent, mut overridden_by) = (None, None);
    match bundle.basis(decision) {
        Some(Basis::Consent) => consent = question.consent.as_ref().map(|consent| (consent.id.clone(), consent.version)),
        Some(Basis::Override) => overridden_by = question.derogation.as_ref().map(|one| one.id.clone()),
        Some(Basis::Law) | None => {}
    }
    RestsOn { consent, overridden_by }
}

/// The question to the policies about one source and category, before the item is known.
pub(super) fn question(
    purpose: &Purpose,
    matter: &Matter,
    known: Known<'_>,
    source: &Member,
    category: Category,
    finest: Form,
) -> Question {
    let giver = &source.organisation;
    let Known { person, case, authority, regime, now } = known;
    let recipients = recipients(matter, case.map(Arc::as_ref));
    // What the policies of today no longer let a ground carry does not count, whenever it was made.
    let carrying = purpose.grounds.carrying(giver.kind, recipient_kind(matter));
    let overrides = person.overrides.iter().map(|(_, one)| one).filter(|one| carrying.contains(&one.ground));
    let consent = governing_all(&person.consents, &giver.oin, &recipients, &purpose.id, category, now);
    let overriding = governing_override(overrides, &giver.oin, &recipients, &purpose.id, category, now);
    Question {
        purpose: purpose.id.clone(),
        recipient: Party { oin: matter.caller.oin().clone(), kind: recipient_kind(matter) },
        asker: matter.caller.organisation().kind,
        source: Party { oin: giver.oin.clone(), kind: giver.kind },
        category,
        finest,
        now,
        consent: consent.map(|consent| consent.fact(authority, regime)),
        derogation: overriding.map(crate::consent::Override::fact),
        case: known.case.cloned(),
        facts: None,
    }
}
