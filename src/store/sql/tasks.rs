//! Tasks. What their columns say stands in the sealed records too, and is held against them.

use super::connection::Connection;
use super::lists::{List, Lists};
use super::seal::{Place, Seal};
use super::statement::{Row, query};
use super::{alarm, log};
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
pub(super) async fn add(connection: &mut Connection, seal: &Seal, lists: &mut Lists, task: &Task) -> Result<(), StoreError> {
    if let Some(known) = known(connection, seal, task).await? {
        let Some(next) = known.again(task) else { return Ok(()) };
        let changed = |_| StoreError::Unavailable("a task changed under the head's lock".to_owned());
        return put(connection, seal, lists, &next).await?.map_err(changed);
    }
    let insert =
        query("INSERT INTO task (id, kind, owner, about, due, open, version, record) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let insert = insert.bind(&task.id).bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    let insert = insert.bind(task.due.millis()).bind(task.state.is_open()).bind(task.version);
    let sealed = seal.close(Place::newest(TABLE, &task.id, task.version), task)?;
    let written = insert.bind(sealed).execute(connection).await?;
    if task.state.is_open() {
        lists.open_tasks = lists.open_tasks.saturating_add(written);
    }
    Ok(())
}

/// The task of the same kind, owner and matter, if there is one.
async fn known(connection: &mut Connection, seal: &Seal, task: &Task) -> Result<Option<Task>, StoreError> {
    let select = query(select!("kind = $1 AND owner = $2 AND about = $3"));
    let select = select.bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    select.optional(connection).await?.map(|row| opened(seal, &row)).transpose()
}

/// An answer follows the version that it was given to.
pub(super) async fn put(
    connection: &mut Connection,
    seal: &Seal,
    lists: &mut Lists,
    next: &Task,
) -> Result<Result<(), Conflict>, StoreError> {
    let before = task(connection, seal, &next.id).await?;
    let Some(before) = before.filter(|before| before.version.checked_add(1) == Some(next.version)) else {
        return Ok(Err(Conflict::StateChanged));
    };
    let update = query("UPDATE task SET due = $1, open = $2, closed = $3, version = $4, record = $5 WHERE id = $6");
    let update = update.bind(next.due.millis()).bind(next.state.is_open()).bind(next.closed_at().map(Timestamp::millis));
    let update = update.bind(next.version).bind(seal.close(Place::newest(TABLE, &next.id, next.version), next)?);
    update.bind(&next.id).execute(connection).await?;
    let (was, is) = (u64::from(before.state.is_open()), u64::from(next.state.is_open()));
    lists.open_tasks = lists.open_tasks.saturating_add(is).saturating_sub(was);
    Ok(Ok(()))
}

/// The task with this id.
pub(super) async fn task(connection: &mut Connection, seal: &Seal, id: &str) -> Result<Option<Task>, StoreError> {
    let row = query(select!("id = $1")).bind(id).optional(connection).await?;
    row.map(|row| opened(seal, &row)).transpose()
}

/// What is open of `owner` or of all, when no open task is missing.
pub(super) async fn open(
    connection: &mut Connection,
    seal: &Seal,
    owner: Option<&Oin>,
    due_by: Timestamp,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    anchor.lists.whole(connection, List::OpenTasks).await?;
    let select = query(select!("($1 IS NULL OR owner = $1) AND open AND due <= $2 ORDER BY due, id LIMIT $3"));
    let select = select.bind(owner.map(Oin::as_str)).bind(due_by.millis()).bind(limit);
    select.all(connection).await?.iter().map(|row| opened(seal, row)).collect()
}

/// What was closed by then. One that cannot be read stays, and does not hold up the others.
pub(super) async fn past_term(
    connection: &mut Connection,
    seal: &Seal,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let select = query(select!("closed <= $1 ORDER BY closed LIMIT $2")).bind(before.millis()).bind(limit);
    let mut ids = Vec::new();
    for row in select.all(connection).await? {
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
fn opened(seal: &Seal, row: &Row) -> Result<Task, StoreError> {
    let id: String = row.get(0)?;
    let task: Task = seal.open(Place::row(TABLE, &id, row.get(1)?)?, row.get(2)?)?;
    let text = |column: &str| row.get::<String, _>(column);
    let number = |column: &str| row.get::<Option<i64>, _>(column);
    let says = [
        ("kind", text("kind")? == task.kind.code()),
        ("owner", text("owner")? == task.owner.as_str()),
        ("about", text("about")? == task.about),
        ("due", number("due")? == Some(task.due.millis())),
        ("open", row.get::<bool, _>("open")? == task.state.is_open()),
        ("closed", number("closed")? == task.closed_at().map(Timestamp::millis)),
    ];
    match says.into_iter().find(|(_, same)| !same) {
        Some((column, _)) => Err(StoreError::Corrupt { table: TABLE, column, row: id }),
        None => Ok(task),
    }
}
