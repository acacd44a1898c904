//! Many statements in one round trip to the connection's thread, with rows bound as parameters.

use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::unavailable;
use crate::store::StoreError;

/// The most rows in one statement; SQLite takes 32,766 parameters, an entry has 18.
const ROWS: usize = 64;

/// A script of no more rows is prepared once and kept; larger ones seldom look alike, and their cost is shared by many.
const KEPT: u64 = 128;

/// Writes in order, all of which must take effect.
pub(super) struct Script {
    query: QueryBuilder<Sqlite>,
    rows: u64,
}

impl Default for Script {
    fn default() -> Self {
        Self { query: QueryBuilder::new(""), rows: 0 }
    }
}

impl Script {
    /// `insert` with `rows`, each bound by `bind`, and `conflict` behind them.
    pub(super) fn insert<T>(
        &mut self,
        insert: &str,
        rows: &[T],
        conflict: &str,
        mut bind: impl FnMut(&mut Separated<'_, Sqlite, &'static str>, &T),
    ) {
        for rows in statements(rows) {
            self.query.push(insert);
            self.query.push_values(rows, |mut values, row| bind(&mut values, row));
            self.query.push(conflict).push(";");
            self.rows += rows.len() as u64;
        }
    }

    /// A statement that changes exactly `rows` rows, written by `write`.
    pub(super) fn change(&mut self, rows: usize, write: impl FnOnce(&mut QueryBuilder<Sqlite>)) {
        write(&mut self.query);
        self.query.push(";");
        self.rows += rows as u64;
    }

    /// Runs all of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also when a row was not written: the transaction must not be committed then.
    pub(super) async fn run(mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        let query = self.query.build().persistent(self.rows <= KEPT);
        let written = query.execute(connection).await.map_err(unavailable)?.rows_affected();
        if written == self.rows {
            Ok(())
        } else {
            Err(StoreError::Unavailable(format!("{written} of {} rows were written: another writer moved the head", self.rows)))
        }
    }
}

/// Cuts rows into statements of 1, 2, 4, … [`ROWS`]: few different ones, so that each is prepared once and not for every batch.
pub(super) fn statements<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = (!rows.is_empty()).then(|| 1 << rows.len().min(ROWS).ilog2())?;
        let (now, later) = rows.split_at(length);
        rows = later;
        Some(now)
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};

    use super::*;

    #[test]
    fn statements_are_powers_of_two_and_hold_every_row_once() {
        let rows: Vec<usize> = (0..155).collect();
        assert_eq!(statements(&rows).map(<[usize]>::len).collect::<Vec<_>>(), [64, 64, 16, 8, 2, 1]);
        assert_eq!(statements(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(statements::<usize>(&[]).count(), 0);
    }

    #[tokio::test]
    async fn every_row_of_every_statement_is_written_with_its_own_values_or_it_is_an_error() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        sqlx::raw_sql("CREATE TABLE one (n INTEGER PRIMARY KEY, t TEXT); CREATE TABLE two (n INTEGER PRIMARY KEY)")
            .execute(&mut connection)
            .await
            .expect("tables");
        let write = |numbers: std::ops::Range<i64>, changed: i64| {
            let mut script = Script::default();
            let numbers: Vec<i64> = numbers.collect();
            script.insert("INSERT INTO one (n, t) ", &numbers, "", |values, number| {
                values.push_bind(*number).push_bind(format!("t{number}"));
            });
            script.insert("INSERT INTO two (n) ", &numbers, " ON CONFLICT DO NOTHING", |values, number| {
                values.push_bind(number + 1000);
            });
            script.change(1, |query| {
                query.push("UPDATE one SET t = 'changed' WHERE n = ").push_bind(changed);
            });
            script
        };
        write(0..5, 3).run(&mut connection).await.expect("a small script");
        write(5..200, 7).run(&mut connection).await.expect("a large script");
        let of = async |connection: &mut SqliteConnection, statement: &'static str| {
            let row = sqlx::query(statement).fetch_one(connection).await.expect("a row");
            (row.get::<i64, _>(0), row.get::<i64, _>(1))
        };
        let right = "SELECT count(*), sum(n) FROM one WHERE t = 't' || n OR n IN (3, 7) AND t = 'changed'";
        assert_eq!(of(&mut connection, right).await, (200, 19_900));
        assert_eq!(of(&mut connection, "SELECT count(*), min(n) FROM two").await, (200, 1000));
        assert!(write(200..201, 5000).run(&mut connection).await.is_err(), "a change that changed nothing");
        assert!(write(201..202, 200).run(&mut connection).await.is_ok());
        sqlx::raw_sql("DELETE FROM one WHERE n = 201").execute(&mut connection).await.expect("deleted");
        assert!(write(201..202, 201).run(&mut connection).await.is_err(), "a row that was there already");
    }
}
