//! A row that is not what it must be stops whoever reads it, with table, column and row, and never with a value.

use sluis::ledger::seal::OpenError;
use sluis::ledger::tree::NodeHash;
use sluis::store::facts::facts_digest;
use sluis::store::journal::JournalError;
use sluis::store::{Append, Change, Conflict, CredentialChange, Expected, Head, Revision, Store, StoreError, SubjectIndex};

use super::attack::write;
use super::fixture::{Fixture, NOW, On, nonce, oin, on_both, organisation, scribe};
use super::registers::{consent, disclosure};

on_both!(
    a_corrupt_entry_is_named,
    a_changed_column_is_not_what_the_leaf_commits_to,
    nothing_is_put_behind_a_corrupt_tree,
    a_corrupt_register_is_named,
    a_corrupt_fact_stops_one_append_and_not_its_batch
);

/// Stands in every value that is written; no error may repeat it.
const SECRET: &str = "Verboden";

fn corrupt<T>(outcome: Result<T, StoreError>, table: &str, column: &str) -> String {
    let error = outcome.err().unwrap_or_else(|| panic!("{table}.{column}: read as if it were sound"));
    assert!(!error.to_string().contains(SECRET), "the error tells a value: {error}");
    match error {
        StoreError::Corrupt { table: at, column: of, row } => {
            assert_eq!((at, of), (table, column));
            row
        }
        other => panic!("{table}.{column}: {other}"),
    }
}

/// Each column in its turn.
async fn a_corrupt_entry_is_named(on: On) {
    let fixture = Fixture::on(on).await;
    for _ in 0..3 {
        fixture.commit_one(fixture.append()).await.expect("committed");
    }
    for (column, value) in [
        ("kind", "'Verboden'"),
        ("party", "'Verboden'"),
        ("source", "'Verboden'"),
        ("recipient", "''"),
        ("purpose", "'Ver boden'"),
        ("categories", "'identity Verboden'"),
        ("outcome", "'Verboden'"),
        ("subject_token", "x'0102'"),
        ("actor_token", "x''"),
        ("case_token", "x'00'"),
        ("trace", "'Verboden'"),
        ("leaf", "x'01'"),
        ("wrapped_key", "x'01'"),
    ] {
        let was = format!("CREATE TABLE kept AS SELECT {column} AS it FROM entry WHERE idx = 1");
        write(&fixture, &was).await;
        write(&fixture, &format!("UPDATE entry SET {column} = {value} WHERE idx = 1")).await;
        assert_eq!(corrupt(fixture.store.entries(0, 10).await, "entry", column), "1");
        assert_eq!(fixture.store.entries(2, 10).await.expect("the others are sound").len(), 1);
        write(&fixture, &format!("UPDATE entry SET {column} = (SELECT it FROM kept) WHERE idx = 1")).await;
        fixture.change("DROP TABLE kept").await;
    }
    write(&fixture, "UPDATE entry_asked SET source = 'Verboden' WHERE idx = 1 AND source LIKE '%7000'").await;
    assert_eq!(corrupt(fixture.store.entries(0, 10).await, "entry", "asked"), "1");
}

/// A column that was changed to another that it could be is not what the leaf commits to.
///
/// Broken on purpose to see it fail: a constant for what `Beside::of` gives.
async fn a_changed_column_is_not_what_the_leaf_commits_to(on: On) {
    let fixture = Fixture::on(on).await;
    fixture.commit_one(fixture.append()).await.expect("committed");
    let open = async || {
        let entries = fixture.store.entries(0, 1).await.expect("read");
        fixture.journal.open(&entries[0].row)
    };
    open().await.expect("as it was sealed");
    let token = format!("x'{}'", "07".repeat(16));
    let changes = [
        ("kind", "'offer'"),
        ("time", "time + 1"),
        ("party", "'00000099000000009000'"),
        ("source", "'00000099000000009000'"),
        ("recipient", "NULL"),
        ("purpose", "'treatment'"),
        ("categories", "'identity'"),
        ("outcome", "'given'"),
        ("overridden", "TRUE"),
        ("subject_token", &token),
        ("actor_token", &token),
        ("case_token", &token),
        ("trace", "replace(trace, substr(trace, 1, 1), CASE substr(trace, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END)"),
    ];
    for (column, value) in changes {
        write(&fixture, "CREATE TABLE kept AS SELECT * FROM entry").await;
        write(&fixture, &format!("UPDATE entry SET {column} = {value}")).await;
        assert!(matches!(open().await, Err(JournalError::Open(OpenError::Beside))), "{column}");
        write(&fixture, &format!("UPDATE entry SET {column} = (SELECT {column} FROM kept)")).await;
        fixture.change("DROP TABLE kept").await;
    }
    write(&fixture, "DELETE FROM entry_asked WHERE source LIKE '%7000'").await;
    assert!(matches!(open().await, Err(JournalError::Open(OpenError::Beside))), "asked");
}

