//! Head, tiles and entries.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{exactly, integer, statements, unavailable, unsigned};
use crate::catalogue::Category;
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::ledger::entry::{Clear, EntryKind, Outcome, TraceId};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::ledger::tree::NodeHash;
use crate::ledger::wrap::WrappedKey;
use crate::store::{EntryRow, Head, Revision, Sequenced, StoreError, StoredEntry};

pub(super) async fn head(connection: &mut SqliteConnection) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT size, root, checkpoint, revision FROM head WHERE id = 1")
        .fetch_one(connection)
        .await
        .map_err(unavailable)?;
    let root: &[u8] = row.try_get(1).map_err(unavailable)?;
    Ok(Head {
        size: unsigned(row.try_get(0).map_err(unavailable)?, "head", "size")?,
        root: NodeHash::new(exactly::<32>(root, "head", "root", 1)?),
        checkpoint: row.try_get(2).map_err(unavailable)?,
        revision: Revision(row.try_get(3).map_err(unavailable)?),
    })
}

pub(super) async fn tile(connection: &mut SqliteConnection, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar("SELECT hashes FROM tile WHERE level = ? AND idx = ?").bind(level).bind(integer(index));
    query.fetch_optional(connection).await.map_err(unavailable)
}

/// What is read of an entry, up to the condition.
macro_rules! select_entries {
    ($condition:literal) => {
        concat!(
            "SELECT idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
                    case_token, trace, leaf, body, wrapped_key, key_class,
                    (SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx) AS asked
             FROM entry WHERE ",
            $condition
        )
    };
}

pub(super) async fn entries(connection: &mut SqliteConnection, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query(select_entries!("idx >= ? ORDER BY idx LIMIT ?")).bind(integer(from)).bind(limit);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

pub(super) async fn entries_of(connection: &mut SqliteConnection, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query(select_entries!("trace = ? ORDER BY idx")).bind(trace.to_string());
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<StoredEntry, StoreError> {
    let index = unsigned(row.try_get("idx").map_err(unavailable)?, "entry", "idx")?;
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "entry", column, row: index.to_string() };
    let text = |column: &'static str| row.try_get::<String, _>(column).map_err(unavailable);
    let optional = |column: &'static str| row.try_get::<Option<String>, _>(column).map_err(unavailable);
    let oin = |column: &'static str| optional(column)?.map(|oin| oin.parse().map_err(|_| corrupt(column))).transpose();
    let token = |column: &'static str| {
        let token: Option<Vec<u8>> = row.try_get(column).map_err(unavailable)?;
        token.map(|token| exactly(&token, "entry", column, index).map(SearchToken::from_bytes)).transpose()
    };
    let purpose = optional("purpose")?.map(PurposeCode::try_from).transpose().map_err(|_| corrupt("purpose"))?;
    let categories = text("categories")?;
    let leaf: Vec<u8> = row.try_get("leaf").map_err(unavailable)?;
    let wrapped_key: Vec<u8> = row.try_get("wrapped_key").map_err(unavailable)?;
    let clear = Clear {
        kind: EntryKind::from_code(&text("kind")?).ok_or_else(|| corrupt("kind"))?,
        time: Timestamp::from_millis(row.try_get("time").map_err(unavailable)?),
        party: text("party")?.parse().map_err(|_| corrupt("party"))?,
        source: oin("source")?,
        recipient: oin("recipient")?,
        purpose,
        categories: categories
            .split_whitespace()
            .map(Category::from_code)
            .collect::<Option<_>>()
            .ok_or_else(|| corrupt("categories"))?,
        outcome: Outcome::from_code(&text("outcome")?).ok_or_else(|| corrupt("outcome"))?,
        overridden: row.try_get("overridden").map_err(unavailable)?,
        subject: token("subject_token")?,
        actor: token("actor_token")?,
        case: token("case_token")?,
        trace: text("trace")?.parse().map_err(|_| corrupt("trace"))?,
    };
    let asked = optional("asked")?.unwrap_or_default();
    let row = EntryRow {
        clear,
        leaf: Leaf::from_bytes(&leaf).map_err(|_| corrupt("leaf"))?,
        body: row.try_get::<Option<Vec<u8>>, _>("body").map_err(unavailable)?.unwrap_or_default(),
        wrapped_key: WrappedKey::from_bytes(exactly(&wrapped_key, "entry", "wrapped_key", index)?),
        key_class: text("key_class")?,
        asked: asked.split_whitespace().map(|oin| oin.parse().map_err(|_| corrupt("asked"))).collect::<Result<_, _>>()?,
    };
    Ok(StoredEntry { index, row })
}

pub(super) async fn add_entries(connection: &mut SqliteConnection, first: u64, rows: &[&EntryRow]) -> Result<(), StoreError> {
    let mut first = first;
    for rows in statements(rows) {
        add_chunk(connection, first, rows).await?;
        first = first.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}

async fn add_chunk(connection: &mut SqliteConnection, first: u64, rows: &[&EntryRow]) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO entry (idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token, case_token,
                            trace, leaf, body, wrapped_key, key_class) ",
    );
    query.push_values(rows.iter().zip(first..), |mut values, (row, index)| {
        let clear = &row.clear;
        values
            .push_bind(integer(index))
            .push_bind(clear.kind.code())
            .push_bind(clear.time.millis())
            .push_bind(clear.party.as_str())
            .push_bind(clear.source.as_ref().map(crate::organisation::Oin::as_str))
            .push_bind(clear.recipient.as_ref().map(crate::organisation::Oin::as_str))
            .push_bind(clear.purpose.as_ref().map(PurposeCode::as_str))
            .push_bind(clear.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" "))
            .push_bind(clear.outcome.code())
            .push_bind(clear.overridden)
            .push_bind(clear.subject.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.actor.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.case.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.trace.to_string())
            .push_bind(row.leaf.bytes().as_slice())
            .push_bind(row.body.as_slice())
            .push_bind(row.wrapped_key.bytes().as_slice())
            .push_bind(&row.key_class);
    });
    query.build().execute(&mut *connection).await.map_err(unavailable)?;
    let asked: Vec<_> =
        rows.iter().zip(first..).flat_map(|(row, index)| row.asked.iter().map(move |source| (index, source))).collect();
    for asked in statements(&asked) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO entry_asked (idx, source) ");
        query.push_values(asked, |mut values, (index, source)| {
            values.push_bind(integer(*index)).push_bind(source.as_str());
        });
        query.build().execute(&mut *connection).await.map_err(unavailable)?;
    }
    Ok(())
}

/// Writes tiles and head. The old size is the guard: when it is not what the batch was numbered behind, nothing is written.
pub(super) async fn advance(
    connection: &mut SqliteConnection,
    old: &Head,
    new: &Sequenced,
    revision: Revision,
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO tile (level, idx, hashes) ");
    query.push_values(&new.tiles, |mut values, tile| {
        values.push_bind(tile.id.level()).push_bind(integer(tile.id.index())).push_bind(tile.bytes.as_slice());
    });
    query.push(" ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes");
    query.build().execute(&mut *connection).await.map_err(unavailable)?;
    let done = sqlx::query("UPDATE head SET size = ?, root = ?, checkpoint = ?, revision = ? WHERE id = 1 AND size = ?")
        .bind(integer(new.size))
        .bind(new.root.bytes().as_slice())
        .bind(new.checkpoint.to_string())
        .bind(revision.0)
        .bind(integer(old.size))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Unavailable("another writer moved the head".to_owned())) }
}
