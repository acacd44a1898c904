//! What `tests/verifier/verify.py` says of a store: sound while it is, and of one in which something was changed the place. Sluis' own verifier says the same.

use std::path::{Path, PathBuf};

use sluis::client::{Against, AuditError, verify_indexes};
use sluis::crypto::hex;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::entry::{TokenSalt, TokensDigest};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::tree::{NodeHash, RightEdge, leaf_hash};
use sluis::secret::Secret;
use sluis::store::Append;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::fixture::{Fixture, oin};
use crate::support::cases::Cases;
use crate::support::random_text;
use crate::verifier::{DIVERGED, INVALID, UNWITNESSED, USAGE, Verdict, verify};

/// An index that leaves out what its table has, under a definition that does not say so.
const BLIND: &str = "PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = sql || ' WHERE idx <> 48' WHERE name = 'entry_trace';
    PRAGMA writable_schema = RESET;
    REINDEX entry_trace;
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, ' WHERE idx <> 48', '') WHERE name = 'entry_trace';
    PRAGMA writable_schema = RESET";

/// A log of 600 entries in one file: two full tiles and a partial one at level 0, a partial one at level 1.
struct Log {
    // Its folder is the fixture's, and goes with it.
    _fixture: Fixture,
    file: PathBuf,
    vkey: String,
    /// The checkpoint at 500 entries.
    earlier: String,
}

/// What is done to a copy of the log.
enum Change {
    /// One byte of the blob or text in this column and row is another.
    Flip(&'static str, &'static str, String, usize),
    /// This is executed.
    Sql(String),
}

impl Log {
    async fn of_600() -> Self {
        let fixture = Fixture::new().await;
        let mut earlier = String::new();
        for _ in 0..6 {
            earlier = fixture.store.head().await.expect("the head").checkpoint;
            let batch: Vec<Append> =
                (0..100).map(|_| Append { entries: vec![fixture.entry(&oin(1))], ..Append::default() }).collect();
            assert!(fixture.commit(&batch).await.expect("a commit").iter().all(Result::is_ok));
        }
        let file = fixture.file().with_file_name("whole.sqlite");
        let raw = fixture.raw().await;
        sqlx::query("VACUUM INTO ?").bind(file.display().to_string()).execute(&raw).await.expect("a copy");
        raw.close().await;
        let vkey = fixture.scribe.verifier().to_string();
        Self { _fixture: fixture, file, vkey, earlier }
    }

    /// What the verifier says of a copy to which this was done.
    async fn after(&self, changes: &[Change]) -> Verdict {
        let copy = self.file.with_file_name(format!("{}.sqlite", random_text()));
        std::fs::copy(&self.file, &copy).expect("copied");
        let mut raw = open(&copy).await;
        for change in changes {
            match change {
                Change::Sql(statement) => {
                    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut raw).await.expect("done");
                    assert!(done.rows_affected() > 0, "{statement}");
                }
                Change::Flip(table, column, row, at) => flip(&mut raw, table, column, row, *at).await,
            }
        }
        raw.close().await.expect("written");
        let verdict = verify(&["full", &copy.display().to_string(), &self.vkey]);
        assert_eq!(self.here(&copy).await, verdict.code(), "{verdict:?}");
        std::fs::remove_file(&copy).expect("removed");
        verdict
    }

    /// What Sluis' own verifier says.
    async fn here(&self, file: &Path) -> i32 {
        let against = Against { log: self.vkey.parse().expect("a key"), policy: None, seen: Vec::new() };
        match against.verify(&file.into(), |_, _| {}).await {
            Ok(_) if verify_indexes(file).is_err() => INVALID,
            Ok(verified) => verified.witnessed_by().map_or(UNWITNESSED, |by| panic!("{by:?}")),
            Err(AuditError::Diverged { .. }) => DIVERGED,
            Err(_) => INVALID,
        }
    }
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).pragma("ignore_check_constraints", "ON");
    SqliteConnection::connect_with(&options).await.expect("a connection")
}

async fn flip(raw: &mut SqliteConnection, table: &str, column: &str, row: &str, at: usize) {
    let read = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {row}");
    let mut bytes: Vec<u8> = sqlx::query_scalar(AssertSqlSafe(read)).fetch_one(&mut *raw).await.expect("a row");
    bytes[at] ^= 1;
    let kind = if column == "checkpoint" { "TEXT" } else { "BLOB" };
    let write = format!("UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {row}");
    let done = sqlx::query(AssertSqlSafe(write)).bind(bytes).execute(raw).await.expect("written");
    assert_eq!(done.rows_affected(), 1);
}

