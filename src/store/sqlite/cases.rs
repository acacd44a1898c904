//! Cases: append-only versions, each sealed under the register key and bound to its id and version.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::registers::{Seal, add};
use super::unavailable;
use crate::case_room::{Case, CaseId};
use crate::store::{Conflict, Revision, StoreError};

const TABLE: &str = "case_record";

/// The newest version of a case with the facts' revision, in one statement, so that they are of one moment.
pub(super) async fn case(
    connection: &mut SqliteConnection,
    seal: &Seal,
    id: &CaseId,
) -> Result<Option<(Revision, Case)>, StoreError> {
    let query = sqlx::query(
        "SELECT id, version, record, (SELECT revision FROM head) FROM case_record WHERE id = ? ORDER BY version DESC LIMIT 1",
    );
    let row = query.bind(id.as_str()).fetch_optional(connection).await.map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let revision = row.try_get(3).map(Revision).map_err(unavailable)?;
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
    let id: String = row.try_get(0).map_err(unavailable)?;
    let version: i64 = row.try_get(1).map_err(unavailable)?;
    let record: &[u8] = row.try_get(2).map_err(unavailable)?;
    let corrupt = |column| StoreError::Corrupt { table: TABLE, column, row: id.clone() };
    let version = u32::try_from(version).map_err(|_| corrupt("version"))?;
    let case: Case = seal.open(TABLE, &id, version, record)?;
    if case.id.as_str() == id && case.version == version { Ok(case) } else { Err(corrupt("record")) }
}

pub(super) async fn add_case(
    connection: &mut SqliteConnection,
    seal: &Seal,
    case: &Case,
) -> Result<Result<(), Conflict>, StoreError> {
    let sealed = seal.close(TABLE, case.id.as_str(), case.version, case)?;
    let query = sqlx::query(
        "INSERT INTO case_record (id, version, record)
         SELECT ?1, ?2, ?3 WHERE ?2 = 1 + COALESCE((SELECT MAX(version) FROM case_record WHERE id = ?1), 0)",
    );
    add(connection, query.bind(case.id.as_str().to_owned()).bind(case.version).bind(sealed)).await
}
