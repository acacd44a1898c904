//! Cases by version: sealed, one after the other, and one of the facts that an append can rest on.

use std::time::Duration;

use sluis::case_room::{Case, CaseId, Step, Track};
use sluis::organisation::{Kind, Organisation};
use sluis::store::facts::facts_digest;
use sluis::store::{Append, Change, Conflict, Expected, Revision, StoreError};

use super::fixture::{Fixture, NOW, On, oin, on_both, organisation};

on_both!(
    versions_of_a_case_follow_each_other_and_move_the_facts,
    what_rests_on_a_case_is_refused_when_it_has_changed,
    a_case_is_sealed_in_its_place
);

fn case(number: u8) -> Case {
    let id: CaseId = format!("01937c6e-0000-7000-8000-0000000000{number:02}").parse().expect("an id");
    Case::open(id, Track::Named, [oin(1), oin(2)].into()).expect("a case")
}

fn after(case: &Case, step: &Step) -> Case {
    case.after(step).expect("in the state for it").expect("a change")
}

async fn write(fixture: &Fixture, case: &Case) -> Result<(), Conflict> {
    let changes = vec![Change::Case(Box::new(case.clone()))];
    fixture.commit_one(Append { changes, ..fixture.append() }).await.map(drop)
}

/// Broken on purpose to see it fail: the condition out of `add_case`; `Case` out of `moves_facts`.
async fn versions_of_a_case_follow_each_other_and_move_the_facts(on: On) {
    let fixture = Fixture::on(on).await;
    let (first, other) = (case(1), case(2));
    let second = after(&first, &Step::Close(NOW));
    assert_eq!(write(&fixture, &second).await, Err(Conflict::StateChanged), "there is no first");
    assert_eq!(write(&fixture, &first).await, Ok(()));
    assert_eq!(write(&fixture, &first).await, Err(Conflict::StateChanged), "there is one");
    let read = async |id: &CaseId| fixture.store.case(id).await.expect("read");
    let opened = fixture.store.head().await.expect("the head").revision;
    assert_eq!(read(&first.id).await, Some((opened, first.clone())));
    assert_eq!(write(&fixture, &other).await, Ok(()));
    assert_eq!(write(&fixture, &second).await, Ok(()));
    let now = fixture.store.head().await.expect("the head").revision;
    assert!(now > opened, "facts have moved");
    assert_eq!(read(&first.id).await, Some((now, second.clone())), "the newest counts, at the revision of now");
    assert_eq!(fixture.store.cases().await.expect("read"), [second, other]);
    assert_eq!(read(&case(3).id).await, None);
    assert_eq!(fixture.rows("case_record").await, 3, "and every version is kept");

    // Without an entry in the log nothing changes.
    let silent = Append { changes: vec![Change::Case(Box::new(case(4)))], ..Append::default() };
    assert!(matches!(fixture.commit(&[silent]).await, Err(StoreError::Unavailable(_))));
    assert_eq!(read(&case(4).id).await, None);
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: the case out of `facts_digest`; another case's version in its place; the kinds out of it.
async fn what_rests_on_a_case_is_refused_when_it_has_changed(on: On) {
    let fixture = Fixture::on(on).await;
    let (first, other) = (case(1), case(2));
    let register = |number, kind| {
        let change = Change::Organisation(Box::new(Organisation { kind, ..organisation(number) }));
        Append { changes: vec![change], ..fixture.append() }
    };
    for number in [1, 2] {
        fixture.commit_one(register(number, Kind::Probation)).await.expect("registered");
    }
    write(&fixture, &first).await.expect("opened");
    write(&fixture, &other).await.expect("opened");
    let resting = |case: &Case, revision: Revision| {
        let expected = Expected {
            revision,
            void_at: NOW.plus(Duration::from_mins(1)),
            subject: None,
            organisations: Vec::new(),
            recipients: std::collections::BTreeSet::new(),
            case: Some(case.id.clone()),
            digest: facts_digest(std::iter::empty(), None, None, case.fact(|_| Some(Kind::Probation)).as_ref()),
        };
        Append { expected: Some(expected), ..fixture.append() }
    };
    let closing = Append { changes: vec![Change::Case(Box::new(after(&first, &Step::Close(NOW))))], ..fixture.append() };
    let read_at = fixture.store.head().await.expect("the head").revision;
    let batch = [resting(&first, read_at), closing, resting(&first, read_at), resting(&other, read_at)];
    let outcomes = fixture.commit(&batch).await.expect("a commit");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    assert_eq!(conflicts, [None, None, Some(Conflict::FactsChanged), None], "strictly before or after, and only this case");
    let absent = resting(&case(3), read_at);
    assert_eq!(fixture.commit_one(absent).await.err(), Some(Conflict::FactsChanged), "one that is not there");
    let batch = [register(2, Kind::Police), resting(&other, read_at)];
    let outcomes = fixture.commit(&batch).await.expect("a commit");
    assert_eq!(outcomes[1].as_ref().err(), Some(&Conflict::FactsChanged), "one who attends has become of another kind");
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: the record bound to its table only.
async fn a_case_is_sealed_in_its_place(on: On) {
    let fixture = Fixture::on(on).await;
    let (first, other) = (case(1), case(2));
    write(&fixture, &first).await.expect("opened");
    write(&fixture, &other).await.expect("opened");
    let stored = fixture.bytes("SELECT record FROM case_record LIMIT 1").await;
    assert!(!stored.windows(20).any(|window| window == oin(1).as_str().as_bytes()), "who takes part is not in the clear");
    let (one, swapped) = (first.id.as_str(), other.id.as_str());
    fixture
        .change(&format!(
            "UPDATE case_record SET record = (SELECT record FROM case_record WHERE id = '{one}') WHERE id = '{swapped}'"
        ))
        .await;
    let read = fixture.store.case(&other.id).await;
    assert!(matches!(read, Err(StoreError::Corrupt { table: "case_record", .. })), "{read:?}");
    assert!(fixture.store.case(&first.id).await.expect("read").is_some(), "and the other is read");
}
