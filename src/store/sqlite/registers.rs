//! Consents and overrides: append-only versions, each sealed under the register key and bound to its table, id and version.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Row, SqliteConnection};

use super::{duties, unavailable};
use crate::consent::{ConsentRecord, Override};
use crate::crypto::aead;
use crate::entropy::SystemEntropy;
use crate::keystore::Key;
use crate::store::{Conflict, PersonFacts, Revision, StoreError, SubjectIndex};

/// The key that seals both registers at rest.
pub(super) struct Seal(pub(super) Key);

impl Seal {
    pub(super) fn close(
        &self,
        table: &'static str,
        id: &str,
        version: u32,
        record: &impl Serialize,
    ) -> Result<Vec<u8>, StoreError> {
        let failed = |reason: &str| StoreError::Unavailable(format!("sealing a record of {table}: {reason}"));
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(record).map_err(|_| failed("not serialisable"))?);
        aead::seal(&self.0, bound(table, id, version).as_bytes(), &plain, &SystemEntropy::default())
            .map_err(|_| failed("no randomness"))
    }

    pub(super) fn open<T: DeserializeOwned>(
        &self,
        table: &'static str,
        id: &str,
        version: u32,
        sealed: &[u8],
    ) -> Result<T, StoreError> {
        let corrupt = || StoreError::Corrupt { table, column: "record", row: format!("{id}/{version}") };
        let plain = aead::open(&self.0, bound(table, id, version).as_bytes(), sealed).map_err(|_| corrupt())?;
        serde_json::from_slice(plain.expose()).map_err(|_| corrupt())
    }
}

fn bound(table: &str, id: &str, version: u32) -> String {
    format!("{table}/{id}/{version}")
}

/// Revision, consents and overrides in one statement, so that they are of one moment.
pub(super) async fn person_facts(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: SubjectIndex,
) -> Result<PersonFacts, StoreError> {
    let rows = sqlx::query(
        "SELECT 0 AS part, '' AS id, revision AS version, x'' AS record FROM head
         UNION ALL SELECT 1, id, version, record FROM consent AS one
           WHERE subject = ?1 AND version = (SELECT MAX(version) FROM consent WHERE id = one.id AND subject = ?1)
         UNION ALL SELECT 2, id, version, record FROM override_record AS one
           WHERE subject = ?1 AND version = (SELECT MAX(version) FROM override_record WHERE id = one.id AND subject = ?1)",
    )
    .bind(subject.0.as_slice())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    let mut facts = PersonFacts { revision: Revision(-1), consents: Vec::new(), overrides: Vec::new() };
    for row in rows {
        let part: i64 = row.try_get(0).map_err(unavailable)?;
        let id: String = row.try_get(1).map_err(unavailable)?;
        let version: i64 = row.try_get(2).map_err(unavailable)?;
        let record: &[u8] = row.try_get(3).map_err(unavailable)?;
        let numbered =
            |table| u32::try_from(version).map_err(|_| StoreError::Corrupt { table, column: "version", row: id.clone() });
        match part {
            0 => facts.revision = Revision(version),
            1 => facts.consents.push(seal.open::<ConsentRecord>("consent", &id, numbered("consent")?, record)?),
            _ => {
                let version = numbered("override_record")?;
                facts.overrides.push((version, seal.open::<Override>("override_record", &id, version, record)?));
            }
        }
    }
    facts.consents.sort_by(|left, right| left.id.cmp(&right.id));
    facts.overrides.sort_by(|(_, left), (_, right)| left.id.cmp(&right.id));
    Ok(facts)
}

pub(super) async fn add_consent(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: SubjectIndex,
    record: &ConsentRecord,
) -> Result<Result<(), Conflict>, StoreError> {
    let sealed = seal.close("consent", &record.id, record.version, record)?;
    let query = sqlx::query(
        "INSERT INTO consent (id, version, subject, record)
         SELECT ?1, ?2, ?3, ?4 WHERE ?2 = 1 + COALESCE((SELECT MAX(version) FROM consent WHERE id = ?1), 0)",
    );
    let query = query.bind(record.id.clone()).bind(record.version).bind(subject.0.to_vec()).bind(sealed);
    let added = add(connection, query).await?;
    if added.is_ok() {
        duties::put_head(connection, record).await?;
    }
    Ok(added)
}

pub(super) async fn add_override(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: SubjectIndex,
    version: u32,
    record: &Override,
) -> Result<Result<(), Conflict>, StoreError> {
    let sealed = seal.close("override_record", &record.id, version, record)?;
    let query = sqlx::query(
        "INSERT INTO override_record (id, version, subject, record)
         SELECT ?1, ?2, ?3, ?4 WHERE ?2 = 1 + COALESCE((SELECT MAX(version) FROM override_record WHERE id = ?1), 0)",
    );
    add(connection, query.bind(record.id.clone()).bind(version).bind(subject.0.to_vec()).bind(sealed)).await
}

/// Versions are consecutive: a write based on an older version than the newest is a conflict.
async fn add(
    connection: &mut SqliteConnection,
    query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = query.execute(connection).await.map_err(unavailable)?;
    Ok(if done.rows_affected() == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}
