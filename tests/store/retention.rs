//! What is erased is gone, also from a backup that is put back, and everything that was ever proved goes on verifying.

use std::collections::BTreeSet;

use sluis::client::{Against, AuditError, StorePlace};
use sluis::ledger::audit::Broken;
use sluis::ledger::entry::Erases;
use sluis::ledger::tree::verify_inclusion;
use sluis::store::journal::JournalError;
use sluis::store::retention::{Covers, Hold, MOST_HOLDS, Moving, settle, tombstone};
use sluis::store::{Append, Change, Conflict, Store, proofs};

use super::attack::write;
use super::fixture::{Fixture, On, oin, on_both, open};
use crate::verifier::{INVALID, verify};

on_both!(
    what_is_erased_opens_no_more_and_every_old_proof_holds,
    nothing_is_erased_of_which_no_entry_tells,
    a_list_that_says_it_was_forgotten_keeps_no_key,
    an_organisation_has_a_thousand_holds_at_most
);

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

/// What Sluis' verifier says of a store: how many entries are erased, or what is broken. Of a file the second verifier says the same.
async fn audit(place: &StorePlace, fixture: &Fixture) -> Result<u64, Broken> {
    let log = fixture.scribe.verifier().clone();
    let second = match place {
        StorePlace::File(file) => Some(verify(&["full", &file.display().to_string(), &log.to_string()])),
        StorePlace::Database(_) => None,
    };
    match (Against { log, policy: None, seen: Vec::new() }).verify(place, |_, _| {}).await {
        Ok(verified) => {
            if let Some(second) = second {
                second.is_sound();
                let erased = format!(" ({} erased)", verified.erased);
                assert_eq!(second.said().contains(&erased), verified.erased > 0, "{second:?}");
            }
            Ok(verified.erased)
        }
        Err(AuditError::Broken(broken)) => {
            let at = broken.to_string().split(' ').take(2).collect::<Vec<_>>().join(" ");
            if let Some(second) = second {
                second.expect(INVALID, &format!("invalid: {at}: ")).expect("the same place");
            }
            Err(broken)
        }
        Err(error) => panic!("{error}"),
    }
}

/// Broken on purpose to see it fail: the tokens left; the key left; the body taken with them.
async fn what_is_erased_opens_no_more_and_every_old_proof_holds(on: On) {
    let fixture = Fixture::on(on).await;
    erased(&fixture, &[Erases::Entry(2)]).await;
    let store: &dyn Store = &*fixture.store;
    let (leaf, path) =
        (store.entries(2, 1).await.expect("read")[0].row.leaf, proofs::inclusion(store, 2, 5).await.expect("a proof"));
    assert_eq!(opening(store, &fixture).await, [true; 5], "said, and not done yet");
    assert_eq!(audit(&fixture.place(), &fixture).await, Ok(0));

    settle(store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(store, &fixture).await, [true, true, false, true, true]);
    let row = &store.entries(2, 1).await.expect("read")[0].row;
    assert!(row.erasable.is_none() && row.clear.subject.is_none() && row.clear.actor.is_none(), "{row:?}");
    assert_eq!((row.leaf, row.clear.purpose.is_some()), (leaf, true), "the rest stays");
    let root = proofs::root(store, 5).await.expect("a root");
    verify_inclusion(&leaf.hash(), 2, 5, &path, &root).expect("the old proof holds");
    assert_eq!(audit(&fixture.place(), &fixture).await, Ok(1));
    settle(store, &fixture.journal).await.expect("again");

    let of_class = Append { entries: vec![fixture.erasure(class(store).await)], ..Append::default() };
    fixture.commit_one(of_class).await.expect("committed");
    settle(store, &fixture.journal).await.expect("settled");
    assert_eq!(opening(store, &fixture).await, [false; 5]);
    assert_eq!(audit(&fixture.place(), &fixture).await, Ok(5));
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `Audit::erasable` that always agrees; a hold's key that suffices; `erases` not under the leaf.
async fn nothing_is_erased_of_which_no_entry_tells(on: On) {
    let fixture = Fixture::on(on).await;
    erased(&fixture, &[Erases::Entry(2), Erases::Hold("hold-1".to_owned())]).await;
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
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
        let copy = fixture.copy().await;
        copy.change(&change).await;
        assert_eq!(audit(&copy.place(), &fixture).await, Err(broken), "{change}");
    }
    // Whoever has the database alone has the gateway erase nothing.
    write(&fixture, "UPDATE entry SET erases = '4' WHERE idx = 0").await;
    write(&fixture, "UPDATE entry SET erases = '4' WHERE idx = 5").await;
    write(&fixture, "DELETE FROM erased").await;
    // Copying may have cut off the fixture's own connections.
    let store = fixture.node().await;
    settle(&*store, &fixture.journal).await.expect("settled");
    let entries = store.entries(3, 2).await.expect("read");
    assert!(entries.iter().all(|entry| fixture.journal.open(&entry.row).is_ok()), "neither 3 nor 4");
}

