//! One append is all or nothing; a conflict takes back everything of that append and nothing of the others in its batch.

use std::time::Duration;

use sluis::ledger::receipt::{Trust, verify};
use sluis::ledger::statement::Statement;
use sluis::organisation::keys::{PublishedKey, Validity};
use sluis::store::{Append, Change, Claim, Conflict, CredentialChange, IdempotencyClaim, PseudonymRow, StatusChange, StoreError};
use sqlx::postgres::PgListener;

use super::fixture::{Fixture, NOW, On, nonce, oin, on_both, organisation};
use crate::support::{LONG, until};

on_both!(
    a_conflict_takes_back_its_own_append_only,
    a_nonce_counts_once_per_organisation,
    others_go_on_between_the_steps_of_a_sweep,
    a_claim_stays_for_its_day,
    an_idempotency_key_is_claimed_once_and_taken_over_when_stale,
    every_entry_has_its_proof,
    the_largest_batch_is_committed,
    pseudonyms_are_written_once,
    a_row_that_is_not_written_stops_the_batch,
    no_fact_changes_without_an_entry
);

fn key(keyid: &str) -> CredentialChange {
    let validity = Validity { from: NOW, until: NOW.plus(Duration::from_mins(1)), revoked: false };
    let key = PublishedKey { keyid: keyid.to_owned(), alg: "ed25519".to_owned(), jwk: "{}".to_owned(), validity };
    CredentialChange::Signing { organisation: oin(1), key }
}

fn claim(key: &str, body: u8, disclosure: &str) -> IdempotencyClaim {
    IdempotencyClaim {
        organisation: oin(1),
        key: key.to_owned(),
        body: [body; 32],
        disclosure: disclosure.to_owned(),
        stale_before: NOW.minus(Duration::from_secs(30)),
        replaces: None,
    }
}

fn joins(fixture: &Fixture) -> Append {
    Append { changes: vec![Change::Organisation(Box::new(organisation(1)))], ..fixture.append() }
}

/// Broken on purpose to see it fail: without the savepoint in `all_or_nothing`; without giving the nonce back in `judge`.
async fn a_conflict_takes_back_its_own_append_only(on: On) {
    let fixture = Fixture::on(on).await;
    fixture.commit_one(joins(&fixture)).await.expect("joined");
    fixture.commit_one(Append { changes: vec![Change::Credential(key("k1"))], ..fixture.append() }).await.expect("published");
    let before = fixture.store.head().await.expect("the head");

    // Half of the second append is possible: it must be taken back with the rest, its nonce and its claim too.
    let impossible = Append {
        nonce: Some(nonce(1, "second")),
        idempotency: Some(claim("a-key-of-sixteen", 1, "d2")),
        changes: vec![
            Change::Organisation(Box::new(organisation(2))),
            Change::Credential(key("k2")),
            Change::Credential(key("k1")),
        ],
        ..fixture.append()
    };
    let absent = Append {
        changes: vec![Change::Status(StatusChange { organisation: oin(9), status: sluis::organisation::Status::Suspended })],
        ..fixture.append()
    };
    let stranger = {
        let CredentialChange::Signing { key, .. } = key("k9") else { panic!("a signing key") };
        let change = CredentialChange::Signing { organisation: oin(9), key };
        Append { changes: vec![Change::Credential(change)], ..fixture.append() }
    };
    let sound = |name: &str, changes| Append { nonce: Some(nonce(1, name)), changes, ..fixture.append() };
    let first = sound("first", vec![Change::Credential(key("k3"))]);
    let last = sound("last", vec![Change::Credential(key("k4"))]);
    let batch = [first, impossible, absent, stranger, last];
    let outcomes = fixture.commit(&batch).await.expect("the batch is committed");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    let state = Some(Conflict::StateChanged);
    assert_eq!(conflicts, [None, state, state, state, None]);

    let registered = fixture.store.registered().await.expect("the registry");
    assert_eq!(registered.organisations.len(), 1, "the second organisation did not join");
    let keys: Vec<_> = registered.organisations[&oin(1)].signing.iter().map(|key| key.keyid.as_str()).collect();
    assert_eq!(keys, ["k1", "k3", "k4"]);
    assert_eq!(fixture.rows("nonce").await, 2, "the nonce is given back");
    assert_eq!(fixture.store.claim(&oin(1), "a-key-of-sixteen", NOW).await.expect("read"), None, "and the claim");
    let after = fixture.store.head().await.expect("the head");
    assert_eq!(after.size, before.size + 2);
    assert!(after.revision > before.revision, "facts have moved");
    assert_eq!(outcomes[4].as_ref().expect("committed").first_index, before.size + 1, "no gap where the conflict was");
    fixture.holds_together().await;

    // It may come back with the same nonce.
    let again = Append { nonce: Some(nonce(1, "second")), ..fixture.append() };
    fixture.commit_one(again).await.expect("the nonce is free");
}

