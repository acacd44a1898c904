//! Changes to the registry. What is there is looked at first, so that a change to the database is not covered up by codes over what it left;
//! each row is written with its code, and the code over all rows goes into the head with the batch.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteQueryResult;

use super::registry::{self, Organisations, certificate_code, key_code, organisation_code, status_code};
use super::seal::{Code, Seal};
use super::unavailable;
use crate::organisation::keys::{Certificate, PublishedKey, Validity};
use crate::organisation::{Oin, Organisation};
use crate::store::{Change, Conflict, CredentialChange, StoreError};

/// Makes a change; `registry` is the code over all rows before it, and after it.
pub(super) async fn change(
    connection: &mut SqliteConnection,
    seal: &Seal,
    registry: &mut Code,
    change: &Change,
) -> Result<Result<(), Conflict>, StoreError> {
    let known = registry::vouched_for(connection, seal, registry).await?;
    let verdict = match change {
        Change::Organisation(organisation) => put(connection, seal, organisation).await?,
        Change::Status(change) => match known.get(&change.organisation) {
            Some(known) => put(connection, seal, &Organisation { status: change.status, ..known.organisation.clone() }).await?,
            None => Err(Conflict::StateChanged),
        },
        Change::Credential(change) => credential(connection, seal, &known, change).await?,
        _ => Ok(()),
    };
    if verdict.is_ok() {
        (_, *registry) = registry::read(connection, seal).await?;
    }
    Ok(verdict)
}

async fn put(
    connection: &mut SqliteConnection,
    seal: &Seal,
    organisation: &Organisation,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO organisation (oin, kind, name, status, bsn_authority, connector, code) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (oin) DO UPDATE SET kind = excluded.kind, name = excluded.name, status = excluded.status,
           bsn_authority = excluded.bsn_authority, connector = excluded.connector, code = excluded.code",
    )
    .bind(organisation.oin.as_str())
    .bind(organisation.kind.code())
    .bind(&organisation.name)
    .bind(status_code(organisation.status))
    .bind(organisation.bsn_authority)
    .bind(&organisation.connector)
    .bind(organisation_code(seal, organisation).to_vec())
    .execute(connection)
    .await;
    written(done)
}

async fn credential(
    connection: &mut SqliteConnection,
    seal: &Seal,
    known: &Organisations,
    change: &CredentialChange,
) -> Result<Result<(), Conflict>, StoreError> {
    match change {
        CredentialChange::Certificate { organisation, fingerprint, validity } => {
            let certificate = Certificate { fingerprint: *fingerprint, validity: *validity };
            certify(connection, seal, organisation, &certificate).await
        }
        CredentialChange::Signing { organisation, key } => publish(connection, seal, (organisation, "sig"), key).await,
        CredentialChange::Encryption { organisation, key } => publish(connection, seal, (organisation, "enc"), key).await,
        CredentialChange::Person { organisation, role, key } => publish(connection, seal, (organisation, role.code()), key).await,
        CredentialChange::RevokeKey { keyid } => {
            let Some((owner, usage, key)) = key(known, keyid) else { return Ok(Err(Conflict::StateChanged)) };
            let revoked = PublishedKey { validity: revoked(key.validity), ..key.clone() };
            let query = sqlx::query("UPDATE published_key SET revoked = 1, code = ? WHERE keyid = ?");
            written(query.bind(key_code(seal, owner, usage, &revoked).to_vec()).bind(keyid).execute(connection).await)
        }
        CredentialChange::RevokeCertificate { fingerprint } => {
            let Some((owner, known)) = certificate(known, fingerprint) else { return Ok(Err(Conflict::StateChanged)) };
            let revoked = Certificate { validity: revoked(known.validity), ..known.clone() };
            let query = sqlx::query("UPDATE certificate SET revoked = 1, code = ? WHERE fingerprint = ?");
            let query = query.bind(certificate_code(seal, owner, &revoked).to_vec()).bind(fingerprint.as_slice());
            written(query.execute(connection).await)
        }
    }
}

fn key<'k>(known: &'k Organisations, keyid: &str) -> Option<(&'k Oin, &'static str, &'k PublishedKey)> {
    let signing = known.iter().flat_map(|(oin, of)| of.signing.iter().map(move |key| (oin, "sig", key)));
    let encryption = known.iter().flat_map(|(oin, of)| of.encryption.iter().map(move |key| (oin, "enc", key)));
    let people = known.iter().flat_map(|(oin, of)| of.people.iter().map(move |(role, key)| (oin, role.code(), key)));
    signing.chain(encryption).chain(people).find(|(_, _, key)| key.keyid == keyid)
}

fn certificate<'k>(known: &'k Organisations, fingerprint: &[u8; 32]) -> Option<(&'k Oin, &'k Certificate)> {
    let mut all = known.iter().flat_map(|(oin, of)| of.certificates.iter().map(move |certificate| (oin, certificate)));
    all.find(|(_, certificate)| certificate.fingerprint == *fingerprint)
}

const fn revoked(validity: Validity) -> Validity {
    Validity { revoked: true, ..validity }
}

async fn certify(
    connection: &mut SqliteConnection,
    seal: &Seal,
    owner: &Oin,
    certificate: &Certificate,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO certificate (fingerprint, organisation, valid_from, valid_until, revoked, code) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(certificate.fingerprint.as_slice())
    .bind(owner.as_str())
    .bind(certificate.validity.from.millis())
    .bind(certificate.validity.until.millis())
    .bind(certificate.validity.revoked)
    .bind(certificate_code(seal, owner, certificate).to_vec())
    .execute(connection)
    .await;
    written(done)
}

/// A key id is used once: to publish under a taken id is a conflict, also for the same organisation.
async fn publish(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (owner, usage): (&Oin, &'static str),
    key: &PublishedKey,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO published_key (keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&key.keyid)
    .bind(owner.as_str())
    .bind(usage)
    .bind(&key.alg)
    .bind(&key.jwk)
    .bind(key.validity.from.millis())
    .bind(key.validity.until.millis())
    .bind(key.validity.revoked)
    .bind(key_code(seal, owner, usage, key).to_vec())
    .execute(connection)
    .await;
    written(done)
}

/// A credential of an organisation that is not there is a conflict, not a failure of everything that is committed with it.
fn written(done: Result<SqliteQueryResult, sqlx::Error>) -> Result<Result<(), Conflict>, StoreError> {
    match done {
        Ok(done) if done.rows_affected() == 1 => Ok(Ok(())),
        Ok(_) => Ok(Err(Conflict::StateChanged)),
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(Err(Conflict::StateChanged)),
        Err(error) => Err(unavailable(error)),
    }
}
