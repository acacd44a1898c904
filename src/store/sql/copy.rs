//! Moving up: everything in a SQLite store goes to a PostgreSQL database, row by row, and the log's root is found again on both sides.
//!
//! Nobody writes to the SQLite store meanwhile: its one write lock is held. Entries come first, in parts that are committed, so that what was interrupted goes on
//! where it stopped. All else, and last the head, comes in one transaction: before it is there, no gateway takes the database for a store that was used.

use super::connection::Connection;
use super::script::Insert;
use super::statement::{Row, Value, query};
use super::{Backend, integer, log, unsigned};
use crate::ledger::tree::{NodeHash, RightEdge};
use crate::store::StoreError;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// Entries in one part.
const PART: i64 = 1_000;

/// Rows of other tables that are read at once.
const ROWS: i64 = 5_000;

/// Leaves that are read at once.
const LEAVES: u32 = 8_192;

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Flag,
    Text,
    Bytes,
}

use Kind::{Bytes, Flag, Number, Text};

/// A table: what is read of it, in an order that stays, and what is written.
struct Table {
    name: &'static str,
    read: &'static str,
    write: &'static str,
    columns: &'static [Kind],
}

/// A table with its key and its columns.
macro_rules! table {
    ($name:literal by $key:literal: $first:literal $first_kind:ident $(, $column:literal $kind:ident)* $(,)?) => {
        Table {
            name: $name,
            read: concat!("SELECT ", $first, $(", ", $column,)* " FROM ", $name, " ORDER BY ", $key, " LIMIT $1 OFFSET $2"),
            write: concat!("INSERT INTO ", $name, " (", $first, $(", ", $column,)* ")"),
            columns: &[$first_kind $(, $kind)*],
        }
    };
}

const ENTRY: Table = Table {
    name: "entry",
    read: "SELECT idx, time, overridden, kind, party, source, recipient, purpose, categories, outcome, subject_token, actor_token, case_token, trace, key_class,
                  erases, leaf, tokens, token_salt, wrapped_key, held_by, body
           FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
    write: "INSERT INTO entry (idx, time, overridden, kind, party, source, recipient, purpose, categories, outcome, subject_token, actor_token, case_token, trace,
                               key_class, erases, leaf, tokens, token_salt, wrapped_key, held_by, body)",
    columns: &[
        Number, Number, Flag, Text, Text, Text, Text, Text, Text, Text, Bytes, Bytes, Bytes, Text, Text, Text, Bytes, Bytes, Bytes, Bytes,
        Text, Bytes,
    ],
};

const ASKED: Table = Table {
    name: "entry_asked",
    read: "SELECT idx, source FROM entry_asked WHERE idx >= $1 AND idx < $2 ORDER BY idx, source",
    write: "INSERT INTO entry_asked (idx, source)",
    columns: &[Number, Text],
};

/// What an entry loses when it is erased, and by what else it may be kept: that may have changed since it was copied.
const KEPT: &str = "SELECT idx, subject_token, actor_token, case_token, token_salt, wrapped_key, held_by FROM entry
    WHERE idx >= $1 AND idx < $2 ORDER BY idx";

const MEND: &str = "UPDATE entry SET subject_token = $2, actor_token = $3, case_token = $4, token_salt = $5, wrapped_key = $6, held_by = $7 WHERE idx = $1";

