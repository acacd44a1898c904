//! Overrides and cases that are past their term. When they ended stands beside them, as a hint: the sealed record itself says whether it is so.

use super::cases;
use super::connection::Connection;
use super::registers::{self, CASE, OVERRIDE};
use super::seal::Seal;
use super::statement::query;
use crate::case_room::{CaseId, State};
use crate::clock::Timestamp;
use crate::store::StoreError;

/// Notes when something ended, or will.
pub(super) async fn note(
    connection: &mut Connection,
    register: &'static str,
    id: &str,
    ends: Timestamp,
) -> Result<(), StoreError> {
    let statement = query(
        "INSERT INTO register_end (register, id, ends) VALUES ($1, $2, $3)
         ON CONFLICT (register, id) DO UPDATE SET ends = excluded.ends",
    );
    statement.bind(register).bind(id).bind(ends.millis()).execute(connection).await.map(drop)
}

/// The overrides that ended by `before`, and the cases that were closed by then; also what is not there any more, such as what was declared lost.
pub(super) async fn past(
    connection: &mut Connection,
    seal: &Seal,
    before: Timestamp,
    limit: u32,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let (mut overrides, mut closed) = (Vec::new(), Vec::new());
    for id in listed(connection, OVERRIDE.table, before, limit).await? {
        let ended = registers::override_of(connection, seal, &id).await.map(|one| one.is_none_or(|one| one.ends_at() <= before));
        if readable(ended)? {
            overrides.push(id);
        }
    }
    for id in listed(connection, CASE.table, before, limit).await? {
        if readable(is_closed(connection, seal, &id, before).await)? {
            closed.push(id);
        }
    }
    Ok((overrides, closed))
}

async fn is_closed(connection: &mut Connection, seal: &Seal, id: &str, before: Timestamp) -> Result<bool, StoreError> {
    let corrupt = |_| StoreError::Corrupt { table: "register_end", column: "id", row: id.to_owned() };
    let case = cases::case(connection, seal, &id.parse::<CaseId>().map_err(corrupt)?).await?;
    Ok(case.is_none_or(|(_, case)| matches!(case.state, State::Closed { at } if at <= before)))
}

/// One that cannot be read stays, and holds up no other.
fn readable(past: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match past {
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(%error, "ALARM: a record cannot be read; it is not removed when its term ends");
            Ok(false)
        }
        past => past,
    }
}

async fn listed(
    connection: &mut Connection,
    register: &'static str,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let statement = query("SELECT id FROM register_end WHERE register = $1 AND ends <= $2 ORDER BY ends DESC LIMIT $3");
    let rows = statement.bind(register).bind(before.millis()).bind(limit).all(connection).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Removes overrides and cases, with every version.
pub(super) async fn erase(
    connection: &mut Connection,
    seal: &Seal,
    overrides: &[String],
    cases: &[String],
) -> Result<(), StoreError> {
    registers::erase(connection, seal, &OVERRIDE, overrides).await?;
    for case in cases {
        query(CASE.erase).bind(case).execute(connection).await?;
    }
    for (register, ids) in [(OVERRIDE.table, overrides), (CASE.table, cases)] {
        for id in ids {
            let statement = query("DELETE FROM register_end WHERE register = $1 AND id = $2");
            statement.bind(register).bind(id).execute(connection).await?;
        }
    }
    Ok(())
}
