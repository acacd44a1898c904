//! What is written or looked for together: SQLite takes one row after the other, PostgreSQL all at once.

use super::connection::Connection;
use super::statement::{Statement, Value, build};
use super::unsigned;
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
    pub(super) fn for_sqlite(self, columns: usize) -> String {
        format!("{} VALUES ({}){}", self.table, placeholders(columns), self.tail)
    }

    /// All rows as one array per column, for PostgreSQL: the same statement for any number of them.
    pub(super) fn for_postgres(self, rows: Vec<Vec<Value>>) -> Statement {
        unnested(build(self.table), rows).push(self.tail)
    }
}

/// What is looked for: the start of a statement, which ends in the columns of an index, in brackets.
#[derive(Clone, Copy)]
pub(super) struct Lookup(pub(super) &'static str);

impl Lookup {
    /// By one key of so many columns, for SQLite.
    pub(super) fn for_sqlite(self, columns: usize) -> String {
        format!("{} = ({})", self.0, placeholders(columns))
    }

    /// By all keys as one array per column, for PostgreSQL: the same statement for any number of them. Typed arrays: for values that it takes out of JSON it
    /// does not use the index.
    pub(super) fn for_postgres(self, keys: Vec<Vec<Value>>) -> Statement {
        unnested(build(self.0).push(" IN ("), keys).push(")")
    }
}

fn placeholders(columns: usize) -> String {
    vec!["?"; columns].join(", ")
}

/// Goes on with rows, as one array per column.
fn unnested(statement: Statement, rows: Vec<Vec<Value>>) -> Statement {
    statement.push(" SELECT * FROM unnest(").list(columns(rows).into_iter().map(Value::Column)).push(")")
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

/// Writes, all of which must take effect, and none of which rests on another: SQLite takes them in their order, PostgreSQL all at once, in one statement.
#[derive(Default)]
pub(super) struct Script {
    steps: Vec<Step>,
    rows: u64,
}

enum Step {
    Insert(Insert, Vec<Vec<Value>>),
    Change(Statement),
}

impl Script {
    /// Inserts `rows`.
    pub(super) fn insert(&mut self, into: Insert, rows: Vec<Vec<Value>>) {
        self.add(rows.len(), Step::Insert(into, rows));
    }

    /// A statement that was put together and changes one row.
    pub(super) fn change(&mut self, statement: Statement) {
        self.add(1, Step::Change(statement));
    }

    fn add(&mut self, rows: usize, step: Step) {
        if rows > 0 {
            self.rows += rows as u64;
            self.steps.push(step);
        }
    }

    /// Runs all of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also when a row was not written: the transaction must not be committed then.
    pub(super) async fn run(self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.steps.is_empty() {
            return Ok(());
        }
        let expected = self.rows;
        let written = if connection.is_postgres() { self.at_once(connection).await? } else { self.in_order(connection).await? };
        if written == expected {
            Ok(())
        } else {
            Err(StoreError::Unavailable(format!(
                "{written} of {expected} rows were written: something else is there than what was read\n  do: look for triggers and rules on the tables; run `sluis log verify full`"
            )))
        }
    }

    async fn in_order(self, connection: &mut Connection) -> Result<u64, StoreError> {
        let mut written = 0;
        for step in self.steps {
            written += match step {
                Step::Insert(into, rows) => connection.insert(into, rows).await?,
                Step::Change(statement) => statement.execute(connection).await?,
            };
        }
        Ok(written)
    }

    async fn at_once(self, connection: &mut Connection) -> Result<u64, StoreError> {
        let steps = self.steps.into_iter().map(|step| match step {
            Step::Insert(into, rows) => into.for_postgres(rows),
            Step::Change(statement) => statement,
        });
        let written: i64 = counted(steps.collect()).one(connection).await?.get(0)?;
        unsigned(written, "step", "count")
    }
}

/// One statement of all of these for PostgreSQL, which says how many rows they wrote.
fn counted(steps: Vec<Statement>) -> Statement {
    let many = steps.len();
    let mut all = build("WITH ");
    for (number, step) in steps.into_iter().enumerate() {
        all =
            all.push(if number == 0 { "step" } else { ", step" }).number(number).push(" AS (").append(step).push(" RETURNING 1)");
    }
    for number in 0..many {
        all = all.push(if number == 0 { " SELECT " } else { " + " }).push("(SELECT count(*) FROM step").number(number).push(")");
    }
    all
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
