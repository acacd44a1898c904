//! Questions at random from a seed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::code;
use crate::case_room::CaseFact;
use crate::catalogue::generated::Lcg;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::minors::AgeRange;
use crate::consent::{ConsentFact, ConsentState, OverrideFact};
use crate::organisation::{Kind, Oin};
use crate::policy::{Facts, Party, Question, WpgArticle};

/// Questions at random: real and wrong parties, consents and overrides that cover, nearly cover or do not.
pub struct Questions {
    random: Lcg,
    pub parties: Vec<Party>,
    purposes: Vec<PurposeCode>,
}

impl Questions {
    pub fn new(seed: u64) -> Self {
        let party = |index: usize, kind: &Kind| Party {
            oin: format!("000000990000000{index:02}000").parse().expect("an OIN"),
            kind: *kind,
        };
        let mut parties: Vec<Party> = Kind::ALL.iter().enumerate().map(|(index, kind)| party(index, kind)).collect();
        parties.extend(
            [Kind::VeiligThuis, Kind::Police, Kind::Probation].iter().enumerate().map(|(index, kind)| party(index + 50, kind)),
        );
        let purposes = [
            "acute-safety",
            "safety-assessment",
            "team-discussion",
            "anonymous-consultation",
            "case-direction",
            "prosecution",
            "probation",
            "child-protection",
            "treatment",
            "accountability",
            "subject-rights",
        ]
        .map(code)
        .to_vec();
        Self { random: Lcg::new(seed), parties, purposes }
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.random.below(one_in) == 0
    }

    fn at(&mut self) -> Timestamp {
        Timestamp::from_millis(1_795_262_400_000).plus(Duration::from_millis(250 * self.random.below(12)))
    }

    fn oins(&mut self, right: &Oin) -> BTreeSet<Oin> {
        let other = self.random.pick(&self.parties).oin;
        if self.chance(6) { [other].into() } else { [right.clone(), other].into() }
    }

    fn categories(&mut self, right: Category) -> BTreeSet<Category> {
        let other = self.random.pick(&Category::ALL);
        if self.chance(6) { [other].into() } else { [right, other].into() }
    }

    fn consent(&mut self, purpose: &PurposeCode, recipient: &Party, source: &Party, category: Category) -> ConsentFact {
        use ConsentState::{Expired, Given, Invalidated, Refused, Requested, Withdrawn};
        ConsentFact {
            given_at: None,
            id: "c".into(),
            version: 1,
            state: self.random.pick(&[Given, Given, Given, Given, Requested, Refused, Withdrawn, Expired, Invalidated]),
            sources: self.oins(&source.oin),
            recipients: self.oins(&recipient.oin),
            purposes: if self.chance(6) { [code("treatment")].into() } else { [purpose.clone()].into() },
            categories: self.categories(category),
            max_form: self.random.pick(&Form::ALL),
            valid_from: self.at().minus(Duration::from_secs(2)),
            not_after: self.at().plus(Duration::from_secs(2)),
            ages: self.random.pick(&[None, Some(AgeRange { from: 12, until: 255 }), Some(AgeRange { from: 0, until: 11 })]),
        }
    }

    fn derogation(&mut self, purpose: &PurposeCode, recipient: &Party, source: &Party, category: Category) -> OverrideFact {
        OverrideFact {
            id: "o".into(),
            source: if self.chance(6) { recipient.oin.clone() } else { source.oin.clone() },
            recipients: self.oins(&recipient.oin),
            purpose: if self.chance(6) { code("treatment") } else { purpose.clone() },
            categories: self.categories(category),
            forms: Form::ALL.into_iter().filter(|_| !self.chance(3)).collect(),
            valid_from: self.at().minus(Duration::from_secs(2)),
            not_after: self.at().plus(Duration::from_secs(2)),
            four_eyes: !self.chance(3),
        }
    }