/// One bit of each part: of leaves and bodies at the borders of tiles, of every tile, of every line of the head.
#[tokio::test]
async fn a_flipped_bit_is_named_by_its_place() {
    let log = Log::of_600().await;
    log.after(&[]).await.expect(UNWITNESSED, "unwitnessed: 600 entries, root ").expect("sound");
    let mut flips = Vec::new();
    for index in [0, 255, 256, 599] {
        let row = format!("idx = {index}");
        // Version, the body's HMAC, the stored body's digest, the statement's HMAC.
        flips.extend([0, 32, 33, 96].map(|at| ("entry", "leaf", row.clone(), at, format!("entry {index}: "))));
        flips.push(("entry", "body", row, 300, format!("entry {index}: its body ")));
    }
    for (level, index, width, path) in
        [(0, 0, 256, "tile/0/000"), (0, 1, 256, "tile/0/001"), (0, 2, 88, "tile/0/002.p/88"), (1, 0, 2, "tile/1/000.p/2")]
    {
        let row = format!("level = {level} AND idx = {index}");
        flips.extend([0, width - 1].map(|hash| ("tile", "hashes", row.clone(), 32 * hash, format!("{path}: hash {hash} "))));
    }
    let head = "id = 1".to_owned();
    flips.extend([0, 19, 30, 66, 90, 150].map(|at| ("head", "checkpoint", head.clone(), at, "head: checkpoint: ".to_owned())));
    flips.push(("head", "root", head, 0, "head: root: ".to_owned()));
    let mut cases = Cases::default();
    for (table, column, row, at, place) in flips {
        let verdict = log.after(&[Change::Flip(table, column, row.clone(), at)]).await;
        cases.check(format!("{table}.{column}, {row}, byte {at}"), verdict.expect(INVALID, &format!("invalid: {place}")));
    }
    cases.finish(35);
}

#[tokio::test]
async fn rows_that_go_come_or_change_places_are_named() {
    const COPY: &str = "INSERT INTO entry (idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
        case_token, trace, leaf, body, wrapped_key, key_class, tokens, token_salt, held_by, erases) SELECT 600, kind, time, party, source, recipient, purpose,
        categories, outcome, overridden, subject_token, actor_token, case_token, trace, leaf, body, wrapped_key, key_class, tokens, token_salt, held_by, erases
        FROM entry WHERE idx = 7";
    const SWAP: &str = "UPDATE entry SET idx = -10 WHERE idx = 10; UPDATE entry SET idx = 10 WHERE idx = 11; UPDATE entry SET idx = 11 WHERE idx = -10";
    let log = Log::of_600().await;
    let mut cases = Cases::default();
    for (statement, place) in [
        ("DELETE FROM entry WHERE idx = 0", "entry 0: missing"),
        ("DELETE FROM entry WHERE idx = 300", "entry 300: missing"),
        ("DELETE FROM entry WHERE idx = 599", "entry 599: missing"),
        ("DELETE FROM entry", "entry 0: missing"),
        ("DELETE FROM entry WHERE idx = 300; UPDATE entry SET idx = idx - 1 WHERE idx > 300", "entry 300: missing"),
        (COPY, "entry 600: a log of 600 "),
        ("UPDATE entry SET idx = -1 WHERE idx = 5", "entry -1: a log of 600 "),
        (SWAP, "entry 10: another leaf "),
        (
            "UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE idx = 8), body = (SELECT body FROM entry WHERE idx = 8) WHERE idx = 9",
            "entry 9: a column ",
        ),
        ("UPDATE entry SET leaf = substr(leaf, 1, 96) WHERE idx = 40", "entry 40: its leaf is malformed"),
        ("UPDATE entry SET body = x'' WHERE idx = 40", "entry 40: its body "),
        ("DELETE FROM tile WHERE level = 0 AND idx = 1", "tile/0/001: 0 bytes "),
        ("UPDATE tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0 AND idx = 1", "tile/0/001: 8160 bytes "),
        (
            "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND idx = 2",
            "tile/0/002.p/88: 2848 bytes ",
        ),
        (
            "UPDATE tile SET hashes = (SELECT hashes FROM tile WHERE level = 0 AND idx = 1) WHERE level = 0 AND idx = 0",
            "tile/0/000: hash 0 ",
        ),
        ("INSERT INTO tile VALUES (2, 0, zeroblob(32))", "tile 2/0: a log of 600 has none such"),
        ("INSERT INTO tile VALUES (1, 1, zeroblob(32))", "tile 1/1: a log of 600 has none such"),
        ("INSERT INTO tile VALUES (-1, -1, x'')", "tile -1/-1: a log of 600 has none such"),
        ("INSERT INTO entry_asked VALUES (9999, '00000099000000003000')", "entry 9999: a source "),
        ("INSERT INTO cosigned VALUES (500, 'junk', 0)", "cosigned: no checkpoint"),
        ("INSERT INTO cosigned SELECT 599, checkpoint, 0 FROM head", "cosigned head of 599: it says 600"),
        (BLIND, "store: row 49 missing from index entry_trace"),
        ("UPDATE head SET size = 0, checkpoint = ''", "head: root: "),
        ("UPDATE head SET size = 599", "head: size: "),
        ("UPDATE head SET checkpoint = ''", "head: checkpoint: "),
        (
            "UPDATE head SET size = 0, checkpoint = '', root = x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
            "entry 0: ",
        ),
        ("DELETE FROM head", "head: 0 rows"),
        ("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'tile'", "store: "),
    ] {
        let verdict = log.after(&[Change::Sql(statement.to_owned())]).await;
        cases.check(statement, verdict.expect(INVALID, &format!("invalid: {place}")));
    }
    let emptied = log.after(&[Change::Sql("UPDATE entry SET body = NULL WHERE idx IN (3, 4)".to_owned())]).await;
    cases.check("two bodies taken out", emptied.expect(INVALID, "invalid: entry 3: its body was taken out"));
    cases.finish(27);
}

