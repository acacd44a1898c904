//! The source organisation's own database: opened read-only, every answer read in one transaction, limited in time and size.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, Row as _, SqlSafeStr as _, SqlStr, Sqlite, Statement as _, Transaction,
    TypeInfo as _, ValueRef as _,
};

use crate::connector::mapping::Query;

/// After how many virtual-machine steps SQLite looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;
/// How much text one query may give.
const MAX_TEXT: usize = 1 << 20;

/// The limits on reading.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For all statements of one answer together.
    pub time: Duration,
    /// For the rows of one query.
    pub rows: usize,
}

/// The read-only database of the source.
#[derive(Clone, Debug)]
pub struct SourceDatabase {
    pool: SqlitePool,
    limits: Limits,
}

/// The source's own key of a person, as its database gave it.
#[derive(Clone, PartialEq, Eq)]
pub enum SourceKey {
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// One value of a row.
#[derive(Clone, PartialEq)]
pub enum Cell {
    /// NULL: the member is left out.
    Null,
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// Text.
    Text(String),
    /// From a column declared BOOLEAN.
    YesNo(bool),
}

/// The rows of one query, with the aliases of its columns.
#[derive(Default)]
pub struct Table {
    /// The aliases.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// One consistent view of the source's database.
pub struct Reading {
    transaction: Transaction<'static, Sqlite>,
    rows: usize,
}

impl SourceDatabase {
    /// Opens the database (`mode=ro`, `PRAGMA query_only`); it must exist.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`] when it cannot be opened.
    pub async fn open(path: &Path, limits: Limits) -> Result<Self, SourceError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).create_if_missing(false);
        let options = options.pragma("query_only", "ON").pragma("trusted_schema", "OFF").busy_timeout(limits.time);
        let time = limits.time;
        let pool = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .max_connections(4)
            .acquire_timeout(time.max(Duration::from_secs(1)));
        // The time of a reading runs from the moment that it gets its connection, new or used before.
        let pool = pool.after_connect(move |connection, _| Box::pin(limit_time(connection, time)));
        let pool = pool.before_acquire(move |connection, _| {
            Box::pin(async move {
                limit_time(connection, time).await?;
                Ok(true)
            })
        });
        let pool = pool.connect_with(options).await.map_err(|_| SourceError::Unavailable)?;
        Ok(Self { pool, limits })
    }

    /// Begins a reading; its time runs from now.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`].
    pub async fn read(&self) -> Result<Reading, SourceError> {
        let transaction = self.pool.begin().await.map_err(|_| SourceError::Unavailable)?;
        Ok(Reading { transaction, rows: self.limits.rows })
    }

    /// Prepares the query and gives its columns' aliases and the number of its parameters, without running it.
    ///
    /// # Errors
    /// What the database says about the text of the query.
    pub async fn prepare(&self, query: &Query) -> Result<(Vec<String>, usize), String> {
        let mut connection = self.pool.acquire().await.map_err(|error| error.to_string())?;
        let statement = connection.prepare(safe(query)).await.map_err(|error| error.to_string())?;
        let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let parameters = statement.parameters().and_then(sqlx::Either::right).unwrap_or_default();
        Ok((columns, parameters))
    }
}

impl Reading {
    /// The rows of `query` for the person with `key`.
    ///
    /// # Errors
    /// [`SourceError`]; too many rows are an error, so that nobody takes a part for the whole.
    pub async fn rows(&mut self, query: &Query, key: &SourceKey) -> Result<Table, SourceError> {
        let bound = match key {
            SourceKey::Integer(number) => sqlx::query(safe(query)).bind(*number),
            SourceKey::Text(text) => sqlx::query(safe(query)).bind(text.as_str()),
        };
        let mut stream = bound.fetch(&mut *self.transaction);
        let (mut table, mut text) = (Table::default(), 0_usize);
        while let Some(row) = stream.try_next().await.map_err(|error| SourceError::of(&error))? {
            if table.columns.is_empty() {
                table.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            let cells = cells(&row)?;
            text = cells.iter().fold(text, |sum, cell| sum.saturating_add(cell.length()));
            table.rows.push(cells);
            if table.rows.len() > self.rows || text > MAX_TEXT {
                return Err(SourceError::TooMuch);
            }
        }
        Ok(table)
    }
}

/// The one place where text that is not static becomes SQL: the operator's mapping, parsed by [`Query`].
fn safe(query: &Query) -> SqlStr {
    AssertSqlSafe(query.text()).into_sql_str()
}

/// By a monotonic stopwatch, not the time of day.
async fn limit_time(connection: &mut SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let begun = Instant::now();
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(STEPS_BETWEEN_LOOKS, move || begun.elapsed() < limit);
    Ok(())
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, SourceError> {
    (0..row.len()).map(|index| cell(row, index)).collect()
}

fn cell(row: &SqliteRow, index: usize) -> Result<Cell, SourceError> {
    let declared_yes_no = row.columns().get(index).is_some_and(|column| column.type_info().name() == "BOOLEAN");
    let value = row.try_get_raw(index).map_err(|_| SourceError::Unavailable)?;
    let kind = if value.is_null() { "NULL".to_owned() } else { value.type_info().name().to_owned() };
    let unreadable = |_| SourceError::Unreadable;
    match kind.as_str() {
        "NULL" => Ok(Cell::Null),
        "INTEGER" if declared_yes_no => row.try_get_unchecked(index).map(Cell::YesNo).map_err(unreadable),
        "INTEGER" => row.try_get_unchecked(index).map(Cell::Integer).map_err(unreadable),
        "REAL" => row.try_get_unchecked(index).map(Cell::Real).map_err(unreadable),
        "TEXT" => row.try_get_unchecked(index).map(Cell::Text).map_err(unreadable),
        _ => Err(SourceError::Unreadable),
    }
}

impl Cell {
    fn length(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 8 }
    }
}

/// The source's database could not be read. Never holds what it said: that may name a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It cannot be opened or read.
    #[error("the source's database cannot be read")]
    Unavailable,
    /// The statements took longer than the limit.
    #[error("reading the source's database took longer than source.time-limit-ms")]
    TooSlow,
    /// More rows than the limit, or more than 1 MiB of text.
    #[error("a query gave more than source.max-rows rows or 1 MiB of text")]
    TooMuch,
    /// A value is a BLOB or not UTF-8.
    #[error("a column holds a BLOB or text that is not UTF-8: leave it out of the mapping")]
    Unreadable,
    /// The one row about a person is missing, double or incomplete.
    #[error("the mapping's [person] queries do not give one complete row for a person that they find")]
    Person,
}

impl SourceError {
    /// `SQLITE_INTERRUPT` (9) comes only from the progress handler.
    fn of(error: &sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.as_deref() == Some("9") { Self::TooSlow } else { Self::Unavailable }
    }
}

#[cfg(test)]
impl SourceDatabase {
    /// Whether the database refuses writes on our connection, also when asked nicely first.
    pub(crate) async fn refuses_writes(&self) -> bool {
        let mut connection = self.pool.acquire().await.unwrap();
        let refused = sqlx::query("DELETE FROM person").execute(&mut *connection).await.is_err();
        sqlx::query("PRAGMA query_only = OFF").execute(&mut *connection).await.unwrap();
        refused && sqlx::query("DELETE FROM person").execute(&mut *connection).await.is_err()
    }
}
