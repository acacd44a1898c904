//! Reading cases; [`super::registers`] adds their versions.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::log::{anchor, anchor_of};
use super::seal::{Place, Seal};
use super::unavailable;
use crate::case_room::{Case, CaseId};
use crate::store::{Revision, StoreError};

const TABLE: &str = "case_record";

/// The newest version of a case with the facts' revision, in one statement, so that they are of one moment.
pub(super) async fn case(
    connection: &mut SqliteConnection,
    seal: &Seal,
    id: &CaseId,
) -> Result<Option<(Revision, Case)>, StoreError> {
    let query = sqlx::query(concat!(
        "SELECT one.id, version, record, ",
        anchor!(),
        " FROM case_record AS one, head WHERE one.id = ? AND head.id = 1 ORDER BY version DESC LIMIT 1",
    ));
    let row = query.bind(id.as_str()).fetch_optional(connection).await.map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let revision = anchor_of(&row, seal)?.revision;
    opened(seal, &row).map(|case| Some((revision, case)))
}

/// The newest version of every case, by id.
pub(super) async fn cases(connection: &mut SqliteConnection, seal: &Seal) -> Result<Vec<Case>, StoreError> {
    let query = sqlx::query(
        "SELECT id, version, record FROM case_record AS one
         WHERE version = (SELECT MAX(version) FROM case_record WHERE id = one.id) ORDER BY id",
    );
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(|row| opened(seal, row)).collect()
}

fn opened(seal: &Seal, row: &SqliteRow) -> Result<Case, StoreError> {
    let id: &str = row.try_get(0).map_err(unavailable)?;
    let place = Place::row(TABLE, id, row.try_get(1).map_err(unavailable)?)?;
    let case: Case = seal.open(place, row.try_get(2).map_err(unavailable)?)?;
    let corrupt = || StoreError::Corrupt { table: TABLE, column: "record", row: id.to_owned() };
    if case.id.as_str() == id && case.version == place.version() { Ok(case) } else { Err(corrupt()) }
}