/// Every table but those of the entries, in an order in which what is referred to comes first.
const TABLES: [Table; 26] = [
    table!("tile" by "level, idx": "level" Number, "idx" Number, "hashes" Bytes),
    table!("nonce" by "organisation, nonce": "organisation" Text, "nonce" Text, "expires" Number),
    table!("organisation" by "oin": "oin" Text, "kind" Text, "name" Text, "status" Text, "bsn_authority" Flag, "connector" Text, "code" Bytes),
    table!("certificate" by "fingerprint": "fingerprint" Bytes, "organisation" Text, "valid_from" Number, "valid_until" Number, "revoked" Flag, "code" Bytes),
    table!("published_key" by "keyid": "keyid" Text, "organisation" Text, "use" Text, "alg" Text, "jwk" Text, "valid_from" Number, "valid_until" Number,
        "revoked" Flag, "code" Bytes),
    table!("consent" by "id, version": "id" Text, "version" Number, "subject" Bytes, "record" Bytes),
    table!("override_record" by "id, version": "id" Text, "version" Number, "subject" Bytes, "record" Bytes),
    table!("case_record" by "id, version": "id" Text, "version" Number, "record" Bytes),
    table!("person_register" by "number": "number" Number, "subject" Bytes, "code" Bytes),
    table!("register_end" by "register, id": "register" Text, "id" Text, "ends" Number),
    table!("consent_head" by "id": "id" Text, "recorder" Text, "version" Number, "state" Text, "ends" Number),
    table!("reliance" by "consent, disclosure": "consent" Text, "disclosure" Text, "recipient" Text, "categories" Text, "first" Number, "last" Number,
        "code" Bytes),
    table!("task" by "id": "id" Text, "kind" Text, "owner" Text, "about" Text, "due" Number, "open" Flag, "closed" Number, "version" Number, "record" Bytes),
    table!("legal_hold" by "id": "id" Text, "record" Bytes),
    table!("embargo" by "id": "id" Text, "party" Text, "version" Number, "record" Bytes),
    table!("scope" by "scope": "scope" Text, "sealed" Bytes),
    table!("pseudonym" by "scope, idx": "scope" Text, "idx" Bytes, "pseudonym" Text, "identity" Bytes),
    table!("disclosure" by "id": "id" Text, "recipient" Text, "created" Number, "open_until" Number, "expires" Number, "revision" Number, "void_at" Number,
        "subject" Bytes, "organisations" Text, "recipients" Text, "facts" Bytes, "bundle" Text, "request" Bytes, "payload_class" Text,
        "idempotency_key" Text, "case_id" Text),
    table!("delivery" by "disclosure, seq": "disclosure" Text, "seq" Number, "sealed" Text, "receipt" Text),
    table!("idempotency" by "organisation, key": "organisation" Text, "key" Text, "body" Bytes, "disclosure" Text, "claimed_at" Number, "answered" Flag),
    table!("contribution_receipt" by "seq": "seq" Number, "disclosure" Text, "source" Text, "items" Text, "receipt" Text),
    table!("offer" by "id": "id" Text, "source" Text, "recipient" Text, "purpose" Text, "kind" Text, "subject" Bytes, "reference" Bytes, "made" Number,
        "expires" Number, "ends" Number, "collected" Number),
    table!("policy_text" by "hash": "hash" Text, "texts" Bytes),
    table!("cosigned" by "size": "size" Number, "checkpoint" Text, "at" Number),
    table!("erased" by "name": "name" Text),
    table!("session" by "id": "id" Text, "organisation" Text, "began" Number, "version" Number, "record" Bytes),
];

const HEAD: Table = table!("head" by "id": "id" Number, "size" Number, "root" Bytes, "checkpoint" Text, "revision" Number, "registry" Bytes, "policy" Text,
    "consents" Number, "reliances" Number, "open_tasks" Number, "holds" Number, "embargoes" Number, "code" Bytes);

/// Whoever waits for the head's lock still finds the row there.
const PUT_HEAD: &str = "UPDATE head SET size = $2, root = $3, checkpoint = $4, revision = $5, registry = $6, policy = $7, consents = $8, reliances = $9,
    open_tasks = $10, holds = $11, embargoes = $12, code = $13 WHERE id = $1 AND size = 0";

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many entries.
    pub entries: u64,
    /// The root over them, as computed of the leaves on either side.
    pub root: NodeHash,
}

