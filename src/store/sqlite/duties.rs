//! Consents as their recorder sees them, what rested on them, and tasks.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::registers::erase_consents;
use super::seal::{Place, Seal};
use super::{exactly, unavailable};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::consent::ConsentRecord;
use crate::notice::Task;
use crate::organisation::Oin;
use crate::store::duties::{KeptConsent, PastTerm, Reliance};
use crate::store::{Conflict, StoreError, SubjectIndex};

pub(super) async fn put_head(connection: &mut SqliteConnection, record: &ConsentRecord) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO consent_head (id, recorder, version, state, ends) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, ends = excluded.ends",
    );
    let query = query.bind(&record.id).bind(record.recorder.as_str()).bind(record.version).bind(record.state.code());
    query.bind(record.not_after.millis()).execute(connection).await.map(drop).map_err(unavailable)
}

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
    let bytes: Vec<u8> = row.try_get(3).map_err(unavailable)?;
    exactly(&bytes, "consent", "subject", id).map(SubjectIndex)
}

/// The record of a row of id, version, record and subject.
fn opened(seal: &Seal, row: &SqliteRow, newest: bool) -> Result<ConsentRecord, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let subject = subject(row)?;
    let place = Place::newest("consent", &id, row.try_get(1).map_err(unavailable)?).about(&subject);
    seal.open(if newest { place } else { place.superseded() }, row.try_get(2).map_err(unavailable)?)
}

pub(super) async fn consents_of(
    connection: &mut SqliteConnection,
    seal: &Seal,
    recorder: &Oin,
    after: &str,
    limit: u32,
) -> Result<Vec<ConsentRecord>, StoreError> {
    let query = sqlx::query(
        "SELECT consent.id, consent.version, consent.record, consent.subject FROM consent_head AS head
         JOIN consent ON consent.id = head.id AND consent.version = head.version
         WHERE head.recorder = ? AND head.id > ? ORDER BY head.id LIMIT ?",
    );
    let rows = query.bind(recorder.as_str()).bind(after).bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| opened(seal, row, true)).collect()
}

pub(super) async fn lapsed(
    connection: &mut SqliteConnection,
    seal: &Seal,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<KeptConsent>, StoreError> {
    let query = sqlx::query(
        "SELECT consent.id, consent.version, consent.record, consent.subject FROM consent_head AS head
         JOIN consent ON consent.id = head.id AND consent.version = head.version
         WHERE head.state IN ('given', 'requested') AND head.ends <= ? ORDER BY head.ends LIMIT ?",
    );
    let rows = query.bind(now.millis()).bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    let kept = rows.iter().map(|row| Ok(KeptConsent { subject: subject(row)?, versions: vec![opened(seal, row, true)?] }));
    kept.collect()
}

pub(super) async fn add_reliance(connection: &mut SqliteConnection, row: &Reliance) -> Result<(), StoreError> {
    let categories = row.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" ");
    let recipients = row.recipients.iter().map(Oin::as_str).collect::<Vec<_>>().join(" ");
    let query = sqlx::query(
        "INSERT INTO reliance (consent, disclosure, recipient, categories, first, last) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (consent, disclosure) DO UPDATE SET last = max(last, excluded.last),
           recipient = CASE WHEN recipient = excluded.recipient THEN recipient ELSE recipient || ' ' || excluded.recipient END,
           categories = CASE WHEN categories = excluded.categories THEN categories ELSE categories || ' ' || excluded.categories END",
    );
    let query = query.bind(&row.consent).bind(&row.disclosure).bind(recipients).bind(categories);
    query.bind(row.first.millis()).bind(row.last.millis()).execute(connection).await.map(drop).map_err(unavailable)
}

pub(super) async fn given_again(connection: &mut SqliteConnection, disclosure: &str, at: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE reliance SET last = max(last, ?) WHERE disclosure = ?");
    query.bind(at.millis()).bind(disclosure).execute(connection).await.map(drop).map_err(unavailable)
}

pub(super) async fn reliances(connection: &mut SqliteConnection, consent: &str) -> Result<Vec<Reliance>, StoreError> {
    let query = sqlx::query_as::<_, (String, String, String, i64, i64)>(
        "SELECT disclosure, recipient, categories, first, last FROM reliance WHERE consent = ? ORDER BY first, disclosure",
    );
    let rows = query.bind(consent).fetch_all(connection).await.map_err(unavailable)?;
    let rows = rows.into_iter().map(|(disclosure, recipient, categories, first, last)| {
        let corrupt = |column| StoreError::Corrupt { table: "reliance", column, row: disclosure.clone() };
        let categories = categories.split_whitespace().map(|code| Category::from_code(code).ok_or_else(|| corrupt("categories")));
        Ok(Reliance {
            consent: consent.to_owned(),
            recipients: recipient
                .split_whitespace()
                .map(|oin| oin.parse().map_err(|_| corrupt("recipient")))
                .collect::<Result<_, _>>()?,
            categories: categories.collect::<Result<_, _>>()?,
            first: Timestamp::from_millis(first),
            last: Timestamp::from_millis(last),
            disclosure,
        })
    });
    rows.collect()
}

