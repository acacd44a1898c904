//! The override (doorbreking): a source's professional discloses without consent, on stated grounds, for a short time
//! (`domain.md` §7).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Professional;
use super::professional::canonical_reference;
use crate::catalogue::{Category, Form, Ground, PurposeCode};
use crate::clock::Timestamp;
use crate::json::is_text;
use crate::organisation::Oin;

/// The longest an override may last.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);
/// Within how many working days the privacy officer reviews an override that one person made alone.
pub const REVIEW_WORKING_DAYS: u32 = 2;
/// How long a text of an override may be, in characters.
pub const LONGEST_TEXT: usize = 2000;
/// How many recipients an override may name: the attendees of a team and some to spare.
pub const MOST_RECIPIENTS: usize = 16;

/// Whether one professional may make an override for this purpose alone, to be reviewed afterwards (`domain.md` §7: four eyes, except P1). Fixed
/// here for source and gateway alike: no purpose file and no ceiling can widen it.
pub fn one_suffices(purpose: &PurposeCode) -> bool {
    purpose.as_str() == "acute-safety"
}

/// Whether consent was sought.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConsentSought {
    /// It was.
    Sought {
        /// When.
        at: Timestamp,
        /// With which result.
        result: String,
    },
    /// It was not.
    NotSought {
        /// Why not.
        reason: String,
    },
}

/// An override as its source states it. Only the source whose data it is can make one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// Its id, a UUID of version 7.
    pub id: String,
    /// The subject, as the store's keyed token: never an identifier.
    pub subject: String,
    /// Whose data.
    pub source: Oin,
    /// For whom.
    pub recipients: BTreeSet<Oin>,
    /// For what.
    pub purpose: PurposeCode,
    /// Of which categories.
    pub categories: BTreeSet<Category>,
    /// In which forms: these and no other, as they were signed.
    pub forms: BTreeSet<Form>,
    /// On which ground.
    pub ground: Ground,
    /// The professional who makes it.
    pub professional: Professional,
    /// The second professional of the source, who approved it.
    pub approved_by: Option<Professional>,
    /// The threatened harm.
    pub harm: String,
    /// To whom it threatens.
    pub harm_to: String,
    /// Whether consent was sought.
    pub consent_sought: ConsentSought,
    /// Which alternatives were tried.
    pub alternatives: String,
    /// Why these categories are the least that is needed.
    pub necessity: String,
    /// The colleague who was consulted.
    pub consulted: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// When the source ended it early.
    pub ended_at: Option<Timestamp>,
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Override({}, {:?})", self.id, self.ground)
    }
}

