//! Who verifies a store finds the same, in the same words, whatever database it is in.

use sluis::client::{Against, Verified};
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::proof::TlogProof;
use sluis::store::audit::StoredLog;
use sluis::store::postgres::Cluster;
use sluis::store::postgres::audit::LogDatabase;
use sluis::store::sqlite::audit::LogFile;
use sluis::store::{Append, proofs};

use super::fixture::{Fixture, On, on_both};
use crate::support::cases::Cases;

on_both!(
    a_log_that_nobody_changed_verifies_in_full,
    what_was_changed_by_hand_is_found_and_named,
    a_log_of_nothing_verifies_and_something_in_it_is_found,
    a_log_that_does_not_continue_what_was_seen_has_diverged,
    pages_have_every_entry_once
);

/// How many receipts it keeps: more than are read at once.
const RECEIPTS: u64 = 300;

/// A log of 300 entries with a cosigned head and kept receipts: a full tile and a partial one at level 0, a partial one at level 1.
async fn log_of_300(on: On) -> Fixture {
    let fixture = Fixture::on(on).await;
    for _ in 0..3 {
        let batch: Vec<Append> = (0..100).map(|_| fixture.append()).collect();
        assert!(fixture.commit(&batch).await.expect("a commit").iter().all(Result::is_ok));
    }
    let leaf = fixture.store.entries(7, 1).await.expect("read")[0].row.leaf;
    let head = fixture.store.head().await.expect("a head");
    let extra = Some([leaf.bytes().as_slice(), &[7; 32]].concat());
    let path = proofs::inclusion(&*fixture.store, 7, head.size).await.expect("a proof");
    let checkpoint = SignedCheckpoint::parse(&head.checkpoint).expect("signed");
    let receipt = TlogProof { extra, index: 7, path, checkpoint }.to_string();
    let rows: Vec<String> = (0..RECEIPTS).map(|number| format!("('d-{number:03}', 7, '', '{receipt}')")).collect();
    fixture.change(&format!("INSERT INTO delivery (disclosure, seq, sealed, receipt) VALUES {}", rows.join(", "))).await;
    let rows: Vec<String> = (1..=RECEIPTS).map(|number| format!("({number}, 'd', 's', '', '{receipt}')")).collect();
    let contributions = "INSERT INTO contribution_receipt (seq, disclosure, source, items, receipt) VALUES";
    fixture.change(&format!("{contributions} {}", rows.join(", "))).await;
    fixture.change("INSERT INTO cosigned (size, checkpoint, at) SELECT size, checkpoint, 0 FROM head").await;
    fixture
}

fn against(fixture: &Fixture) -> Against {
    Against { log: fixture.scribe.verifier().clone(), policy: None, seen: Vec::new() }
}

async fn a_log_that_nobody_changed_verifies_in_full(on: On) {
    let fixture = log_of_300(on).await;
    let mut heard = Vec::new();
    let verified = against(&fixture).verify(&fixture.place(), |done, all| heard.push((done, all))).await;
    assert_eq!(verified.expect("sound"), Verified { size: 300, receipts: 2 * RECEIPTS, erased: 0, witnessed: None });
    assert_eq!(heard, [(300, 300)]);
}

/// An entry more.
const MORE: &str = "INSERT INTO entry (idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
    case_token, trace, leaf, body, wrapped_key, key_class, tokens, token_salt, held_by, erases) SELECT 300, kind, time, party, source, recipient, purpose,
    categories, outcome, overridden, subject_token, actor_token, case_token, trace, leaf, body, wrapped_key, key_class, tokens, token_salt, held_by, erases
    FROM entry WHERE idx = 7; INSERT INTO entry_asked SELECT 300, source FROM entry_asked WHERE idx = 7";

/// What is said of a changed column.
const COLUMN: &str = "entry 20 was changed: a column beside its sealed body ";

