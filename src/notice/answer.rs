//! Answering a task: which answers each kind takes, and what each must state.

use serde::{Deserialize, Serialize};

use super::terms::deferrable_until;
use super::{Answered, Task, TaskKind, TaskState};
use crate::clock::Timestamp;
use crate::consent::professional::is_same_reference;
use crate::organisation::Oin;

/// The answers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerCode {
    /// Withdrawal: what was received is deleted.
    Deleted,
    /// Withdrawal: it is kept, on a stated basis.
    Kept,
    /// Notification: word was sent.
    Sent,
    /// Notification: put off, with reason and the day on which that is judged again.
    Deferred,
    /// Notification: not given, on a stated basis.
    Waived,
    /// Notification: the subject knows.
    Done,
    /// Review of an override or of an emergency.
    Justified,
    /// The same: in part, and which.
    Partly,
    /// The same: not; the breach procedure follows.
    Unjustified,
    /// Breach: reported to the supervisor (AP), on which day and under which number.
    Reported,
    /// Breach: not reported, and why it is unlikely to be a risk to anybody (AVG 33(1), 33(5)).
    NotReported,
    /// Review of a consent: accepted, on a stated basis.
    Accepted,
    /// Review of a consent: declined.
    Declined,
}

/// Why a notification is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeferralReason {
    /// Somebody's safety.
    Safety,
    /// A criminal investigation.
    Investigation,
    /// The rights of others.
    OthersRights,
}

/// An answer as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which.
    pub code: AnswerCode,
    /// By whom, in the owner's own terms.
    pub by: String,
    /// The basis or finding.
    pub basis: Option<String>,
    /// Why it is put off.
    pub reason: Option<DeferralReason>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// The signature of who answers, with a key of her own: required of a review of an override or of an emergency.
    pub signed: Option<OwnSignature>,
}

/// A signature with somebody's own Ed25519 key, over canonical JSON (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnSignature {
    /// When it was made; part of what is signed.
    #[schema(value_type = String, format = DateTime)]
    pub signed_at: Timestamp,
    /// The signature, base64url without padding.
    pub signature: String,
}

/// Where a personal signature counts. It is good for no other gateway, and on behalf of no other organisation.
#[derive(Clone, Copy, Debug)]
pub struct Addressed<'o> {
    /// The gateway.
    pub gateway: &'o Oin,
    /// Whose officer signs.
    pub organisation: &'o Oin,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The task is closed, or not in the state for this answer.
    State,
    /// A member is not as it must be.
    Member {
        /// Where, as a JSON Pointer.
        pointer: &'static str,
        /// What is expected there.
        expected: &'static str,
    },
}

const fn member(pointer: &'static str, expected: &'static str) -> Refused {
    Refused::Member { pointer, expected }
}

impl Task {
    /// The task after `answer`, given at `now`.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn answer(&self, answer: Answer, now: Timestamp) -> Result<Self, Refused> {
        let state = state_after(self.kind, answer.code)?;
        if !self.state.is_open() || (self.state == TaskState::Sent && state != TaskState::Done) {
            return Err(Refused::State);
        }
        if self.not_by.as_deref().is_some_and(|maker| is_same_reference(maker, &answer.by)) {
            return Err(member("/by", "another person than the one whose act is reviewed"));
        }
        if needs_basis(state) && answer.basis.is_none() {
            return Err(member("/basis", "required with this answer: 1 to 2000 characters"));
        }
        let due = self.due_after(state, &answer, now)?;
        let mut next = self.clone();
        next.version = self.version.saturating_add(1);
        next.state = state;
        next.due = due;
        let Answer { by, basis, reason, until, .. } = answer;
        next.answers.push(Answered { state, at: now, by, basis, reason, until });
        Ok(next)
    }

    /// The clock after an answer: only a deferral moves it.
    fn due_after(&self, state: TaskState, answer: &Answer, now: Timestamp) -> Result<Timestamp, Refused> {
        match (state, answer.reason, answer.until) {
            (TaskState::Deferred, None, _) => Err(member("/reason", "required to defer: safety, investigation or others-rights")),
            (TaskState::Deferred, Some(_), Some(until))
                if until > now && until <= deferrable_until(self.owner_kind, self.due, now) =>
            {
                Ok(until)
            }
            (TaskState::Deferred, Some(_), _) => Err(member(
                "/until",
                "required to defer: a coming instant, at most two weeks (Veilig Thuis) or one month (others) after the task is due",
            )),
            (_, Some(_), _) => Err(member("/reason", "only with deferred")),
            (_, None, Some(_)) => Err(member("/until", "only with deferred")),
            (_, None, None) => Ok(self.due),
        }
    }
}

const fn needs_basis(state: TaskState) -> bool {
    use TaskState::{Accepted, Kept, NotReported, Partly, Reported, Unjustified, Waived};
    matches!(state, Kept | Waived | Partly | Unjustified | Accepted | Reported | NotReported)
}

const fn state_after(kind: TaskKind, code: AnswerCode) -> Result<TaskState, Refused> {
    let expected = match (kind, code) {
        (TaskKind::WithdrawalNotice, AnswerCode::Deleted) => return Ok(TaskState::Deleted),
        (TaskKind::WithdrawalNotice, AnswerCode::Kept) => return Ok(TaskState::Kept),
        (TaskKind::SubjectNotification, AnswerCode::Sent) => return Ok(TaskState::Sent),
        (TaskKind::SubjectNotification, AnswerCode::Deferred) => return Ok(TaskState::Deferred),
        (TaskKind::SubjectNotification, AnswerCode::Waived) => return Ok(TaskState::Waived),
        (TaskKind::SubjectNotification, AnswerCode::Done) => return Ok(TaskState::Done),
        (TaskKind::OverrideReview | TaskKind::EmergencyReview, AnswerCode::Justified) => return Ok(TaskState::Justified),
        (TaskKind::OverrideReview | TaskKind::EmergencyReview, AnswerCode::Partly) => return Ok(TaskState::Partly),
        (TaskKind::OverrideReview | TaskKind::EmergencyReview, AnswerCode::Unjustified) => return Ok(TaskState::Unjustified),
        (TaskKind::ConsentReview, AnswerCode::Accepted) => return Ok(TaskState::Accepted),
        (TaskKind::ConsentReview, AnswerCode::Declined) => return Ok(TaskState::Declined),
        (TaskKind::BreachProcedure, AnswerCode::Reported) => return Ok(TaskState::Reported),
        (TaskKind::BreachProcedure, AnswerCode::NotReported) => return Ok(TaskState::NotReported),
        (TaskKind::WithdrawalNotice, _) => "deleted or kept",
        (TaskKind::SubjectNotification, _) => "sent, deferred, waived or done",
        (TaskKind::OverrideReview | TaskKind::EmergencyReview, _) => "justified, partly or unjustified",
        (TaskKind::ConsentReview, _) => "accepted or declined",
        (TaskKind::BreachProcedure, _) => "reported or not-reported",
    };
    Err(member("/answer", expected))
}
