//! Rows for a source database, and how they get in: whole tables, many rows per statement, one transaction.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use time::Date;

/// One value of a row.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<Date> for Cell {
    fn from(date: Date) -> Self {
        Self::Text(date.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row from values of any kind that a cell can hold.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$(crate::demo::sources::table::Cell::from($value)),*] };
}
pub(super) use row;

/// A table of the source with its rows.
pub(super) struct Table {
    name: &'static str,
    columns: &'static str,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table; `columns` is the list of an `INSERT`.
    pub(super) const fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// Adds a row, in the order of the columns.
    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The number that the next row gets as its key, from 1.
    pub(super) fn next_id(&self) -> i64 {
        i64::try_from(self.rows.len()).unwrap_or(i64::MAX).saturating_add(1)
    }
}

/// Rows of one statement: with at most 24 columns this stays far below SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 400;

/// Makes the schema and writes all rows, in one transaction.
pub(super) async fn fill(connection: &mut SqliteConnection, schema: &'static str, tables: Vec<Table>) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(schema).execute(&mut *transaction).await?;
    for table in tables {
        let Table { name, columns, rows } = table;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            insert(&mut transaction, (name, columns), rows.by_ref().take(ROWS_PER_STATEMENT).collect()).await?;
        }
    }
    transaction.commit().await
}

async fn insert(
    connection: &mut SqliteConnection,
    (name, columns): (&'static str, &'static str),
    rows: Vec<Vec<Cell>>,
) -> Result<(), sqlx::Error> {
    let places: Vec<String> = rows.iter().map(|row| format!("({})", vec!["?"; row.len()].join(","))).collect();
    // Safe: names and columns are constants of this program, every value is bound.
    let statement = AssertSqlSafe(format!("INSERT INTO {name} ({columns}) VALUES {}", places.join(",")));
    let mut query = sqlx::query(statement).persistent(false);
    for cell in rows.into_iter().flatten() {
        query = match cell {
            Cell::Null => query.bind(None::<String>),
            Cell::Int(number) => query.bind(number),
            Cell::Text(text) => query.bind(text),
        };
    }
    query.execute(connection).await?;
    Ok(())
}
