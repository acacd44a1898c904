//! Erased entries, and the legal holds that keep others.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::{SqliteStore, integer, log, unavailable};
use crate::ledger::entry::Erases;
use crate::ledger::wrap::WrappedKey;
use crate::store::retention::{Covers, Hold, Retention, tombstone};
use crate::store::{Conflict, StoreError, StoredEntry};

/// Entries looked at in one transaction: no other write waits long for it.
const STEP: u64 = 10_000;

const HOLD: &str = "legal_hold";

#[async_trait]
impl Retention for SqliteStore {
    async fn erasures(&self) -> Result<Vec<StoredEntry>, StoreError> {
        log::erasures(&mut *self.readers.acquire().await.map_err(unavailable)?).await
    }

    async fn forgotten(&self) -> Result<BTreeSet<String>, StoreError> {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM erased").fetch_all(&self.readers).await.map_err(unavailable)?;
        Ok(names.into_iter().collect())
    }

    async fn forget(&self, what: &Erases, name: &str) -> Result<(), StoreError> {
        let end: i64 = sqlx::query_scalar("SELECT coalesce(max(idx), -1) + 1 FROM entry")
            .fetch_one(&self.readers)
            .await
            .map_err(unavailable)?;
        let (mut from, end) = match what {
            Erases::Entry(index) => (*index, index.saturating_add(1)),
            _ => (0, super::unsigned(end, "entry", "idx")?),
        };
        while from < end {
            let until = from.saturating_add(STEP).min(end);
            // Given back after each step: what is to be committed meanwhile comes in between.
            forget(&mut *self.writer.acquire().await.map_err(unavailable)?, what, (from, until)).await?;
            from = until;
        }
        let note = sqlx::query("INSERT OR IGNORE INTO erased (name) VALUES (?)").bind(name);
        note.execute(&self.writer).await.map(drop).map_err(unavailable)
    }

    async fn buried(&self, tombstones: &BTreeSet<String>) -> Result<Vec<(u64, String)>, StoreError> {
        let mut reading = self.readers.acquire().await.map_err(unavailable)?;
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let leaves = log::public_leaves(&mut reading, from, 4096).await?;
            if leaves.is_empty() {
                return Ok(found);
            }
            for leaf in leaves {
                let name = tombstone(&leaf);
                if tombstones.contains(&name) {
                    found.push((from, name));
                }
                from = from.saturating_add(1);
            }
        }
    }

    async fn extent(&self, what: &Erases) -> Result<u64, StoreError> {
        let count = match what {
            Erases::Entry(_) => return Ok(1),
            Erases::Class(name) | Erases::Hold(name) => sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM entry WHERE coalesce(held_by, key_class) = ? AND wrapped_key IS NOT NULL",
            )
            .bind(name),
        };
        super::unsigned(count.fetch_one(&self.readers).await.map_err(unavailable)?, "entry", "key_class")
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        let (_, anchor) = log::head(&mut reading, &self.registers).await?;
        standing(&mut reading, &self.registers, &anchor.lists).await
    }

    async fn covered(&self, kept_by: &Erases, by: &Hold, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let mut reading = self.readers.acquire().await.map_err(unavailable)?;
        let (mut subject, mut case, mut trace, mut entries) = (None, None, None, None);
        match &by.covers {
            Covers::Subject(token) => subject = Some(token.bytes().as_slice()),
            Covers::Case(token) => case = Some(token.bytes().as_slice()),
            Covers::Trace(id) => trace = Some(id.to_string()),
            Covers::Entries(indexes) => entries = serde_json::to_string(indexes).ok(),
        }
        let query = sqlx::query(log::COVERED).bind(subject).bind(case).bind(trace).bind(entries);
        let query = query.bind(kept_by.to_string()).bind(by.party.as_str()).bind(integer(from)).bind(limit);
        query.fetch_all(&mut *reading).await.map_err(unavailable)?.iter().map(log::entry).collect()
    }

    async fn hold_entries(&self, wrapped: &[(u64, WrappedKey)], hold: Option<&str>) -> Result<(), StoreError> {
        let mut writing = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
        for (index, key) in wrapped {
            let update = sqlx::query("UPDATE entry SET wrapped_key = ?, held_by = ? WHERE idx = ? AND wrapped_key IS NOT NULL");
            let update = update.bind(key.bytes().as_slice()).bind(hold).bind(integer(*index));
            if update.execute(&mut *writing).await.map_err(unavailable)?.rows_affected() != 1 {
                return Err(StoreError::Unavailable("an entry was erased while it was to be held".to_owned()));
            }
        }
        writing.commit().await.map_err(unavailable)
    }
}

/// Takes what is to be destroyed from the rows of a range; SQLite overwrites what it takes.
async fn forget(writing: &mut SqliteConnection, what: &Erases, (from, until): (u64, u64)) -> Result<(), StoreError> {
    sqlx::query("PRAGMA secure_delete = ON").execute(&mut *writing).await.map_err(unavailable)?;
    let update = match what {
        Erases::Entry(_) => sqlx::query(log::FORGET_RANGE),
        Erases::Class(name) | Erases::Hold(name) => sqlx::query(log::FORGET_KEPT_BY).bind(name),
    };
    update.bind(integer(from)).bind(integer(until)).execute(&mut *writing).await.map_err(unavailable)?;
    sqlx::query("PRAGMA secure_delete = OFF").execute(writing).await.map(drop).map_err(unavailable)
}

/// The holds that stand, when none is missing.
pub(super) async fn standing(connection: &mut SqliteConnection, seal: &Seal, lists: &Lists) -> Result<Vec<Hold>, StoreError> {
    lists.whole(connection, List::Holds).await?;
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT id, record FROM legal_hold ORDER BY id").fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|(id, record)| seal.open(Place::newest(HOLD, id, 1), record)).collect()
}

/// Writes a hold: the head's list of those that stand follows.
pub(super) async fn place(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    hold: &Hold,
) -> Result<(), StoreError> {
    let record = seal.close(Place::newest(HOLD, &hold.id, 1), hold)?;
    let query = sqlx::query("INSERT INTO legal_hold (id, record) VALUES (?, ?)").bind(&hold.id).bind(record);
    let done = query.execute(connection).await.map_err(unavailable)?;
    lists.holds = lists.holds.saturating_add(done.rows_affected());
    Ok(())
}

/// Takes a hold away, if it stands.
pub(super) async fn lift(
    connection: &mut SqliteConnection,
    lists: &mut Lists,
    id: &str,
) -> Result<Result<(), Conflict>, StoreError> {
    let query = sqlx::query("DELETE FROM legal_hold WHERE id = ?").bind(id);
    let gone = query.execute(connection).await.map_err(unavailable)?.rows_affected();
    lists.holds = lists.holds.saturating_sub(gone);
    Ok(if gone == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Whether the holds that stand are exactly these.
pub(super) async fn held_by(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &Lists,
    ids: &BTreeSet<String>,
) -> Result<Result<(), Conflict>, StoreError> {
    let now: BTreeSet<String> = standing(connection, seal, lists).await?.into_iter().map(|hold| hold.id).collect();
    Ok(if now == *ids { Ok(()) } else { Err(Conflict::StateChanged) })
}
