//! What rested on a consent, and tasks.

use std::collections::BTreeSet;
use std::time::Duration;

use sluis::case_room::{Case, CaseId, Step, Track};
use sluis::catalogue::Category;
use sluis::consent::{ConsentRecord, Override};
use sluis::notice::{Answer, AnswerCode, Task, TaskKind, TaskState};
use sluis::organisation::{Kind, Oin};
use sluis::store::duties::{PastTerm, Reliance};
use sluis::store::{Append, Change, Conflict, SubjectIndex};

use super::fixture::{Fixture, NOW, On, oin, on_both};
use super::registers::{consent, overriding};

on_both!(
    a_withdrawal_knows_everyone_who_received,
    a_late_withdrawal_knows_what_was_given_since,
    overrides_and_cases_go_in_their_time,
    a_task_is_one_is_answered_once_and_goes,
    tasks_of_one_batch_are_as_if_they_came_one_by_one
);

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
        follows: None,
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
async fn a_withdrawal_knows_everyone_who_received(on: On) {
    let fixture = Fixture::on(on).await;
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

    let again = async |consents: Option<&str>, at| {
        let consents = consents.map(|id| BTreeSet::from([id.to_owned()]));
        let change = Change::GivenAgain { disclosure: "d1".to_owned(), consents, at };
        fixture.commit_one(Append { changes: vec![change], ..fixture.append() }).await.expect("written");
        fixture.store.reliances("c1").await.expect("read")
    };
    let last = |last| [Reliance { last, ..reliance("d1", 2) }];
    assert_eq!(again(Some("c1"), NOW.plus(DAY)).await, last(NOW.plus(DAY)));
    assert_eq!(again(Some("c2"), NOW.plus(DAY * 2)).await, last(NOW.plus(DAY)), "what rests on another consent now");
    assert_eq!(again(None, NOW.plus(DAY * 2)).await, last(NOW.plus(DAY * 2)), "what it rests on is not known");
    let team = Reliance { recipients: [oin(2), oin(4)].into(), last: NOW.plus(DAY * 2), ..reliance("d1", 2) };
    fixture.commit_one(Append { changes: vec![Change::Reliance(team.clone())], ..fixture.append() }).await.expect("written");
    assert_eq!(fixture.store.reliances("c1").await.expect("read"), [team], "one more has joined");
    fixture.holds_together().await;
}

/// A withdrawal that was late names what was given since, or is not committed, be the disclosure in the same batch. What more of it rests on the
/// consent later is noted once.
///
/// Broken on purpose to see it fail: `given_since` always fine; categories appended to those that are there, as they were.
async fn a_late_withdrawal_knows_what_was_given_since(on: On) {
    let fixture = Fixture::on(on).await;
    let since = |disclosures: &[&str]| Change::GivenSince {
        consent: "c1".to_owned(),
        since: NOW,
        disclosures: disclosures.iter().map(|id| (*id).to_owned()).collect(),
    };
    let append = |changes: Vec<Change>| Append { changes, ..fixture.append() };
    let given = |disclosure: &str, category, last| {
        Change::Reliance(Reliance { categories: BTreeSet::from([category]), first: last, last, ..reliance(disclosure, 2) })
    };
    let before = given("d0", Category::Diagnosis, NOW.minus(DAY));
    fixture.commit_one(append(vec![before])).await.expect("written");
    fixture.commit_one(append(vec![since(&[])])).await.expect("nothing since");
    let outcomes = fixture.commit(&[append(vec![given("d1", Category::Diagnosis, NOW)]), append(vec![since(&[])])]).await;
    assert_eq!(outcomes.expect("a commit")[1].as_ref().err(), Some(&Conflict::StateChanged), "one came first");
    assert_eq!(fixture.commit_one(append(vec![since(&["d0", "d1"])])).await.err(), Some(Conflict::StateChanged));
    for category in [Category::SubstanceUse, Category::Diagnosis, Category::SubstanceUse] {
        fixture.commit_one(append(vec![given("d1", category, NOW.plus(DAY))])).await.expect("written");
    }
    fixture.commit_one(append(vec![since(&["d1"])])).await.expect("the same disclosure, given again");
    let categories = fixture.text("SELECT categories FROM reliance WHERE disclosure = 'd1'").await;
    assert_eq!(categories, "diagnosis substance-use");
}

