//! Overrides (doorbreking, `domain.md` §7): entered by one professional, approved by another, reported to the gateway.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Connector;
use super::ceiling::never_leaves;
use super::delivery::{Delivery, override_key};
use super::household::{Household, InvalidSubject, parse_subject};
use super::ids::random_id;
use super::professionals::{Signed, StepError};
use super::store::{NewOverride, OverrideRow, SourceError, StateError};
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::consent::derogation::LONGEST_TEXT;
use crate::entropy::EntropyUnavailable;
use crate::json::is_text;
use crate::source::RecordsRequest;
use crate::source::overrides::{ConsentSought, OverrideContent, OverrideMessage, OverrideStanding, SignedStep, revoke_statement};

/// The purpose for which one person suffices, reviewed afterwards.
pub const ACUTE_SAFETY: &str = "acute-safety";
const LONGEST: Duration = Duration::from_hours(7 * 24);
const REVIEW_WORKING_DAYS: u32 = 2;

/// How far an override has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideState {
    /// Waits for the second person.
    Pending,
    /// In force until it expires.
    Active,
    /// Ended before its expiry.
    Revoked,
    /// Taken back before it came into force.
    Withdrawn,
}

impl OverrideState {
    /// As the database has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Revoked, Self::Withdrawn].into_iter().find(|state| state.code() == code)
    }
}

/// The sealed part of an override.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideRecord {
    /// What it opens and why.
    pub content: OverrideContent,
    /// Who entered it.
    pub created: SignedStep,
    /// Who approved it.
    pub approved: Option<SignedStep>,
    /// When the review is due, where one person sufficed.
    pub review_due: Option<Timestamp>,
    /// Who ended it.
    pub revoked: Option<SignedStep>,
}

impl OverrideRow {
    /// Whether it stands for this call: active, not expired, about this subject, for this recipient and purpose.
    pub fn in_force(&self, request: &RecordsRequest, subject: [u8; 32], now: Timestamp) -> bool {
        let content = &self.record.content;
        let same = self.subject == subject && content.recipient == request.recipient && content.purpose == request.purpose;
        same && self.state == OverrideState::Active && content.expires_at > now
    }

    /// Whether it opens this category in this form.
    pub fn covers(&self, category: Category, form: Form) -> bool {
        self.record.content.categories.contains(&category) && self.record.content.forms.contains(&form)
    }

    /// The standing that the gateway must know.
    fn standing(&self) -> Option<OverrideStanding> {
        match self.state {
            OverrideState::Active => Some(OverrideStanding::Active),
            OverrideState::Revoked => Some(OverrideStanding::Revoked),
            OverrideState::Pending | OverrideState::Withdrawn => None,
        }
    }

    fn message(self) -> Option<OverrideMessage> {
        let standing = self.standing()?;
        let OverrideRecord { content, created, approved, review_due, revoked } = self.record;
        Some(OverrideMessage { id: self.id, standing, content, created, approved, review_due, revoked })
    }
}

impl Connector {
    /// Enters an override, signed over [`OverrideContent::create_statement`]. It waits for another professional, except under
    /// `acute-safety`. The same signed statement entered again gives the same override.
    ///
    /// # Errors
    /// [`OverrideError`] naming the field.
    pub async fn create_override(&self, content: OverrideContent, signed: &Signed) -> Result<OverrideRow, OverrideError> {
        let now = self.outside.clock.now();
        self.check_content(&content, now)?;
        let statement = content.create_statement(&signed.professional, signed.signed_at);
        let created = self.verify_step(signed, &statement).await?;
        let subject = self.known_subject(&content, now).await?;
        let acute = content.purpose.as_str() == ACUTE_SAFETY;
        let review_due = acute.then(|| now.plus_working_days(REVIEW_WORKING_DAYS));
        let state = if acute { OverrideState::Active } else { OverrideState::Pending };
        let record = OverrideRecord { content, created, approved: None, review_due, revoked: None };
        let fingerprint = self.state.digest("override", &statement);
        let id = random_id(&*self.outside.entropy)?;
        let new = NewOverride { id: &id, state, subject, fingerprint, entered_at: now, record: &record };
        let id = self.state.insert_override(new).await?;
        self.found(&id).await
    }

    /// Approves a pending override: another person, with another key, signed over [`OverrideContent::approve_statement`].
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn approve_override(&self, id: &str, signed: &Signed) -> Result<OverrideRow, OverrideError> {
        let row = self.found(id).await?;
        if row.state != OverrideState::Pending || row.record.content.expires_at <= self.outside.clock.now() {
            return Err(OverrideError::WrongState);
        }
        let statement = row.record.content.approve_statement(id, &signed.professional, signed.signed_at);
        let approved = self.verify_step(signed, &statement).await?;
        let created = &row.record.created;
        if approved.professional == created.professional || approved.public_key == created.public_key {
            return Err(OverrideError::SamePerson);
        }
        let record = OverrideRecord { approved: Some(approved), ..row.record };
        self.moved(id, OverrideState::Pending, OverrideState::Active, &record).await
    }

    /// Ends an active override, or takes back a pending one; signed over [`revoke_statement`].
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn revoke_override(&self, id: &str, signed: &Signed) -> Result<OverrideRow, OverrideError> {
        let row = self.found(id).await?;
        let next = match row.state {
            OverrideState::Pending => OverrideState::Withdrawn,
            OverrideState::Active => OverrideState::Revoked,
            OverrideState::Revoked | OverrideState::Withdrawn => return Err(OverrideError::WrongState),
        };
        let revoked = self.verify_step(signed, &revoke_statement(id, &signed.professional, signed.signed_at)).await?;
        let record = OverrideRecord { revoked: Some(revoked), ..row.record };
        self.moved(id, row.state, next, &record).await
    }

