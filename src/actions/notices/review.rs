//! Reviews of overrides that one professional made alone: who may judge, what her verdict does, and what follows when there was no ground.

use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::Override;
use crate::ledger::entry::Signed;
use crate::notice::{Answer, Task, TaskKind, TaskState, breach_due};
use crate::organisation::Kind;
use crate::source::overrides::Verdict;
use crate::store::{Change, EntryRow, StoreError};

const REQUIRED: &str = "required of a review: the privacy officer's own signature (`sluis notice answer --key`)";
const OTHERS: &str = "only with the review of an override";

impl Desk {
    /// The signature under a verdict, as the log keeps it: of a privacy officer whom the organisation has had enrolled, over this verdict, just now.
    /// The organisation's own key is not enough: whoever holds that is no judge of what was done with it. `None` for tasks of other kinds.
    pub(super) async fn own_signature(&self, task: &Task, answer: &Answer) -> Result<Option<Signed>, ActionError> {
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        match (task.kind, &answer.signed) {
            (TaskKind::OverrideReview, _) => {}
            (_, None) => return Ok(None),
            (_, Some(_)) => return Err(member("/signed", OTHERS)),
        }
        let signed = answer.signed.as_ref().ok_or_else(|| member("/signed", REQUIRED))?;
        let verdict = Verdict { notice: &task.id, id: &task.about, answer: answer.code, basis: answer.basis.as_deref() };
        let statement = |by: &str| verdict.statement(by, signed.signed_at);
        self.signed_by_officer(&task.owner, &answer.by, signed, "override-review", statement).await.map(Some)
    }

    /// What follows when an override was not justified: it ends, unless it has ended before, and the source has the breach procedure to go through.
    pub(super) async fn unjustified(&self, task: &Task) -> Result<(Option<EntryRow>, Vec<Change>), ActionError> {
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
            not_by: None,
            created_at: found,
            due: breach_due(found),
            state: TaskState::Due,
            answers: Vec::new(),
            ..review.clone()
        })
    }
}
