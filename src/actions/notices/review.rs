//! Reviews of overrides that one professional made alone: who may judge, what her verdict does, and what follows when there was no ground.

use crate::actions::officer::Vouched;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::Override;
use crate::notice::{Addressed, Answer, Task, TaskKind, TaskState, breach_due};
use crate::organisation::Kind;
use crate::source::overrides::Verdict;
use crate::store::{Change, EntryRow, StoreError};

const REQUIRED: &str = "required of a review: the privacy officer's own signature (`sluis notice answer --key`)";
const OTHERS: &str = "only with the review of an override or of an emergency";

impl Desk {
    /// The signature under a verdict: of a privacy officer whom the organisation has had enrolled, over this verdict, just now.
    /// The organisation's own key is not enough: whoever holds that is no judge of what was done with it. `None` for tasks of other kinds.
    pub(super) async fn own_signature(&self, task: &Task, answer: &Answer) -> Result<Option<Vouched>, ActionError> {
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        match (task.kind, &answer.signed) {
            (TaskKind::OverrideReview | TaskKind::EmergencyReview, _) => {}
            (_, None) => return Ok(None),
            (_, Some(_)) => return Err(member("/signed", OTHERS)),
        }
        let signed = answer.signed.as_ref().ok_or_else(|| member("/signed", REQUIRED))?;
        let (id, basis) = (&task.about, answer.basis.as_deref());
        let to = Addressed { gateway: &self.oin, organisation: &task.owner };
        let verdict = Verdict { to, of: task.kind, notice: &task.id, id, answer: answer.code, basis };
        let statement = |by: &str| verdict.statement(by, signed.signed_at);
        self.signed_by_officer(&task.owner, &answer.by, signed, task.kind.code(), statement).await.map(Some)
    }

    /// What follows when there was no ground: the breach procedure; an override ends besides, unless it has ended before.
    pub(super) async fn unjustified(&self, task: &Task) -> Result<(Option<EntryRow>, Vec<Change>), ActionError> {
        if task.kind == TaskKind::EmergencyReview {
            let found = task.answers.last().map(|answer| self.breach(task, answer.at)).transpose()?;
            return Ok((None, found.map(|breach| Change::Task(Box::new(breach))).into_iter().collect()));
        }
        let lost = || StoreError::Corrupt { table: "override_record", column: "id", row: task.about.clone() };
        let subject = self.store.subject_of_override(&task.about).await?.ok_or_else(lost)?;
        let overrides = self.store.person_facts(subject).await?.overrides;
        let found = overrides.into_iter().find(|(_, one)| one.id == task.about && one.source == task.owner);
        let (version, record) = found.ok_or_else(lost)?;
        let Some(answer) = task.answers.last() else { return Ok((None, Vec::new())) };
        let mut changes = vec![Change::Task(Box::new(self.breach(task, answer.at)?))];
        if record.ended_at.is_some() {
            return Ok((None, changes));
        }
        let record = Override { ended_at: Some(answer.at), ..record };
        let entry = self.entry(self.override_refuted(&record, answer)?)?;
        changes.push(Change::Override(subject, version.saturating_add(1), Box::new(record)));
        Ok((Some(entry), changes))
    }

    /// The review of an override that one person made alone, by the source's privacy officer.
    pub(in crate::actions) fn override_review(
        &self,
        record: &Override,
        owner_kind: Kind,
        due: Timestamp,
    ) -> Result<Task, ActionError> {
        Ok(Task {
            id: self.new_id()?,
            version: 1,
            kind: TaskKind::OverrideReview,
            owner: record.source.clone(),
            owner_kind,
            about: record.id.clone(),
            follows: None,
            purpose: Some(record.purpose.clone()),
            categories: record.categories.clone(),
            not_by: Some(record.professional.reference.clone()),
            created_at: record.made_at,
            due,
            state: TaskState::Due,
            answers: Vec::new(),
        })
    }

    /// What the source has to do about confidentiality that was broken without ground.
    fn breach(&self, review: &Task, found: Timestamp) -> Result<Task, ActionError> {
        Ok(Task {
            id: self.new_id()?,
            version: 1,
            kind: TaskKind::BreachProcedure,
            follows: (review.kind != TaskKind::OverrideReview).then_some(review.kind),
            not_by: None,
            created_at: found,
            due: breach_due(found),
            state: TaskState::Due,
            answers: Vec::new(),
            ..review.clone()
        })
    }
}
