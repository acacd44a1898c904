//! Consents as their recorder sees them, and what is past its term. What the list of consents says stands in the sealed records too, and is held
//! against them.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::ends;
use super::lists::{List, Lists};
use super::registers::{self, CONSENT, person_facts};
use super::seal::{Place, Seal};
use super::{alarm, embargoes, exactly, log, tasks, unavailable};
use crate::clock::Timestamp;
use crate::consent::ConsentRecord;
use crate::organisation::Oin;
use crate::store::duties::{KeptConsent, PastTerm, Reliance};
use crate::store::{StoreError, SubjectIndex};

/// What is read of the list and of the record that it is held against, up to the condition; there is a record of each.
macro_rules! listed {
    ($condition:literal) => {
        concat!(
            "SELECT head.id, head.version, consent.record, consent.subject, head.recorder, head.state, head.ends FROM consent_head AS head
             LEFT JOIN consent ON consent.id = head.id AND consent.version = head.version WHERE ",
            $condition
        )
    };
}

/// Lists a consent as its newest version says.
pub(super) async fn put_head(
    connection: &mut SqliteConnection,
    lists: &mut Lists,
    record: &ConsentRecord,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO consent_head (id, recorder, version, state, ends) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET recorder = excluded.recorder, version = excluded.version, state = excluded.state, ends = excluded.ends",
    );
    let query = query.bind(&record.id).bind(record.recorder.as_str()).bind(record.version).bind(record.state.code());
    query.bind(record.not_after.millis()).execute(connection).await.map_err(unavailable)?;
    lists.consents = lists.consents.saturating_add(u64::from(record.version == 1));
    Ok(())
}

/// A consent with every version.
pub(super) async fn consent(connection: &mut SqliteConnection, seal: &Seal, id: &str) -> Result<Option<KeptConsent>, StoreError> {
    let query = sqlx::query("SELECT id, version, record, subject FROM consent WHERE id = ? ORDER BY version").bind(id);
    let rows = query.fetch_all(connection).await.map_err(unavailable)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let subject = subject(first)?;
    let last = rows.len() - 1;
    let versions = rows.iter().enumerate().map(|(number, row)| opened(seal, row, number == last)).collect::<Result<_, _>>()?;
    Ok(Some(KeptConsent { subject, versions }))
}

fn subject(row: &SqliteRow) -> Result<SubjectIndex, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let bytes: Option<Vec<u8>> = row.try_get(3).map_err(unavailable)?;
    exactly(&bytes.unwrap_or_default(), "consent", "subject", id).map(SubjectIndex)
}

/// The record of a row of id, version, record and subject.
fn opened(seal: &Seal, row: &SqliteRow, newest: bool) -> Result<ConsentRecord, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let subject = subject(row)?;
    let place = Place::newest("consent", &id, row.try_get(1).map_err(unavailable)?).about(&subject);
    seal.open(if newest { place } else { place.superseded() }, row.try_get(2).map_err(unavailable)?)
}

/// The record of a row of `listed`, when the list says of it what it says itself.
fn as_listed(seal: &Seal, row: &SqliteRow) -> Result<(SubjectIndex, ConsentRecord), StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let corrupt = |column| StoreError::Corrupt { table: "consent_head", column, row: id.clone() };
    if row.try_get::<Option<Vec<u8>>, _>(2).map_err(unavailable)?.is_none() {
        return Err(corrupt("version"));
    }
    let (subject, record) = (subject(row)?, opened(seal, row, true)?);
    let text = |column: usize| row.try_get::<String, _>(column).map_err(unavailable);
    let ends: i64 = row.try_get(6).map_err(unavailable)?;
    let says = [
        ("recorder", text(4)? == record.recorder.as_str()),
        ("state", text(5)? == record.state.code()),
        ("ends", ends == record.not_after.millis()),
    ];
    match says.into_iter().find(|(_, same)| !same) {
        Some((column, _)) => Err(corrupt(column)),
        None => Ok((subject, record)),
    }
}

/// What `recorder` recorded, when the list is whole.
pub(super) async fn consents_of(
    connection: &mut SqliteConnection,
    seal: &Seal,
    recorder: &Oin,
    after: &str,
    limit: u32,
) -> Result<Vec<ConsentRecord>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    anchor.lists.whole(connection, List::Consents).await?;
    let query = sqlx::query(listed!("head.recorder = ? AND head.id > ? ORDER BY head.id LIMIT ?"));
    let rows = query.bind(recorder.as_str()).bind(after).bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| as_listed(seal, row).map(|(_, record)| record)).collect()
}

