//! A connection to a SQLite file.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, Value as Held, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::super::script::{Insert, Lookup};
use super::super::statement::{Row, SqliteRow, Statement, Value};
use crate::sqlite::{NoConnection, Pool, Taken, at_length};
use crate::store::StoreError;

/// A connection of a pool.
pub(in crate::store) struct Link {
    connection: Taken,
    /// Whether its statements may take so long that others must not wait for this thread.
    may_block: bool,
}

impl Link {
    /// A connection for short statements that only read.
    pub(in crate::store) async fn of(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        Ok(Self { connection: take(pool).await?, may_block: false })
    }

    /// One in a transaction that only reads.
    pub(in crate::store) async fn snapshot(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        let mut link = Self::of(pool).await?;
        link.run("BEGIN")?;
        Ok(link)
    }

    /// One in the transaction that writes: it waits for a lock that another process may have, and for the disk.
    pub(in crate::store) async fn writing(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        let mut link = Self { connection: take(pool).await?, may_block: true };
        link.run("BEGIN IMMEDIATE")?;
        Ok(link)
    }

    /// Runs a statement; how many rows were written.
    pub(super) fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        self.with(|connection| {
            let written = prepared(connection, statement)?.raw_execute()?;
            Ok(written as u64)
        })
    }

    /// All rows of a statement.
    pub(super) fn all(&mut self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        self.with(|connection| {
            let mut all = Vec::new();
            let mut prepared = prepared(connection, statement)?;
            read(&mut prepared, &mut all)?;
            Ok(all)
        })
    }

    /// Inserts rows, one by one; how many there are more.
    pub(super) fn insert(&mut self, insert: Insert, rows: &[Vec<Value>]) -> Result<u64, StoreError> {
        self.with(|connection| {
            let mut written = 0;
            let Some(first) = rows.first() else { return Ok(0) };
            let mut statement = connection.prepare_cached(&insert.for_sqlite(first.len()))?;
            for row in rows {
                bind(&mut statement, row)?;
                written += statement.raw_execute()? as u64;
            }
            Ok(written)
        })
    }

    /// The same; what the statement returns of each.
    pub(super) fn returning(&mut self, insert: Insert, rows: &[Vec<Value>]) -> Result<Vec<Row>, StoreError> {
        self.each(rows, |columns| insert.for_sqlite(columns))
    }

    /// What is found by each of these keys.
    pub(super) fn found(&mut self, lookup: Lookup, keys: &[Vec<Value>]) -> Result<Vec<Row>, StoreError> {
        self.each(keys, |columns| lookup.for_sqlite(columns))
    }

    /// All rows of a statement that is run for each of these, as the number of their columns says it.
    fn each(&mut self, rows: &[Vec<Value>], text: impl FnOnce(usize) -> String) -> Result<Vec<Row>, StoreError> {
        self.with(|connection| {
            let mut all = Vec::new();
            let Some(first) = rows.first() else { return Ok(all) };
            let mut statement = connection.prepare_cached(&text(first.len()))?;
            for row in rows {
                bind(&mut statement, row)?;
                read(&mut statement, &mut all)?;
            }
            Ok(all)
        })
    }

    /// Runs a command that takes no values.
    pub(super) fn run(&mut self, command: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch(command))
    }

    fn with<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        let done = if self.may_block { at_length(|| work(&self.connection)) } else { work(&self.connection) };
        done.map_err(unavailable)
    }
}

async fn take(pool: &Arc<Pool>) -> Result<Taken, StoreError> {
    pool.take().await.map_err(|error| match error {
        NoConnection::Taken => StoreError::Unavailable(error.to_string()),
        NoConnection::Failed(error) => unavailable(error),
    })
}

/// The statement with its values.
fn prepared<'c>(connection: &'c Connection, statement: &Statement) -> Result<CachedStatement<'c>, rusqlite::Error> {
    let mut prepared = connection.prepare_cached(&statement.for_sqlite())?;
    bind(&mut prepared, statement.values())?;
    Ok(prepared)
}

/// Binds values to `$1`, `$2`, …, which SQLite takes for names and numbers in the order in which they first stand in the text, or to one `?` after the other.
fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> Result<(), rusqlite::Error> {
    for place in 1..=statement.parameter_count() {
        let named = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let number = named.unwrap_or(place);
        let value = number.checked_sub(1).and_then(|number| values.get(number));
        statement.raw_bind_parameter(place, value.ok_or(rusqlite::Error::InvalidParameterCount(values.len(), number))?)?;
    }
    Ok(())
}