    fn facts(&mut self) -> Facts {
        Facts {
            wpg_article: self.random.pick(&[
                None,
                Some(WpgArticle::Everyday),
                Some(WpgArticle::Support),
                Some(WpgArticle::Investigation),
                Some(WpgArticle::Removed),
            ]),
            under_restraining_order: !self.chance(3),
            wpg19_decision: !self.chance(3),
            wpg20_decision: !self.chance(3),
            mandate: !self.chance(3),
            court_order: !self.chance(3),
            professional: !self.chance(4),
            meldcode_steps: !self.chance(4),
            test51c: !self.chance(3),
            severity: !self.chance(3),
            restraining_order: self.random.pick(&[None, Some(true), Some(false), Some(false)]),
            secret_address: self.random.pick(&[None, Some(true), Some(false), Some(false)]),
            subject_age: self.random.pick(&[None, Some(11), Some(12), Some(40)]),
            withheld_by_source: self.chance(12),
            protected_from_recipient: self.chance(12),
        }
    }

    fn of_kind(&mut self, kind: Kind) -> Party {
        let of_kind: Vec<Party> = self.parties.iter().filter(|party| party.kind == kind).cloned().collect();
        self.random.pick(&of_kind)
    }

    /// A cell that the matrix knows, mostly; otherwise any.
    fn cell(&mut self) -> (PurposeCode, Party, Party, Category) {
        use Category as C;
        if self.chance(4) {
            let (to, from) = (self.random.pick(&self.parties), self.random.pick(&self.parties));
            return (self.random.pick(&self.purposes), to, from, self.random.pick(&C::ALL));
        }
        let (vt, team, director) = (Kind::VeiligThuis, Kind::ExpertiseTeam, Kind::CaseDirector);
        let (purpose, to, from, categories): (&str, Kind, Kind, &[Category]) = self.random.pick(&[
            (
                "acute-safety",
                Kind::Police,
                Kind::MentalHealth,
                &[C::Identity, C::Address, C::Household, C::SafetyAssessment] as &[Category],
            ),
            ("acute-safety", vt, Kind::Police, &[C::Identity, C::Address, C::Address, C::SafetyAssessment]),
            (
                "safety-assessment",
                vt,
                Kind::Police,
                &[C::Identity, C::Address, C::IncidentReports, C::PendingProsecution, C::RiskAssessment],
            ),
            (
                "safety-assessment",
                vt,
                Kind::MentalHealth,
                &[C::CareInvolvement, C::Diagnosis, C::SubstanceUse, C::CompulsoryCare, C::Household],
            ),
            ("safety-assessment", vt, Kind::Probation, &[C::Measures, C::ProbationStatus, C::LivingAreas]),
            ("safety-assessment", vt, Kind::Prosecution, &[C::PendingProsecution, C::CriminalRecord]),
            ("safety-assessment", vt, Kind::YouthProtection, &[C::Household, C::ChildProtectionMeasure, C::Diagnosis]),
            ("probation", Kind::Probation, Kind::Police, &[C::Address, C::CriminalRecord, C::IncidentReports]),
            ("probation", Kind::Prosecution, Kind::Probation, &[C::ProbationStatus, C::RiskAssessment]),
            ("probation", Kind::Probation, Kind::MentalHealth, &[C::CareInvolvement, C::SubstanceUse]),
            ("safety-assessment", Kind::Police, vt, &[C::Identity, C::Household, C::IncidentReports, C::SafetyAssessment]),
            ("team-discussion", team, vt, &[C::Identity, C::IncidentReports, C::ChildProtectionMeasure, C::RiskAssessment]),
            ("team-discussion", team, Kind::Police, &[C::IncidentReports, C::Measures]),
            ("team-discussion", team, Kind::Prosecution, &[C::PendingProsecution, C::CriminalRecord]),
            ("team-discussion", team, Kind::Probation, &[C::ProbationStatus, C::RiskAssessment, C::Measures]),
            ("team-discussion", team, Kind::MentalHealth, &[C::CareInvolvement, C::Diagnosis, C::SubstanceUse]),
            ("team-discussion", team, Kind::YouthProtection, &[C::ChildProtectionMeasure, C::SafetyAssessment]),
            ("anonymous-consultation", team, Kind::Police, &[C::Household, C::IncidentReports, C::Identity, C::Measures]),
            ("case-direction", Kind::Municipality, vt, &[C::Identity, C::RiskAssessment, C::SafetyAssessment]),
            ("case-direction", director, vt, &[C::Address, C::LivingAreas, C::IncidentReports]),
            ("case-direction", director, team, &[C::Measures, C::Identity, C::SafetyAssessment, C::CareInvolvement]),
            ("case-direction", vt, Kind::Municipality, &[C::Identity, C::Measures]),
            ("prosecution", Kind::Police, Kind::MentalHealth, &[C::Identity, C::SafetyAssessment, C::Diagnosis]),
            ("prosecution", Kind::Prosecution, vt, &[C::IncidentReports, C::SafetyAssessment]),
            ("child-protection", Kind::ChildProtectionBoard, vt, &[C::Address, C::RiskAssessment, C::CareInvolvement]),
            ("child-protection", Kind::YouthProtection, Kind::MentalHealth, &[C::Household, C::CareInvolvement, C::Diagnosis]),
            ("treatment", Kind::MentalHealth, vt, &[C::SafetyAssessment, C::RiskAssessment, C::Identity]),
            ("treatment", Kind::MentalHealth, Kind::Police, &[C::IncidentReports, C::RiskAssessment]),
            ("accountability", vt, Kind::Police, &[C::IncidentReports]),
            ("subject-rights", Kind::DataSubject, Kind::MentalHealth, &[C::Identity, C::Diagnosis, C::Reporter, C::Measures]),
        ]);
        (code(purpose), self.of_kind(to), self.of_kind(from), self.random.pick(categories))
    }

