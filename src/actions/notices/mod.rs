//! Tasks that organisations answer: notices of a withdrawal, notifications of subjects, reviews of overrides and of consents that are held.

mod review;

use std::collections::BTreeSet;

use serde::Serialize;

use super::consents::SINCE;
use super::once::Once;
use super::{ActionError, Desk};
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::authority::{Hold, Regime, Standing};
use crate::consent::record::ConsentEvent;
use crate::consent::{ConsentRecord, ConsentState};
use crate::ledger::entry::{self, EntryKind, Reference, Signed};
use crate::notice::{Answer, Answered, Refused, Task, TaskKind, TaskState};
use crate::organisation::{Kind, Oin};
use crate::store::duties::Reliance;
use crate::store::{Change, EntryRow};

/// The far end of time: due whenever.
const WHENEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A task as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoticeView {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub kind: TaskKind,
    /// Who is to do it.
    #[schema(value_type = String)]
    pub owner: Oin,
    /// The id of the disclosure, override or (for its source) consent that it is about.
    pub about: Option<String>,
    /// The disclosures that a withdrawal concerns, or that rested on the override under review; `null` while the gateway cannot say which: then whatever
    /// rested on a consent for these categories.
    pub disclosures: Option<BTreeSet<String>>,
    /// For which purpose.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<PurposeCode>,
    /// Of which categories.
    pub categories: BTreeSet<Category>,
    /// What is never told to the subject: who reported.
    pub never_told: BTreeSet<Category>,
    /// How it stands.
    pub state: TaskState,
    /// Whether it should have been answered by now.
    pub overdue: bool,
    /// When it arose.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// By when it must be answered, or judged again.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// The answers so far, oldest first.
    pub answers: Vec<Answered>,
}

impl Desk {
    /// What `owner` still has to do, the most urgent first.
    ///
    /// # Errors
    /// The store's.
    pub async fn notices(&self, owner: &Oin, limit: u32) -> Result<Vec<NoticeView>, ActionError> {
        self.views(self.store.open_tasks(Some(owner), WHENEVER, limit).await?).await
    }

    /// What anybody should have done by now, for the gateway's officers. Looking is logged (invariant 9).
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn overdue_notices(&self, limit: u32) -> Result<Vec<NoticeView>, ActionError> {
        let views = self.views(self.store.open_tasks(None, self.clock.now(), limit).await?).await?;
        let (clear, mut body) = self.operators_draft(EntryKind::LogView, &self.oin, "overdue tasks looked at")?;
        let count = u64::try_from(views.len()).unwrap_or(u64::MAX);
        body.look = Some(entry::Look { view: "overdue-notices".to_owned(), count, ..entry::Look::default() });
        self.commit(clear, body, Vec::new()).await?;
        Ok(views)
    }

    async fn views(&self, tasks: Vec<Task>) -> Result<Vec<NoticeView>, ActionError> {
        let mut views = Vec::with_capacity(tasks.len());
        for task in tasks {
            views.push(self.view(task).await?);
        }
        Ok(views)
    }

    /// One task of `owner`; another's is not found.
    ///
    /// # Errors
    /// [`ActionError::NotFound`], or the store's.
    pub async fn notice(&self, owner: &Oin, id: &str) -> Result<NoticeView, ActionError> {
        let task = self.own_task(owner, id).await?;
        self.view(task).await
    }

    async fn own_task(&self, owner: &Oin, id: &str) -> Result<Task, ActionError> {
        self.store.task(id).await?.filter(|task| task.owner == *owner).ok_or(ActionError::NotFound)
    }

    async fn view(&self, task: Task) -> Result<NoticeView, ActionError> {
        let overdue = task.is_overdue(self.clock.now());
        let withdrawal = task.kind == TaskKind::WithdrawalNotice;
        let relied = match task.kind {
            TaskKind::WithdrawalNotice => self.relied(&task.about).await?,
            _ if task.is_of_a_disclosure() => Some(Vec::new()),
            TaskKind::OverrideReview | TaskKind::BreachProcedure => self.relied(&Reliance::on_override(&task.about)).await?,
            _ => Some(Vec::new()),
        };
        // A recipient sees what it received, the source of an override all that was given on it.
        let own = |relied: Vec<Reliance>| relied.into_iter().filter(|one| !withdrawal || one.recipients.contains(&task.owner));
        let disclosures = relied.map(|relied| own(relied).map(|one| one.disclosure).collect());
        let telling = task.kind == TaskKind::SubjectNotification;
        Ok(NoticeView {
            id: task.id,
            kind: task.kind,
            owner: task.owner,
            // A recipient knows disclosures, not the consents that they rest on.
            about: (!withdrawal).then_some(task.about),
            disclosures,
            purpose: task.purpose,
            categories: task.categories,
            never_told: telling.then_some(Category::Reporter).into_iter().collect(),
            state: task.state,
            overdue,
            created_at: task.created_at,
            due: task.due,
            answers: task.answers,
        })
    }