/// Whether those who received on this consent are exactly these.
pub(super) async fn received_by(
    connection: &mut SqliteConnection,
    consent: &str,
    recipients: &BTreeSet<Oin>,
) -> Result<Result<(), Conflict>, StoreError> {
    let found: BTreeSet<Oin> = reliances(connection, consent).await?.into_iter().flat_map(|row| row.recipients).collect();
    Ok(if found == *recipients { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Adds one; one of the same kind, owner and matter takes up what is new in it.
pub(super) async fn add_task(connection: &mut SqliteConnection, seal: &Seal, task: &Task) -> Result<(), StoreError> {
    if let Some(known) = known_task(connection, seal, task).await? {
        let Some(next) = known.again(task) else { return Ok(()) };
        let changed = |_| StoreError::Unavailable("a task changed under the head's lock".to_owned());
        return put_task(connection, seal, &next).await?.map_err(changed);
    }
    let query =
        sqlx::query("INSERT INTO task (id, kind, owner, about, due, open, version, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    let query = query.bind(&task.id).bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    let query = query.bind(task.due.millis()).bind(task.state.is_open()).bind(task.version);
    let sealed = seal.close(Place::newest("task", &task.id, task.version), task)?;
    query.bind(sealed).execute(connection).await.map(drop).map_err(unavailable)
}

/// The task of the same kind, owner and matter, if there is one.
async fn known_task(connection: &mut SqliteConnection, seal: &Seal, task: &Task) -> Result<Option<Task>, StoreError> {
    let query = sqlx::query("SELECT id, version, record FROM task WHERE kind = ? AND owner = ? AND about = ?");
    let query = query.bind(task.kind.code()).bind(task.owner.as_str()).bind(&task.about);
    query.fetch_optional(connection).await.map_err(unavailable)?.map(|row| opened_task(seal, &row)).transpose()
}

/// An answer follows the version that it was given to.
pub(super) async fn put_task(
    connection: &mut SqliteConnection,
    seal: &Seal,
    task: &Task,
) -> Result<Result<(), Conflict>, StoreError> {
    let query = sqlx::query(
        "UPDATE task SET due = ?1, open = ?2, closed = ?3, version = ?4, record = ?5 WHERE id = ?6 AND version = ?4 - 1",
    );
    let query = query.bind(task.due.millis()).bind(task.state.is_open()).bind(task.closed_at().map(Timestamp::millis));
    let query = query.bind(task.version).bind(seal.close(Place::newest("task", &task.id, task.version), task)?).bind(&task.id);
    let done = query.execute(connection).await.map_err(unavailable)?;
    Ok(if done.rows_affected() == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}

pub(super) async fn task(connection: &mut SqliteConnection, seal: &Seal, id: &str) -> Result<Option<Task>, StoreError> {
    let query = sqlx::query("SELECT id, version, record FROM task WHERE id = ?").bind(id);
    query.fetch_optional(connection).await.map_err(unavailable)?.map(|row| opened_task(seal, &row)).transpose()
}

pub(super) async fn open_tasks(
    connection: &mut SqliteConnection,
    seal: &Seal,
    owner: Option<&Oin>,
    due_by: Timestamp,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let query = sqlx::query(
        "SELECT id, version, record FROM task WHERE (?1 IS NULL OR owner = ?1) AND open = 1 AND due <= ?2 ORDER BY due, id LIMIT ?3",
    );
    let query = query.bind(owner.map(Oin::as_str)).bind(due_by.millis()).bind(limit);
    let rows = query.fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| opened_task(seal, row)).collect()
}

fn opened_task(seal: &Seal, row: &SqliteRow) -> Result<Task, StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let place = Place::newest("task", &id, row.try_get(1).map_err(unavailable)?);
    seal.open(place, row.try_get(2).map_err(unavailable)?)
}

pub(super) async fn past_term(
    connection: &mut SqliteConnection,
    consents_before: Timestamp,
    tasks_before: Timestamp,
    limit: u32,
) -> Result<PastTerm, StoreError> {
    let query = sqlx::query_scalar("SELECT id FROM consent_head WHERE ends <= ? ORDER BY ends LIMIT ?");
    let query = query.bind(consents_before.millis()).bind(limit);
    let consents = query.fetch_all(&mut *connection).await.map_err(unavailable)?;
    let query = sqlx::query_scalar("SELECT id FROM task WHERE closed <= ? ORDER BY closed LIMIT ?");
    let tasks = query.bind(tasks_before.millis()).bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    Ok(PastTerm { consents, tasks })
}

pub(super) async fn erase(connection: &mut SqliteConnection, seal: &Seal, past: &PastTerm) -> Result<(), StoreError> {
    erase_consents(connection, seal, &past.consents).await?;
    let listed = |ids: &[String]| serde_json::to_string(ids).map_err(|_| StoreError::Unavailable("a list of ids".to_owned()));
    for (statement, ids) in [
        ("DELETE FROM consent_head WHERE id IN (SELECT value FROM json_each(?))", &past.consents),
        ("DELETE FROM reliance WHERE consent IN (SELECT value FROM json_each(?))", &past.consents),
        ("DELETE FROM task WHERE id IN (SELECT value FROM json_each(?))", &past.tasks),
    ] {
        sqlx::query(statement).bind(listed(ids)?).execute(&mut *connection).await.map_err(unavailable)?;
    }
    Ok(())
}