/// Why an override is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOverride {
    /// Something that must be stated is not.
    #[error("`{0}` must be stated, in at most 2000 characters")]
    Missing(&'static str),
    /// A set is empty.
    #[error("`{0}` must name at least one")]
    Empty(&'static str),
    /// It ends before it begins, or later than 7 days after.
    #[error("an override ends after it is made and at most 7 days later")]
    Term,
    /// A set names more than it may.
    #[error("`{0}` names more than an override may")]
    Many(&'static str),
    /// The source would give to itself.
    #[error("an override is for others than the source itself")]
    Itself,
    /// She consulted herself.
    #[error("another colleague than the professional who makes it")]
    OwnColleague,
    /// The four eyes are missing.
    #[error("a second professional, another than the first, must approve it; only for acute-safety may one make it alone")]
    FourEyes,
}

impl Override {
    /// Checks what must hold when the override is recorded.
    ///
    /// # Errors
    /// [`InvalidOverride`]: a text, a set, the term or the four eyes.
    pub fn check(&self) -> Result<(), InvalidOverride> {
        let sought = match &self.consent_sought {
            ConsentSought::Sought { result, .. } => result,
            ConsentSought::NotSought { reason } => reason,
        };
        let texts = [
            ("professional", &self.professional.reference),
            ("harm", &self.harm),
            ("harmTo", &self.harm_to),
            ("consentSought", sought),
            ("alternatives", &self.alternatives),
            ("necessity", &self.necessity),
            ("consulted", &self.consulted),
        ];
        if let Some((name, _)) = texts.iter().find(|(_, text)| !is_text(text, LONGEST_TEXT)) {
            return Err(InvalidOverride::Missing(name));
        }
        if canonical_reference(&self.consulted) == canonical_reference(&self.professional.reference) {
            return Err(InvalidOverride::OwnColleague);
        }
        if self.recipients.is_empty() {
            return Err(InvalidOverride::Empty("recipients"));
        }
        if self.recipients.len() > MOST_RECIPIENTS {
            return Err(InvalidOverride::Many("recipients"));
        }
        if self.recipients.contains(&self.source) {
            return Err(InvalidOverride::Itself);
        }
        if self.categories.is_empty() {
            return Err(InvalidOverride::Empty("categories"));
        }
        if self.forms.is_empty() {
            return Err(InvalidOverride::Empty("forms"));
        }
        if self.not_after <= self.made_at || self.not_after.since(self.made_at) > LONGEST {
            return Err(InvalidOverride::Term);
        }
        let alone_allowed = one_suffices(&self.purpose) && self.approved_by.is_none();
        if self.four_eyes() || alone_allowed { Ok(()) } else { Err(InvalidOverride::FourEyes) }
    }

    /// Whether a report of the same override says this too: all but what the gateway adds.
    pub fn is_as(&self, reported: &Self) -> bool {
        let Self { subject, made_at, ended_at, .. } = self.clone();
        *self == Self { subject, made_at, ended_at, ..reported.clone() }
    }

    /// Whether two distinct professionals stand for it.
    pub fn four_eyes(&self) -> bool {
        let other = |second: &Professional| !second.reference.trim().is_empty() && !second.is(&self.professional);
        self.approved_by.as_ref().is_some_and(other)
    }

    /// When it really ends: at its term or when the source ended it.
    pub fn ends_at(&self) -> Timestamp {
        self.ended_at.map_or(self.not_after, |ended| ended.min(self.not_after))
    }

    /// When the privacy officer must have reviewed it: two Dutch working days after it was made.
    pub fn review_due(&self) -> Timestamp {
        self.made_at.plus_working_days(REVIEW_WORKING_DAYS)
    }

    /// Whether it opens the category to every one of `recipients` now, in one form or another; the source itself, which may attend their team, has the data already. The
    /// policies decide this again from [`Override::fact`].
    pub fn valid_for(&self, recipients: &BTreeSet<Oin>, purpose: &PurposeCode, category: Category, now: Timestamp) -> bool {
        let mut others = recipients.iter().filter(|one| **one != self.source).peekable();
        others.peek().is_some()
            && others.all(|recipient| self.recipients.contains(recipient))
            && self.purpose == *purpose
            && self.categories.contains(&category)
            && self.made_at <= now
            && now < self.ends_at()
    }

    /// What the policies are given of this override. Among its recipients is the source itself: it has the data already, so that a team that it
    /// attends can be covered.
    pub fn fact(&self) -> Arc<OverrideFact> {
        Arc::new(OverrideFact {
            id: self.id.clone(),
            source: self.source.clone(),
            recipients: self.recipients.iter().chain([&self.source]).cloned().collect(),
            purpose: self.purpose.clone(),
            categories: self.categories.clone(),
            forms: self.forms.clone(),
            valid_from: self.made_at,
            not_after: self.ends_at(),
            four_eyes: self.four_eyes(),
        })
    }
}

/// The override to hand to the policies for one source, purpose and category, and those who receive together: a team its attendees. Of those that
/// cover all of them now the one that opens the finest form, then the one that lasts longest. Never a merge.
pub fn governing_override<'o>(
    overrides: impl IntoIterator<Item = &'o Override>,
    source: &Oin,
    recipients: &BTreeSet<Oin>,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'o Override> {
    let of_source = overrides.into_iter().filter(|one| one.source == *source);
    let covering = of_source.filter(|one| one.valid_for(recipients, purpose, category, now));
    covering.max_by_key(|one| {
        let opens = [Form::Exact, Form::Summary, Form::Reduced, Form::Signal].map(|form| one.forms.contains(&form));
        (one.four_eyes(), opens, one.ends_at())
    })
}

/// An override as the policies see it: facts, no judgement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideFact {
    /// Its id, for the log.
    pub id: String,
    /// Whose data.
    pub source: Oin,
    /// For whom, the source itself among them.
    pub recipients: BTreeSet<Oin>,
    /// For what.
    pub purpose: PurposeCode,
    /// Of which categories.
    pub categories: BTreeSet<Category>,
    /// In which forms: these and no other.
    pub forms: BTreeSet<Form>,
    /// In force from then.
    pub valid_from: Timestamp,
    /// No longer in force from then.
    pub not_after: Timestamp,
    /// Two distinct professionals stand for it.
    pub four_eyes: bool,
}

#[cfg(test)]
mod tests;
