//! Erased entries, and the legal holds that keep others.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::{SqliteStore, integer, log, unavailable};
use crate::ledger::entry::Erases;
use crate::store::retention::{Covers, Hold, MOST_HOLDS, Moving, Retention, tombstone};
use crate::store::{Conflict, StoreError, StoredEntry};

/// Entries that forget in one transaction: no other write waits long for it.
const STEP: u32 = 1_000;

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

    async fn forget(&self, what: &Erases) -> Result<(), StoreError> {
        // Given back after each step: what is to be committed meanwhile comes in between.
        while step(&mut *self.writer.acquire().await.map_err(unavailable)?, what).await? {}
        Ok(())
    }

    async fn note_forgotten(&self, names: &BTreeSet<String>) -> Result<(), StoreError> {
        if let Some(checkpoints) = &self.checkpoints
            && !checkpoints.empty().await?
        {
            tracing::warn!("what was erased is still in the write-ahead log, which somebody reads: tried again in a minute");
            return Ok(());
        }
        let names = serde_json::to_string(names).unwrap_or_default();
        let note = sqlx::query("INSERT OR IGNORE INTO erased (name) SELECT value FROM json_each(?)").bind(names);
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

    async fn kept(
        &self,
        kept_by: &Erases,
        covered_by: Option<&Hold>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut reading = self.readers.acquire().await.map_err(unavailable)?;
        let (mut subject, mut case, mut trace, mut entries) = (None, None, None, None);
        match covered_by.map(|hold| &hold.covers) {
            Some(Covers::Subject(token)) => subject = Some(token.bytes().as_slice()),
            Some(Covers::Case(token)) => case = Some(token.bytes().as_slice()),
            Some(Covers::Trace(id)) => trace = Some(id.to_string()),
            Some(Covers::Entries(indexes)) => entries = serde_json::to_string(indexes).ok(),
            None => {}
        }
        let query = sqlx::query(log::COVERED).bind(kept_by.to_string()).bind(integer(from));
        let query = query.bind(covered_by.map(|hold| hold.party.as_str())).bind(subject).bind(case).bind(trace).bind(entries);
        query.bind(limit).fetch_all(&mut *reading).await.map_err(unavailable)?.iter().map(log::entry).collect()
    }

    async fn move_entries(&self, moving: &Moving<'_>) -> Result<Result<(), Conflict>, StoreError> {
        let mut writing = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
        let (_, anchor) = log::head(&mut writing, &self.registers).await?;
        if let Err(conflict) = held_by(&mut writing, &self.registers, &anchor.lists, moving.standing).await? {
            return Ok(Err(conflict));
        }
        let from = moving.from.to_string();
        for (index, key) in moving.wrapped {
            let update = sqlx::query(MOVE).bind(key.bytes().as_slice()).bind(moving.to).bind(integer(*index)).bind(&from);
            if update.execute(&mut *writing).await.map_err(unavailable)?.rows_affected() != 1 {
                return Ok(Err(Conflict::StateChanged));
            }
        }
        writing.commit().await.map(Ok).map_err(unavailable)
    }
}

/// Wraps an entry's key anew: from what keeps it, which no entry says is erased, to a hold; or to its class, of which none does either.
const MOVE: &str = "UPDATE entry SET wrapped_key = ?1, held_by = ?2
     WHERE idx = ?3 AND wrapped_key IS NOT NULL AND coalesce(held_by, key_class) = ?4
     AND NOT EXISTS (SELECT 1 FROM entry AS said WHERE said.erases IN (?4, coalesce(?2, entry.key_class)))";

/// Takes what is to be destroyed from some rows; whether there may be more. SQLite overwrites what it takes.
async fn step(writing: &mut SqliteConnection, what: &Erases) -> Result<bool, StoreError> {
    let update = match what {
        Erases::Entry(index) => sqlx::query(log::FORGET_ONE).bind(integer(*index)),
        Erases::Class(name) | Erases::Hold(name) => sqlx::query(log::FORGET_KEPT_BY).bind(name).bind(STEP),
    };
    let taken = update.execute(writing).await.map_err(unavailable)?.rows_affected();
    Ok(taken > 0 && !matches!(what, Erases::Entry(_)))
}

/// The holds that stand, when none is missing.
pub(super) async fn standing(connection: &mut SqliteConnection, seal: &Seal, lists: &Lists) -> Result<Vec<Hold>, StoreError> {
    lists.whole(connection, List::Holds).await?;
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT id, record FROM legal_hold ORDER BY id").fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|(id, record)| seal.open(Place::newest(HOLD, id, 1), record)).collect()
}

/// Writes a hold, unless its party has the most it may have: the head's list of those that stand follows.
pub(super) async fn place(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    hold: &Hold,
) -> Result<Result<(), Conflict>, StoreError> {
    // Whose they are is sealed in them: looked at only where there are so many in all.
    if lists.holds >= MOST_HOLDS as u64 {
        let stand = standing(connection, seal, lists).await?;
        if stand.iter().filter(|other| other.party == hold.party).count() >= MOST_HOLDS {
            return Ok(Err(Conflict::TooMany));
        }
    }
    let record = seal.close(Place::newest(HOLD, &hold.id, 1), hold)?;
    let query = sqlx::query("INSERT INTO legal_hold (id, record) VALUES (?, ?)").bind(&hold.id).bind(record);
    let done = query.execute(connection).await.map_err(unavailable)?;
    lists.holds = lists.holds.saturating_add(done.rows_affected());
    Ok(Ok(()))
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