/// Broken on purpose to see it fail: `insert_nonces` returning all claims.
async fn a_nonce_counts_once_per_organisation(on: On) {
    let fixture = Fixture::on(on).await;
    let with = |number, text: &str| Append { nonce: Some(nonce(number, text)), ..fixture.append() };
    let outcomes = fixture.commit(&[with(1, "a"), with(1, "a"), with(2, "a"), with(1, "b")]).await.expect("a commit");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    assert_eq!(conflicts, [None, Some(Conflict::NonceReplayed), None, None]);
    assert_eq!(fixture.commit_one(with(1, "a")).await.err(), Some(Conflict::NonceReplayed));
    assert_eq!(
        fixture.node().await.commit(&[with(1, "b")], &super::fixture::scribe(), NOW).await.expect("a commit")[0].as_ref().err(),
        Some(&Conflict::NonceReplayed),
        "on another node too"
    );
    fixture.store.sweep(NOW.plus(Duration::from_secs(129))).await.expect("swept");
    assert_eq!(fixture.commit_one(with(1, "a")).await.err(), Some(Conflict::NonceReplayed), "remembered until it expires");
    fixture.store.sweep(NOW.plus(Duration::from_secs(130))).await.expect("swept");
    fixture.commit_one(with(1, "a")).await.expect("forgotten");
    assert_eq!(fixture.store.head().await.expect("the head").size, 4, "losers leave no entry");
}

/// Broken on purpose to see it fail: steps of a million, which nobody sees between; a sweep that stops after its first step; one that gives up the thread
/// to nobody.
async fn others_go_on_between_the_steps_of_a_sweep(on: On) {
    let fixture = Fixture::on(on).await;
    let past = "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 20000) \
                INSERT INTO nonce (organisation, nonce, expires) SELECT 'anyone', 'a nonce ' || n, 1 + n / 3 FROM many";
    fixture.change(past).await;
    let meanwhile = async {
        until("some are gone", LONG, async || fixture.rows("nonce").await < 20_000).await;
        let left = fixture.rows("nonce").await;
        fixture.commit_one(Append { nonce: Some(nonce(1, "not past")), ..fixture.append() }).await.expect("a commit");
        left
    };
    let (swept, left) = tokio::join!(fixture.store.sweep(NOW), meanwhile);
    swept.expect("swept");
    assert!(left > 0, "what a step removed is gone before the sweep's end");
    assert_eq!(fixture.rows("nonce").await, 1, "nothing that is past is left, nothing else is gone");
}

/// Broken on purpose to see it fail: `TELL` on another channel.
#[tokio::test]
async fn what_moves_the_facts_is_told_with_its_commit() {
    let fixture = Fixture::on(On::Postgres).await;
    let mut other = PgListener::connect(&fixture.database().url()).await.expect("a connection");
    other.listen("sluis_facts").await.expect("listens");
    fixture.commit_one(joins(&fixture)).await.expect("a commit");
    tokio::time::timeout(LONG, other.recv()).await.expect("told").expect("a connection");
}

/// Broken on purpose to see it fail: the term of claims left out of `SWEEPS`, their line too.
async fn a_claim_stays_for_its_day(on: On) {
    let fixture = Fixture::on(on).await;
    for key in ["a-key-of-sixteen", "b-key-of-sixteen"] {
        fixture.commit_one(Append { idempotency: Some(claim(key, 1, key)), ..fixture.append() }).await.expect("claimed");
    }
    let day = Duration::from_hours(24);
    fixture.store.sweep(NOW.plus(day).minus(Duration::from_millis(1))).await.expect("swept");
    assert_eq!(fixture.rows("idempotency").await, 2, "a repeated request is known for a day");
    fixture.store.sweep(NOW.plus(day)).await.expect("swept");
    assert_eq!(fixture.rows("idempotency").await, 0);
}

