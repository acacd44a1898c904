//! What is recorded about a person of whom not everything can be read: found without reading it, and put an end to.

use std::collections::BTreeSet;

use sqlx::{Row, SqliteConnection};

use super::lists::Lists;
use super::registers::{CONSENT, vouch};
use super::seal::{Place, Seal};
use super::{duties, exactly, unavailable};
use crate::consent::ConsentRecord;
use crate::store::lost::{LostConsent, Unreadable};
use crate::store::{Conflict, StoreError, SubjectIndex};

/// Finds the person by a row of one of the tables about persons, named as in an alarm.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    seal: &Seal,
    table: &str,
    row: &str,
) -> Result<Option<Unreadable>, StoreError> {
    let statement = match table {
        "consent" => "SELECT subject FROM consent WHERE id = ? ORDER BY version DESC LIMIT 1",
        "override_record" => "SELECT subject FROM override_record WHERE id = ? ORDER BY version DESC LIMIT 1",
        "person_register" => "SELECT subject FROM person_register WHERE number = ?",
        _ => return Ok(None),
    };
    let id = row.split('/').next().unwrap_or_default().to_owned();
    let found: Option<Vec<u8>> =
        sqlx::query_scalar(statement).bind(id).fetch_optional(&mut *connection).await.map_err(unavailable)?;
    let Some(subject) = found else { return Ok(None) };
    let subject = SubjectIndex(exactly(&subject, "person_register", "subject", row)?);
    let overrides = sqlx::query_scalar::<_, i64>("SELECT count(DISTINCT id) FROM override_record WHERE subject = ?");
    let overrides = overrides.bind(subject.0.as_slice()).fetch_one(&mut *connection).await.map_err(unavailable)?;
    let consents = consents(connection, seal, &subject).await?;
    Ok(Some(Unreadable { subject, consents, overrides: usize::try_from(overrides).unwrap_or_default() }))
}

/// Also those of which only the list knows, whoever they were about: they may have been about her.
async fn consents(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: &SubjectIndex,
) -> Result<Vec<LostConsent>, StoreError> {
    let query = sqlx::query(
        "SELECT one.id, one.version, one.record, head.recorder FROM consent AS one LEFT JOIN consent_head AS head ON head.id = one.id
         WHERE one.id IN (SELECT id FROM consent WHERE subject = ?) AND one.version = (SELECT MAX(version) FROM consent WHERE id = one.id)
         UNION ALL SELECT id, version, x'', recorder FROM consent_head WHERE id NOT IN (SELECT id FROM consent)
         ORDER BY 1",
    );
    let rows = query.bind(subject.0.as_slice()).fetch_all(connection).await.map_err(unavailable)?;
    let lost = rows.iter().map(|row| {
        let id: String = row.try_get(0).map_err(unavailable)?;
        let version: i64 = row.try_get(1).map_err(unavailable)?;
        let sealed: &[u8] = row.try_get(2).map_err(unavailable)?;
        let recorder: Option<String> = row.try_get(3).map_err(unavailable)?;
        let place = Place::row(CONSENT.table, &id, version).map(|place| place.about(subject));
        let opened = |place| seal.open::<ConsentRecord>(place, sealed).ok();
        let record = place.ok().and_then(|place| opened(place).or_else(|| opened(place.superseded())));
        let recorder = recorder.and_then(|oin| oin.parse().ok());
        Ok(LostConsent { version: u32::try_from(version).unwrap_or_default().max(1), recorder, record, id })
    });
    lost.collect()
}

/// Only `records` are recorded about the person from now on, each the newest and only version of its consent. A conflict when there is another
/// consent about her by now, or a newer version.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    (subject, records): (&SubjectIndex, &[ConsentRecord]),
) -> Result<Result<(), Conflict>, StoreError> {
    let known = sqlx::query_as::<_, (String, i64)>(
        "SELECT id, MAX(version) FROM consent WHERE id IN (SELECT id FROM consent WHERE subject = ?) GROUP BY id",
    );
    let known = known.bind(subject.0.as_slice()).fetch_all(&mut *connection).await.map_err(unavailable)?;
    let replaced: BTreeSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let newer = |id: &str, version: i64| records.iter().any(|record| record.id == id && i64::from(record.version) <= version);
    if known.iter().any(|(id, version)| !replaced.contains(id.as_str()) || newer(id, *version)) {
        return Ok(Err(Conflict::StateChanged));
    }
    let query = sqlx::query("DELETE FROM override_record WHERE subject = ?").bind(subject.0.as_slice());
    query.execute(&mut *connection).await.map_err(unavailable)?;
    for record in records {
        let place = Place::newest(CONSENT.table, &record.id, record.version).about(subject);
        let query = sqlx::query("DELETE FROM consent WHERE id = ?").bind(&record.id);
        query.execute(&mut *connection).await.map_err(unavailable)?;
        let query = sqlx::query("INSERT INTO consent (id, version, subject, record) VALUES (?, ?, ?, ?)").bind(&record.id);
        let query = query.bind(record.version).bind(subject.0.as_slice()).bind(seal.close(place, record)?);
        query.execute(&mut *connection).await.map_err(unavailable)?;
        duties::put_head(connection, lists, record).await?;
    }
    let newest = records.iter().map(|record| ((CONSENT.table, record.id.clone()), record.version)).collect();
    vouch(connection, seal, subject, &newest).await?;
    Ok(Ok(()))
}
