//! Tasks. What their columns say stands in the sealed records too, and is held against them.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::{alarm, log, unavailable};
use crate::clock::Timestamp;
use crate::notice::Task;
use crate::organisation::Oin;
use crate::store::{Conflict, StoreError};

const TABLE: &str = "task";

/// What is read of a task, up to the condition.
macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT id, version, record, kind, owner, about, due, open, closed FROM task WHERE ", $condition)
    };
}

/// Adds one; one of the same kind, owner and matter takes up what is new in it.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    task: &Task,
) -> Result<(), StoreError> {
    if let Some(known) = known(connection, seal, task).await? {
        let Some(next) = known.again(task) else { return Ok(()) };
        let changed = |_| StoreError::Unavailable("a task changed under the head's lock".to_owned());
        return put(connection, seal, lists, &next).await?.map_err(changed);
    }
    let query =
        sqlx::query("INSERT INTO task (id, kind, owner, about, due, open, version, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    let query = query.bind(&task.id).bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    let query = query.bind(task.due.millis()).bind(task.state.is_open()).bind(task.version);
    let sealed = seal.close(Place::newest(TABLE, &task.id, task.version), task)?;
    let done = query.bind(sealed).execute(connection).await.map_err(unavailable)?;
    if task.state.is_open() {
        lists.open_tasks = lists.open_tasks.saturating_add(done.rows_affected());
    }
    Ok(())
}

/// The task of the same kind, owner and matter, if there is one.
async fn known(connection: &mut SqliteConnection, seal: &Seal, task: &Task) -> Result<Option<Task>, StoreError> {
    let query = sqlx::query(select!("kind = ? AND owner = ? AND about = ?"));
    let query = query.bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    query.fetch_optional(connection).await.map_err(unavailable)?.map(|row| opened(seal, &row)).transpose()
}

/// An answer follows the version that it was given to.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    next: &Task,
) -> Result<Result<(), Conflict>, StoreError> {
    let before = task(connection, seal, &next.id).await?;
    let Some(before) = before.filter(|before| before.version.checked_add(1) == Some(next.version)) else {
        return Ok(Err(Conflict::StateChanged));
    };
    let query = sqlx::query("UPDATE task SET due = ?, open = ?, closed = ?, version = ?, record = ? WHERE id = ?");
    let query = query.bind(next.due.millis()).bind(next.state.is_open()).bind(next.closed_at().map(Timestamp::millis));
    let query = query.bind(next.version).bind(seal.close(Place::newest(TABLE, &next.id, next.version), next)?);
    query.bind(&next.id).execute(connection).await.map_err(unavailable)?;
    let (was, is) = (u64::from(before.state.is_open()), u64::from(next.state.is_open()));
    lists.open_tasks = lists.open_tasks.saturating_add(is).saturating_sub(was);
    Ok(Ok(()))
}

/// The task with this id.
pub(super) async fn task(connection: &mut SqliteConnection, seal: &Seal, id: &str) -> Result<Option<Task>, StoreError> {
    let row = sqlx::query(select!("id = ?")).bind(id).fetch_optional(connection).await.map_err(unavailable)?;
    row.map(|row| opened(seal, &row)).transpose()
}

/// What is open of `owner` or of all, when no open task is missing.
pub(super) async fn open(
    connection: &mut SqliteConnection,
    seal: &Seal,
    owner: Option<&Oin>,
    due_by: Timestamp,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    anchor.lists.whole(connection, List::OpenTasks).await?;
    let query = sqlx::query(select!("(?1 IS NULL OR owner = ?1) AND open = 1 AND due <= ?2 ORDER BY due, id LIMIT ?3"));
    let query = query.bind(owner.map(Oin::as_str)).bind(due_by.millis()).bind(limit);
    let rows = query.fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| opened(seal, row)).collect()
}

/// What was closed by then. One that cannot be read stays, and does not hold up the others.
pub(super) async fn past_term(
    connection: &mut SqliteConnection,
    seal: &Seal,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let query = sqlx::query(select!("closed <= ? ORDER BY closed LIMIT ?")).bind(before.millis()).bind(limit);
    let mut ids = Vec::new();
    for row in query.fetch_all(connection).await.map_err(unavailable)? {
        match opened(seal, &row) {
            Ok(task) => ids.push(task.id),
            Err(error @ StoreError::Corrupt { .. }) => {
                alarm(&error, "a task cannot be read; it is not removed when its term ends");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ids)
}

/// The record of a row, when the columns say what it says itself.
fn opened(seal: &Seal, row: &SqliteRow) -> Result<Task, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let place = Place::newest(TABLE, &id, row.try_get(1).map_err(unavailable)?);
    let task: Task = seal.open(place, row.try_get(2).map_err(unavailable)?)?;
    let text = |column: &str| row.try_get::<String, _>(column).map_err(unavailable);
    let number = |column: &str| row.try_get::<Option<i64>, _>(column).map_err(unavailable);
    let says = [
        ("kind", text("kind")? == task.kind.code()),
        ("owner", text("owner")? == task.owner.as_str()),
        ("about", text("about")? == task.about),
        ("due", number("due")? == Some(task.due.millis())),
        ("open", number("open")? == Some(i64::from(task.state.is_open()))),
        ("closed", number("closed")? == task.closed_at().map(Timestamp::millis)),
    ];
    match says.into_iter().find(|(_, same)| !same) {
        Some((column, _)) => Err(StoreError::Corrupt { table: TABLE, column, row: id }),
        None => Ok(task),
    }
}