/// Why it was not, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A store cannot be read or written.
    #[error("{0}: {1}")]
    Store(&'static str, StoreError),
    /// The database has a log of its own.
    #[error("the PostgreSQL database is in use: its log has {0} entries\n  do: give an empty database")]
    InUse(u64),
    /// The database has entries that are not those of the file.
    #[error("the PostgreSQL database has entries of another log from entry {0} on\n  do: give an empty database")]
    OtherLog(u64),
    /// The leaves do not give the root that the head says.
    #[error("the leaves of the {0} do not give the root that its head says\n  do: run `sluis log verify full` on it")]
    Root(&'static str),
}

const FILE: &str = "SQLite";
const DATABASE: &str = "PostgreSQL";

/// Copies everything in `from`, which must be of this version and which no gateway may use meanwhile, to `to`, which must be empty, or hold what an earlier copying
/// of the same file left. `progress` hears how many of how many entries are there.
///
/// # Errors
/// [`CopyError`]. What is there stays; copying again goes on behind it.
pub async fn copy(from: &SqliteStore, to: &PostgresStore, mut progress: impl FnMut(u64, u64)) -> Result<Copied, CopyError> {
    let of_file = |error| CopyError::Store(FILE, error);
    let of_database = |error| CopyError::Store(DATABASE, error);
    // Until this is dropped nobody writes to the file.
    let mut file = from.backend.writer().await.map_err(of_file)?;
    let head = rows(&mut file, &HEAD, &[ROWS.into(), 0_i64.into()]).await.map_err(of_file)?;
    let (size, root) = size_and_root(&mut file).await.map_err(of_file)?;
    if computed(&mut file, size).await.map_err(of_file)? != root {
        return Err(CopyError::Root(FILE));
    }
    let known = there(&mut to.backend.reader().await.map_err(of_database)?).await.map_err(of_database)?;
    if known.head > 0 {
        return Err(CopyError::InUse(known.head));
    }
    if known.entries > size {
        let mut reading = to.backend.reader().await.map_err(of_database)?;
        return Err(CopyError::OtherLog(differs(&mut file, &mut reading, size).await?));
    }
    let mut next = known.entries;
    progress(next, size);
    while next < size {
        let until = next.saturating_add(PART.unsigned_abs()).min(size);
        let range = [integer(next).into(), integer(until).into()];
        let mut writing = to.backend.writer().await.map_err(of_database)?;
        for table in [&ENTRY, &ASKED] {
            let part = rows(&mut file, table, &range).await.map_err(of_file)?;
            insert(&mut writing, table, part).await.map_err(of_database)?;
        }
        writing.commit().await.map_err(of_database)?;
        next = until;
        progress(next, size);
    }
    mend(&mut file, to, known.entries).await?;
    let mut writing = to.backend.writer().await.map_err(of_database)?;
    for table in &TABLES {
        let mut offset = 0_i64;
        loop {
            let part = rows(&mut file, table, &[ROWS.into(), offset.into()]).await.map_err(of_file)?;
            let count = i64::try_from(part.len()).unwrap_or(i64::MAX);
            insert(&mut writing, table, part).await.map_err(of_database)?;
            offset += count;
            if count < ROWS {
                break;
            }
        }
    }
    for numbers in NUMBERS {
        query(numbers).execute(&mut writing).await.map_err(of_database)?;
    }
    if computed(&mut writing, size).await.map_err(of_database)? != root {
        return Err(CopyError::OtherLog(differs(&mut file, &mut writing, size).await?));
    }
    let columns = head.into_iter().flatten();
    if columns.fold(query(PUT_HEAD), super::Statement::bind).execute(&mut writing).await.map_err(of_database)? != 1 {
        return Err(CopyError::InUse(size));
    }
    super::commit_safely(&to.backend, writing).await.map_err(of_database)?;
    file.roll_back().await.map_err(of_file)?;
    Ok(Copied { entries: size, root })
}

/// Rows that are given numbers go on behind those that were copied.
const NUMBERS: [&str; 2] = [
    "SELECT setval(pg_get_serial_sequence('person_register', 'number'), coalesce((SELECT max(number) FROM person_register), 0) + 1, false)",
    "SELECT setval(pg_get_serial_sequence('contribution_receipt', 'seq'), coalesce((SELECT max(seq) FROM contribution_receipt), 0) + 1, false)",
];

/// What a database holds.
struct There {
    head: u64,
    entries: u64,
}

async fn there(connection: &mut Connection) -> Result<There, StoreError> {
    let row = query("SELECT size, (SELECT coalesce(max(idx) + 1, 0) FROM entry) FROM head").one(connection).await?;
    Ok(There { head: unsigned(row.get(0)?, "head", "size")?, entries: unsigned(row.get(1)?, "entry", "idx")? })
}

async fn size_and_root(connection: &mut Connection) -> Result<(u64, NodeHash), StoreError> {
    let row = query("SELECT size, root FROM head").one(connection).await?;
    let root = super::exactly(row.get(1)?, "head", "root", 1)?;
    Ok((unsigned(row.get(0)?, "head", "size")?, NodeHash::new(root)))
}

/// The root of the first `size` leaves that are stored.
async fn computed(connection: &mut Connection, size: u64) -> Result<NodeHash, StoreError> {
    let (mut edge, mut from) = (RightEdge::default(), 0);
    while from < size {
        let leaves = log::public_leaves(connection, from, LEAVES).await?;
        let hashes: Vec<_> = leaves.iter().map(crate::ledger::seal::Leaf::hash).collect();
        let count = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
        if count == 0 || edge.append(&hashes).is_err() {
            break;
        }
        from = from.saturating_add(count);
    }
    Ok(edge.root())
}

/// The first entry that the two do not have in common.
async fn differs(file: &mut Connection, database: &mut Connection, size: u64) -> Result<u64, CopyError> {
    let mut from = 0;
    while from < size {
        let ours = log::public_leaves(file, from, LEAVES).await.map_err(|error| CopyError::Store(FILE, error))?;
        let theirs = log::public_leaves(database, from, LEAVES).await.map_err(|error| CopyError::Store(DATABASE, error))?;
        if ours != theirs || ours.is_empty() {
            let same = ours.iter().zip(&theirs).take_while(|(ours, theirs)| ours == theirs).count();
            return Ok(from.saturating_add(u64::try_from(same).unwrap_or_default()));
        }
        from = from.saturating_add(u64::try_from(ours.len()).unwrap_or(u64::MAX));
    }
    Ok(size)
}

/// Entries that were copied before they were erased, or kept by something else: of those below `until`, what differs is brought up.
async fn mend(file: &mut Connection, to: &PostgresStore, until: u64) -> Result<(), CopyError> {
    let of_file = |error| CopyError::Store(FILE, error);
    let of_database = |error| CopyError::Store(DATABASE, error);
    for from in (0..integer(until)).step_by(usize::try_from(PART).unwrap_or(1)) {
        let range = [from.into(), from.saturating_add(PART).min(integer(until)).into()];
        let ours = kept(file, &range).await.map_err(of_file)?;
        let mut writing = to.backend.writer().await.map_err(of_database)?;
        let theirs = kept(&mut writing, &range).await.map_err(of_database)?;
        for (entry, _) in ours.into_iter().zip(theirs).filter(|(ours, theirs)| ours != theirs) {
            let update = entry.into_iter().fold(query(MEND), super::Statement::bind);
            update.execute(&mut writing).await.map_err(of_database)?;
        }
        writing.commit().await.map_err(of_database)?;
    }
    Ok(())
}

async fn kept(connection: &mut Connection, range: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
    let read = range.iter().cloned().fold(query(KEPT), super::Statement::bind);
    let columns = [Number, Bytes, Bytes, Bytes, Bytes, Bytes, Text];
    read.all(connection).await?.iter().map(|row| values(row, &columns)).collect()
}

async fn rows(connection: &mut Connection, table: &Table, parameters: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
    let read = parameters.iter().cloned().fold(query(table.read), super::Statement::bind);
    read.all(connection).await?.iter().map(|row| values(row, table.columns)).collect()
}

fn values(row: &Row, columns: &[Kind]) -> Result<Vec<Value>, StoreError> {
    let value = |(place, kind): (usize, &Kind)| {
        Ok(match kind {
            Number => Value::Integer(row.get(place)?),
            Flag => Value::Flag(row.get(place)?),
            Text => Value::Text(row.get(place)?),
            Bytes => Value::Bytes(row.get(place)?),
        })
    };
    columns.iter().enumerate().map(value).collect()
}

async fn insert(connection: &mut Connection, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
    let expected = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let written = connection.insert(Insert { table: table.write, tail: "" }, rows).await?;
    if written == expected {
        Ok(())
    } else {
        Err(StoreError::Unavailable(format!("{written} of {expected} rows of {} were written", table.name)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A migration that adds a table or a column must add it here.
    #[test]
    fn every_table_and_column_of_the_schema_is_copied() {
        let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres/migrations");
        let files = std::fs::read_dir(migrations).expect("a folder");
        let schema: String = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
        let mut wanted = BTreeSet::new();
        for table in schema.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(" (").expect("a table");
            let (columns, _) = rest.split_once(";\n").expect("its end");
            for line in columns.lines() {
                let column = line.trim().split(' ').next().unwrap_or_default();
                if column.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) {
                    wanted.insert(format!("{name}.{}", column.trim_end_matches(',')));
                }
            }
        }
        for added in schema.split("ALTER TABLE ").skip(1).filter_map(|rest| rest.split_once(" ADD COLUMN ")) {
            let (table, rest) = added;
            wanted.insert(format!("{table}.{}", rest.split(' ').next().unwrap_or_default()));
        }
        let all = TABLES.iter().chain([&ENTRY, &ASKED, &HEAD]);
        let copied: BTreeSet<String> = all
            .flat_map(|table| {
                let (_, columns) = table.write.split_once(" (").expect("columns");
                let columns: Vec<_> = columns.trim_end_matches(')').split(',').map(str::trim).collect();
                assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
                columns.into_iter().map(|column| format!("{}.{column}", table.name)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(copied, wanted);
    }
}