/// What is done to a log of 300 entries, and what is said of it.
const CHANGES: [(&str, &str); 64] = [
    ("UPDATE entry SET kind = 'offer' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET time = time + 1 WHERE idx = 20", COLUMN),
    ("UPDATE entry SET party = '00000099000000003000' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET source = recipient WHERE idx = 20", COLUMN),
    ("UPDATE entry SET recipient = NULL WHERE idx = 20", COLUMN),
    ("UPDATE entry SET purpose = 'a \"longer\" one, with ë' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET categories = 'identity' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET outcome = 'refused' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET overridden = NOT overridden WHERE idx = 20", COLUMN),
    ("UPDATE entry SET subject_token = actor_token WHERE idx = 20", COLUMN),
    ("UPDATE entry SET actor_token = NULL WHERE idx = 20", COLUMN),
    ("UPDATE entry SET case_token = zeroblob(32) WHERE idx = 20", COLUMN),
    ("UPDATE entry SET case_token = zeroblob(31) WHERE idx = 20", COLUMN),
    ("UPDATE entry SET tokens = zeroblob(32) WHERE idx = 20", COLUMN),
    ("UPDATE entry SET token_salt = zeroblob(3) WHERE idx = 20", COLUMN),
    ("UPDATE entry SET wrapped_key = NULL WHERE idx = 20", COLUMN),
    ("UPDATE entry SET trace = upper(trace) || '0' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET key_class = key_class || ' ' WHERE idx = 20", COLUMN),
    ("UPDATE entry SET erases = '3' WHERE idx = 20", COLUMN),
    (
        "UPDATE entry SET subject_token = NULL, actor_token = NULL, token_salt = NULL, wrapped_key = NULL WHERE idx = 20",
        "entry 20 was erased, and no ",
    ),
    (
        "UPDATE entry SET held_by = substr(hex(zeroblob(40000)), 1, 70000) WHERE idx = 20",
        "the log cannot be read: corrupt: table entry, column held_by, row 20",
    ),
    ("UPDATE entry SET leaf = zeroblob(97) WHERE idx = 20", "entry 20 was changed: its leaf "),
    ("UPDATE entry SET leaf = substr(leaf, 1, 96) WHERE idx = 20", "entry 20 was changed: its leaf "),
    ("UPDATE entry SET body = zeroblob(length(body)) WHERE idx = 20", "entry 20 was changed: its sealed body "),
    ("UPDATE entry SET body = x'' WHERE idx = 20", "entry 20 was changed: its sealed body "),
    ("UPDATE entry SET body = NULL WHERE idx = 20", "entry 20 has no sealed body"),
    (
        "UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE idx = 8), body = (SELECT body FROM entry WHERE idx = 8) WHERE idx = 20",
        COLUMN,
    ),
    ("DELETE FROM entry WHERE idx = 0", "entry 0 is missing"),
    ("DELETE FROM entry WHERE idx = 150", "entry 150 is missing"),
    ("DELETE FROM entry WHERE idx = 299", "entry 299 is missing"),
    ("DELETE FROM entry", "entry 0 is missing"),
    ("DELETE FROM entry WHERE idx = 299; UPDATE head SET size = 299", "the head of the log says another size or root "),
    (MORE, "entry 300 and what follows stand in no signed head"),
    ("UPDATE entry SET idx = -5 WHERE idx = 20", "entry -5 was never in the log"),
    ("UPDATE entry SET idx = 9223372036854775807 WHERE idx = 299", "entry 299 is missing"),
    ("INSERT INTO entry_asked VALUES (20, '00000099000000003000')", COLUMN),
    ("INSERT INTO entry_asked VALUES (20, '')", COLUMN),
    (
        "INSERT INTO entry_asked SELECT 20, substr(hex(zeroblob(40000)), 1, 70000)",
        "the log cannot be read: corrupt: table entry_asked, column source, row 20",
    ),
    ("DELETE FROM entry_asked WHERE idx = 20", COLUMN),
    (
        "DELETE FROM entry_asked WHERE idx = 20; INSERT INTO entry_asked VALUES (20, '00000099000000007000 00000099000000008000')",
        COLUMN,
    ),
    ("INSERT INTO entry_asked VALUES (9999, '00000099000000003000')", "entry 9999 was never in the log"),
    ("INSERT INTO entry_asked VALUES (-1, '00000099000000003000')", "entry -1 was never in the log"),
    ("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0", "tile/0/000 was changed"),
    ("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND idx = 1", "tile/0/001.p/44 was changed"),
    ("UPDATE tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0 AND idx = 0", "tile/0/000 was changed"),
    ("DELETE FROM tile WHERE level = 1", "tile/1/000.p/1 was changed, or is not there"),
    (
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND idx = 1",
        "tile 0/1: a log of 300 has none such",
    ),
    ("UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 1", "tile 1/0: a log of 300 has none such"),
    ("INSERT INTO tile VALUES (0, 2, zeroblob(32))", "tile 0/2: a log of 300 has none such"),
    ("INSERT INTO tile VALUES (2, 0, zeroblob(32))", "tile 2/0: a log of 300 has none such"),
    ("INSERT INTO tile VALUES (-1, -1, x'')", "tile -1/-1: a log of 300 has none such"),
    ("INSERT INTO tile VALUES (0, 9223372036854775807, x'')", "tile 0/9223372036854775807: a log of 300 has none such"),
    ("INSERT INTO tile VALUES (9223372036854775807, 0, x'')", "tile 9223372036854775807/0: a log of 300 has none such"),
    ("UPDATE head SET size = size + 1", "the head of the log says another size or root "),
    ("UPDATE head SET root = zeroblob(32)", "the head of the log says another size or root "),
    ("UPDATE head SET checkpoint = replace(checkpoint, '— ', '— y')", "the head of the log is not signed by it"),
    ("UPDATE head SET checkpoint = ''", "the head of the log is not signed by it"),
    ("DELETE FROM head", "the log cannot be read: corrupt: table head, column id, row 1"),
    ("INSERT INTO cosigned VALUES (200, 'junk', 0)", "the cosigned head of 200 entries that the store keeps is none of this log"),
    (
        "UPDATE cosigned SET checkpoint = replace(checkpoint, '— ', '— y')",
        "the cosigned head of 300 entries that the store keeps is none of this log",
    ),
    (
        "UPDATE cosigned SET size = 299",
        "the cosigned head of 299 entries that the store keeps is none of this log: it is of another size",
    ),
    (
        "UPDATE delivery SET receipt = 'junk' WHERE disclosure = 'd-299'",
        "the stored receipt of d-299 at 7 does not belong to this log",
    ),
    (
        "UPDATE delivery SET seq = 8 WHERE disclosure = 'd-003'",
        "the stored receipt of d-003 at 8 does not belong to this log: it is not of the entry at its place",
    ),
    ("UPDATE contribution_receipt SET receipt = '' WHERE seq = 300", "the stored receipt of d for s does not belong to this log"),
];