/// Broken on purpose to see it fail: each condition of `take_claim` in its turn.
async fn an_idempotency_key_is_claimed_once_and_taken_over_when_stale(on: On) {
    let fixture = Fixture::on(on).await;
    let at = |claim: IdempotencyClaim, seconds: u64| {
        let now = NOW.plus(Duration::from_secs(seconds));
        let claim = IdempotencyClaim { stale_before: now.minus(Duration::from_secs(30)), ..claim };
        let append = Append { idempotency: Some(claim), ..fixture.append() };
        let (store, scribe) = (&fixture.store, &fixture.scribe);
        async move { store.commit(&[append], &**scribe, now).await.expect("a commit").remove(0).map(drop) }
    };
    let known =
        async |seconds: u64| fixture.store.claim(&oin(1), "a-key-of-sixteen", NOW.plus(Duration::from_secs(seconds))).await;
    let of = |body, disclosure| claim("a-key-of-sixteen", body, disclosure);
    let taken = Err(Conflict::IdempotencyTaken);
    assert_eq!(at(of(1, "d1"), 0).await, Ok(()));
    assert_eq!(at(of(1, "d1"), 1).await, Ok(()), "the same request starts over");
    assert_eq!(at(of(1, "d2"), 1).await, taken, "another works on it");
    assert_eq!(at(of(1, "d2"), 30).await, taken, "29 seconds are not stale");
    assert_eq!(at(of(2, "d2"), 32).await, taken, "with another body never");
    assert_eq!(at(of(1, "d2"), 31).await, Ok(()), "taken over after 30 seconds");
    let expected =
        Claim { body: [1; 32], disclosure: "d2".to_owned(), claimed_at: NOW.plus(Duration::from_secs(31)), answered: false };
    assert_eq!(known(31).await, Ok(Some(expected)));
    let answers = async |disclosure: &str| {
        let (key, disclosure) = ("a-key-of-sixteen".to_owned(), disclosure.to_owned());
        let answered = Change::Answered { organisation: oin(1), key, disclosure };
        fixture.commit_one(Append { changes: vec![answered], ..fixture.append() }).await.map(drop)
    };
    assert_eq!(answers("d1").await, taken, "from whom it was taken over may not answer any more");
    answers("d2").await.expect("answered");
    assert_eq!(at(of(1, "d3"), 100).await, taken, "what is answered is not taken over");
    assert_eq!(at(of(1, "d2"), 100).await, taken, "nor begun again: what is sent twice is one");
    let replacing = |disclosure: &str| IdempotencyClaim { replaces: Some(disclosure.to_owned()), ..of(1, "d4") };
    assert_eq!(at(replacing("d1"), 100).await, taken);
    assert_eq!(at(replacing("d2"), 100).await, Ok(()), "but made anew when facts have changed");
    let day = 24 * 3600;
    assert!(known(99 + day).await.expect("read").is_some(), "for a day");
    assert!(known(100 + day).await.expect("read").is_none());
    assert_eq!(at(of(2, "d5"), 100 + day).await, Ok(()), "then the key is free, for another body too");
    assert_eq!(fixture.store.claim(&oin(2), "a-key-of-sixteen", NOW).await, Ok(None), "another organisation's key is its own");
}

/// Receipts are about exactly their entry, and verify against the checkpoint of their commit.
async fn every_entry_has_its_proof(on: On) {
    let fixture = Fixture::on(on).await;
    let batch: Vec<_> = (0..7)
        .map(|extra| Append { entries: (0..=extra).map(|_| fixture.entry(&oin(1))).collect(), ..Append::default() })
        .collect();
    for round in 0..3 {
        let outcomes = fixture.commit(&batch).await.expect("a commit");
        for (append, outcome) in batch.iter().zip(outcomes) {
            let committed = outcome.expect("no conflict");
            let checkpoint =
                committed.checkpoint.as_deref().expect("a checkpoint").verify(fixture.scribe.verifier()).expect("signed");
            assert_eq!(checkpoint.size(), 28 * (round + 1));
            for (place, entry) in append.entries.iter().enumerate() {
                let index = committed.first_index + u64::try_from(place).expect("a place");
                let stored = fixture.store.entries(index, 1).await.expect("read").remove(0);
                assert_eq!((stored.index, &stored.row), (index, entry), "as it was written");
                sluis::ledger::tree::verify_inclusion(
                    &entry.leaf.hash(),
                    index,
                    checkpoint.size(),
                    &committed.paths[place],
                    &checkpoint.root(),
                )
                .expect("the proof holds");
            }
        }
    }
    let entry = &batch[0].entries[0];
    assert_eq!(fixture.store.entries_of(entry.clear.trace).await.expect("read").len(), 3, "found by its trace");
    assert!(fixture.store.entries(84, 10).await.expect("read").is_empty());
    fixture.holds_together().await;
    // A receipt without its statement is worth nothing.
    let statement = Statement::about(uuid::Uuid::nil(), oin(1), b"", b"");
    assert!(verify("no receipt", &statement, Trust { log: fixture.scribe.verifier(), policy: None }).is_err());
}

