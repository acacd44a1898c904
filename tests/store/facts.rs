//! Facts are re-read under the head's lock: an append that rests on facts which have changed, or have run out, is refused.

use std::time::Duration;

use sluis::organisation::Status;
use sluis::store::facts::{facts_digest, registration_digest};
use sluis::store::{Append, Change, Conflict, Expected, NameIndex, PseudonymRow, Revision, StatusChange};

use super::fixture::{Fixture, NOW, On, nonce, oin, on_both, organisation};

on_both!(
    what_rests_on_changed_facts_is_refused,
    facts_that_have_run_out_are_changed_facts,
    a_name_that_is_given_is_a_changed_fact
);

async fn expected(fixture: &Fixture, organisations: &[u8]) -> Expected {
    let registered = fixture.store.registered().await.expect("the registry");
    let organisations: Vec<_> = organisations.iter().map(|&number| oin(number)).collect();
    let digests = organisations.iter().map(|oin| registered.organisations.get(oin).map_or([0; 32], registration_digest));
    Expected {
        revision: registered.revision,
        void_at: NOW.plus(Duration::from_mins(1)),
        subject: None,
        recipients: std::collections::BTreeSet::new(),
        case: None,
        digest: facts_digest(digests, registered.policy.as_deref(), None, None),
        organisations,
    }
}

fn status(number: u8, status: Status) -> Change {
    Change::Status(StatusChange { organisation: oin(number), status })
}

/// Broken on purpose to see it fail: `still_holds` comparing revisions only (the second case), or nothing (the third).
async fn what_rests_on_changed_facts_is_refused(on: On) {
    let fixture = Fixture::on(on).await;
    let joins = (1..=2).map(|number| Change::Organisation(Box::new(organisation(number)))).collect();
    fixture.commit_one(Append { changes: joins, ..fixture.append() }).await.expect("joined");
    let rests = expected(&fixture, &[1]).await;
    let resting = |expected: &Expected| Append { expected: Some(expected.clone()), ..fixture.append() };
    fixture.commit_one(resting(&rests)).await.expect("nothing has changed");

    let other = Append { changes: vec![status(2, Status::Suspended)], ..fixture.append() };
    fixture.commit_one(other).await.expect("suspended");
    fixture.commit_one(resting(&rests)).await.expect("another organisation is not what it rests on");

    // In one batch: what comes after the change sees it, what comes before does not.
    let change = Append { changes: vec![status(1, Status::Suspended)], ..fixture.append() };
    let with_nonce = Append { nonce: Some(nonce(1, "n")), ..resting(&rests) };
    let outcomes = fixture.commit(&[resting(&rests), change, with_nonce.clone()]).await.expect("a commit");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    assert_eq!(conflicts, [None, None, Some(Conflict::FactsChanged)]);
    assert_eq!(
        fixture.commit_one(with_nonce).await.err(),
        Some(Conflict::FactsChanged),
        "and not as a replay: its nonce was given back"
    );

    // Equal facts are equal whatever happened in between.
    let back = Append { changes: vec![status(1, Status::Active)], ..fixture.append() };
    fixture.commit_one(back).await.expect("readmitted");
    fixture.commit_one(resting(&rests)).await.expect("as it was");

    // One that was absent and joins is a change; a claim to a later revision with other facts is no way round.
    let absent = expected(&fixture, &[1, 3]).await;
    let joins = Append { changes: vec![Change::Organisation(Box::new(organisation(3)))], ..fixture.append() };
    fixture.commit_one(joins).await.expect("joined");
    assert_eq!(fixture.commit_one(resting(&absent)).await.err(), Some(Conflict::FactsChanged));
    let ahead = Expected { revision: Revision(absent.revision.0 + 100), ..absent };
    assert_eq!(fixture.commit_one(resting(&ahead)).await.err(), Some(Conflict::FactsChanged));
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: without `void_at` in `still_holds`.
async fn facts_that_have_run_out_are_changed_facts(on: On) {
    let fixture = Fixture::on(on).await;
    let rests = expected(&fixture, &[1]).await;
    let at = async |millis: i64| {
        let append = Append { expected: Some(rests.clone()), ..fixture.append() };
        let now = sluis::clock::Timestamp::from_millis(rests.void_at.millis() + millis);
        fixture.store.commit(&[append], &*fixture.scribe, now).await.expect("a commit").remove(0).map(drop)
    };
    assert_eq!(at(-1).await, Ok(()));
    assert_eq!(at(0).await, Err(Conflict::FactsChanged));
}

/// A name that must not be given is a changed fact as soon as it is, also by an earlier append of the same batch.
///
/// Broken on purpose to see it fail: without the look at `apart` in `try_append`; without writing the names of earlier appends before it; without forgetting
/// those of one that is refused.
async fn a_name_that_is_given_is_a_changed_fact(on: On) {
    let fixture = Fixture::on(on).await;
    let name = |byte: u8| NameIndex { scope: "scope-1".to_owned(), index: [byte; 32] };
    let resting = |byte| Append { apart: vec![name(byte)], ..fixture.append() };
    let given = |byte: u8| {
        let row = PseudonymRow {
            scope: "scope-1".to_owned(),
            index: [byte; 32],
            pseudonym: format!("p1_{byte}"),
            identity: vec![byte],
        };
        Append { changes: vec![Change::Pseudonyms(vec![row])], ..Append::default() }
    };
    let scope = Change::ScopeKey { scope: "scope-1".to_owned(), sealed: vec![1] };
    fixture.commit_one(Append { changes: vec![scope], ..Append::default() }).await.expect("a scope");
    let mut refused = given(3);
    refused.changes.push(Change::HoldLifted("none".to_owned()));
    refused.entries = fixture.append().entries;
    let batch = [resting(1), given(1), resting(1), resting(2), refused, resting(3), given(4)];
    let outcomes = fixture.commit(&batch).await.expect("a commit");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    let [changed, state] = [Conflict::FactsChanged, Conflict::StateChanged].map(Some);
    assert_eq!(conflicts, [None, None, changed, None, state, None, None]);
    for (byte, conflict) in [(1, changed), (2, None), (3, None), (4, changed)] {
        assert_eq!(fixture.commit_one(resting(byte)).await.err(), conflict, "{byte}");
    }
    fixture.holds_together().await;
}