/// A digest of them stands before the sealed body.
#[tokio::test]
async fn a_changed_column_is_named_by_its_entry() {
    let log = Log::of_600().await;
    let mut cases = Cases::default();
    for statement in [
        "UPDATE entry SET kind = 'offer' WHERE idx = 20",
        "UPDATE entry SET time = time + 1 WHERE idx = 20",
        "UPDATE entry SET party = '00000099000000003000' WHERE idx = 20",
        "UPDATE entry SET source = recipient WHERE idx = 20",
        "UPDATE entry SET recipient = NULL WHERE idx = 20",
        "UPDATE entry SET purpose = 'treatment' WHERE idx = 20",
        "UPDATE entry SET categories = 'identity' WHERE idx = 20",
        "UPDATE entry SET outcome = 'refused' WHERE idx = 20",
        "UPDATE entry SET overridden = 1 WHERE idx = 20",
        "UPDATE entry SET subject_token = actor_token WHERE idx = 20",
        "UPDATE entry SET actor_token = NULL WHERE idx = 20",
        "UPDATE entry SET case_token = zeroblob(32) WHERE idx = 20",
        "UPDATE entry SET trace = upper(trace) || '0' WHERE idx = 20",
        "UPDATE entry SET key_class = key_class || ' ' WHERE idx = 20",
        "DELETE FROM entry_asked WHERE idx = 20",
        "INSERT INTO entry_asked VALUES (20, '00000099000000003000')",
    ] {
        let verdict = log.after(&[Change::Sql(statement.to_owned())]).await;
        cases.check(statement, verdict.expect(INVALID, "invalid: entry 20: a column "));
    }
    cases.finish(16);
}

/// Heads that somebody kept: the log continues them, or the log's keeper signed two histories.
#[tokio::test]
async fn a_log_that_does_not_continue_what_was_seen_has_diverged() {
    let log = Log::of_600().await;
    let signer = |seed| {
        let key = SigningKey::from_seed("sluis.example/test".parse().expect("a name"), KeyKind::Note, &Secret::new([seed; 32]));
        NoteSigner::new(key.expect("a key")).expect("of this kind")
    };
    let head = |size, seed| SignedCheckpoint::sign(size, NodeHash::new([1; 32]), &signer(seed)).expect("in range").to_string();
    let seen = |text: &str| {
        let file = log.file.with_file_name("seen");
        std::fs::write(&file, text).expect("written");
        verify(&["full", &log.file.display().to_string(), &log.vkey, "--seen", &file.display().to_string()])
    };
    seen(&log.earlier).is_sound();
    for (size, beginning) in
        [(500, "other entries among the first 500"), (600, "other entries among"), (601, "had 601 entries, and has 600")]
    {
        let verdict = seen(&head(size, 5));
        verdict.expect(DIVERGED, "diverged: ").expect(beginning);
        assert!(verdict.said().contains(beginning), "{verdict:?}");
    }
    // Reading ends at the first broken entry; that the log is another one is told all the same.
    let mut against = Against { log: log.vkey.parse().expect("a key"), policy: None, seen: Vec::new() };
    against.add_seen("kept", &head(500, 5)).expect("signed by the log");
    let mut raw = open(&log.file).await;
    sqlx::raw_sql("DELETE FROM entry WHERE idx = 40").execute(&mut raw).await.expect("deleted");
    raw.close().await.expect("written");
    let verdict = against.verify(&log.file.as_path().into(), |_, _| {}).await;
    assert!(matches!(verdict, Err(AuditError::Diverged { size: 500, .. })), "{verdict:?}");
    seen(&head(500, 6)).expect(USAGE, "usage: ").expect("of another key");
    seen("").expect(USAGE, "usage: ").expect("no checkpoint");
}