/// Overrides and cases go when their term is over, and only then, whatever stands in the list beside them.
///
/// Broken on purpose to see it fail: `ends::past` by the list alone; `erase` without them; without `vouch` (the person cannot be read any more).
async fn overrides_and_cases_go_in_their_time(on: On) {
    let fixture = Fixture::on(on).await;
    let subject = SubjectIndex([1; 32]);
    let write = async |changes| fixture.commit_one(Append { changes, ..fixture.append() }).await.map(drop).expect("written");
    let over = NOW.plus(DAY);
    write(vec![Change::Override(subject, 1, Box::new(overriding("o1", None)))]).await;
    write(vec![Change::Override(subject, 1, Box::new(Override { not_after: over.plus(DAY), ..overriding("o2", None) }))]).await;
    write(vec![Change::Consent(subject, Box::new(ConsentRecord { not_after: over.plus(DAY), ..consent("c1", 1) }))]).await;
    let case = |number: u8| {
        let id: CaseId = format!("01937c6e-0000-7000-8000-0000000000{number:02}").parse().expect("an id");
        Case::open(id, Track::Named, [oin(1)].into()).expect("a case")
    };
    let closed = case(1).after(&Step::Close(over)).expect("open").expect("a change");
    for case in [case(1), case(2), closed.clone()] {
        write(vec![Change::Case(Box::new(case))]).await;
    }
    let past = async |before| fixture.store.past_term(before, NOW.minus(DAY), 10).await.expect("read");
    assert_eq!(past(over.minus(Duration::from_millis(1))).await, PastTerm::default());
    let ended = past(over).await;
    assert_eq!(
        (ended.overrides.as_slice(), ended.cases.as_slice()),
        (["o1".to_owned()].as_slice(), [closed.id.to_string()].as_slice())
    );
    fixture.change("UPDATE register_end SET ends = 0").await;
    assert_eq!(past(over).await.overrides, ["o1"], "the record says when it ends");
    write(vec![Change::Erase(ended)]).await;
    let facts = fixture.store.person_facts(subject).await.expect("the others can be read");
    assert_eq!((facts.consents.len(), facts.overrides.len(), facts.overrides[0].1.id.as_str()), (1, 1, "o2"));
    assert_eq!(fixture.store.cases().await.expect("read"), [case(2)], "the open one stays");
    assert_eq!(past(over).await.overrides.len() + past(over).await.cases.len(), 0);
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `tasks::put` without the version; `erase` without tasks.
async fn a_task_is_one_is_answered_once_and_goes(on: On) {
    let fixture = Fixture::on(on).await;
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
    let answer = Answer { code: AnswerCode::Deleted, by: "b".to_owned(), basis: None, reason: None, until: None, signed: None };
    let answered = task("t1", "c1").answer(answer, NOW).expect("an answer");
    assert_eq!(write(Change::TaskAnswered(Box::new(answered.clone()))).await, Ok(()));
    assert_eq!(write(Change::TaskAnswered(Box::new(answered.clone()))).await, Err(Conflict::StateChanged), "once");
    assert_eq!(fixture.store.task("t1").await.expect("read"), Some(answered));
    assert_eq!(open(None, NOW.plus(DAY)).await, ["t2"]);

    let sealed = fixture.bytes("SELECT record FROM task WHERE id = 't1'").await;
    assert!(!String::from_utf8_lossy(&sealed).contains("deleted"), "what was answered is sealed");
    let past = async |at| fixture.store.past_term(NOW.minus(DAY), at, 10).await.expect("read");
    assert_eq!(past(NOW.minus(DAY)).await, PastTerm::default());
    let ended = past(NOW).await;
    assert_eq!(ended.tasks, ["t1"], "what is open stays");
    write(Change::Erase(ended)).await.expect("removed");
    assert_eq!((fixture.store.task("t1").await.expect("read"), open(None, NOW.plus(DAY)).await.len()), (None, 1));
}

/// Broken on purpose to see it fail: tasks of a refused append that are written all the same (`truncate`); tasks that are written behind the savepoint of an
/// append that is refused; `are_new` that does not look at the batch, at its own append, or at what is there.
async fn tasks_of_one_batch_are_as_if_they_came_one_by_one(on: On) {
    let fixture = Fixture::on(on).await;
    let adding = |tasks: &[(&str, &str)]| Append {
        changes: tasks.iter().map(|(id, about)| Change::Task(Box::new(task(id, about)))).collect(),
        ..fixture.append()
    };
    let never = |tasks: &[(&str, &str)]| {
        let mut append = adding(tasks);
        append.changes.push(Change::HoldLifted("none".to_owned()));
        append
    };
    fixture.commit(&[adding(&[("t0", "there")])]).await.expect("committed");
    let batch = [
        adding(&[("t1", "a"), ("t2", "b")]),
        never(&[("n1", "refused")]),
        adding(&[("t3", "a")]),
        adding(&[("t4", "there"), ("t5", "c")]),
        adding(&[("t6", "d"), ("t7", "d")]),
        never(&[("n2", "c"), ("n3", "refused")]),
        adding(&[("t8", "refused")]),
        adding(&[("t9", "e")]),
        never(&[("n4", "e")]),
    ];
    let outcomes = fixture.commit(&batch).await.expect("committed");
    let taken: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, false, true, true, true, false, true, true, false]);
    let open = fixture.store.open_tasks(None, NOW.plus(DAY), 20).await.expect("the list is whole");
    let mut ids: Vec<_> = open.iter().map(|task| (&*task.id, &*task.about)).collect();
    ids.sort_unstable();
    assert_eq!(ids, [("t0", "there"), ("t1", "a"), ("t2", "b"), ("t5", "c"), ("t6", "d"), ("t8", "refused"), ("t9", "e")]);
    fixture.holds_together().await;
}
