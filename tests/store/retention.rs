//! What is erased is gone, also from a backup that is put back, and everything that was ever proved goes on verifying.

use std::path::Path;

use sluis::client::{Against, AuditError};
use sluis::ledger::audit::Broken;
use sluis::ledger::entry::Erases;
use sluis::ledger::tree::verify_inclusion;
use sluis::store::journal::JournalError;
use sluis::store::retention::{settle, tombstone};
use sluis::store::{Append, Store, proofs};
use sqlx::AssertSqlSafe;

use super::attack::write;
use super::fixture::{Fixture, oin, open};
use crate::verifier::{INVALID, verify};

/// What taking an entry's content by hand would do.
const FORGET: &str = "UPDATE entry SET subject_token = NULL, actor_token = NULL, token_salt = NULL, wrapped_key = NULL";

/// Five entries, and then those that say that these were erased.
async fn erased(fixture: &Fixture, erases: &[Erases]) {
    for _ in 0..5 {
        fixture.commit_one(fixture.append()).await.expect("committed");
    }
    for what in erases {
        let append = Append { entries: vec![fixture.erasure(what.clone())], ..Append::default() };
        fixture.commit_one(append).await.expect("committed");
    }
}

/// The class of the fixture's entries.
async fn class(store: &dyn Store) -> Erases {
    Erases::Class(store.entries(0, 1).await.expect("read")[0].row.key_class.clone())
}

/// Whether the first five entries open, in their order.
async fn opening(store: &dyn Store, fixture: &Fixture) -> [bool; 5] {
    let entries = store.entries(0, 5).await.expect("read");
    std::array::from_fn(|index| match fixture.journal.open(&entries[index].row) {
        Ok(_) => true,
        Err(JournalError::Erased) => false,
        Err(error) => panic!("entry {index}: {error}"),
    })
}

/// What both verifiers say of a file: how many entries are erased, or what is broken.
async fn audit(file: &Path, fixture: &Fixture) -> Result<u64, Broken> {
    let log = fixture.scribe.verifier().clone();
    let second = verify(&["full", &file.display().to_string(), &log.to_string()]);
    match (Against { log, policy: None, seen: Vec::new() }).verify(file, |_, _| {}).await {
        Ok(verified) => {
            second.is_sound();
            let erased = format!(" ({} erased)", verified.erased);
            assert_eq!(second.said().contains(&erased), verified.erased > 0, "{second:?}");
            Ok(verified.erased)
        }
        Err(AuditError::Broken(broken)) => {
            let at = broken.to_string().split(' ').take(2).collect::<Vec<_>>().join(" ");
            second.expect(INVALID, &format!("invalid: {at}: ")).expect("the same place");
            Err(broken)
        }
        Err(error) => panic!("{error}"),
    }
}

/// To be broken on purpose: the tokens left; the key left; the body taken with them.
#[tokio::test]
async fn what_is_erased_opens_no_more_and_every_old_proof_holds() {
    let fixture = Fixture::new().await;
    erased(&fixture, &[Erases::Entry(2)]).await;
    let store: &dyn Store = &*fixture.store;
    let (leaf, path) =
        (store.entries(2, 1).await.expect("read")[0].row.leaf, proofs::inclusion(store, 2, 5).await.expect("a proof"));
    assert_eq!(opening(store, &fixture).await, [true; 5], "said, and not done yet");
    assert_eq!(audit(&fixture.file(), &fixture).await, Ok(0));

    settle(store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(store, &fixture).await, [true, true, false, true, true]);
    let row = &store.entries(2, 1).await.expect("read")[0].row;
    assert!(row.erasable.is_none() && row.clear.subject.is_none() && row.clear.actor.is_none(), "{row:?}");
    assert_eq!((row.leaf, row.clear.purpose.is_some()), (leaf, true), "the rest stays");
    let root = proofs::root(store, 5).await.expect("a root");
    verify_inclusion(&leaf.hash(), 2, 5, &path, &root).expect("the old proof holds");
    assert_eq!(audit(&fixture.file(), &fixture).await, Ok(1));
    settle(store, &fixture.journal).await.expect("again");

    let of_class = Append { entries: vec![fixture.erasure(class(store).await)], ..Append::default() };
    fixture.commit_one(of_class).await.expect("committed");
    settle(store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(store, &fixture).await, [false; 5]);
    assert_eq!(audit(&fixture.file(), &fixture).await, Ok(5));
    fixture.holds_together().await;
}

