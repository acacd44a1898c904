//! Holding a search file against the store that it was made from, for who verifies the log: line by line, both ways. No page of it has to be believed by
//! who searches (each line found is held against the log), but what it leaves out nobody would miss.

use std::path::Path;
use std::sync::LazyLock;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::super::{unavailable, unsigned};
use super::fill::{bits, of_recipient};
use super::open::uri;
use super::{file_beside, open};
use crate::store::StoreError;

/// How many entries are compared at once.
const STEP: i64 = 16_384;

/// The first entry of which the search file beside the store at `store`, whose log was verified, does not say what the log says; `None` when there is none, or no search file. What
/// was appended since it was last filled is not looked at. `progress` hears how many of how many lines were compared.
///
/// # Errors
/// [`StoreError::Unavailable`] when the file cannot be read as a search file.
pub async fn first_difference(store: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Option<u64>, StoreError> {
    let file = file_beside(store);
    if !file.exists() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::new().filename(&file).read_only(true).immutable(!open::is_in_use(&file));
    let mut reading = options.disable_statement_logging().connect().await.map_err(unavailable)?;
    let log = uri(store).ok_or_else(|| StoreError::Unavailable("the store's path is not UTF-8".to_owned()))?;
    let log = if open::is_in_use(store) { log } else { format!("{log}&immutable=1") };
    sqlx::query("ATTACH DATABASE ? AS log").bind(log).execute(&mut reading).await.map_err(unavailable)?;
    // What the file says is read first, so that the log of that moment, or of a later one, has all of it.
    sqlx::query("BEGIN").execute(&mut reading).await.map_err(unavailable)?;
    let size: i64 = sqlx::query_scalar("SELECT size FROM filled").fetch_one(&mut reading).await.map_err(unavailable)?;
    let known: i64 = sqlx::query_scalar("SELECT size FROM log.head").fetch_one(&mut reading).await.map_err(unavailable)?;
    if size > known {
        return unsigned(known, "head", "size").map(Some);
    }
    let mut from = 0;
    while from < size {
        let until = from.saturating_add(STEP).min(size);
        if let Some(index) = differs(&mut reading, from, until).await? {
            return unsigned(index, "line", "idx").map(Some);
        }
        progress(unsigned(until, "filled", "size")?, unsigned(size, "filled", "size")?);
        from = until;
    }
    let beyond = "SELECT min(idx) FROM (SELECT idx FROM line NOT INDEXED WHERE idx < 0 OR idx >= ?1
                                        UNION ALL SELECT idx FROM other WHERE idx < 0 OR idx >= ?1)";
    let beyond: Option<i64> = sqlx::query_scalar(beyond).bind(size).fetch_one(&mut reading).await.map_err(unavailable)?;
    // Such a line is of no entry at all: whatever its number, it is the first behind the end.
    beyond.map(|_| unsigned(size, "filled", "size")).transpose()
}

async fn differs(reading: &mut SqliteConnection, from: i64, until: i64) -> Result<Option<i64>, StoreError> {
    let mut first = None;
    for sql in [LINES.as_str(), OTHERS.as_str(), INVENTED.as_str()] {
        let query = sqlx::query_scalar::<_, Option<i64>>(AssertSqlSafe(sql)).bind(from).bind(until);
        let found = query.fetch_one(&mut *reading).await.map_err(unavailable)?;
        first = [first, found].into_iter().flatten().min();
    }
    Ok(first)
}

/// Entries without their line, or with one that says something else. (A line without an entry lies beyond the end: a log has no gaps.) Of an erased entry the tokens are gone from the log, and go from here with the next step
/// of filling: they are not compared.
static LINES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT min(told.idx) FROM
           (SELECT idx, party, time - time % 1000 AS time, kind, purpose, {} AS categories, outcome, overridden AND NOT {} AS overridden,
                   subject_token, actor_token, case_token, key_class, token_salt
            FROM log.entry WHERE idx >= ?1 AND idx < ?2) AS told
         LEFT JOIN line NOT INDEXED ON line.idx = told.idx
         WHERE line.time IS NOT told.time OR line.categories IS NOT told.categories
            OR line.overridden IS NOT told.overridden
            OR line.party IS NOT (SELECT id FROM word WHERE text = told.party)
            OR line.kind IS NOT (SELECT id FROM word WHERE text = told.kind)
            OR line.purpose IS NOT (SELECT id FROM word WHERE text = told.purpose)
            OR line.outcome IS NOT (SELECT id FROM word WHERE text = told.outcome)
            OR line.class IS NOT (SELECT id FROM word WHERE text = told.key_class)
            OR (told.token_salt IS NOT NULL AND (line.subject IS NOT told.subject_token OR line.actor IS NOT told.actor_token
                                                 OR line.matter IS NOT told.case_token))",
        bits(),
        of_recipient()
    )
});

/// The other sides of entries, as the file must have them.
fn others() -> String {
    let of = |column: &str, condition: &str| {
        format!(
            "SELECT (SELECT id FROM word WHERE text = party), (SELECT id FROM word WHERE text = {column}), time - time % 1000 AS time, idx
             FROM log.entry WHERE idx >= ?1 AND idx < ?2 AND {column} <> party AND {condition}"
        )
    };
    let source = of("source", &format!("NOT (kind = 'ask' AND {})", of_recipient()));
    format!("{source} UNION {}", of("recipient", "TRUE"))
}

const KNOWN: &str = "SELECT party, organisation, time, idx FROM other WHERE idx >= ?1 AND idx < ?2";

static OTHERS: LazyLock<String> = LazyLock::new(|| format!("SELECT min(idx) FROM (SELECT * FROM ({}) EXCEPT {KNOWN})", others()));

static INVENTED: LazyLock<String> =
    LazyLock::new(|| format!("SELECT min(idx) FROM ({KNOWN} EXCEPT SELECT * FROM ({}))", others()));