/// A batch as large as they get, each append with an entry for the recipient and for eight sources.
///
/// Broken on purpose to see it fail: entries inserted in one statement, as they were: too many parameters for SQLite.
async fn the_largest_batch_is_committed(on: On) {
    let fixture = Fixture::on(on).await;
    let entry = fixture.entry(&oin(1));
    let append = |number: usize| Append {
        nonce: Some(nonce(1, &format!("{number}"))),
        entries: vec![entry.clone(); 9],
        ..Append::default()
    };
    let batch: Vec<_> = (0..256).map(append).collect();
    let outcomes = fixture.commit(&batch).await.expect("a commit");
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(fixture.store.head().await.expect("the head").size, 256 * 9);
    fixture.holds_together().await;
}

/// What is there stays: the key of a scope, a name under its index.
async fn pseudonyms_are_written_once(on: On) {
    let fixture = Fixture::on(on).await;
    let scope = |sealed: u8| Change::ScopeKey { scope: "domain-1".to_owned(), sealed: vec![sealed] };
    let row = |index: u8, name: &str| PseudonymRow {
        scope: "domain-1".to_owned(),
        index: [index; 32],
        pseudonym: name.to_owned(),
        identity: vec![index],
    };
    let write = async |changes: Vec<Change>| fixture.commit_one(Append { changes, ..Append::default() }).await.map(drop);
    write(vec![scope(1), Change::Pseudonyms(vec![row(1, "p1_a"), row(2, "p1_b")])]).await.expect("written");
    write(vec![scope(2), Change::Pseudonyms(vec![row(2, "p1_c"), row(3, "p1_d")])]).await.expect("written");
    let both = ["p1_e", "p1_f"].map(|name| Append { changes: vec![Change::Pseudonyms(vec![row(4, name)])], ..Append::default() });
    assert!(fixture.commit(&both).await.expect("committed").iter().all(Result::is_ok));
    let fourth = fixture.store.pseudonyms("domain-1", &[[4; 32]]).await;
    assert_eq!(fourth, Ok(vec![Some("p1_e".to_owned())]), "of one batch the first");
    assert_eq!(fixture.store.scope_key("domain-1").await, Ok(Some(vec![1])));
    assert_eq!(fixture.store.scope_key("domain-2").await, Ok(None));
    let names = fixture.store.pseudonyms("domain-1", &[[3; 32], [9; 32], [2; 32]]).await.expect("read");
    assert_eq!(names, [Some("p1_d".to_owned()), None, Some("p1_b".to_owned())], "in the order that was asked");
    assert_eq!(fixture.store.pseudonyms("domain-2", &[[2; 32]]).await, Ok(vec![None]));
    assert_eq!(fixture.store.identity("p1_b").await, Ok(Some(row(2, "p1_b"))));
    assert_eq!(fixture.store.identity("p1_c").await, Ok(None));
    assert_eq!(fixture.store.head().await.expect("the head").size, 0);
}

/// Decisions rest on facts, so a fact never changes without an entry that tells of it, whatever else is in the batch.
///
/// Broken on purpose to see it fail: the check made over the whole batch, as it was.
async fn no_fact_changes_without_an_entry(on: On) {
    let fixture = Fixture::on(on).await;
    let silent = Append { entries: Vec::new(), ..joins(&fixture) };
    for batch in [vec![silent.clone()], vec![fixture.append(), silent]] {
        assert!(matches!(fixture.commit(&batch).await, Err(StoreError::Unavailable(_))));
    }
    assert_eq!((fixture.rows("organisation").await, fixture.rows("entry").await), (0, 0), "nothing of such a batch stays");
    fixture.commit_one(joins(&fixture)).await.expect("the store goes on");
}

/// A trigger, a rule or another process may keep a row from being written without any error.
///
/// Broken on purpose to see it fail: `Script::run` without the count.
async fn a_row_that_is_not_written_stops_the_batch(on: On) {
    let fixture = Fixture::on(on).await;
    fixture.commit_one(fixture.append()).await.expect("committed");
    let before = fixture.store.head().await.expect("the head");
    let (swallow, no_more) = match on {
        On::Sqlite => ("CREATE TRIGGER swallow BEFORE INSERT ON tile BEGIN SELECT RAISE(IGNORE); END", "DROP TRIGGER swallow"),
        On::Postgres => (
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER swallow BEFORE INSERT ON tile FOR EACH ROW EXECUTE FUNCTION swallow();
             ALTER TABLE tile ENABLE ALWAYS TRIGGER swallow",
            "DROP TRIGGER swallow ON tile",
        ),
    };
    fixture.change(swallow).await;
    let outcome = fixture.commit(&[fixture.append(), fixture.append()]).await;
    assert!(matches!(&outcome, Err(StoreError::Unavailable(why)) if why.contains(" rows were written")), "{outcome:?}");
    fixture.change(no_more).await;
    assert_eq!(fixture.store.head().await.expect("the head"), before);
    fixture.commit_one(fixture.append()).await.expect("committed");
    fixture.holds_together().await;
}
