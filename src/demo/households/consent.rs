//! Consents of the synthetic persons, as data: the demo turns them into consent events of the gateway.

use super::calendar::Calendar;
use super::person::Person;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::demo::organisations::Slug;

/// One consent: one source, named recipients, purposes and categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoConsent {
    /// The person whose data it is about, `P07`.
    pub person: String,
    /// Who gave it: the person itself, or the custodial parent of a child under twelve.
    pub giver: String,
    /// The organisation that may give.
    pub source: Slug,
    /// The organisations that may receive.
    pub recipients: Vec<Slug>,
    /// For which purposes, as codes.
    pub purposes: Vec<&'static str>,
    /// Which categories.
    pub categories: Vec<Category>,
    /// The finest form that may be given.
    pub max_form: Form,
    /// What became of it.
    pub state: DemoConsentState,
    /// From when it holds.
    pub valid_from: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether it was asked out of the partner's hearing (coercion check).
    pub asked_alone: bool,
}

/// The state of a consent on the day of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoConsentState {
    /// Given and still valid.
    Given,
    /// Asked and refused.
    Refused,
    /// Given, later withdrawn.
    Withdrawn {
        /// When it was withdrawn.
        at: Timestamp,
    },
    /// Given, its time is over.
    Expired,
}

impl DemoConsentState {
    /// The code, as in the kit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// A consent before persons have their ids.
pub struct PlannedConsent {
    /// Whose data.
    pub person: usize,
    /// Who gave it.
    pub giver: usize,
    /// What it says.
    pub terms: ConsentTerms,
}

/// What a consent says.
#[derive(Clone)]
pub struct ConsentTerms {
    /// Who may give.
    pub source: Slug,
    /// Who may receive.
    pub recipients: Vec<Slug>,
    /// For what.
    pub purposes: Vec<&'static str>,
    /// Which categories.
    pub categories: Vec<Category>,
    /// The finest form.
    pub max_form: Form,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a consent, in days before the demo.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// Given so many days ago, for six months.
    Given(i64),
    /// Refused so many days ago.
    Refused(i64),
    /// Given, then withdrawn.
    Withdrawn {
        /// Given so many days ago.
        given: i64,
        /// Withdrawn so many days ago.
        withdrawn: i64,
    },
    /// Given more than six months ago.
    Expired(i64),
}

/// Consent is proposed for six months (`domain.md` §6).
const CONSENT_DAYS: i64 = 182;

impl PlannedConsent {
    /// With the ids of the finished persons; `None` for a person who is not in the household.
    pub fn finish(self, persons: &[Person], calendar: Calendar) -> Option<DemoConsent> {
        let (given, state) = match self.terms.outcome {
            Outcome::Given(ago) => (ago, DemoConsentState::Given),
            Outcome::Refused(ago) => (ago, DemoConsentState::Refused),
            Outcome::Withdrawn { given, withdrawn } => {
                (given, DemoConsentState::Withdrawn { at: calendar.instant_days_ago(withdrawn) })
            }
            Outcome::Expired(ago) => (ago.max(CONSENT_DAYS + 1), DemoConsentState::Expired),
        };
        Some(DemoConsent {
            person: persons.get(self.person)?.id.clone(),
            giver: persons.get(self.giver)?.id.clone(),
            source: self.terms.source,
            recipients: self.terms.recipients,
            purposes: self.terms.purposes,
            categories: self.terms.categories,
            max_form: self.terms.max_form,
            state,
            valid_from: calendar.instant_days_ago(given),
            not_after: calendar.instant_days_ago(given - CONSENT_DAYS),
            asked_alone: true,
        })
    }
}
