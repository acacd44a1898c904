//! The lists of consents, of what rested on them and of tasks: whatever is changed, taken away or put back is seen when the list is read; it does not
//! hold up what ends a consent, nor what is about others.
//!
//! Broken on purpose to see it fail: each comparison in `as_listed` and in `tasks::opened`; each column out of the code of a reliance; `Lists::whole`
//! always content; each number out of the head's code; `give_again` writing over a row that it could not read; `readable` handing the error on.

use std::collections::BTreeSet;
use std::time::Duration;

use sluis::catalogue::Category;
use sluis::notice::{Answer, AnswerCode, Task};
use sluis::store::duties::Reliance;
use sluis::store::{Append, Change, Conflict, Store, StoreError, SubjectIndex};

use super::attack::{alarm, keep, same, write};
use super::duties::task;
use super::fixture::{Fixture, NOW, On, oin, on_both};
use super::registers::consent;
use crate::support::cases::Cases;

on_both!(
    lists_are_not_changed_unseen,
    an_open_task_is_not_hidden,
    a_withdrawal_rests_on_a_whole_list_or_on_none,
    what_cannot_be_read_does_not_hold_up_the_end_of_others,
    lists_are_whole_after_a_removal
);

const DAY: Duration = Duration::from_hours(24);

fn reliance(consent: &str, disclosure: &str, recipient: u8) -> Reliance {
    Reliance {
        consent: consent.to_owned(),
        disclosure: disclosure.to_owned(),
        recipients: [oin(recipient)].into(),
        categories: BTreeSet::from([Category::Diagnosis]),
        first: NOW,
        last: NOW,
    }
}

async fn commit(fixture: &Fixture, changes: Vec<Change>) -> Result<(), Conflict> {
    fixture.commit_one(Append { changes, ..fixture.append() }).await.map(drop)
}

/// Consents c1 (withdrawn) and c3 (given) of two persons, four disclosures on them, and tasks of which t3 was answered. Kept as `early`: before
/// the withdrawal and the answer.
async fn with_lists(on: On) -> Fixture {
    let fixture = Fixture::on(on).await;
    let given = |id, person| Change::Consent(SubjectIndex([person; 32]), Box::new(consent(id, 1)));
    let relied = [("c1", "d1", 2), ("c1", "d2", 3), ("c3", "d3", 2), ("c3", "d4", 3)];
    let relied = relied.map(|(consent, disclosure, recipient)| Change::Reliance(reliance(consent, disclosure, recipient)));
    let tasks = ["t1", "t2", "t3"].map(|id| Change::Task(Box::new(task(id, &format!("about-{id}")))));
    let changes = [given("c1", 1), given("c3", 2)].into_iter().chain(relied).chain(tasks).collect();
    commit(&fixture, changes).await.expect("written");
    keep(&fixture, "early").await;
    let answer = Answer { code: AnswerCode::Deleted, by: "b".to_owned(), basis: None, reason: None, until: None, signed: None };
    let answered = task("t3", "about-t3").answer(answer, NOW).expect("an answer");
    let withdrawn = Change::Consent(SubjectIndex([1; 32]), Box::new(consent("c1", 2)));
    commit(&fixture, vec![withdrawn, Change::TaskAnswered(Box::new(answered))]).await.expect("written");
    fixture
}

