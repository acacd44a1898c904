//! Erased entries, and the legal holds that keep others.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::connection::Connection;
use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::statement::{Sql, query};
use super::{Backend, SqlStore, commit_safely, integer, log, unsigned};
use crate::ledger::entry::Erases;
use crate::store::retention::{Covers, Hold, MOST_HOLDS, Moving, Retention, tombstone};
use crate::store::{Conflict, StoreError, StoredEntry};

/// Entries that forget in one transaction: no other write waits long for it.
const STEP: u32 = 1_000;

const HOLD: &str = "legal_hold";

#[async_trait]
impl<D: Backend> Retention for SqlStore<D> {
    async fn erasures(&self) -> Result<Vec<StoredEntry>, StoreError> {
        log::erasures(&mut self.backend.reader().await?).await
    }

    async fn forgotten(&self) -> Result<BTreeSet<String>, StoreError> {
        let rows = query("SELECT name FROM erased").all(&mut self.backend.reader().await?).await?;
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn forget(&self, what: &Erases) -> Result<(), StoreError> {
        // Given back after each step: what is to be committed meanwhile comes in between.
        while step(&self.backend, what).await? {}
        Ok(())
    }

    async fn note_forgotten(&self, names: &BTreeSet<String>) -> Result<(), StoreError> {
        if !self.backend.clean().await? {
            return Ok(());
        }
        let mut writing = self.backend.writer().await?;
        query(NOTE).bind(names.iter().cloned().collect::<Vec<_>>()).execute(&mut writing).await?;
        commit_safely(&self.backend, writing).await
    }

    async fn buried(&self, tombstones: &BTreeSet<String>) -> Result<Vec<(u64, String)>, StoreError> {
        let mut reading = self.backend.reader().await?;
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
        let (Erases::Class(name) | Erases::Hold(name)) = what else { return Ok(1) };
        let count = query("SELECT count(*) FROM entry WHERE coalesce(held_by, key_class) = $1 AND wrapped_key IS NOT NULL");
        unsigned(count.bind(name).one(&mut self.backend.reader().await?).await?.get(0)?, "entry", "key_class")
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let standing = standing_now(&mut reading, &self.registers).await;
        reading.ended(standing).await
    }

    async fn kept(
        &self,
        kept_by: &Erases,
        covered_by: Option<&Hold>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let (mut subject, mut case, mut trace, mut entries) = (None, None, None, None);
        match covered_by.map(|hold| &hold.covers) {
            Some(Covers::Subject(token)) => subject = Some(token.bytes().as_slice()),
            Some(Covers::Case(token)) => case = Some(token.bytes().as_slice()),
            Some(Covers::Trace(id)) => trace = Some(id.to_string()),
            Some(Covers::Entries(indexes)) => entries = Some(indexes.iter().copied().map(integer).collect::<Vec<_>>()),
            None => {}
        }
        let select = query(log::COVERED).bind(kept_by.to_string()).bind(integer(from));
        let select = select.bind(covered_by.map(|hold| hold.party.as_str())).bind(subject).bind(case).bind(trace);
        let select = select.bind(entries.is_some()).bind(entries.unwrap_or_default()).bind(limit);
        select.all(&mut self.backend.reader().await?).await?.iter().map(log::entry).collect()
    }

    async fn move_entries(&self, moving: &Moving<'_>) -> Result<Result<(), Conflict>, StoreError> {
        let mut writing = self.backend.writer().await?;
        let (_, anchor) = log::head(&mut writing, &self.registers).await?;
        if let Err(conflict) = held_by(&mut writing, &self.registers, &anchor.lists, moving.standing).await? {
            writing.roll_back().await?;
            return Ok(Err(conflict));
        }
        let from = moving.from.to_string();
        for (index, key) in moving.wrapped {
            let update = query(MOVE).bind(key.bytes().as_slice()).bind(moving.to).bind(integer(*index)).bind(&from);
            if update.execute(&mut writing).await? != 1 {
                writing.roll_back().await?;
                return Ok(Err(Conflict::StateChanged));
            }
        }
        commit_safely(&self.backend, writing).await.map(Ok)
    }
}

/// Wraps an entry's key anew: from what keeps it, which no entry says is erased, to a hold; or to its class, of which none does either.
const MOVE: &str = "UPDATE entry SET wrapped_key = $1, held_by = $2
     WHERE idx = $3 AND wrapped_key IS NOT NULL AND coalesce(held_by, key_class) = $4
     AND NOT EXISTS (SELECT 1 FROM entry AS said WHERE said.erases IN ($4, coalesce($2, entry.key_class)))";

/// Notes names of what was erased.
const NOTE: Sql = Sql::Each {
    sqlite: "INSERT INTO erased (name) SELECT value FROM json_each($1) WHERE TRUE ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO erased (name) SELECT unnest($1) ON CONFLICT DO NOTHING",
};

/// Takes what is to be destroyed from some rows; whether there may be more. SQLite overwrites what it takes.
async fn step(backend: &impl Backend, what: &Erases) -> Result<bool, StoreError> {
    let mut writing = backend.writer().await?;
    let update = match what {
        Erases::Entry(index) => query(log::FORGET_ONE).bind(integer(*index)),
        Erases::Class(name) | Erases::Hold(name) => query(log::FORGET_KEPT_BY).bind(name).bind(STEP),
    };
    let taken = update.execute(&mut writing).await?;
    commit_safely(backend, writing).await?;
    Ok(taken > 0 && !matches!(what, Erases::Entry(_)))
}

/// The holds that stand, when none is missing of those that the head vouches for.
async fn standing_now(connection: &mut Connection, seal: &Seal) -> Result<Vec<Hold>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    standing(connection, seal, &anchor.lists).await
}

/// The holds that stand, when none is missing.
pub(super) async fn standing(connection: &mut Connection, seal: &Seal, lists: &Lists) -> Result<Vec<Hold>, StoreError> {
    lists.whole(connection, List::Holds).await?;
    let rows = query("SELECT id, record FROM legal_hold ORDER BY id").all(connection).await?;
    rows.iter().map(|row| seal.open(Place::newest(HOLD, row.get(0)?, 1), row.get(1)?)).collect()
}

/// Writes a hold, unless its party has the most it may have: the head's list of those that stand follows.
pub(super) async fn place(
    connection: &mut Connection,
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
    let insert = query("INSERT INTO legal_hold (id, record) VALUES ($1, $2)").bind(&hold.id).bind(record);
    lists.holds = lists.holds.saturating_add(insert.execute(connection).await?);
    Ok(Ok(()))
}

/// Takes a hold away, if it stands.
pub(super) async fn lift(connection: &mut Connection, lists: &mut Lists, id: &str) -> Result<Result<(), Conflict>, StoreError> {
    let gone = query("DELETE FROM legal_hold WHERE id = $1").bind(id).execute(connection).await?;
    lists.holds = lists.holds.saturating_sub(gone);
    Ok(if gone == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Whether the holds that stand are exactly these.
pub(super) async fn held_by(
    connection: &mut Connection,
    seal: &Seal,
    lists: &Lists,
    ids: &BTreeSet<String>,
) -> Result<Result<(), Conflict>, StoreError> {
    let now: BTreeSet<String> = standing(connection, seal, lists).await?.into_iter().map(|hold| hold.id).collect();
    Ok(if now == *ids { Ok(()) } else { Err(Conflict::StateChanged) })
}
