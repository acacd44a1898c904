//! What is recorded about a person of whom not everything can be read: found without reading it, and put an end to.

use std::collections::BTreeSet;

use super::connection::Connection;
use super::lists::Lists;
use super::registers::{CONSENT, vouch};
use super::seal::{Place, Seal};
use super::statement::query;
use super::{duties, exactly};
use crate::consent::ConsentRecord;
use crate::store::lost::{LostConsent, Unreadable};
use crate::store::{Conflict, StoreError, SubjectIndex};

/// Finds the person by a row of one of the tables about persons, named as in an alarm.
pub(super) async fn find(
    connection: &mut Connection,
    seal: &Seal,
    table: &str,
    row: &str,
) -> Result<Option<Unreadable>, StoreError> {
    let id = row.split('/').next().unwrap_or_default();
    let statement = match table {
        "consent" => query("SELECT subject FROM consent WHERE id = $1 ORDER BY version DESC LIMIT 1").bind(id),
        "override_record" => query("SELECT subject FROM override_record WHERE id = $1 ORDER BY version DESC LIMIT 1").bind(id),
        "person_register" => query("SELECT subject FROM person_register WHERE number = $1").bind(id.parse::<i64>().ok()),
        _ => return Ok(None),
    };
    let Some(found) = statement.optional(connection).await? else { return Ok(None) };
    let subject = SubjectIndex(exactly(found.get(0)?, "person_register", "subject", row)?);
    let overrides = query("SELECT count(DISTINCT id) FROM override_record WHERE subject = $1");
    let overrides: i64 = overrides.bind(subject.0).one(connection).await?.get(0)?;
    let consents = consents(connection, seal, &subject).await?;
    Ok(Some(Unreadable { subject, consents, overrides: usize::try_from(overrides).unwrap_or_default() }))
}

/// Also those of which only the list knows, whoever they were about: they may have been about her.
async fn consents(connection: &mut Connection, seal: &Seal, subject: &SubjectIndex) -> Result<Vec<LostConsent>, StoreError> {
    let statement = query(
        "SELECT one.id, one.version, one.record, head.recorder FROM consent AS one LEFT JOIN consent_head AS head ON head.id = one.id
         WHERE one.id IN (SELECT id FROM consent WHERE subject = $1) AND one.version = (SELECT MAX(version) FROM consent WHERE id = one.id)
         UNION ALL SELECT id, version, $2, recorder FROM consent_head WHERE id NOT IN (SELECT id FROM consent)
         ORDER BY 1",
    );
    let rows = statement.bind(subject.0).bind(Vec::<u8>::new()).all(connection).await?;
    let lost = rows.iter().map(|row| {
        let id: String = row.get(0)?;
        let version: i64 = row.get(1)?;
        let sealed: &[u8] = row.get(2)?;
        let recorder: Option<String> = row.get(3)?;
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
    connection: &mut Connection,
    seal: &Seal,
    lists: &mut Lists,
    (subject, records): (&SubjectIndex, &[ConsentRecord]),
) -> Result<Result<(), Conflict>, StoreError> {
    let known = query("SELECT id, MAX(version) FROM consent WHERE id IN (SELECT id FROM consent WHERE subject = $1) GROUP BY id");
    let known = known.bind(subject.0).all(connection).await?;
    let known: Vec<(&str, i64)> = known.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, StoreError>>()?;
    let replaced: BTreeSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let newer = |id: &str, version: i64| records.iter().any(|record| record.id == id && i64::from(record.version) <= version);
    if known.iter().any(|(id, version)| !replaced.contains(id) || newer(id, *version)) {
        return Ok(Err(Conflict::StateChanged));
    }
    query("DELETE FROM override_record WHERE subject = $1").bind(subject.0).execute(connection).await?;
    for record in records {
        let place = Place::newest(CONSENT.table, &record.id, record.version).about(subject);
        query("DELETE FROM consent WHERE id = $1").bind(&record.id).execute(connection).await?;
        let statement = query("INSERT INTO consent (id, version, subject, record) VALUES ($1, $2, $3, $4)").bind(&record.id);
        statement.bind(record.version).bind(subject.0).bind(seal.close(place, record)?).execute(connection).await?;
        duties::put_head(connection, lists, record).await?;
    }
    let newest = records.iter().map(|record| ((CONSENT.table, record.id.clone()), record.version)).collect();
    vouch(connection, seal, subject, &newest).await?;
    Ok(Ok(()))
}
