//! Organisations, certificates and keys.

use std::collections::BTreeMap;

use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{Row, SqliteConnection};

use super::{exactly, log, unavailable};
use crate::clock::Timestamp;
use crate::organisation::keys::{Certificate, PublishedKey, Validity};
use crate::organisation::{Kind, Oin, Organisation, Status};
use crate::store::{Conflict, CredentialChange, Registered, Registration, StatusChange, StoreError};

pub(super) async fn registered(connection: &mut SqliteConnection) -> Result<Registered, StoreError> {
    let revision = log::head(connection).await?.revision;
    let mut organisations = BTreeMap::new();
    let rows = sqlx::query("SELECT oin, kind, name, status, bsn_authority, connector FROM organisation")
        .fetch_all(&mut *connection)
        .await;
    for row in rows.map_err(unavailable)? {
        let organisation = organisation(&row)?;
        let registration = Registration { organisation, certificates: Vec::new(), signing: Vec::new(), encryption: Vec::new() };
        organisations.insert(registration.organisation.oin.clone(), registration);
    }
    let rows =
        sqlx::query("SELECT organisation, fingerprint, valid_from, valid_until, revoked FROM certificate ORDER BY fingerprint");
    for row in rows.fetch_all(&mut *connection).await.map_err(unavailable)? {
        let fingerprint: Vec<u8> = row.try_get(1).map_err(unavailable)?;
        let fingerprint = exactly(&fingerprint, "certificate", "fingerprint", "?")?;
        let certificate = Certificate { fingerprint, validity: validity(&row, 2)? };
        owner(&mut organisations, &row, "certificate")?.certificates.push(certificate);
    }
    let rows = sqlx::query(
        "SELECT organisation, keyid, alg, valid_from, valid_until, revoked, jwk, use FROM published_key ORDER BY keyid",
    );
    for row in rows.fetch_all(&mut *connection).await.map_err(unavailable)? {
        let key = PublishedKey { keyid: text(&row, 1)?, alg: text(&row, 2)?, jwk: text(&row, 6)?, validity: validity(&row, 3)? };
        let registration = owner(&mut organisations, &row, "published_key")?;
        if text(&row, 7)? == "sig" { &mut registration.signing } else { &mut registration.encryption }.push(key);
    }
    let policy = sqlx::query_scalar("SELECT bundle FROM policy_in_force WHERE id = 1").fetch_optional(connection).await;
    Ok(Registered { revision, policy: policy.map_err(unavailable)?, organisations })
}

/// The policies with this hash are in force.
pub(super) async fn put_policies(connection: &mut SqliteConnection, bundle: &str) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO policy_in_force (id, bundle) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET bundle = excluded.bundle",
    );
    query.bind(bundle).execute(connection).await.map(drop).map_err(unavailable)
}

fn organisation(row: &SqliteRow) -> Result<Organisation, StoreError> {
    let oin = text(row, 0)?;
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "organisation", column, row: oin.clone() };
    let status = match text(row, 3)?.as_str() {
        "active" => Status::Active,
        "suspended" => Status::Suspended,
        _ => return Err(corrupt("status")),
    };
    Ok(Organisation {
        oin: oin.parse().map_err(|_| corrupt("oin"))?,
        kind: Kind::from_code(&text(row, 1)?).ok_or_else(|| corrupt("kind"))?,
        name: text(row, 2)?,
        status,
        bsn_authority: row.try_get(4).map_err(unavailable)?,
        connector: row.try_get(5).map_err(unavailable)?,
    })
}

fn owner<'a>(
    organisations: &'a mut BTreeMap<Oin, Registration>,
    row: &SqliteRow,
    table: &'static str,
) -> Result<&'a mut Registration, StoreError> {
    let oin = text(row, 0)?;
    let corrupt = || StoreError::Corrupt { table, column: "organisation", row: oin.clone() };
    let parsed: Oin = oin.parse().map_err(|_| corrupt())?;
    organisations.get_mut(&parsed).ok_or_else(corrupt)
}