/// What stands as given or requested though its term ended. One that cannot be read is left as it is and does not hold up the others.
pub(super) async fn lapsed(
    connection: &mut SqliteConnection,
    seal: &Seal,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<KeptConsent>, StoreError> {
    complete(connection, seal).await?;
    let query = sqlx::query(listed!("head.state IN ('given', 'requested') AND head.ends <= ? ORDER BY head.ends LIMIT ?"));
    let rows = query.bind(now.millis()).bind(limit).fetch_all(&mut *connection).await.map_err(unavailable)?;
    let mut kept = Vec::new();
    for row in &rows {
        let read = as_listed(seal, row);
        if let Some((subject, record)) = readable(connection, seal, read).await? {
            kept.push(KeptConsent { subject, versions: vec![record] });
        }
    }
    Ok(kept)
}

/// What was read of a consent about whose person everything can be read; of others there is an alarm.
async fn readable(
    connection: &mut SqliteConnection,
    seal: &Seal,
    read: Result<(SubjectIndex, ConsentRecord), StoreError>,
) -> Result<Option<(SubjectIndex, ConsentRecord)>, StoreError> {
    let read = match read {
        Ok((subject, record)) => person_facts(connection, seal, subject).await.map(|_| (subject, record)),
        Err(error) => Err(error),
    };
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ StoreError::Corrupt { .. }) if !error.is_of("head") => {
            alarm(&error, "a consent cannot be read; it is neither ended nor removed when its term ends");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Says so when a consent is missing in the list; what is in it is dealt with all the same.
async fn complete(connection: &mut SqliteConnection, seal: &Seal) -> Result<(), StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    match anchor.lists.whole(connection, List::Consents).await {
        Err(error @ StoreError::Corrupt { .. }) => {
            alarm(&error, "the list of consents is not whole; what is missing is neither ended nor removed when its term ends");
            Ok(())
        }
        whole => whole,
    }
}

pub(super) async fn past_term(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (consents_before, tasks_before): (Timestamp, Timestamp),
    limit: u32,
) -> Result<PastTerm, StoreError> {
    complete(connection, seal).await?;
    let query = sqlx::query(listed!("head.ends <= ? ORDER BY head.ends LIMIT ?"));
    let rows = query.bind(consents_before.millis()).bind(limit).fetch_all(&mut *connection).await.map_err(unavailable)?;
    let mut consents = Vec::new();
    for row in &rows {
        let read = as_listed(seal, row);
        consents.extend(readable(connection, seal, read).await?.map(|(_, record)| record.id));
    }
    let (overrides, cases) = ends::past(connection, seal, consents_before, limit).await?;
    let tasks = tasks::past_term(connection, seal, tasks_before, limit).await?;
    Ok(PastTerm { consents, overrides, cases, tasks, embargoes: Vec::new() })
}

pub(super) async fn erase(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    past: &PastTerm,
) -> Result<(), StoreError> {
    registers::erase(connection, seal, &CONSENT, &past.consents).await?;
    ends::erase(connection, seal, &past.overrides, &past.cases).await?;
    let (consents, tasks) = (ids(&past.consents)?, ids(&past.tasks)?);
    let overrides = past.overrides.iter().map(|id| Reliance::on_override(id));
    let grounds: Vec<String> = past.consents.iter().cloned().chain(overrides).collect();
    let mut removed = async |statement: &'static str, ids: &str| {
        let done = sqlx::query(statement).bind(ids.to_owned()).execute(&mut *connection).await;
        done.map(|done| done.rows_affected()).map_err(unavailable)
    };
    let listed = removed("DELETE FROM consent_head WHERE id IN (SELECT value FROM json_each(?))", &consents).await?;
    let relied = removed("DELETE FROM reliance WHERE consent IN (SELECT value FROM json_each(?))", &ids(&grounds)?).await?;
    removed("DELETE FROM task WHERE open = 0 AND id IN (SELECT value FROM json_each(?))", &tasks).await?;
    embargoes::erase(connection, lists, &ids(&past.embargoes)?).await?;
    lists.consents = lists.consents.saturating_sub(listed);
    lists.reliances = lists.reliances.saturating_sub(relied);
    Ok(())
}

fn ids(ids: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(ids).map_err(|_| StoreError::Unavailable("a list of ids".to_owned()))
}
