//! An override as the connector keeps it: how far it has come, and what it opens to whom.

use serde::{Deserialize, Serialize};

use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::connector::store::OverrideRow;
use crate::organisation::{Kind, Oin};
use crate::source::RecordsRequest;
use crate::source::overrides::{OverrideContent, OverrideMessage, OverrideStanding, SignedStep};

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
    /// Whether it stands for this call to the source `own`: active, not expired, about this subject, for this purpose and everybody who receives.
    pub fn in_force(&self, request: &RecordsRequest, own: &Oin, subject: [u8; 32], now: Timestamp) -> bool {
        let content = &self.record.content;
        let same = self.subject == subject && content.purpose == request.purpose && self.names_all(request, own);
        same && self.state == OverrideState::Active && content.expires_at > now
    }

    /// Of a team it names every attendee but this source, which has the data already; of others the one that asks.
    fn names_all(&self, request: &RecordsRequest, own: &Oin) -> bool {
        let names = |oin: &Oin| self.record.content.recipients.contains(oin);
        let attendees = &request.attendees;
        match request.recipient_kind {
            Kind::ExpertiseTeam => names(&request.recipient) && attendees.iter().all(|oin| oin == own || names(oin)),
            _ => names(&request.recipient),
        }
    }

    /// Whether it opens this category in this form.
    pub fn covers(&self, category: Category, form: Form) -> bool {
        self.record.content.categories.contains(&category) && self.record.content.forms.contains(&form)
    }

    /// The standing that the gateway must know.
    pub(super) fn standing(&self) -> Option<OverrideStanding> {
        match self.state {
            OverrideState::Active => Some(OverrideStanding::Active),
            OverrideState::Revoked => Some(OverrideStanding::Revoked),
            OverrideState::Pending | OverrideState::Withdrawn => None,
        }
    }

    pub(super) fn message(self) -> Option<OverrideMessage> {
        let standing = self.standing()?;
        let OverrideRecord { content, created, approved, review_due, revoked } = self.record;
        Some(OverrideMessage { id: self.id, standing, content, created, approved, review_due, revoked })
    }
}
