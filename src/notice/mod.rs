//! What an organisation still has to do about a disclosure, a consent or an override: tasks with a clock, answered at `/v1/notices`. They name no
//! person: the owner knows by its own records whom they concern.

mod answer;
mod terms;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use answer::{Addressed, Answer, AnswerCode, DeferralReason, OwnSignature, Refused};
pub use terms::{NOTIFICATION_WEEKS, WITHDRAWAL_WORKING_DAYS, breach_due, notification_due, withdrawal_due};

use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::{Kind, Oin};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// A consent was withdrawn: delete what was received on it, or say on which basis it is kept. `about`: the consent.
    WithdrawalNotice,
    /// Tell the subject of a disclosure (informatieplicht), never who reported. `about`: the disclosure.
    SubjectNotification,
    /// Review an override that one person made alone. Owner: the source, for its privacy officer. `about`: the override.
    OverrideReview,
    /// Review what passed in an emergency while no quorum of witnesses cosigned the log. Owner: each organisation that received it or was asked, for its
    /// privacy officer. `about`: the disclosure.
    EmergencyReview,
    /// Decide on a consent that is held. Owner: the source, for its professional. `about`: the consent.
    ConsentReview,
    /// What was reviewed was not justified: a breach of personal data (datalek, AVG 33). Owner and `about`: those of the review.
    BreachProcedure,
}

impl TaskKind {
    /// The code, as in the API and the store.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WithdrawalNotice => "withdrawal-notice",
            Self::SubjectNotification => "subject-notification",
            Self::OverrideReview => "override-review",
            Self::EmergencyReview => "emergency-review",
            Self::ConsentReview => "consent-review",
            Self::BreachProcedure => "breach-procedure",
        }
    }
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// To be done.
    Due,
    /// Put off, with a reason, until a day on which that is judged again.
    Deferred,
    /// The subject was sent word.
    Sent,
    /// Not done, on a basis in law.
    Waived,
    /// Done.
    Done,
    /// What was received was deleted.
    Deleted,
    /// What was received is kept, on another basis.
    Kept,
    /// The override, or what passed in the emergency, was justified.
    Justified,
    /// It was justified in part.
    Partly,
    /// It was not justified: the breach procedure follows.
    Unjustified,
    /// The consent that was held is accepted.
    Accepted,
    /// The consent that was held is declined.
    Declined,
    /// The breach was reported to the supervisor.
    Reported,
    /// The breach was not reported, on a stated ground.
    NotReported,
}

impl TaskState {
    /// Whether something is left to do.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Deferred | Self::Sent)
    }
}

/// One answer that was given, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answered {
    /// Into which state it brought the task.
    pub state: TaskState,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom, in the owner's own terms.
    pub by: String,
    /// The basis or finding that was given.
    pub basis: Option<String>,
    /// Why it was put off.
    pub reason: Option<DeferralReason>,
    /// Until when it was put off.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    /// Its id, a UUID of version 7.
    pub id: String,
    /// From 1, one more with each answer and each delivery that adds to it.
    pub version: u32,
    /// What is to be done.
    pub kind: TaskKind,
    /// Who is to do it.
    pub owner: Oin,
    /// The owner's kind, on which its clock depends.
    pub owner_kind: Kind,
    /// The id of what it is about.
    pub about: String,
    /// The kind of the review that it follows, where it follows one that is not of an override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<TaskKind>,
    /// For which purpose, where there is one.
    pub purpose: Option<PurposeCode>,
    /// Of which categories, all that came.
    pub categories: BTreeSet<Category>,
    /// Who may not answer it: the professional who made what is reviewed.
    pub not_by: Option<String>,
    /// When it arose.
    pub created_at: Timestamp,
    /// By when it must be answered, or judged again.
    pub due: Timestamp,
    /// How it stands.
    pub state: TaskState,
    /// The answers so far.
    pub answers: Vec<Answered>,
}

impl Task {
    /// The task after more has come of what it is about; `None` when that changes nothing. What was told before tells nobody of what came later: a
    /// notification that was sent or closed is due again, one that is put off stays so, and covers what is new as well.
    pub fn again(&self, later: &Self) -> Option<Self> {
        let settled = matches!(self.state, TaskState::Sent) || !self.state.is_open();
        let categories: BTreeSet<Category> = self.categories.union(&later.categories).copied().collect();
        if self.kind != TaskKind::SubjectNotification || (!settled && categories == self.categories) {
            return None;
        }
        let mut next = Self { version: self.version.saturating_add(1), categories, ..self.clone() };
        if settled {
            (next.state, next.due) = (TaskState::Due, later.due);
        }
        Some(next)
    }

    /// Whether it is about a disclosure: by its kind, or by that of the review that it follows.
    pub fn is_of_a_disclosure(&self) -> bool {
        let kinds = [Some(self.kind), self.follows];
        kinds.into_iter().flatten().any(|kind| matches!(kind, TaskKind::EmergencyReview | TaskKind::SubjectNotification))
    }

    /// Whether it should have been answered by `now`.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.is_open() && now >= self.due
    }

    /// When it was closed, if it was.
    pub fn closed_at(&self) -> Option<Timestamp> {
        if self.state.is_open() { None } else { self.answers.last().map(|answer| answer.at) }
    }
}

#[cfg(test)]
mod tests;