/// Lists go as JSON.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = |list: serde_json::Result<String>| {
            list.map(|list| ToSqlOutput::Owned(Held::Text(list)))
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
        };
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(Some(value)) => ValueRef::Integer(*value),
            Self::Flag(value) => ValueRef::Integer(i64::from(*value)),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Integer(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
            Self::Integers(list) => return json(serde_json::to_string(list)),
            Self::Texts(list) => return json(serde_json::to_string(list)),
            Self::Column(_) => return Err(rusqlite::Error::ToSqlConversionFailure("SQLite takes no columns".into())),
        }))
    }
}

/// Reads all rows into `all`.
fn read(statement: &mut rusqlite::Statement<'_>, all: &mut Vec<Row>) -> Result<(), rusqlite::Error> {
    let names: Arc<[Box<str>]> = statement.column_names().into_iter().map(Box::from).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values = (0..names.len()).map(|place| row.get_ref(place).map(held)).collect::<Result<_, _>>()?;
        all.push(Row::Sqlite(SqliteRow { names: Arc::clone(&names), values }));
    }
    Ok(())
}

/// A text that is none counts as bytes: who expects a text is told so.
fn held(value: ValueRef<'_>) -> Held {
    match value {
        ValueRef::Null => Held::Null,
        ValueRef::Integer(number) => Held::Integer(number),
        ValueRef::Real(number) => Held::Real(number),
        ValueRef::Text(text) => {
            str::from_utf8(text).map_or_else(|_| Held::Blob(text.to_vec()), |text| Held::Text(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Held::Blob(bytes.to_vec()),
    }
}

/// The database's own words may hold values of a row, so only the kind of failure is kept.
pub(in crate::store) fn unavailable(error: rusqlite::Error) -> StoreError {
    let code = error.sqlite_error().map(|error| error.extended_code);
    StoreError::Unavailable(match code {
        None => "SQLite failed".to_owned(),
        Some(26) => "this is no SQLite database".to_owned(),
        Some(code) => format!("SQLite refused (code {code})"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::query;
    use super::*;

    async fn link() -> Link {
        Link::of(&Pool::new(1, Duration::from_secs(1), Connection::open_in_memory).expect("a database"))
            .await
            .expect("a connection")
    }

    /// Broken on purpose to see it fail: `bind` that takes the numbers of SQLite.
    #[tokio::test]
    async fn parameters_are_who_they_say_they_are_in_whatever_order_they_stand() {
        let mut link = link().await;
        let statement = query("SELECT $3, $1, $2, $1").bind("one").bind(2_i64).bind(vec![3_u8]);
        let rows = link.all(&statement).expect("a row");
        let row = rows.first().expect("a row");
        assert_eq!((row.get::<&[u8], _>(0), row.get::<&str, _>(1)), (Ok(&[3_u8][..]), Ok("one")));
        assert_eq!((row.get::<i64, _>(2), row.get::<String, _>(3)), (Ok(2), Ok("one".to_owned())));
        assert!(link.all(&query("SELECT $1, $2").bind(1_i64)).is_err(), "one is missing");
    }

    #[tokio::test]
    async fn a_column_that_holds_something_else_is_an_error_and_nothing_else() {
        let mut link = link().await;
        let rows =
            link.all(&query("SELECT NULL AS empty, 1 AS one, 'text' AS text, x'ff' AS bytes, CAST(x'ff' AS TEXT) AS torn"));
        let row = rows.expect("a row").remove(0);
        assert_eq!((row.get::<Option<i64>, _>("empty"), row.get::<bool, _>("one")), (Ok(None), Ok(true)));
        assert_eq!((row.get::<Option<&str>, _>("text"), row.get::<Vec<u8>, _>("bytes")), (Ok(Some("text")), Ok(vec![0xff])));
        for column in ["empty", "text", "bytes", "torn", "absent"] {
            assert!(row.get::<i64, _>(column).is_err(), "{column}");
        }
        for column in ["empty", "one", "bytes", "torn"] {
            assert!(row.get::<&str, _>(column).is_err(), "{column}");
        }
        assert!(row.get::<i64, _>(5).is_err());
    }
}
