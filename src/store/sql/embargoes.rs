//! Embargoes: sealed records, and how many there are under the head's code, so that none is taken away unseen.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::connection::Connection;
use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::statement::{Row, among, query};
use super::{Backend, SqlStore, log};
use crate::clock::Timestamp;
use crate::ledger::embargo::Embargo;
use crate::organisation::Oin;
use crate::store::embargoes::{Embargoes, MOST_STANDING};
use crate::store::{Conflict, StoreError};

const TABLE: &str = "embargo";

#[async_trait]
impl<D: Backend> Embargoes for SqlStore<D> {
    async fn embargoes(&self, party: &Oin) -> Result<Vec<Embargo>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let all = all_now(&mut reading, &self.registers).await;
        Ok(reading.ended(all).await?.into_iter().filter(|embargo| embargo.party == *party).collect())
    }

    async fn ended_embargoes(&self, before: Timestamp, limit: u32) -> Result<Vec<String>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let all = all_now(&mut reading, &self.registers).await;
        let ended = reading.ended(all).await?.into_iter().filter(|embargo| embargo.end() <= before).map(|embargo| embargo.id);
        Ok(ended.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }
}

/// Every embargo, when none is missing of those that the head vouches for.
async fn all_now(connection: &mut Connection, seal: &Seal) -> Result<Vec<Embargo>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    all(connection, seal, &anchor.lists).await
}

/// Every embargo, when none is missing. All are opened: one whose row says another party would hold nothing back.
async fn all(connection: &mut Connection, seal: &Seal, lists: &Lists) -> Result<Vec<Embargo>, StoreError> {
    lists.whole(connection, List::Embargoes).await?;
    let rows = query("SELECT id, party, version, record FROM embargo ORDER BY id").all(connection).await?;
    rows.iter().map(|row| opened(seal, row)).collect()
}

async fn of(connection: &mut Connection, seal: &Seal, lists: &Lists, party: &Oin) -> Result<Vec<Embargo>, StoreError> {
    Ok(all(connection, seal, lists).await?.into_iter().filter(|embargo| embargo.party == *party).collect())
}

/// Whether the embargoes of an organisation are exactly these, each in this version.
pub(super) async fn are(
    connection: &mut Connection,
    seal: &Seal,
    lists: &Lists,
    (party, versions): (&Oin, &BTreeMap<String, u32>),
) -> Result<Result<(), Conflict>, StoreError> {
    let now = of(connection, seal, lists, party).await?;
    let now: BTreeMap<String, u32> = now.into_iter().map(|embargo| (embargo.id, embargo.version)).collect();
    Ok(if now == *versions { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Removes what ended long ago.
pub(super) async fn erase(connection: &mut Connection, lists: &mut Lists, ids: &[String]) -> Result<(), StoreError> {
    let gone = query(among!("DELETE FROM embargo WHERE id", "$1")).bind(ids.to_vec()).execute(connection).await?;
    lists.embargoes = lists.embargoes.saturating_sub(gone);
    Ok(())
}

/// Writes a version: the first, or the one after that which is there.
pub(super) async fn put(
    connection: &mut Connection,
    seal: &Seal,
    lists: &mut Lists,
    (embargo, now): (&Embargo, Timestamp),
) -> Result<Result<(), Conflict>, StoreError> {
    let is_new = embargo.version == 1;
    if is_new {
        // Only where there are many are they opened, to see which of them stand.
        let count = query("SELECT count(*) FROM embargo WHERE party = $1").bind(embargo.party.as_str());
        let count: i64 = count.one(connection).await?.get(0)?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= MOST_STANDING {
            let others = of(connection, seal, lists, &embargo.party).await?;
            if others.iter().filter(|other| other.stands(Some(now))).count() >= MOST_STANDING {
                return Ok(Err(Conflict::TooMany));
            }
        }
    }
    let sealed = seal.close(Place::newest(TABLE, &embargo.id, embargo.version), embargo)?;
    let statement = if is_new {
        "INSERT INTO embargo (version, record, id, party) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE embargo SET version = $1, record = $2 WHERE id = $3 AND party = $4 AND version = $1 - 1"
    };
    let write = query(statement).bind(embargo.version).bind(sealed).bind(&embargo.id).bind(embargo.party.as_str());
    if write.execute(connection).await? != 1 {
        return Ok(Err(Conflict::StateChanged));
    }
    lists.embargoes = lists.embargoes.saturating_add(u64::from(is_new));
    Ok(Ok(()))
}

fn opened(seal: &Seal, row: &Row) -> Result<Embargo, StoreError> {
    let id: String = row.get(0)?;
    let embargo: Embargo = seal.open(Place::row(TABLE, &id, row.get(2)?)?, row.get(3)?)?;
    if row.get::<&str, _>(1)? == embargo.party.as_str() {
        Ok(embargo)
    } else {
        Err(StoreError::Corrupt { table: TABLE, column: "party", row: id })
    }
}