fn validity(row: &SqliteRow, first: usize) -> Result<Validity, StoreError> {
    Ok(Validity {
        from: Timestamp::from_millis(row.try_get(first).map_err(unavailable)?),
        until: Timestamp::from_millis(row.try_get(first + 1).map_err(unavailable)?),
        revoked: row.try_get(first + 2).map_err(unavailable)?,
    })
}

fn text(row: &SqliteRow, column: usize) -> Result<String, StoreError> {
    row.try_get(column).map_err(unavailable)
}

pub(super) async fn put(connection: &mut SqliteConnection, organisation: &Organisation) -> Result<(), StoreError> {
    let status = status_code(organisation.status);
    sqlx::query(
        "INSERT INTO organisation (oin, kind, name, status, bsn_authority, connector) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (oin) DO UPDATE SET kind = excluded.kind, name = excluded.name, status = excluded.status,
           bsn_authority = excluded.bsn_authority, connector = excluded.connector",
    )
    .bind(organisation.oin.as_str())
    .bind(organisation.kind.code())
    .bind(&organisation.name)
    .bind(status)
    .bind(organisation.bsn_authority)
    .bind(&organisation.connector)
    .execute(connection)
    .await
    .map(drop)
    .map_err(unavailable)
}

pub(super) async fn set_status(
    connection: &mut SqliteConnection,
    change: &StatusChange,
) -> Result<Result<(), Conflict>, StoreError> {
    let query = sqlx::query("UPDATE organisation SET status = ? WHERE oin = ?");
    let done = query
        .bind(status_code(change.status))
        .bind(change.organisation.as_str())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(exactly_one(done.rows_affected()))
}

pub(super) async fn change_credential(
    connection: &mut SqliteConnection,
    change: &CredentialChange,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = match change {
        CredentialChange::Certificate { organisation, fingerprint, validity } => {
            sqlx::query("INSERT INTO certificate (fingerprint, organisation, valid_from, valid_until, revoked) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(fingerprint.as_slice())
                .bind(organisation.as_str())
                .bind(validity.from.millis())
                .bind(validity.until.millis())
                .bind(validity.revoked)
                .execute(connection)
                .await
        }
        CredentialChange::Signing { organisation, key } => return publish(connection, organisation, "sig", key).await,
        CredentialChange::Encryption { organisation, key } => return publish(connection, organisation, "enc", key).await,
        CredentialChange::RevokeKey { keyid } => {
            sqlx::query("UPDATE published_key SET revoked = 1 WHERE keyid = ?").bind(keyid).execute(connection).await
        }
        CredentialChange::RevokeCertificate { fingerprint } => {
            sqlx::query("UPDATE certificate SET revoked = 1 WHERE fingerprint = ?").bind(fingerprint.as_slice()).execute(connection).await
        }
    };
    written(done)
}

/// A credential of an organisation that is not there is a conflict, not a failure of everything that is committed with it.
fn written(done: Result<SqliteQueryResult, sqlx::Error>) -> Result<Result<(), Conflict>, StoreError> {
    match done {
        Ok(done) => Ok(exactly_one(done.rows_affected())),
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(Err(Conflict::StateChanged)),
        Err(error) => Err(unavailable(error)),
    }
}

/// A key id is used once: to publish under a taken id is a conflict, also for the same organisation.
async fn publish(
    connection: &mut SqliteConnection,
    organisation: &Oin,
    usage: &'static str,
    key: &PublishedKey,
) -> Result<Result<(), Conflict>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO published_key (keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(&key.keyid)
    .bind(organisation.as_str())
    .bind(usage)
    .bind(&key.alg)
    .bind(&key.jwk)
    .bind(key.validity.from.millis())
    .bind(key.validity.until.millis())
    .bind(key.validity.revoked)
    .execute(connection)
    .await;
    written(done)
}

const fn exactly_one(rows: u64) -> Result<(), Conflict> {
    if rows == 1 { Ok(()) } else { Err(Conflict::StateChanged) }
}

const fn status_code(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Suspended => "suspended",
    }
}
