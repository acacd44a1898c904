//! What rested on a consent, and tasks.

use std::collections::BTreeSet;
use std::time::Duration;

use sluis::catalogue::Category;
use sluis::notice::{Answer, AnswerCode, Task, TaskKind, TaskState};
use sluis::organisation::{Kind, Oin};
use sluis::store::duties::{PastTerm, Reliance};
use sluis::store::{Append, Change, Conflict, Store, SubjectIndex};

use super::fixture::{Fixture, NOW, oin};
use super::registers::consent;

const DAY: Duration = Duration::from_hours(24);

fn reliance(disclosure: &str, recipient: u8) -> Reliance {
    let categories = BTreeSet::from([Category::Diagnosis]);
    Reliance {
        consent: "c1".to_owned(),
        disclosure: disclosure.to_owned(),
        recipients: [oin(recipient)].into(),
        categories,
        first: NOW,
        last: NOW,
    }
}

pub fn task(id: &str, about: &str) -> Task {
    Task {
        id: id.to_owned(),
        version: 1,
        kind: TaskKind::WithdrawalNotice,
        owner: oin(2),
        owner_kind: Kind::Police,
        about: about.to_owned(),
        purpose: None,
        categories: BTreeSet::new(),
        not_by: None,
        created_at: NOW,
        due: NOW.plus(DAY),
        state: TaskState::Due,
        answers: Vec::new(),
    }
}

/// A withdrawal that does not know of a recipient is not committed, be the disclosure in the same batch.
///
/// Broken on purpose to see it fail: `received_by` always fine.
#[tokio::test]
async fn a_withdrawal_knows_everyone_who_received() {
    let fixture = Fixture::new().await;
    let received_by =
        |recipients: &[Oin]| Change::ReceivedBy { consent: "c1".to_owned(), recipients: recipients.iter().cloned().collect() };
    let withdrawal = |recipients: &[Oin], version| Append {
        changes: vec![received_by(recipients), Change::Consent(SubjectIndex([1; 32]), Box::new(consent("c1", version)))],
        ..fixture.append()
    };
    fixture.commit_one(withdrawal(&[], 1)).await.expect("its first version");
    let disclosure = Append { changes: vec![Change::Reliance(reliance("d1", 2))], ..fixture.append() };
    let outcomes = fixture.commit(&[disclosure, withdrawal(&[], 2)]).await.expect("a commit");
    assert_eq!(outcomes[1].as_ref().err(), Some(&Conflict::StateChanged), "somebody has received something");
    let unknown = fixture.commit_one(withdrawal(&[oin(2), oin(3)], 2)).await;
    assert_eq!(unknown.err(), Some(Conflict::StateChanged), "nobody is told who received nothing");
    assert_eq!(fixture.store.consent("c1").await.expect("read").expect("kept").versions.len(), 1, "all or nothing");
    fixture.commit_one(withdrawal(&[oin(2)], 2)).await.expect("withdrawn");

    let again = Change::GivenAgain { disclosure: "d1".to_owned(), at: NOW.plus(DAY) };
    fixture.commit_one(Append { changes: vec![again], ..fixture.append() }).await.expect("written");
    let kept = fixture.store.reliances("c1").await.expect("read");
    assert_eq!(kept, [Reliance { last: NOW.plus(DAY), ..reliance("d1", 2) }]);
    let team = Reliance { recipients: [oin(2), oin(4)].into(), last: NOW.plus(DAY), ..reliance("d1", 2) };
    fixture.commit_one(Append { changes: vec![Change::Reliance(team.clone())], ..fixture.append() }).await.expect("written");
    assert_eq!(fixture.store.reliances("c1").await.expect("read"), [team], "one more has joined");
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `tasks::put` without the version; `erase` without tasks.
#[tokio::test]
async fn a_task_is_one_is_answered_once_and_goes() {
    let fixture = Fixture::new().await;
    let write = async |change| fixture.commit_one(Append { changes: vec![change], ..fixture.append() }).await.map(drop);
    for (id, about) in [("t1", "c1"), ("t2", "c2"), ("t3", "c1")] {
        write(Change::Task(Box::new(task(id, about)))).await.expect("written");
    }
    let open = async |owner: Option<Oin>, due| {
        let tasks = fixture.store.open_tasks(owner.as_ref(), due, 10).await.expect("read");
        tasks.into_iter().map(|task| task.id).collect::<Vec<_>>()
    };
    assert_eq!(open(Some(oin(2)), NOW.plus(DAY)).await, ["t1", "t2"], "one task for each matter");
    assert!(open(Some(oin(3)), NOW.plus(DAY)).await.is_empty() && open(None, NOW).await.is_empty());
    let answer = Answer { code: AnswerCode::Deleted, by: "b".to_owned(), basis: None, reason: None, until: None };
    let answered = task("t1", "c1").answer(answer, NOW).expect("an answer");
    assert_eq!(write(Change::TaskAnswered(Box::new(answered.clone()))).await, Ok(()));
    assert_eq!(write(Change::TaskAnswered(Box::new(answered.clone()))).await, Err(Conflict::StateChanged), "once");
    assert_eq!(fixture.store.task("t1").await.expect("read"), Some(answered));
    assert_eq!(open(None, NOW.plus(DAY)).await, ["t2"]);

    let raw = fixture.raw().await;
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT record FROM task WHERE id = 't1'").fetch_one(&raw).await.expect("a row");
    raw.close().await;
    assert!(!String::from_utf8_lossy(&sealed).contains("deleted"), "what was answered is sealed");
    let past = async |at| fixture.store.past_term(NOW.minus(DAY), at, 10).await.expect("read");
    assert_eq!(past(NOW.minus(DAY)).await, PastTerm::default());
    let ended = past(NOW).await;
    assert_eq!(ended.tasks, ["t1"], "what is open stays");
    write(Change::Erase(ended)).await.expect("removed");
    assert_eq!((fixture.store.task("t1").await.expect("read"), open(None, NOW.plus(DAY)).await.len()), (None, 1));
}