/// Broken on purpose to see it fail, of PostgreSQL: `overridden` always 0 (`truth`); `strays::tile` or `strays::source` that find nothing; `kept::page` without
/// its second page.
async fn what_was_changed_by_hand_is_found_and_named(on: On) {
    let fixture = log_of_300(on).await;
    let mut cases = Cases::default();
    for (change, told) in CHANGES {
        let copy = fixture.copy().await;
        assert!(copy.change(change).await > 0, "nothing was changed by {change}");
        let said = against(&fixture).verify(&copy.place(), |_, _| {}).await;
        let said = said.map_or_else(|error| error.to_string(), |verified| format!("{verified:?}"));
        cases.hold(format!("{change}: {said}"), said.starts_with(told));
    }
    cases.finish(64);
}

async fn a_log_of_nothing_verifies_and_something_in_it_is_found(on: On) {
    let fixture = Fixture::on(on).await;
    let verify = async || against(&fixture).verify(&fixture.place(), |_, _| {}).await.map_err(|error| error.to_string());
    assert_eq!(verify().await, Ok(Verified { size: 0, receipts: 0, erased: 0, witnessed: None }));
    fixture.change("INSERT INTO tile VALUES (0, 0, zeroblob(32))").await;
    assert_eq!(verify().await, Err("tile 0/0: a log of 0 has none such".to_owned()));
    fixture.commit_one(fixture.append()).await.expect("committed");
    let empty =
        "UPDATE head SET size = 0, checkpoint = '', root = x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'";
    fixture.change(empty).await;
    assert_eq!(verify().await, Err("entry 0 was never in the log".to_owned()));
}

