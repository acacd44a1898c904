//! Embargoes as a store keeps them: how many may stand, that none is taken away or altered unseen, that what is told is bound to those that were seen.

use std::collections::BTreeMap;
use std::time::Duration;

use sluis::ledger::embargo::{Embargo, Lifted, Target};
use sluis::organisation::Oin;
use sluis::store::duties::PastTerm;
use sluis::store::embargoes::MOST_STANDING;
use sluis::store::{Append, Change, Conflict, StoreError};

use super::fixture::{Fixture, NOW, On, oin, on_both};

on_both!(
    no_more_than_so_many_of_one_organisation_stand,
    what_was_seen_of_embargoes_must_still_be_so,
    a_table_altered_by_hand_is_found,
    what_ended_long_ago_leaves_and_the_list_stays_whole
);

fn embargo(fixture: &Fixture, party: &Oin, number: usize) -> Embargo {
    Embargo {
        id: format!("e-{number:04}"),
        version: 1,
        party: party.clone(),
        target: Target::Case(fixture.journal.case_token(party, "a case")),
        ground: "an investigation".to_owned(),
        placed_by: "fg-1".to_owned(),
        placed_at: NOW,
        until: NOW.plus(Duration::from_hours(24)),
        lifted: None,
    }
}

fn lifted(embargo: &Embargo) -> Embargo {
    let end = Lifted { at: NOW, by: "fg-1".to_owned(), ground: "arrested".to_owned() };
    Embargo { version: 2, lifted: Some(end), ..embargo.clone() }
}

async fn put(fixture: &Fixture, embargoes: impl IntoIterator<Item = Embargo>) -> Result<(), Conflict> {
    let changes = embargoes.into_iter().map(|one| Change::Embargo(Box::new(one))).collect();
    fixture.commit_one(Append { changes, ..fixture.append() }).await.map(drop)
}

/// Broken on purpose to see it fail: the count left out of `put`; those that stand no more counted, or another organisation's.
async fn no_more_than_so_many_of_one_organisation_stand(on: On) {
    let (fixture, party) = (Fixture::on(on).await, oin(1));
    let all: Vec<Embargo> = (0..MOST_STANDING).map(|number| embargo(&fixture, &party, number)).collect();
    put(&fixture, all.clone()).await.expect("placed");
    assert_eq!(put(&fixture, [embargo(&fixture, &party, MOST_STANDING)]).await, Err(Conflict::TooMany));
    assert_eq!(fixture.store.embargoes(&party).await.expect("whole").len(), MOST_STANDING);
    put(&fixture, [embargo(&fixture, &oin(2), 9000)]).await.expect("another organisation's");
    put(&fixture, [lifted(&all[7])]).await.expect("lifted");
    put(&fixture, [embargo(&fixture, &party, MOST_STANDING)]).await.expect("in its place");
}

/// Broken on purpose to see it fail: `are` comparing ids without versions; `are` not asked.
async fn what_was_seen_of_embargoes_must_still_be_so(on: On) {
    let (fixture, party) = (Fixture::on(on).await, oin(1));
    let seen = |versions: &[(&str, u32)]| {
        let versions: BTreeMap<String, u32> = versions.iter().map(|(id, version)| ((*id).to_owned(), *version)).collect();
        Append { changes: vec![Change::HeldBack { party: party.clone(), versions }], ..fixture.append() }
    };
    let commit = async |append| fixture.commit_one(append).await.map(drop);
    assert_eq!(commit(seen(&[])).await, Ok(()));
    let first = embargo(&fixture, &party, 1);
    put(&fixture, [first.clone(), embargo(&fixture, &oin(2), 2)]).await.expect("placed");
    assert_eq!(commit(seen(&[])).await, Err(Conflict::StateChanged), "one was placed");
    assert_eq!(commit(seen(&[("e-0001", 1)])).await, Ok(()), "another organisation's is none of it");
    put(&fixture, [lifted(&first)]).await.expect("lifted");
    assert_eq!(commit(seen(&[("e-0001", 1)])).await, Err(Conflict::StateChanged), "it was lifted");
    assert_eq!(commit(seen(&[("e-0001", 2)])).await, Ok(()));
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `whole` not asked; the row's party believed; the record not sealed to its version.
async fn a_table_altered_by_hand_is_found(on: On) {
    for (statement, column) in [
        ("DELETE FROM embargo WHERE id = 'e-0001'", "embargoes"),
        ("UPDATE embargo SET party = (SELECT party FROM embargo WHERE id = 'e-0003') WHERE id = 'e-0001'", "party"),
        ("UPDATE embargo SET record = (SELECT record FROM embargo WHERE id = 'e-0002') WHERE id = 'e-0001'", "record"),
        ("UPDATE embargo SET version = 2 WHERE id = 'e-0001'", "record"),
        ("UPDATE embargo SET record = x'00' WHERE id = 'e-0001'", "record"),
        ("INSERT INTO embargo SELECT 'e-0009', party, version, record FROM embargo WHERE id = 'e-0001'", "embargoes"),
    ] {
        let (fixture, party) = (Fixture::on(on).await, oin(1));
        let all = [(&party, 1), (&party, 2), (&oin(2), 3)].map(|(party, number)| embargo(&fixture, party, number));
        put(&fixture, all).await.expect("placed");
        assert_eq!(fixture.change(statement).await, 1, "{statement}");
        match fixture.store.embargoes(&party).await {
            Err(StoreError::Corrupt { column: found, .. }) => assert_eq!(found, column, "{statement}"),
            other => panic!("{statement}: {other:?}"),
        }
        // Nothing that rests on them is committed either.
        let append = Append { changes: vec![Change::HeldBack { party, versions: BTreeMap::new() }], ..fixture.append() };
        assert_eq!(fixture.commit_one(append).await.map(drop), Err(Conflict::FactsUnreadable), "{statement}");
    }
}

/// Broken on purpose to see it fail: the head's count not lowered; one that stands is among the ended.
async fn what_ended_long_ago_leaves_and_the_list_stays_whole(on: On) {
    let (fixture, party) = (Fixture::on(on).await, oin(1));
    let all: Vec<Embargo> = (1..4).map(|number| embargo(&fixture, &party, number)).collect();
    put(&fixture, all.clone()).await.expect("placed");
    put(&fixture, [lifted(&all[1])]).await.expect("lifted");
    let ended = async |at, limit| fixture.store.ended_embargoes(at, limit).await.expect("read");
    assert_eq!(ended(NOW.minus(Duration::from_secs(1)), 10).await, Vec::<String>::new());
    assert_eq!(ended(NOW, 10).await, ["e-0002"]);
    assert_eq!(ended(NOW.plus(Duration::from_hours(24)), 2).await, ["e-0001", "e-0002"]);
    let past = PastTerm { embargoes: ended(NOW, 10).await, ..PastTerm::default() };
    fixture.commit_one(Append { changes: vec![Change::Erase(past)], ..fixture.append() }).await.expect("removed");
    let left: Vec<String> = fixture.store.embargoes(&party).await.expect("whole").into_iter().map(|one| one.id).collect();
    assert_eq!(left, ["e-0001", "e-0003"]);
    fixture.holds_together().await;
}