/// A head or a tile that does not belong to the log: nothing is put behind it.
///
/// Broken on purpose to see it fail: without the comparison of roots in `TreeScribe::sequence`.
async fn nothing_is_put_behind_a_corrupt_tree(on: On) {
    let fixture = Fixture::on(on).await;
    for _ in 0..5 {
        fixture.commit_one(fixture.append()).await.expect("committed");
    }
    let sound = fixture.store.head().await.expect("the head");
    let commit = async || fixture.store.commit(&[fixture.append()], &scribe(), NOW).await;

    write(&fixture, "UPDATE tile SET hashes = zeroblob(160) WHERE level = 0 AND idx = 0").await;
    corrupt(commit().await, "tile", "hashes");
    write(&fixture, "UPDATE tile SET hashes = x'00' WHERE level = 0 AND idx = 0").await;
    corrupt(commit().await, "tile", "hashes");
    write(&fixture, "DELETE FROM tile").await;
    corrupt(commit().await, "tile", "hashes");
    assert_eq!(fixture.store.head().await.expect("the head"), sound, "nothing was written");

    write(&fixture, "UPDATE head SET root = zeroblob(32)").await;
    corrupt(fixture.store.head().await, "head", "code");
    corrupt(commit().await, "head", "code");
    let forged = Head { root: NodeHash::new([0; 32]), ..sound.clone() };
    corrupt(scribe().check(&forged), "head", "root");
    write(&fixture, "UPDATE head SET root = x'0102'").await;
    corrupt(fixture.store.head().await, "head", "root");
    corrupt(commit().await, "head", "root");
    write(&fixture, "UPDATE head SET root = zeroblob(32), size = -1").await;
    corrupt(fixture.store.head().await, "head", "size");
}

/// Registers: sealed under a key, each row bound to its place.
///
/// Broken on purpose to see it fail: a constant for what `Place::bound` gives (a record moved to another id is then believed).
async fn a_corrupt_register_is_named(on: On) {
    let fixture = Fixture::on(on).await;
    let validity = sluis::organisation::keys::Validity { from: NOW, until: NOW, revoked: false };
    let certificate = CredentialChange::Certificate { organisation: oin(1), fingerprint: [9; 32], validity };
    let changes = vec![
        Change::Organisation(Box::new(organisation(1))),
        Change::Credential(certificate),
        Change::Consent(SubjectIndex([1; 32]), Box::new(consent("c1", 1))),
        Change::Consent(SubjectIndex([1; 32]), Box::new(consent("c2", 1))),
        Change::Disclosure(Box::new(disclosure("d1"))),
    ];
    fixture.commit_one(sluis::store::Append { changes, ..fixture.append() }).await.expect("committed");
    let facts = async || fixture.store.person_facts(SubjectIndex([1; 32])).await;
    assert_eq!(facts().await.expect("sound").consents.len(), 2);

    write(&fixture, "UPDATE consent SET record = (SELECT record FROM consent WHERE id = 'c1') WHERE id = 'c2'").await;
    assert_eq!(corrupt(facts().await, "consent", "record"), "c2/1", "another's record is not this one's");
    write(&fixture, "UPDATE consent SET record = x'566572626f64656e' WHERE id = 'c2'").await;
    assert_eq!(corrupt(facts().await, "consent", "record"), "c2/1");
    write(&fixture, "UPDATE consent SET version = -1 WHERE id = 'c2'").await;
    corrupt(facts().await, "consent", "version");

    write(&fixture, "UPDATE disclosure SET facts = x'01'").await;
    assert_eq!(corrupt(fixture.store.disclosure("d1", NOW).await, "disclosure", "facts"), "d1");
    write(&fixture, "UPDATE disclosure SET facts = zeroblob(32), organisations = 'Verboden'").await;
    corrupt(fixture.store.disclosure("d1", NOW).await, "disclosure", "organisations");
    write(&fixture, "UPDATE disclosure SET organisations = '', recipient = 'Verboden'").await;
    corrupt(fixture.store.disclosure("d1", NOW).await, "disclosure", "recipient");

    write(&fixture, "UPDATE certificate SET fingerprint = x'01'").await;
    corrupt(fixture.store.registered().await, "certificate", "fingerprint");
    write(&fixture, "UPDATE certificate SET fingerprint = zeroblob(32), organisation = '00000099000000099000'").await;
    corrupt(fixture.store.registered().await, "certificate", "organisation");
    write(&fixture, "UPDATE organisation SET status = 'Verboden'").await;
    corrupt(fixture.store.registered().await, "organisation", "status");
    write(&fixture, "UPDATE organisation SET status = 'active', kind = 'Verboden'").await;
    corrupt(fixture.store.registered().await, "organisation", "kind");
}