/// To be broken on purpose: `Audit::erasable` that always agrees; a hold's key that suffices; `erases` not under the leaf.
#[tokio::test]
async fn nothing_is_erased_of_which_no_entry_tells() {
    let fixture = Fixture::new().await;
    erased(&fixture, &[Erases::Entry(2), Erases::Hold("hold-1".to_owned())]).await;
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    let copy = fixture.file().with_file_name("copy.sqlite");
    for (change, broken) in [
        (format!("{FORGET} WHERE idx = 3"), Broken::Erased(3)),
        (format!("{FORGET}, held_by = 'hold-1' WHERE idx = 3"), Broken::Erased(3)),
        ("UPDATE entry SET wrapped_key = NULL WHERE idx = 3".to_owned(), Broken::Columns(3)),
        ("UPDATE entry SET token_salt = zeroblob(16) WHERE idx = 3".to_owned(), Broken::Columns(3)),
        ("UPDATE entry SET token_salt = zeroblob(16), wrapped_key = zeroblob(60) WHERE idx = 2".to_owned(), Broken::Columns(2)),
        ("UPDATE entry SET tokens = zeroblob(32) WHERE idx = 2".to_owned(), Broken::Columns(2)),
        ("UPDATE entry SET outcome = 'given' WHERE idx = 2".to_owned(), Broken::Columns(2)),
        (format!("{FORGET} WHERE idx = 3; UPDATE entry SET erases = '3' WHERE idx = 6"), Broken::Columns(6)),
        (format!("{FORGET} WHERE idx = 3; UPDATE entry SET erases = '3' WHERE idx = 0"), Broken::Columns(0)),
    ] {
        let raw = fixture.raw().await;
        let _ = std::fs::remove_file(&copy);
        sqlx::query("VACUUM INTO ?").bind(copy.display().to_string()).execute(&raw).await.expect("a copy");
        raw.close().await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&copy);
        let changed = sqlx::sqlite::SqlitePool::connect_with(options).await.expect("a connection");
        sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&changed).await.expect("changed");
        changed.close().await;
        assert_eq!(audit(&copy, &fixture).await, Err(broken), "{change}");
    }
    // Whoever has the database alone has the gateway erase nothing.
    write(&fixture, "UPDATE entry SET erases = '4' WHERE idx = 0").await;
    write(&fixture, "UPDATE entry SET erases = '4' WHERE idx = 5").await;
    write(&fixture, "DELETE FROM erased").await;
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    let entries = fixture.store.entries(3, 2).await.expect("read");
    assert!(entries.iter().all(|entry| fixture.journal.open(&entry.row).is_ok()), "neither 3 nor 4");
}

/// To be broken on purpose: the list of what was forgotten believed by itself.
#[tokio::test]
async fn a_list_that_says_it_was_forgotten_keeps_no_key() {
    let fixture = Fixture::new().await;
    erased(&fixture, &[Erases::Entry(2)]).await;
    let leaf = fixture.store.entries(2, 1).await.expect("read")[0].row.leaf;
    let class = class(&*fixture.store).await;
    for name in [tombstone(&leaf), class.to_string()] {
        write(&fixture, &format!("INSERT INTO erased (name) VALUES ('{name}')")).await;
    }
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(&*fixture.store, &fixture).await, [true, true, false, true, true]);
    let append = Append { entries: vec![fixture.erasure(class)], ..Append::default() };
    fixture.commit_one(append).await.expect("committed");
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(&*fixture.store, &fixture).await, [false; 5]);
}

/// To be broken on purpose: without the key store's names in `settle`; without its tombstones; `Journal::open` without either.
#[tokio::test]
async fn a_backup_that_is_put_back_brings_nothing_back() {
    let fixture = Fixture::new().await;
    erased(&fixture, &[]).await;
    let copy = |name: &str| {
        let to = fixture.file().with_file_name(name);
        async {
            let raw = fixture.raw().await;
            sqlx::query("VACUUM INTO ?").bind(to.display().to_string()).execute(&raw).await.expect("a copy");
            raw.close().await;
            to
        }
    };
    let (backup, later) = (copy("backup.sqlite").await, copy("later.sqlite").await);
    let append = Append { entries: vec![fixture.erasure(Erases::Entry(2))], ..Append::default() };
    fixture.commit_one(append).await.expect("committed");
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    let back = open(&backup).await.expect("the old store");
    assert_eq!(opening(&back, &fixture).await, [true, true, false, true, true], "before it is settled too");
    settle(&back, &fixture.journal).await.expect("settled");
    let row = &back.entries(2, 1).await.expect("read")[0].row;
    assert!(row.erasable.is_none() && row.clear.subject.is_none(), "by its tombstone");

    let append = Append { entries: vec![fixture.erasure(class(&back).await)], ..Append::default() };
    fixture.commit_one(append).await.expect("committed");
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    let back = open(&later).await.expect("the old store");
    assert_eq!(opening(&back, &fixture).await, [false; 5], "before it is settled too");
    settle(&back, &fixture.journal).await.expect("settled");
    assert!(back.entries(0, 5).await.expect("read").iter().all(|entry| entry.row.clear.actor.is_none()), "by its class");
    assert_eq!(oin(1), back.entries(0, 1).await.expect("read")[0].row.clear.party);
}
