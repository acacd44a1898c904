//! Rows that are written together: SQLite takes one after the other, PostgreSQL all at once.

use super::connection::Connection;
use super::statement::{Statement, Value, build};
use crate::store::StoreError;

/// Where rows are inserted.
#[derive(Clone, Copy)]
pub(super) struct Insert {
    /// `INSERT INTO` with table and columns.
    pub(super) table: &'static str,
    /// What stands behind the rows.
    pub(super) tail: &'static str,
}

impl Insert {
    /// One row of so many columns, for SQLite.
    pub(super) fn of_one(self, columns: usize) -> String {
        let parameters = vec!["?"; columns].join(", ");
        format!("{} VALUES ({parameters}){}", self.table, self.tail)
    }

    /// All rows as one array per column, for PostgreSQL: the same statement for any number of them.
    pub(super) fn of_columns(self, rows: Vec<Vec<Value>>) -> Statement {
        let columns = columns(rows).into_iter().map(Value::Column);
        build(self.table).push(" SELECT * FROM unnest(").list(columns).push(")").push(self.tail)
    }
}

/// Rows as columns.
fn columns(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut columns: Vec<Vec<Value>> = Vec::new();
    for row in rows {
        columns.resize_with(row.len(), Vec::new);
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

/// Writes in order, all of which must take effect.
#[derive(Default)]
pub(super) struct Script {
    steps: Vec<Step>,
    rows: u64,
}

enum Step {
    Insert(Insert, Vec<Vec<Value>>),
    Change(Statement),
    Either { rows: usize, sqlite: Statement, postgres: Statement },
}

impl Script {
    /// Inserts `rows`.
    pub(super) fn insert(&mut self, into: Insert, rows: Vec<Vec<Value>>) {
        self.rows += rows.len() as u64;
        self.steps.push(Step::Insert(into, rows));
    }

    /// A statement that was put together and changes one row.
    pub(super) fn change(&mut self, statement: Statement) {
        self.rows += 1;
        self.steps.push(Step::Change(statement));
    }

    /// A statement that was put together for each database and changes `rows` rows.
    pub(super) fn either(&mut self, rows: usize, sqlite: Statement, postgres: Statement) {
        self.rows += rows as u64;
        self.steps.push(Step::Either { rows, sqlite, postgres });
    }

    /// Runs all of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also when a row was not written: the transaction must not be committed then.
    pub(super) async fn run(self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        let (expected, is_postgres) = (self.rows, connection.is_postgres());
        let mut written = 0;
        for step in self.steps {
            written += match step {
                Step::Insert(into, rows) => connection.insert(into, rows).await?,
                Step::Change(statement) => statement.execute(connection).await?,
                Step::Either { rows: 0, .. } => 0,
                Step::Either { sqlite, postgres, .. } => {
                    (if is_postgres { postgres } else { sqlite }).execute(connection).await?
                }
            };
        }
        if written == expected {
            Ok(())
        } else {
            Err(StoreError::Unavailable(format!(
                "{written} of {expected} rows were written: something else is there than what was read"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::connection::sqlite::Link;
    use super::super::query;
    use super::*;
    use crate::sqlite::Pool;

    #[tokio::test]
    async fn every_row_of_every_statement_is_written_with_its_own_values_or_it_is_an_error() {
        let pool = Pool::new(1, Duration::from_secs(1), rusqlite::Connection::open_in_memory).expect("a database");
        let connection = &mut Connection::Sqlite(Link::of(&pool).await.expect("a connection"));
        connection
            .run("CREATE TABLE one (n INTEGER PRIMARY KEY, t TEXT); CREATE TABLE two (n INTEGER PRIMARY KEY)")
            .await
            .expect("tables");
        let write = |numbers: std::ops::Range<i64>, changed: i64| {
            let mut script = Script::default();
            let row = |number: i64| vec![number.into(), format!("t{number}").into()];
            script.insert(Insert { table: "INSERT INTO one (n, t)", tail: "" }, numbers.clone().map(row).collect());
            let row = |number: i64| vec![(number + 1000).into()];
            script.insert(Insert { table: "INSERT INTO two (n)", tail: " ON CONFLICT DO NOTHING" }, numbers.map(row).collect());
            script.change(build("UPDATE one SET t = 'changed' WHERE n = ").value(changed));
            script
        };
        write(0..5, 3).run(connection).await.expect("a small script");
        write(5..200, 7).run(connection).await.expect("a large script");
        let of = async |connection: &mut Connection, statement: &'static str| {
            let row = query(statement).one(connection).await.expect("a row");
            (row.get::<i64, _>(0).expect("a number"), row.get::<i64, _>(1).expect("a number"))
        };
        let right = "SELECT count(*), sum(n) FROM one WHERE t = 't' || n OR n IN (3, 7) AND t = 'changed'";
        assert_eq!(of(connection, right).await, (200, 19_900));
        assert_eq!(of(connection, "SELECT count(*), min(n) FROM two").await, (200, 1000));
        assert!(write(200..201, 5000).run(connection).await.is_err(), "a change that changed nothing");
        assert!(write(201..202, 200).run(connection).await.is_ok());
        connection.run("DELETE FROM one WHERE n = 201").await.expect("deleted");
        assert!(write(201..202, 201).run(connection).await.is_err(), "a row that was there already");
    }
}