/// Who changes an entry changes the tiles too. Then only the signed root, and the tile above, still tell.
#[tokio::test]
async fn tiles_that_were_changed_along_do_not_help() {
    let log = Log::of_600().await;
    // The leaf's second byte is another, and the tile has the hash of that.
    let changed = async |entry: usize| {
        let mut raw = open(&log.file).await;
        let query = sqlx::query_scalar("SELECT leaf FROM entry WHERE idx = ?").bind(i64::try_from(entry).expect("small"));
        let mut leaf: Vec<u8> = query.fetch_one(&mut raw).await.expect("a leaf");
        raw.close().await.expect("closed");
        leaf[1] ^= 1;
        let (tile, place, hash) = (entry / 256, entry % 256 * 32, hex::encode(leaf_hash(&leaf).bytes()));
        let hashes = format!("substr(hashes, 1, {place}) || x'{hash}' || substr(hashes, {place} + 33)");
        let tile = format!("UPDATE tile SET hashes = CAST({hashes} AS BLOB) WHERE level = 0 AND idx = {tile}");
        [Change::Flip("entry", "leaf", format!("idx = {entry}"), 1), Change::Sql(tile)]
    };
    let (fifth, last) = (changed(5).await, changed(599).await);
    log.after(&fifth).await.expect(INVALID, "invalid: tile/1/000.p/2: hash 0 ").expect("the tile above tells");
    log.after(&last).await.expect(INVALID, "invalid: root: ").expect("the signed root tells");
}

/// A log of 65,600 entries has tiles of three levels.
#[tokio::test]
async fn a_tile_of_the_third_level_is_looked_at_too() {
    const SIZE: usize = 65_600;
    let fixture = Fixture::new().await;
    let key = SigningKey::from_seed("sluis.example/large".parse().expect("a name"), KeyKind::Note, &Secret::new([6; 32]));
    let signer = NoteSigner::new(key.expect("a key")).expect("of this kind");
    let leaves: Vec<Vec<u8>> = (0..SIZE).map(|index| [&[1; 89], index.to_be_bytes().as_slice()].concat()).collect();
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let appended = RightEdge::empty().append(&hashes).expect("room");
    let raw = fixture.raw().await;
    fill(&raw, &leaves).await;
    for tile in appended.tiles() {
        let query = sqlx::query("INSERT INTO tile VALUES (?, ?, ?)").bind(tile.id.level());
        query.bind(i64::try_from(tile.id.index()).expect("small")).bind(&tile.bytes).execute(&raw).await.expect("a tile");
    }
    let checkpoint = SignedCheckpoint::sign(appended.size(), appended.root(), &signer).expect("in range");
    let update = sqlx::query("UPDATE head SET size = ?, root = ?, checkpoint = ?").bind(65_600_i64);
    update.bind(appended.root().bytes().as_slice()).bind(checkpoint.to_string()).execute(&raw).await.expect("the head");
    let file = fixture.file().display().to_string();
    let look = || verify(&["full", &file, &signer.verifier().to_string()]);
    look().expect(INVALID, "invalid: entry 0: its body was taken out").expect("sound but for the bodies");
    let mut connection = raw.acquire().await.expect("a connection");
    for (level, at, path) in [(1, 8191, "tile/1/000: hash 255 "), (2, 31, "tile/2/000.p/1: hash 0 ")] {
        let row = format!("level = {level} AND idx = 0");
        flip(&mut connection, "tile", "hashes", &row, at).await;
        look().expect(INVALID, &format!("invalid: {path}")).expect(path);
        flip(&mut connection, "tile", "hashes", &row, at).await;
    }
    drop(connection);
    raw.close().await;
}

/// Entries with nothing but their leaves.
async fn fill(raw: &SqlitePool, leaves: &[Vec<u8>]) {
    let mut transaction = raw.begin().await.expect("begun");
    for (from, chunk) in (0..).step_by(1000).zip(leaves.chunks(1000)) {
        let insert = "INSERT INTO entry (idx, kind, time, party, categories, outcome, overridden, trace, leaf, key_class, tokens, token_salt, wrapped_key) ";
        let tokens = TokensDigest::of_tokens(&TokenSalt::from_bytes([0; 16]), [None; 3]);
        let mut query = sqlx::QueryBuilder::new(insert);
        query.push_values((from..).zip(chunk), |mut row, (index, leaf): (i64, &Vec<u8>)| {
            row.push_bind(index).push("'', 0, '', '', '', 0, ''").push_bind(leaf.as_slice()).push("''");
            row.push_bind(tokens.bytes().as_slice()).push("zeroblob(16), x'00'");
        });
        query.build().execute(&mut *transaction).await.expect("inserted");
    }
    transaction.commit().await.expect("committed");
}
