//! Tasks. What their columns say stands in the sealed records too, and is held against them.

use std::collections::BTreeSet;

use super::connection::Connection;
use super::lists::{List, Lists};
use super::script::{Insert, Lookup, Script};
use super::seal::{Place, Seal};
use super::statement::{Row, Value, query};
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

const TASKS: Insert = Insert { table: "INSERT INTO task (id, kind, owner, about, due, open, version, record)", tail: "" };

/// Of which kinds, owners and matters there are tasks.
const THERE: Lookup = Lookup("SELECT kind, owner, about FROM task WHERE (kind, owner, about)");

/// Kind, owner and matter: of each there is one task.
type Matter<'a> = (&'a str, &'a str, &'a str);

fn matter(task: &Task) -> Matter<'_> {
    (task.kind.code(), task.owner.as_str(), &task.about)
}

/// The new tasks of a batch, written together: a question and a statement for each would hold up everybody who waits for the head's lock.
pub(super) struct Adding<'a> {
    /// Of which there is a task already, or may be.
    there: BTreeSet<Matter<'a>>,
    new: Vec<&'a Task>,
}

impl<'a> Adding<'a> {
    /// Looks which of these tasks are there already.
    pub(super) async fn of(connection: &mut Connection, tasks: &[&'a Task]) -> Result<Self, StoreError> {
        let asked: BTreeSet<_> = tasks.iter().map(|task| matter(task)).collect();
        let keys = asked.iter().map(|(kind, owner, about)| [*kind, *owner, *about].map(Value::from).to_vec());
        let mut there = BTreeSet::new();
        for row in connection.found(THERE, keys.collect()).await? {
            let (kind, owner, about): (&str, &str, &str) = (row.get(0)?, row.get(1)?, row.get(2)?);
            there.extend(asked.iter().filter(|matter| **matter == (kind, owner, about)));
        }
        Ok(Self { there, new: Vec::new() })
    }

    /// Whether all tasks of an append are new. Where not, those of earlier appends are to be written first, and its own one by one.
    pub(super) fn are_new(&mut self, tasks: &[&'a Task]) -> bool {
        let mut own = BTreeSet::new();
        let again: Vec<_> = tasks.iter().map(|task| matter(task)).filter(|matter| !own.insert(*matter)).collect();
        self.there.extend(again);
        tasks.iter().all(|task| self.is_new(task))
    }

    fn is_new(&self, task: &Task) -> bool {
        !self.there.contains(&matter(task)) && self.new.iter().all(|new| matter(new) != matter(task))
    }

    /// Adds one; one of the same kind, owner and matter takes up what is new in it.
    pub(super) async fn add(
        &mut self,
        connection: &mut Connection,
        seal: &Seal,
        lists: &mut Lists,
        task: &'a Task,
    ) -> Result<(), StoreError> {
        if self.is_new(task) {
            self.new.push(task);
            return Ok(());
        }
        let Some(known) = known(connection, seal, task).await? else {
            let mut script = Script::default();
            insert(&mut script, seal, lists, &[task])?;
            return script.run(connection).await;
        };
        let Some(next) = known.again(task) else { return Ok(()) };
        let changed = |_| StoreError::Unavailable("a task changed under the head's lock".to_owned());
        put(connection, seal, lists, &next).await?.map_err(changed)
    }

    /// How many are not written yet.
    pub(super) const fn len(&self) -> usize {
        self.new.len()
    }

    /// Forgets all of those but the first.
    pub(super) fn truncate(&mut self, length: usize) {
        self.new.truncate(length);
    }

    /// Adds them to `script`.
    pub(super) fn add_to(&mut self, script: &mut Script, seal: &Seal, lists: &mut Lists) -> Result<(), StoreError> {
        let new = std::mem::take(&mut self.new);
        self.there.extend(new.iter().map(|task| matter(task)));
        insert(script, seal, lists, &new)
    }

    /// Writes them at once.
    pub(super) async fn write(&mut self, connection: &mut Connection, seal: &Seal, lists: &mut Lists) -> Result<(), StoreError> {
        let mut script = Script::default();
        self.add_to(&mut script, seal, lists)?;
        script.run(connection).await
    }
}

fn insert(script: &mut Script, seal: &Seal, lists: &mut Lists, new: &[&Task]) -> Result<(), StoreError> {
    script.insert(TASKS, new.iter().map(|task| columns(seal, task)).collect::<Result<_, _>>()?);
    let open = new.iter().filter(|task| task.state.is_open()).count();
    lists.open_tasks = lists.open_tasks.saturating_add(open as u64);
    Ok(())
}

fn columns(seal: &Seal, task: &Task) -> Result<Vec<Value>, StoreError> {
    let sealed = seal.close(Place::newest(TABLE, &task.id, task.version), task)?;
    let (due, is_open) = (task.due.millis(), task.state.is_open());
    let [id, kind, owner, about] = [&*task.id, task.kind.code(), task.owner.as_str(), &*task.about].map(Value::from);
    Ok(vec![id, kind, owner, about, due.into(), is_open.into(), task.version.into(), sealed.into()])
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
