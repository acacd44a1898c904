//! Reading cases; [`super::registers`] adds their versions.

use super::connection::Connection;
use super::log::{anchor, anchor_of};
use super::seal::{Place, Seal};
use super::statement::{Row, query};
use crate::case_room::{Case, CaseId};
use crate::store::{Revision, StoreError};

const TABLE: &str = "case_record";

/// The newest version of a case with the facts' revision, in one statement, so that they are of one moment.
pub(super) async fn case(connection: &mut Connection, seal: &Seal, id: &CaseId) -> Result<Option<(Revision, Case)>, StoreError> {
    let statement = query(concat!(
        "SELECT one.id, version, record, ",
        anchor!(),
        " FROM case_record AS one, head WHERE one.id = $1 AND head.id = 1 ORDER BY version DESC LIMIT 1",
    ));
    let Some(row) = statement.bind(id.as_str()).optional(connection).await? else { return Ok(None) };
    let revision = anchor_of(&row, seal)?.revision;
    opened(seal, &row).map(|case| Some((revision, case)))
}

/// The newest version of every case, by id.
pub(super) async fn cases(connection: &mut Connection, seal: &Seal) -> Result<Vec<Case>, StoreError> {
    let statement = query(
        "SELECT id, version, record FROM case_record AS one
         WHERE version = (SELECT MAX(version) FROM case_record WHERE id = one.id) ORDER BY id",
    );
    statement.all(connection).await?.iter().map(|row| opened(seal, row)).collect()
}

fn opened(seal: &Seal, row: &Row) -> Result<Case, StoreError> {
    let id: &str = row.get(0)?;
    let place = Place::row(TABLE, id, row.get(1)?)?;
    let case: Case = seal.open(place, row.get(2)?)?;
    let corrupt = || StoreError::Corrupt { table: TABLE, column: "record", row: id.to_owned() };
    if case.id.as_str() == id && case.version == place.version() { Ok(case) } else { Err(corrupt()) }
}