/// A file of a newer version, or none at all, is not opened; one of this version is opened any number of times.
#[tokio::test]
async fn what_is_no_store_of_this_version_is_not_opened() {
    let fixture = Fixture::new().await;
    fixture.commit_one(fixture.append()).await.expect("committed");
    for _ in 0..2 {
        let again = super::fixture::open(&fixture.file()).await.expect("migrated already");
        assert_eq!(again.head().await.expect("the head").size, 1);
    }
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)";
    write(&fixture, newer).await;
    assert!(matches!(super::fixture::open(&fixture.file()).await.err(), Some(StoreError::Unavailable(_))));
    let text = fixture.file().with_file_name("text.sqlite");
    std::fs::write(&text, "this is no database, but long enough to have a header".repeat(100)).expect("written");
    assert!(matches!(super::fixture::open(&text).await.err(), Some(StoreError::Unavailable(_))));
    assert!(super::fixture::open(&text.join("below/a-file")).await.is_err());
}

/// A person's facts that cannot be read stop who rests on them, not the others of the batch.
///
/// Broken on purpose to see it fail: `try_append` handing the error on, as it did.
async fn a_corrupt_fact_stops_one_append_and_not_its_batch(on: On) {
    let fixture = Fixture::on(on).await;
    let (broken, sound) = (SubjectIndex([1; 32]), SubjectIndex([2; 32]));
    for (subject, id) in [(broken, "broken"), (sound, "sound")] {
        let changes = vec![Change::Consent(subject, Box::new(consent(id, 1)))];
        fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("recorded");
    }
    let mut resting = Vec::new();
    for subject in [broken, sound] {
        let person = fixture.store.person_facts(subject).await.expect("facts");
        let expected = Expected {
            // Older than the newest write: the facts are looked at again.
            revision: Revision(person.revision.0 - 1),
            void_at: NOW.plus(std::time::Duration::from_mins(1)),
            subject: Some(subject),
            organisations: Vec::new(),
            recipients: std::collections::BTreeSet::new(),
            case: None,
            digest: facts_digest(std::iter::empty(), None, Some(&person), None),
        };
        resting.push(Append {
            expected: Some(expected),
            nonce: Some(nonce(1, &format!("{}", subject.0[0]))),
            ..fixture.append()
        });
    }
    write(&fixture, "UPDATE consent SET record = x'00' WHERE id = 'broken'").await;
    let size = fixture.store.head().await.expect("the head").size;
    let batch = [fixture.append(), resting[0].clone(), resting[1].clone()];
    let outcomes = fixture.commit(&batch).await.expect("the batch is committed");
    let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
    assert_eq!(conflicts, [None, Some(Conflict::FactsUnreadable), None]);
    assert_eq!(fixture.store.head().await.expect("the head").size, size + 2);
    assert_eq!(fixture.commit_one(resting[0].clone()).await.err(), Some(Conflict::FactsUnreadable), "its nonce was given back");
    fixture.holds_together().await;
}