/// Broken on purpose to see it fail: the list of what was forgotten believed by itself.
async fn a_list_that_says_it_was_forgotten_keeps_no_key(on: On) {
    let fixture = Fixture::on(on).await;
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

/// Broken on purpose to see it fail: without the key store's names in `settle`; without its tombstones; `Journal::open` without the tombstone.
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

/// What is in the files of the database, the write-ahead log too, of an entry's wrapped key, the salt of its tokens and the tokens.
fn traces(fixture: &Fixture, secrets: &[Vec<u8>]) -> usize {
    let folder = fixture.file().parent().expect("a folder").to_owned();
    let files: Vec<_> = std::fs::read_dir(folder).expect("listed").flatten().map(|file| file.path()).collect();
    let of_the_log =
        files.iter().filter(|file| file.to_string_lossy().contains("log.sqlite") && !file.to_string_lossy().contains(".search"));
    let bytes: Vec<_> = of_the_log.map(|file| std::fs::read(file).expect("readable")).collect();
    assert!(!bytes.is_empty());
    let is_in = |secret: &&Vec<u8>| bytes.iter().any(|file| file.windows(secret.len()).any(|window| window == secret.as_slice()));
    secrets.iter().filter(is_in).count()
}

/// Broken on purpose to see it fail: without the write-ahead log emptied.
#[tokio::test]
async fn no_byte_of_what_was_erased_is_left_in_any_file_of_the_database() {
    let fixture = Fixture::new().await;
    for number in 20..60 {
        let entry = if number % 2 == 0 { fixture.entry(&oin(number)) } else { fixture.large_entry(&oin(number)) };
        let append = Append { entries: vec![entry], ..Append::default() };
        fixture.commit_one(append).await.expect("committed");
    }
    let store: &dyn Store = &*fixture.store;
    let secrets_of = async |index: u64| {
        let row = store.entries(index, 1).await.expect("read").remove(0).row;
        let erasable = row.erasable.expect("not erased");
        let tokens = [row.clear.subject, row.clear.actor].map(|token| token.expect("a token").bytes().to_vec());
        [vec![erasable.wrapped_key.bytes().to_vec(), erasable.salt.bytes().to_vec()], tokens.to_vec()].concat()
    };
    let (one, of_class) = (secrets_of(7).await, secrets_of(20).await);
    let held = {
        let row = store.entries(9, 1).await.expect("read").remove(0).row;
        let (before, wrapped) = (secrets_of(9).await, fixture.journal.wrap_anew(&row, "hold-1").expect("wrapped"));
        let (from, standing) = (Erases::Class(row.key_class), BTreeSet::new());
        let moving = Moving { wrapped: &[(9, wrapped)], from: &from, to: Some("hold-1"), standing: &standing };
        store.move_entries(&moving).await.expect("moved").expect("held");
        [before, secrets_of(9).await].concat()
    };
    assert_eq!(traces(&fixture, &one), 4, "the test looks where they are");

    for (what, secrets) in [(Erases::Entry(7), one), (Erases::Hold("hold-1".to_owned()), held), (class(store).await, of_class)] {
        let append = Append { entries: vec![fixture.erasure(what.clone())], ..Append::default() };
        fixture.commit_one(append).await.expect("committed");
        settle(store, &fixture.journal).await.expect("settled");
        assert_eq!(traces(&fixture, &secrets), 0, "{what}");
    }
    assert_eq!(store.forgotten().await.expect("read").len(), 3);
}

/// Who reads what was there before keeps it in the write-ahead log: that it was forgotten is noted when it is gone from there too.
///
/// Broken on purpose to see it fail: noted all the same.
#[tokio::test]
async fn what_a_reader_still_sees_is_not_forgotten_yet() {
    let fixture = Fixture::new().await;
    erased(&fixture, &[Erases::Entry(2)]).await;
    let reader = fixture.raw().await;
    let mut reading = reader.begin().await.expect("begun");
    sqlx::query("SELECT count(*) FROM entry").execute(&mut *reading).await.expect("read");
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    assert!(!opening(&*fixture.store, &fixture).await[2], "erased it is");
    assert_eq!(fixture.store.forgotten().await.expect("read").len(), 0);
    reading.rollback().await.expect("over");
    reader.close().await;
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    assert_eq!(fixture.store.forgotten().await.expect("read").len(), 1);
}

/// Broken on purpose to see it fail: `place` without its look at how many there are; those of others counted.
async fn an_organisation_has_a_thousand_holds_at_most(on: On) {
    let fixture = Fixture::on(on).await;
    let hold = |party: u8, number: usize| Hold {
        id: format!("{party}-{number:05}"),
        party: oin(party),
        covers: Covers::Entries(BTreeSet::from([1])),
        ground: "a test".to_owned(),
        placed_by: "fg-1".to_owned(),
        placed_at: super::fixture::NOW,
    };
    let place = async |holds: Vec<Hold>| {
        let changes = holds.into_iter().map(|hold| Change::Hold(Box::new(hold))).collect();
        fixture.commit_one(Append { entries: vec![fixture.entry(&oin(1))], changes, ..Append::default() }).await.err()
    };
    assert_eq!(place((0..MOST_HOLDS).map(|number| hold(1, number)).collect()).await, None);
    assert_eq!(place(vec![hold(1, MOST_HOLDS)]).await, Some(Conflict::TooMany));
    assert_eq!(place(vec![hold(2, 0)]).await, None, "no organisation fills another's list");
    assert_eq!(fixture.store.holds().await.expect("whole").len(), MOST_HOLDS + 1);
    let lift = Append { changes: vec![Change::HoldLifted(hold(1, 7).id)], ..fixture.append() };
    fixture.commit_one(lift).await.expect("lifted");
    assert_eq!(place(vec![hold(1, MOST_HOLDS)]).await, None);
}