    /// Takes an answer of `owner`.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] for another's task; [`ActionError::State`] when it is closed; [`ActionError::Member`]; the store's.
    pub async fn answer_notice(&self, owner: &Oin, id: &str, answer: Answer, once: Once) -> Result<(), ActionError> {
        let task = self.own_task(owner, id).await?;
        let vouched = self.own_signature(&task, &answer).await?;
        let signed = vouched.as_ref().map(|vouched| vouched.signed.clone());
        let next = task.answer(answer, self.clock.now()).map_err(|refused| match refused {
            Refused::State => ActionError::State("the task does not take this answer any more".to_owned()),
            Refused::Member { pointer, expected } => ActionError::Member { pointer, expected: expected.to_owned() },
        })?;
        let mut entries = vec![self.answer_entry(&next, signed)?];
        let mut changes = Vec::new();
        if next.kind == TaskKind::ConsentReview
            && let Some((entry, change)) = self.reviewed_consent(&next).await?
        {
            entries.push(entry);
            changes.push(change);
        }
        if next.state == TaskState::Unjustified {
            let (ended, duties) = self.unjustified(&next).await?;
            entries.extend(ended);
            changes.extend(duties);
        }
        changes.push(Change::TaskAnswered(Box::new(next)));
        self.commit_vouched(entries, changes, once, vouched).await
    }

    fn answer_entry(&self, task: &Task, signed: Option<Signed>) -> Result<EntryRow, ActionError> {
        let (kind, object) = match task.kind {
            TaskKind::WithdrawalNotice => (EntryKind::WithdrawalNotice, "consent"),
            TaskKind::SubjectNotification => (EntryKind::SubjectNotification, "disclosure"),
            TaskKind::EmergencyReview => (EntryKind::ReviewVerdict, "disclosure"),
            TaskKind::BreachProcedure if task.is_of_a_disclosure() => (EntryKind::ReviewVerdict, "disclosure"),
            TaskKind::OverrideReview | TaskKind::BreachProcedure => (EntryKind::ReviewVerdict, "override"),
            TaskKind::ConsentReview => (EntryKind::ReviewVerdict, "consent"),
        };
        let (mut clear, mut body) = self.draft(kind, &task.owner, &format!("{} answered", task.kind.code()))?;
        clear.purpose.clone_from(&task.purpose);
        clear.categories.clone_from(&task.categories);
        let answer = task.answers.last();
        if let Some(answer) = answer {
            self.acted(&mut clear, &mut body, &task.owner, &answer.by);
        }
        body.purpose.clone_from(&task.purpose);
        body.references = BTreeSet::from([
            Reference { object: "notice".to_owned(), id: task.id.clone() },
            Reference { object: object.to_owned(), id: task.about.clone() },
        ]);
        let event = serde_json::to_value(task.state).ok().and_then(|state| state.as_str().map(str::to_owned)).unwrap_or_default();
        let mut change = entry::Change { event, ..entry::Change::default() };
        change.reason = answer.and_then(|answer| answer.basis.clone());
        if let Some(reason) = answer.and_then(|answer| answer.reason) {
            let reason = serde_json::to_value(reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
            change.after.insert("deferralReason".to_owned(), reason.unwrap_or_default());
            change.after.insert("until".to_owned(), task.due.to_string());
        }
        body.change = Some(change);
        body.signed = Vec::from_iter(signed);
        self.entry((clear, body))
    }

    /// The consent after a professional's decision on it; `None` when it ended meanwhile.
    async fn reviewed_consent(&self, task: &Task) -> Result<Option<(EntryRow, Change)>, ActionError> {
        let kept = self.own_consent(&task.owner, &task.about).await?;
        let Some(current) = kept.current().filter(|record| record.hold.is_some()) else { return Ok(None) };
        let Some(answer) = task.answers.last() else { return Ok(None) };
        let event = ConsentEvent { at: answer.at, recorded_at: answer.at, reason: answer.basis.clone() };
        let record = match task.state {
            TaskState::Accepted => {
                let given = kept.versions.iter().map(|version| version.event.at).min().unwrap_or(current.event.at);
                let given = current.grantors.iter().map(|grantor| grantor.at).fold(given, Timestamp::min);
                if self.refused_since(kept.subject, current, given).await? {
                    return Err(ActionError::Member { pointer: "/answer", expected: format!("declined: {SINCE}") });
                }
                self.accepted(current, task.owner_kind, &answer.by, event)?
            }
            _ => ConsentRecord { recorded_by: answer.by.clone(), ..current.next(ConsentState::Invalidated, event) },
        };
        let entry = self.entry(self.consent_entry(&record)?)?;
        Ok(Some((entry, Change::Consent(kept.subject, Box::new(record)))))
    }

    /// Only what was held for a suspected representative can be accepted: the others lack somebody, or privacy, which no professional gives.
    fn accepted(&self, held: &ConsentRecord, kind: Kind, by: &str, event: ConsentEvent) -> Result<ConsentRecord, ActionError> {
        let now = event.at;
        let mut record = held.next(ConsentState::Given, event);
        by.clone_into(&mut record.recorded_by);
        record.reviewed_by = Some(by.to_owned());
        record.valid_from = held.valid_from.max(now);
        let mut regimes = record.purposes.iter().map(|purpose| Regime::of_kind(kind, purpose));
        let complete = regimes.all(|regime| record.standing(&self.authority, regime) == Standing::Accepted);
        if held.hold != Some(Hold::AllegedPerpetrator) || !held.asked_in_private || !complete {
            return Err(ActionError::Member {
                pointer: "/answer",
                expected: "declined: have it asked anew, in private and of everyone who must agree, and record that".to_owned(),
            });
        }
        Ok(record)
    }
}