    /// All overrides, oldest first.
    ///
    /// # Errors
    /// [`OverrideError::State`].
    pub async fn overrides(&self) -> Result<Vec<OverrideRow>, OverrideError> {
        Ok(self.state.override_rows().await?)
    }

    /// What the gateway does not know yet, as bodies of `POST /v1/overrides`. Stays until [`Self::acknowledge_override`].
    ///
    /// # Errors
    /// [`OverrideError::State`].
    pub async fn pending_overrides(&self) -> Result<Vec<OverrideMessage>, OverrideError> {
        let rows = self.state.unreported_overrides(self.outside.clock.now()).await?;
        Ok(rows.into_iter().filter_map(OverrideRow::message).collect())
    }

    /// How far an override's standing is on its way to the gateway: none when there is nothing to send.
    pub fn override_delivery(&self, row: &OverrideRow) -> Option<Delivery> {
        let standing = row.standing().filter(|standing| row.reported != Some(*standing))?;
        match self.deliveries.of(&override_key(&row.id, standing)) {
            refused @ Delivery::Refused { .. } => Some(refused),
            _ if row.record.content.expires_at <= self.outside.clock.now() => None,
            waiting => Some(waiting),
        }
    }

    /// The gateway has taken this standing of the override.
    ///
    /// # Errors
    /// [`OverrideError::NotFound`].
    pub async fn acknowledge_override(&self, id: &str, standing: OverrideStanding) -> Result<(), OverrideError> {
        self.found(id).await?;
        // A late acknowledgement of `active` never hides that the revocation was taken.
        self.state.mark_reported(id, standing).await?;
        Ok(())
    }

    async fn found(&self, id: &str) -> Result<OverrideRow, OverrideError> {
        self.state.override_row(id).await?.ok_or(OverrideError::NotFound)
    }

    async fn moved(
        &self,
        id: &str,
        from: OverrideState,
        to: OverrideState,
        record: &OverrideRecord,
    ) -> Result<OverrideRow, OverrideError> {
        let moved = self.state.move_override(id, from, to, record).await?;
        if moved { self.found(id).await } else { Err(OverrideError::WrongState) }
    }

    /// The keyed digest of the subject, who must be known here.
    async fn known_subject(&self, content: &OverrideContent, now: Timestamp) -> Result<[u8; 32], OverrideError> {
        let subject = parse_subject(&content.subject, &self.oin)?;
        let mut reading = self.source.read().await?;
        let found = Household::find(&self.mapping.person, &mut reading, &subject, &now.date()).await?;
        found.map(|_| self.state.digest("subject", &subject.canonical())).ok_or(OverrideError::UnknownPerson)
    }

    fn check_content(&self, content: &OverrideContent, now: Timestamp) -> Result<(), OverrideError> {
        let texts = [
            ("harm", &content.harm),
            ("harmTo", &content.harm_to),
            ("alternatives", &content.alternatives),
            ("whyLeast", &content.why_least),
            ("colleague", &content.colleague),
        ];
        for (field, text) in texts {
            filled(field, text)?;
        }
        match &content.consent {
            ConsentSought::Yes { on, result } => {
                filled("consent.result", result)?;
                let day = Timestamp::parse(&format!("{on}T00:00:00Z")).ok();
                day.filter(|day| *day <= now).ok_or(OverrideError::Field("consent.on"))?;
            }
            ConsentSought::No { why } => filled("consent.why", why)?,
        }
        if content.expires_at <= now || content.expires_at > now.plus(LONGEST) {
            return Err(OverrideError::Expiry);
        }
        self.check_scope(content)
    }

    fn check_scope(&self, content: &OverrideContent) -> Result<(), OverrideError> {
        let categories: BTreeSet<Category> = content.categories.iter().copied().collect();
        let forms: BTreeSet<Form> = content.forms.iter().copied().collect();
        if categories.is_empty() || categories.len() != content.categories.len() || categories.iter().copied().any(never_leaves) {
            return Err(OverrideError::Field("categories"));
        }
        if forms.is_empty() || forms.len() != content.forms.len() {
            return Err(OverrideError::Field("forms"));
        }
        let openable = |category: &Category| {
            forms.iter().any(|form| self.ceiling.can_be_opened(&content.purpose, &content.recipient, *category, *form))
        };
        let closed = categories.iter().find(|category| !openable(category));
        closed.map_or(Ok(()), |category| Err(OverrideError::BeyondCeiling(*category)))
    }
}

fn filled(field: &'static str, text: &str) -> Result<(), OverrideError> {
    if is_text(text, LONGEST_TEXT) { Ok(()) } else { Err(OverrideError::Field(field)) }
}

/// An override is not entered, approved or ended. Names fields, never what stands in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// No override with this id.
    #[error("there is no override with this id")]
    NotFound,
    /// Not in a state for this step.
    #[error("the override is not in a state that allows this step")]
    WrongState,
    /// A field is empty, double, too long or not what it must be.
    #[error("{0} is missing, empty, longer than 2,000 characters or not valid: every field of an override is required")]
    Field(&'static str),
    /// Not after now, or more than seven days ahead.
    #[error("expiresAt must lie after now and at most seven days ahead")]
    Expiry,
    /// The source's ceiling does not list the category for this purpose and recipient.
    #[error("the ceiling of this source does not list {0} for this purpose and recipient: an override cannot open it")]
    BeyondCeiling(Category),
    /// The source does not know the person.
    #[error("this source does not know the subject")]
    UnknownPerson,
    /// The approver is the one who entered it.
    #[error("an override is approved by another professional, with another key, than the one who entered it")]
    SamePerson,
    /// The identifier is malformed.
    #[error(transparent)]
    Subject(#[from] InvalidSubject),
    /// The signature or the professional is not accepted.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The source's database cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