/// Broken on purpose to see it fail: without `diverged_by_tiles`.
async fn a_log_that_does_not_continue_what_was_seen_has_diverged(on: On) {
    let (fixture, other) = (log_of_300(on).await, Fixture::on(on).await);
    other.commit_one(other.append()).await.expect("committed");
    let [own, foreign] = [&fixture, &other].map(async |of| of.store.head().await.expect("a head").checkpoint);
    let (own, foreign) = (own.await, foreign.await);
    let (place, mut seen) = (fixture.place(), against(&fixture));
    seen.add_seen("own", &own).expect("signed by the log");
    seen.verify(&place, |_, _| {}).await.expect("continued");
    seen.add_seen("foreign", &foreign).expect("signed by the same key");
    let diverged = "the log (300 entries) does not continue the one of 1 entries whose head stands in foreign";
    for change in [
        "",
        "DELETE FROM entry WHERE idx = 40",
        "UPDATE entry SET held_by = substr(hex(zeroblob(40000)), 1, 70000) WHERE idx = 0",
    ] {
        if !change.is_empty() {
            fixture.change(change).await;
        }
        let said = seen.verify(&place, |_, _| {}).await.expect_err("diverged").to_string();
        assert!(said.starts_with(diverged), "{change}: {said}");
    }
    assert_eq!(against(&fixture).consistent(&place, ("own", &own), ("own", &own)).await.expect("consistent"), (300, 300));
    let said = against(&fixture).consistent(&place, ("foreign", &foreign), ("own", &own)).await.expect_err("diverged");
    assert!(said.to_string().contains("does not continue"), "{said}");
}

/// Broken on purpose to see it fail: pages without `WITH TIES`.
async fn pages_have_every_entry_once(on: On) {
    let fixture = Fixture::on(on).await;
    let batch: Vec<Append> = (0..50).map(|_| fixture.append()).collect();
    fixture.commit(&batch).await.expect("a commit");
    match on {
        On::Sqlite => paged(&mut LogFile::open(&fixture.file()).expect("opened")).await,
        On::Postgres => {
            paged(&mut database(&fixture).await).await;
            // Where no key forbids it, an entry stands twice: whoever reads it sees both, also at the end of a page.
            fixture
                .change(
                    "ALTER TABLE entry_asked DROP CONSTRAINT entry_asked_idx_fkey; ALTER TABLE entry DROP CONSTRAINT entry_pkey",
                )
                .await;
            fixture.change("INSERT INTO entry SELECT * FROM entry WHERE idx = 9").await;
            let lines = database(&fixture).await.lines(0, 10).await.expect("read");
            assert_eq!(lines.iter().map(|line| line.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
            let said = against(&fixture).verify(&fixture.place(), |_, _| {}).await.expect_err("twice").to_string();
            assert!(said.starts_with("entry 9 was never in the log"), "{said}");
        }
    }
}

async fn database(fixture: &Fixture) -> LogDatabase {
    let sluis::client::StorePlace::Database(url) = fixture.place() else { panic!("a database") };
    LogDatabase::open(&Cluster::at(&url, 0).expect("a URL")).await.expect("reached").expect("a store")
}

/// Pages of seven, of one, and all at once.
async fn paged(log: &mut impl StoredLog) {
    let all = log.lines(i64::MIN, 1000).await.expect("read");
    assert_eq!(all.iter().map(|line| line.index).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
    assert!(all.iter().all(|line| line.sources == 2 && line.body.is_some()), "{all:?}");
    for limit in [1, 7, 50] {
        let (mut paged, mut first) = (Vec::new(), i64::MIN);
        loop {
            let page = log.lines(first, limit).await.expect("read");
            let Some(last) = page.last() else { break };
            assert!(page.len() <= usize::try_from(limit).expect("small"));
            first = last.index + 1;
            paged.extend(page);
        }
        assert_eq!(format!("{paged:?}"), format!("{all:?}"), "pages of {limit}");
    }
}
