//! Consents as their recorder sees them, and what is past its term. What the list of consents says stands in the sealed records too, and is held
//! against them.

use super::connection::Connection;
use super::lists::{List, Lists};
use super::registers::{self, CONSENT, person_facts};
use super::seal::{Place, Seal};
use super::statement::{Row, among, query};
use super::{alarm, embargoes, ends, exactly, log, tasks};
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
pub(super) async fn put_head(connection: &mut Connection, lists: &mut Lists, record: &ConsentRecord) -> Result<(), StoreError> {
    let statement = query(
        "INSERT INTO consent_head (id, recorder, version, state, ends) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET recorder = excluded.recorder, version = excluded.version, state = excluded.state, ends = excluded.ends",
    );
    let statement = statement.bind(&record.id).bind(record.recorder.as_str()).bind(record.version).bind(record.state.code());
    statement.bind(record.not_after.millis()).execute(connection).await?;
    lists.consents = lists.consents.saturating_add(u64::from(record.version == 1));
    Ok(())
}

/// A consent with every version.
pub(super) async fn consent(connection: &mut Connection, seal: &Seal, id: &str) -> Result<Option<KeptConsent>, StoreError> {
    let statement = query("SELECT id, version, record, subject FROM consent WHERE id = $1 ORDER BY version").bind(id);
    let rows = statement.all(connection).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let subject = subject(first)?;
    let last = rows.len() - 1;
    let versions = rows.iter().enumerate().map(|(number, row)| opened(seal, row, number == last)).collect::<Result<_, _>>()?;
    Ok(Some(KeptConsent { subject, versions }))
}

fn subject(row: &Row) -> Result<SubjectIndex, StoreError> {
    let id: String = row.get(0)?;
    let bytes: Option<Vec<u8>> = row.get(3)?;
    exactly(&bytes.unwrap_or_default(), "consent", "subject", id).map(SubjectIndex)
}

/// The record of a row of id, version, record and subject.
fn opened(seal: &Seal, row: &Row, newest: bool) -> Result<ConsentRecord, StoreError> {
    let id: String = row.get(0)?;
    let subject = subject(row)?;
    let place = Place::row("consent", &id, row.get(1)?)?.about(&subject);
    seal.open(if newest { place } else { place.superseded() }, row.get(2)?)
}

/// The record of a row of `listed`, when the list says of it what it says itself.
fn as_listed(seal: &Seal, row: &Row) -> Result<(SubjectIndex, ConsentRecord), StoreError> {
    let id: String = row.get(0)?;
    let corrupt = |column| StoreError::Corrupt { table: "consent_head", column, row: id.clone() };
    if row.get::<Option<Vec<u8>>, _>(2)?.is_none() {
        return Err(corrupt("version"));
    }
    let (subject, record) = (subject(row)?, opened(seal, row, true)?);
    let text = |column: usize| row.get::<String, _>(column);
    let ends: i64 = row.get(6)?;
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
    connection: &mut Connection,
    seal: &Seal,
    recorder: &Oin,
    after: &str,
    limit: u32,
) -> Result<Vec<ConsentRecord>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    anchor.lists.whole(connection, List::Consents).await?;
    let statement = query(listed!("head.recorder = $1 AND head.id > $2 ORDER BY head.id LIMIT $3"));
    let rows = statement.bind(recorder.as_str()).bind(after).bind(limit).all(connection).await?;
    rows.iter().map(|row| as_listed(seal, row).map(|(_, record)| record)).collect()
}

/// What stands as given or requested though its term ended. One that cannot be read is left as it is and does not hold up the others.
pub(super) async fn lapsed(
    connection: &mut Connection,
    seal: &Seal,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<KeptConsent>, StoreError> {
    complete(connection, seal).await?;
    let statement = query(listed!("head.state IN ('given', 'requested') AND head.ends <= $1 ORDER BY head.ends LIMIT $2"));
    let rows = statement.bind(now.millis()).bind(limit).all(connection).await?;
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
    connection: &mut Connection,
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
async fn complete(connection: &mut Connection, seal: &Seal) -> Result<(), StoreError> {
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
    connection: &mut Connection,
    seal: &Seal,
    (consents_before, tasks_before): (Timestamp, Timestamp),
    limit: u32,
) -> Result<PastTerm, StoreError> {
    complete(connection, seal).await?;
    let statement = query(listed!("head.ends <= $1 ORDER BY head.ends LIMIT $2"));
    let rows = statement.bind(consents_before.millis()).bind(limit).all(connection).await?;
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
    connection: &mut Connection,
    seal: &Seal,
    lists: &mut Lists,
    past: &PastTerm,
) -> Result<(), StoreError> {
    registers::erase(connection, seal, &CONSENT, &past.consents).await?;
    ends::erase(connection, seal, &past.overrides, &past.cases).await?;
    let overrides = past.overrides.iter().map(|id| Reliance::on_override(id));
    let grounds: Vec<String> = past.consents.iter().cloned().chain(overrides).collect();
    let statement = query(among!("DELETE FROM consent_head WHERE id", "$1"));
    let listed = statement.bind(past.consents.clone()).execute(connection).await?;
    let relied = query(among!("DELETE FROM reliance WHERE consent", "$1")).bind(grounds).execute(connection).await?;
    let statement = query(among!("DELETE FROM task WHERE NOT open AND id", "$1"));
    statement.bind(past.tasks.clone()).execute(connection).await?;
    embargoes::erase(connection, lists, &past.embargoes).await?;
    lists.consents = lists.consents.saturating_sub(listed);
    lists.reliances = lists.reliances.saturating_sub(relied);
    Ok(())
}