    /// Mostly a case that fulfils what the purpose asks; otherwise closed, of the other track, without the recipient, or none.
    fn case(&mut self, purpose: &PurposeCode, recipient: &Party) -> Option<Arc<CaseFact>> {
        let needed = ["team-discussion", "anonymous-consultation", "case-direction"].contains(&purpose.as_str());
        if self.chance(6) || (!needed && !self.chance(4)) {
            return None;
        }
        let other = self.random.pick(&self.parties).oin;
        let mut attendees: BTreeSet<Oin> = if self.chance(4) { [other.clone()].into() } else { BTreeSet::new() };
        if !self.chance(8) {
            attendees.insert(recipient.oin.clone());
        }
        Some(Arc::new(CaseFact {
            id: "case".into(),
            version: 1,
            open: !self.chance(8),
            named: (purpose.as_str() != "anonymous-consultation") != self.chance(8),
            attendees,
            attendee_kinds: (0..self.random.pick(&[0, 1, 1, 2])).map(|_| self.random.pick(&Kind::ALL)).collect(),
            director: self.random.pick(&[None, Some(other), Some(recipient.oin.clone()), Some(recipient.oin.clone())]),
            family_informed: !self.chance(4),
            plan_made: !self.chance(4),
        }))
    }

    pub fn next(&mut self) -> Question {
        let (purpose, recipient, source, category) = self.cell();
        let consent = (!self.chance(3)).then(|| Arc::new(self.consent(&purpose, &recipient, &source, category)));
        let derogation = (!self.chance(3)).then(|| Arc::new(self.derogation(&purpose, &recipient, &source, category)));
        let facts = (!self.chance(10)).then(|| self.facts());
        let finest = self.random.pick(&[Form::Exact, Form::Exact, Form::Reduced, Form::Signal, Form::Summary]);
        let case = self.case(&purpose, &recipient);
        let acts = [Kind::ExpertiseTeam, Kind::CaseDirector].contains(&recipient.kind);
        let asker = if acts { self.random.pick(&Kind::ALL) } else { recipient.kind };
        let now = self.at();
        Question { purpose, recipient, asker, source, category, finest, now, consent, derogation, case, facts }
    }
}
