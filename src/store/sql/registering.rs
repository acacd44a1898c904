//! Changes to the registry. What is there is looked at first, so that a change to the database is not covered up by codes over what it left;
//! each row is written with its code, and the code over all rows goes into the head with the batch.

use super::connection::Connection;
use super::registry::{self, Organisations, certificate_code, key_code, organisation_code, status_code};
use super::seal::{Code, Seal};
use super::statement::query;
use crate::organisation::keys::{Certificate, PublishedKey, Validity};
use crate::organisation::{Oin, Organisation};
use crate::store::{Change, Conflict, CredentialChange, StoreError};

/// Makes a change; `registry` is the code over all rows before it, and after it.
pub(super) async fn change(
    connection: &mut Connection,
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

async fn put(connection: &mut Connection, seal: &Seal, organisation: &Organisation) -> Result<Result<(), Conflict>, StoreError> {
    let statement = query(
        "INSERT INTO organisation (oin, kind, name, status, bsn_authority, connector, code) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (oin) DO UPDATE SET kind = excluded.kind, name = excluded.name, status = excluded.status,
           bsn_authority = excluded.bsn_authority, connector = excluded.connector, code = excluded.code",
    )
    .bind(organisation.oin.as_str())
    .bind(organisation.kind.code())
    .bind(&organisation.name)
    .bind(status_code(organisation.status))
    .bind(organisation.bsn_authority)
    .bind(organisation.connector.as_deref())
    .bind(organisation_code(seal, organisation));
    Ok(written(statement.execute(connection).await?))
}

/// A credential of an organisation that is not there is a conflict, not a failure of everything that is committed with it.
async fn credential(
    connection: &mut Connection,
    seal: &Seal,
    known: &Organisations,
    change: &CredentialChange,
) -> Result<Result<(), Conflict>, StoreError> {
    match change {
        CredentialChange::Certificate { organisation, .. }
        | CredentialChange::Signing { organisation, .. }
        | CredentialChange::Encryption { organisation, .. }
        | CredentialChange::Person { organisation, .. }
            if !known.contains_key(organisation) =>
        {
            Ok(Err(Conflict::StateChanged))
        }
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
            let statement = query("UPDATE published_key SET revoked = TRUE, code = $1 WHERE keyid = $2");
            let statement = statement.bind(key_code(seal, owner, usage, &revoked)).bind(keyid);
            Ok(written(statement.execute(connection).await?))
        }
        CredentialChange::RevokeCertificate { fingerprint } => {
            let Some((owner, known)) = certificate(known, fingerprint) else { return Ok(Err(Conflict::StateChanged)) };
            let revoked = Certificate { validity: revoked(known.validity), ..known.clone() };
            let statement = query("UPDATE certificate SET revoked = TRUE, code = $1 WHERE fingerprint = $2");
            let statement = statement.bind(certificate_code(seal, owner, &revoked)).bind(*fingerprint);
            Ok(written(statement.execute(connection).await?))
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
    connection: &mut Connection,
    seal: &Seal,
    owner: &Oin,
    certificate: &Certificate,
) -> Result<Result<(), Conflict>, StoreError> {
    let statement = query(
        "INSERT INTO certificate (fingerprint, organisation, valid_from, valid_until, revoked, code) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(certificate.fingerprint)
    .bind(owner.as_str())
    .bind(certificate.validity.from.millis())
    .bind(certificate.validity.until.millis())
    .bind(certificate.validity.revoked)
    .bind(certificate_code(seal, owner, certificate));
    Ok(written(statement.execute(connection).await?))
}

/// A key id is used once: to publish under a taken id is a conflict, also for the same organisation.
async fn publish(
    connection: &mut Connection,
    seal: &Seal,
    (owner, usage): (&Oin, &'static str),
    key: &PublishedKey,
) -> Result<Result<(), Conflict>, StoreError> {
    let statement = query(
        "INSERT INTO published_key (keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(&key.keyid)
    .bind(owner.as_str())
    .bind(usage)
    .bind(&key.alg)
    .bind(&key.jwk)
    .bind(key.validity.from.millis())
    .bind(key.validity.until.millis())
    .bind(key.validity.revoked)
    .bind(key_code(seal, owner, usage, key));
    Ok(written(statement.execute(connection).await?))
}

const fn written(rows: u64) -> Result<(), Conflict> {
    if rows == 1 { Ok(()) } else { Err(Conflict::StateChanged) }
}