/// What finds an attack.
#[derive(Clone, Copy)]
enum Reading {
    Consents(u8),
    Reliances(&'static str),
    Tasks,
    Task(&'static str),
}

impl Reading {
    async fn alarm(self, store: &dyn Store) -> Result<String, String> {
        match self {
            Self::Consents(recorder) => alarm(store.consents_of(&oin(recorder), "", 10).await),
            Self::Reliances(consent) => alarm(store.reliances(consent).await),
            Self::Tasks => alarm(store.open_tasks(None, NOW.plus(DAY), 10).await),
            Self::Task(id) => alarm(store.task(id).await),
        }
    }
}

use Reading::{Consents, Reliances, Task as OneTask, Tasks};

/// Each attack, what finds it, and where.
const ATTACKS: [(&str, Reading, &str); 28] = [
    ("UPDATE consent_head SET recorder = '00000099000000009000' WHERE id = 'c1'", Consents(9), "consent_head recorder c1"),
    ("UPDATE consent_head SET state = 'given' WHERE id = 'c1'", Consents(1), "consent_head state c1"),
    ("UPDATE consent_head SET ends = ends + 1 WHERE id = 'c1'", Consents(1), "consent_head ends c1"),
    ("UPDATE consent_head SET version = 1 WHERE id = 'c1'", Consents(1), "consent version c1/1"),
    ("UPDATE consent_head SET version = 9 WHERE id = 'c1'", Consents(1), "consent_head version c1"),
    (
        "UPDATE consent_head SET (version, state, ends) = (SELECT version, state, ends FROM early_consent_head WHERE id = 'c1') WHERE id = 'c1'",
        Consents(1),
        "consent version c1/1",
    ),
    ("UPDATE consent_head SET id = 'c9' WHERE id = 'c1'", Consents(1), "consent_head version c9"),
    ("DELETE FROM consent_head WHERE id = 'c1'", Consents(1), "head consents 1"),
    ("DELETE FROM consent_head", Consents(1), "head consents 1"),
    (
        "INSERT INTO consent_head SELECT 'c9', recorder, version, state, ends FROM consent_head WHERE id = 'c1'",
        Consents(1),
        "head consents 1",
    ),
    ("UPDATE reliance SET recipient = '00000099000000009000' WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d1"),
    ("UPDATE reliance SET categories = 'identity' WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d1"),
    ("UPDATE reliance SET first = first - 1 WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d1"),
    ("UPDATE reliance SET last = last + 1 WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d1"),
    ("UPDATE reliance SET disclosure = 'd9' WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d9"),
    ("UPDATE reliance SET consent = 'c3' WHERE disclosure = 'd1'", Reliances("c3"), "reliance code c3/d1"),
    ("UPDATE reliance SET code = NULL WHERE disclosure = 'd1'", Reliances("c1"), "reliance code c1/d1"),
    (
        "UPDATE reliance SET code = (SELECT code FROM reliance WHERE disclosure = 'd2') WHERE disclosure = 'd1'",
        Reliances("c1"),
        "reliance code c1/d1",
    ),
    ("DELETE FROM reliance WHERE disclosure = 'd1'", Reliances("c1"), "head reliances 1"),
    ("DELETE FROM reliance", Reliances("c1"), "head reliances 1"),
    ("UPDATE task SET owner = '00000099000000009000' WHERE id = 't1'", Tasks, "task owner t1"),
    ("UPDATE task SET kind = 'subject-notification' WHERE id = 't1'", Tasks, "task kind t1"),
    ("UPDATE task SET about = 'another' WHERE id = 't1'", Tasks, "task about t1"),
    ("UPDATE task SET due = due + 1 WHERE id = 't1'", OneTask("t1"), "task due t1"),
    ("UPDATE task SET closed = 1 WHERE id = 't1'", Tasks, "task closed t1"),
    ("UPDATE task SET open = FALSE WHERE id = 't1'", OneTask("t1"), "task open t1"),
    ("DELETE FROM task WHERE id = 't1'", Tasks, "head open_tasks 1"),
    (
        "UPDATE task SET (due, open, closed, version, record) = (SELECT due, open, closed, version, record FROM early_task WHERE id = 't3') WHERE id = 't3'",
        Tasks,
        "head open_tasks 1",
    ),
];

async fn lists_are_not_changed_unseen(on: On) {
    let mut cases = Cases::default();
    for (attack, reading, place) in ATTACKS {
        let fixture = with_lists(on).await;
        for sound in [Consents(1), Consents(9), Reliances("c1"), Reliances("c3"), Tasks, OneTask("t1")] {
            cases.hold("sound", sound.alarm(&*fixture.store).await.is_err());
        }
        write(&fixture, attack).await;
        cases.check(attack, reading.alarm(&*fixture.store).await.and_then(|found| same(found, place)));
        // What is written next to it does not make it good.
        let again = ["d1", "d9"].map(|disclosure| Change::GivenAgain {
            disclosure: disclosure.to_owned(),
            consents: None,
            at: NOW.plus(DAY),
        });
        let changes = again.into_iter().chain([
            Change::Reliance(reliance("c3", "d8", 2)),
            Change::Task(Box::new(task("t8", "about-t8"))),
            Change::Consent(SubjectIndex([3; 32]), Box::new(consent("c8", 1))),
        ]);
        cases.check(attack, commit(&fixture, changes.collect()).await.map_err(|conflict| format!("others wait: {conflict}")));
        cases.check(attack, reading.alarm(&*fixture.store).await.and_then(|found| same(found, place)));
        fixture.holds_together().await;
    }
    cases.finish(28 * 9);
}

/// A list that was hidden from, too: what is not selected is counted.
async fn an_open_task_is_not_hidden(on: On) {
    let fixture = with_lists(on).await;
    write(&fixture, "UPDATE task SET open = FALSE WHERE id = 't1'").await;
    assert_eq!(Tasks.alarm(&*fixture.store).await, Ok("head open_tasks 1".to_owned()));
    let answer = Answer { code: AnswerCode::Deleted, by: "b".to_owned(), basis: None, reason: None, until: None, signed: None };
    let answered =
        |id: &str| -> Box<Task> { Box::new(task(id, &format!("about-{id}")).answer(answer.clone(), NOW).expect("an answer")) };
    assert_eq!(commit(&fixture, vec![Change::TaskAnswered(answered("t1"))]).await, Err(Conflict::FactsUnreadable));
    assert_eq!(commit(&fixture, vec![Change::TaskAnswered(answered("t2"))]).await, Ok(()), "another is answered");
}

/// A withdrawal that says who received something rests on the list; one that does not say so does not wait for it.
async fn a_withdrawal_rests_on_a_whole_list_or_on_none(on: On) {
    for attack in [
        "DELETE FROM reliance WHERE disclosure = 'd4'",
        "UPDATE reliance SET recipient = '00000099000000002000' WHERE disclosure = 'd4'",
    ] {
        let fixture = with_lists(on).await;
        write(&fixture, attack).await;
        let received = Change::ReceivedBy { consent: "c3".to_owned(), recipients: [oin(2)].into() };
        let withdrawn = Change::Consent(SubjectIndex([2; 32]), Box::new(consent("c3", 2)));
        assert_eq!(commit(&fixture, vec![received, withdrawn.clone()]).await, Err(Conflict::FactsUnreadable), "{attack}");
        assert_eq!(commit(&fixture, vec![withdrawn]).await, Ok(()), "{attack}");
    }
}

/// What ends by itself does so though another's consent cannot be read, and leaves that one as it is.
async fn what_cannot_be_read_does_not_hold_up_the_end_of_others(on: On) {
    for (attack, left) in [
        ("UPDATE consent_head SET ends = ends - 1 WHERE id = 'c2'", "c2"),
        ("UPDATE consent SET record = x'00' WHERE id = 'c2'", "c2"),
        ("UPDATE person_register SET code = zeroblob(32) WHERE number = 1", "c2"),
        ("DELETE FROM consent_head WHERE id = 'c2'", "c2"),
        ("UPDATE task SET closed = 0 WHERE id = 't1'", "t1"),
    ] {
        let fixture = Fixture::on(on).await;
        let given = |id, person| Change::Consent(SubjectIndex([person; 32]), Box::new(consent(id, 1)));
        let tasks = ["t1", "t2"].map(|id| Change::Task(Box::new(task(id, id))));
        commit(&fixture, [given("c2", 1), given("c4", 2)].into_iter().chain(tasks).collect()).await.expect("written");
        let answer =
            Answer { code: AnswerCode::Deleted, by: "b".to_owned(), basis: None, reason: None, until: None, signed: None };
        let answered = ["t1", "t2"].map(|id| task(id, id).answer(answer.clone(), NOW).expect("an answer"));
        commit(&fixture, answered.map(|task| Change::TaskAnswered(Box::new(task))).into()).await.expect("answered");
        write(&fixture, attack).await;
        let late = NOW.plus(DAY * 9);
        let lapsed = fixture.store.lapsed_consents(late, 10).await.expect("read");
        let lapsed: Vec<&str> = lapsed.iter().filter_map(|kept| kept.current()).map(|record| record.id.as_str()).collect();
        let past = fixture.store.past_term(late, late, 10).await.expect("read");
        let expected = |ids: [&'static str; 2]| ids.into_iter().filter(|id| *id != left).collect::<Vec<_>>();
        assert_eq!(
            (lapsed, &past.consents, &past.tasks),
            (expected(["c2", "c4"]), &owned(&expected(["c2", "c4"])), &owned(&expected(["t1", "t2"]))),
            "{attack}"
        );
        commit(&fixture, vec![Change::Erase(past)]).await.expect("removed");
        fixture.holds_together().await;
    }
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

/// The lists lose what is removed, and are whole then.
async fn lists_are_whole_after_a_removal(on: On) {
    let fixture = with_lists(on).await;
    let past = fixture.store.past_term(NOW.plus(DAY), NOW, 10).await.expect("read");
    assert_eq!((past.consents.len(), past.tasks.len()), (2, 1));
    commit(&fixture, vec![Change::Erase(past)]).await.expect("removed");
    assert!(fixture.store.consents_of(&oin(1), "", 10).await.expect("whole").is_empty());
    assert!(fixture.store.reliances("c1").await.expect("whole").is_empty());
    assert_eq!(fixture.store.open_tasks(None, NOW.plus(DAY), 10).await.expect("whole").len(), 2);
    let listed = Append { changes: vec![Change::Task(Box::new(task("t9", "x")))], ..Append::default() };
    let outcome = fixture.commit(&[listed]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "no list changes without an entry");
}
