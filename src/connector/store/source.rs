//! The source organisation's own database: opened read-only, every answer read in one transaction, limited in time and size.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use crate::connector::mapping::Query;
use crate::sqlite::{Pool, Taken, at_length};

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

/// How many answers are read at the same time.
const READINGS: usize = 4;
/// What takes longer may hold up others: from then on another thread takes over what waits, until the database is quick again.
const QUICK: Duration = Duration::from_millis(5);

/// The read-only database of the source.
#[derive(Clone)]
pub struct SourceDatabase {
    pool: Arc<Pool>,
    limits: Limits,
    is_slow: Arc<AtomicBool>,
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
    transaction: Transaction,
    rows: usize,
    is_slow: Arc<AtomicBool>,
}

/// A connection in a transaction, whose time runs.
struct Transaction(Taken);

impl Transaction {
    fn begin(connection: Taken, limit: Duration) -> Result<Self, rusqlite::Error> {
        // By a monotonic stopwatch, not the time of day.
        let begun = Instant::now();
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || begun.elapsed() >= limit))?;
        connection.execute_batch("BEGIN")?;
        Ok(Self(connection))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // One that cannot be ended is closed.
        self.0.progress_handler(0, None::<fn() -> bool>).and_then(|()| self.0.execute_batch("ROLLBACK")).ok();
    }
}

impl SourceDatabase {
    /// Opens the database (`mode=ro`, `PRAGMA query_only`); it must exist.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`] when it cannot be opened.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, SourceError> {
        let path = path.to_owned();
        let open = move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&path, flags)?;
            connection.busy_timeout(limits.time)?;
            connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
            Ok(connection)
        };
        let pool = Pool::new(READINGS, limits.time.max(Duration::from_secs(1)), open).map_err(|_| SourceError::Unavailable)?;
        Ok(Self { pool, limits, is_slow: Arc::default() })
    }

    /// Begins a reading; its time runs from now.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`].
    pub async fn read(&self) -> Result<Reading, SourceError> {
        let connection = self.pool.take().await.map_err(|_| SourceError::Unavailable)?;
        let transaction = Transaction::begin(connection, self.limits.time).map_err(|_| SourceError::Unavailable)?;
        Ok(Reading { transaction, rows: self.limits.rows, is_slow: Arc::clone(&self.is_slow) })
    }

    /// Prepares the query and gives its columns' aliases and the number of its parameters, without running it.
    ///
    /// # Errors
    /// What the database says about the text of the query.
    pub async fn prepare(&self, query: &Query) -> Result<(Vec<String>, usize), String> {
        let connection = self.pool.take().await.map_err(|error| error.to_string())?;
        let statement = connection.prepare(&query.text()).map_err(|error| error.to_string())?;
        let columns = statement.column_names().into_iter().map(str::to_owned).collect();
        Ok((columns, statement.parameter_count()))
    }
}

impl Reading {
    /// The rows of `query`, the operator's own text, for the person with `key`.
    ///
    /// # Errors
    /// [`SourceError`]; too many rows are an error, so that nobody takes a part for the whole.
    pub fn rows(&mut self, query: &Query, key: &SourceKey) -> Result<Table, SourceError> {
        let begun = Instant::now();
        let read = || table(&self.transaction.0, query, key, self.rows);
        let table = if self.is_slow.load(Ordering::Relaxed) { at_length(read) } else { read() };
        self.is_slow.store(begun.elapsed() > QUICK, Ordering::Relaxed);
        table
    }
}

fn table(connection: &Connection, query: &Query, key: &SourceKey, most: usize) -> Result<Table, SourceError> {
    let failed = |error| SourceError::of(&error);
    let mut statement = connection.prepare_cached(&query.text()).map_err(failed)?;
    let yes_no: Vec<bool> = statement.columns().iter().map(|column| column.decl_type().is_some_and(is_yes_no)).collect();
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    // A query that takes no parameter finds none to bind, and is an error: it would tell of everybody.
    match key {
        SourceKey::Integer(number) => statement.raw_bind_parameter(1, number),
        SourceKey::Text(text) => statement.raw_bind_parameter(1, text),
    }
    .map_err(failed)?;
    let (mut table, mut text) = (Table::default(), 0_usize);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        let cells: Vec<Cell> =
            yes_no.iter().enumerate().map(|(place, is_yes_no)| cell(row, place, *is_yes_no)).collect::<Result<_, _>>()?;
        text = cells.iter().fold(text, |sum, cell| sum.saturating_add(cell.length()));
        table.rows.push(cells);
        if table.rows.len() > most || text > MAX_TEXT {
            return Err(SourceError::TooMuch);
        }
    }
    drop(rows);
    if !table.rows.is_empty() {
        table.columns = columns;
    }
    Ok(table)
}

/// Whether a column that is declared so holds yes or no.
fn is_yes_no(declared: &str) -> bool {
    declared.eq_ignore_ascii_case("BOOLEAN") || declared.eq_ignore_ascii_case("BOOL")
}

fn cell(row: &Row<'_>, place: usize, is_yes_no: bool) -> Result<Cell, SourceError> {
    Ok(match row.get_ref(place).map_err(|_| SourceError::Unavailable)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) if is_yes_no => Cell::YesNo(number != 0),
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(str::from_utf8(text).map_err(|_| SourceError::Unreadable)?.to_owned()),
        ValueRef::Blob(_) => return Err(SourceError::Unreadable),
    })
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
    /// Only the progress handler interrupts.
    fn of(error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) { Self::TooSlow } else { Self::Unavailable }
    }
}

#[cfg(test)]
impl SourceDatabase {
    /// Whether the database refuses writes on our connection, also when asked nicely first.
    pub(crate) async fn refuses_writes(&self) -> bool {
        let connection = self.pool.take().await.unwrap();
        let refused = connection.execute_batch("DELETE FROM person").is_err();
        connection.execute_batch("PRAGMA query_only = OFF").unwrap();
        refused && connection.execute_batch("DELETE FROM person").is_err()
    }
}
