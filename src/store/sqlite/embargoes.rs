//! Embargoes: sealed records, and how many there are under the head's code, so that none is taken away unseen.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::{SqliteStore, log, unavailable};
use crate::ledger::embargo::Embargo;
use crate::organisation::Oin;
use crate::store::embargoes::Embargoes;
use crate::store::{Conflict, StoreError};

const TABLE: &str = "embargo";

#[async_trait]
impl Embargoes for SqliteStore {
    async fn embargoes(&self, party: &Oin) -> Result<Vec<Embargo>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(unavailable)?;
        let (_, anchor) = log::head(&mut connection, &self.registers).await?;
        anchor.lists.whole(&mut connection, List::Embargoes).await?;
        // All are opened: one whose row says another party would hold nothing back.
        let query = sqlx::query("SELECT id, party, version, record FROM embargo ORDER BY id");
        let rows = query.fetch_all(&mut *connection).await.map_err(unavailable)?;
        let opened: Vec<Embargo> = rows.iter().map(|row| opened(&self.registers, row)).collect::<Result<_, _>>()?;
        Ok(opened.into_iter().filter(|embargo| embargo.party == *party).collect())
    }
}

/// Writes a version: the first, or the one after that which is there.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    embargo: &Embargo,
) -> Result<Result<(), Conflict>, StoreError> {
    let sealed = seal.close(Place::newest(TABLE, &embargo.id, embargo.version), embargo)?;
    let statement = match embargo.version {
        1 => "INSERT INTO embargo (version, record, id, party) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        _ => "UPDATE embargo SET version = ?1, record = ?2 WHERE id = ?3 AND party = ?4 AND version = ?1 - 1",
    };
    let query = sqlx::query(statement).bind(embargo.version).bind(sealed).bind(&embargo.id).bind(embargo.party.as_str());
    let done = query.execute(connection).await.map_err(unavailable)?;
    if done.rows_affected() != 1 {
        return Ok(Err(Conflict::StateChanged));
    }
    lists.embargoes = lists.embargoes.saturating_add(u64::from(embargo.version == 1));
    Ok(Ok(()))
}

fn opened(seal: &Seal, row: &SqliteRow) -> Result<Embargo, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let embargo: Embargo =
        seal.open(Place::row(TABLE, &id, row.try_get(2).map_err(unavailable)?)?, row.try_get(3).map_err(unavailable)?)?;
    let party: String = row.try_get(1).map_err(unavailable)?;
    if party == embargo.party.as_str() {
        Ok(embargo)
    } else {
        Err(StoreError::Corrupt { table: TABLE, column: "party", row: id })
    }
}
