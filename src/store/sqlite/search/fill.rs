//! Filling: rows of the store's entries, in their order, in steps that each are one transaction.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::super::{unavailable, unsigned};
use super::forget::{self, Forgets};
use crate::catalogue::Category;
use crate::store::StoreError;
use crate::store::search::OF_RECIPIENT;

/// How many entries one step takes in.
const STEP: i64 = 4096;

/// The indexes, made when the end of the log is reached for the first time.
const INDEXES: &str = include_str!("indexes.sql");

/// How far the log was taken in.
pub(super) struct Filled {
    /// How many entries.
    pub(super) size: u64,
    /// Whether the end was reached, so that it can be searched.
    pub(super) is_indexed: bool,
}

/// Takes in the next entries; `None` when what was taken in before is not in the store (any more).
pub(super) async fn step(connection: &mut SqliteConnection) -> Result<Option<Filled>, StoreError> {
    // With the lock from before the entries are read: what is forgotten meanwhile waits, and finds what was taken in.
    let mut writing = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
    let known = "SELECT size, indexed, size = 0 OR EXISTS (SELECT 1 FROM log.entry WHERE idx = filled.size - 1 AND leaf = filled.leaf) FROM filled";
    let row = sqlx::query(known).fetch_one(&mut *writing).await.map_err(unavailable)?;
    let (from, indexed): (i64, bool) = (row.try_get(0).map_err(unavailable)?, row.try_get(1).map_err(unavailable)?);
    if !row.try_get::<bool, _>(2).map_err(unavailable)? {
        return Ok(None);
    }
    let last = "SELECT max(idx) FROM (SELECT idx FROM log.entry WHERE idx >= ? ORDER BY idx LIMIT ?)";
    let last: Option<i64> = sqlx::query_scalar(last).bind(from).bind(STEP).fetch_one(&mut *writing).await.map_err(unavailable)?;
    if let Some(last) = last {
        sqlx::raw_sql(PART).execute(&mut *writing).await.map_err(unavailable)?;
        sqlx::query(TAKEN).bind(from).bind(last).execute(&mut *writing).await.map_err(unavailable)?;
        for sql in [WORDS, LINES.as_str(), OTHERS.as_str(), "DELETE FROM part"] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *writing).await.map_err(unavailable)?;
        }
        sqlx::query(FILLED).bind(from).bind(last).execute(&mut *writing).await.map_err(unavailable)?;
    }
    let forgets = forget::follow(&mut writing, from).await?;
    if forgets == Forgets::Unknown {
        return Ok(None);
    }
    let until = last.map_or(from, |last| last.saturating_add(1));
    let is_indexed = indexed || until < from.saturating_add(STEP);
    if is_indexed && !indexed {
        sqlx::raw_sql(INDEXES).execute(&mut *writing).await.map_err(unavailable)?;
        sqlx::query("UPDATE filled SET indexed = 1").execute(&mut *writing).await.map_err(unavailable)?;
    }
    writing.commit().await.map_err(unavailable)?;
    if forgets == Forgets::Some {
        forget::flush(connection).await?;
    }
    Ok(Some(Filled { size: unsigned(until, "filled", "size")?, is_indexed }))
}

macro_rules! columns {
    () => {
        "idx, party, time, kind, purpose, categories, outcome, overridden, subject_token, actor_token, case_token, key_class, source, recipient"
    };
}

/// What is taken in by one step, in memory: the store's rows are long, and are walked over once.
const PART: &str = concat!("CREATE TEMP TABLE IF NOT EXISTS part (", columns!(), ")");

const TAKEN: &str = concat!("INSERT INTO part SELECT ", columns!(), " FROM log.entry WHERE idx BETWEEN ?1 AND ?2");

const WORDS: &str = "INSERT OR IGNORE INTO word (text)
    SELECT party FROM part
    UNION SELECT source FROM part WHERE source IS NOT NULL
    UNION SELECT recipient FROM part WHERE recipient IS NOT NULL
    UNION SELECT purpose FROM part WHERE purpose IS NOT NULL
    UNION SELECT kind FROM part
    UNION SELECT outcome FROM part
    UNION SELECT key_class FROM part";

/// The columns as [`told`](crate::store::search::told) shows them: times in whole seconds, and of a recipient's side no override.
static LINES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO line (idx, party, time, kind, purpose, categories, outcome, overridden, subject, actor, matter, class)
         SELECT idx, (SELECT id FROM word WHERE text = party), time - time % 1000, (SELECT id FROM word WHERE text = kind),
                (SELECT id FROM word WHERE text = purpose), {}, (SELECT id FROM word WHERE text = outcome), overridden AND NOT {},
                subject_token, actor_token, case_token, (SELECT id FROM word WHERE text = key_class)
         FROM part",
        bits(),
        of_recipient()
    )
});

/// The categories of a row, as bits.
pub(super) fn bits() -> String {
    let bit = |(bit, category): (usize, Category)| format!("((instr(' ' || categories || ' ', ' {category} ') > 0) << {bit})");
    Category::ALL.into_iter().enumerate().map(bit).collect::<Vec<_>>().join(" | ")
}

/// The other side, as it is told too: of whom the gateway asked, a recipient's side says nothing.
static OTHERS: LazyLock<String> = LazyLock::new(|| {
    let of = |column: &str, condition: &str| {
        format!(
            "SELECT (SELECT id FROM word WHERE text = party), (SELECT id FROM word WHERE text = {column}), time - time % 1000, idx
             FROM part WHERE {column} <> party AND {condition}"
        )
    };
    let source = of("source", &format!("NOT (kind = 'ask' AND {})", of_recipient()));
    format!("INSERT OR IGNORE INTO other (party, organisation, time, idx) {source} UNION {}", of("recipient", "TRUE"))
});

const FILLED: &str = "UPDATE filled SET size = ?2 + 1, leaf = (SELECT leaf FROM log.entry WHERE idx = ?2) WHERE size = ?1";

/// [`is_of_recipient`](crate::store::search::is_of_recipient) of a row.
pub(super) fn of_recipient() -> String {
    let kinds = OF_RECIPIENT.map(|kind| format!("'{kind}'")).join(", ");
    format!("(kind IN ({kinds}) AND (source IS NOT party OR recipient IS party))")
}
