//! Organisations, certificates and keys: rows in the clear, each with a code over all its columns, and one code over all rows in the head. A row
//! that no holder of the key wrote, that is missing, or that is an older one put back, makes the whole registry unreadable.

use std::collections::BTreeMap;

use super::connection::Connection;
use super::seal::{Code, Seal, vouched};
use super::statement::{Row, query};
use super::{exactly, log};
use crate::clock::Timestamp;
use crate::crypto::digest::equal;
use crate::crypto::hex;
use crate::crypto::keys::KeyId;
use crate::organisation::keys::{Certificate, PublishedKey, Validity};
use crate::organisation::people::Role;
use crate::organisation::{Kind, Oin, Organisation, Status};
use crate::store::{Registered, Registration, StoreError};

/// The registry, when the head vouches for it.
pub(super) async fn registered(connection: &mut Connection, seal: &Seal) -> Result<Registered, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    let organisations = vouched_for(connection, seal, &anchor.registry).await?;
    Ok(Registered { revision: anchor.revision, policy: anchor.policy, organisations })
}

/// What takes part by OIN.
pub(super) type Organisations = BTreeMap<Oin, Registration>;

/// The registry, when `code` is the code over all its rows.
pub(super) async fn vouched_for(connection: &mut Connection, seal: &Seal, code: &Code) -> Result<Organisations, StoreError> {
    let (organisations, found) = read(connection, seal).await?;
    let corrupt = StoreError::Corrupt { table: "head", column: "registry", row: "1".to_owned() };
    if equal(&found, code) { Ok(organisations) } else { Err(corrupt) }
}

/// All rows, each of which carries its code, and the code over them.
pub(super) async fn read(connection: &mut Connection, seal: &Seal) -> Result<(Organisations, Code), StoreError> {
    let mut organisations = BTreeMap::new();
    let mut codes = Vec::new();
    let rows = query("SELECT oin, kind, name, status, bsn_authority, connector, code FROM organisation ORDER BY oin");
    for row in rows.all(connection).await? {
        let organisation = organisation(&row)?;
        codes.push(checked(&row, organisation_code(seal, &organisation), ("organisation", &organisation.oin))?);
        let [signing, encryption] = [Vec::new(), Vec::new()];
        let registration = Registration { organisation, certificates: Vec::new(), signing, encryption, people: Vec::new() };
        organisations.insert(registration.organisation.oin.clone(), registration);
    }
    let rows =
        query("SELECT organisation, fingerprint, valid_from, valid_until, revoked, code FROM certificate ORDER BY fingerprint");
    for row in rows.all(connection).await? {
        let fingerprint = exactly(row.get(1)?, "certificate", "fingerprint", "?")?;
        let certificate = Certificate { fingerprint, validity: validity(&row, 2)? };
        let registration = owner(&mut organisations, &row, "certificate")?;
        let code = certificate_code(seal, &registration.organisation.oin, &certificate);
        codes.push(checked(&row, code, ("certificate", hex::encode(&fingerprint)))?);
        registration.certificates.push(certificate);
    }
    let rows = query(
        "SELECT organisation, keyid, alg, valid_from, valid_until, revoked, jwk, use, code FROM published_key ORDER BY keyid",
    );
    for row in rows.all(connection).await? {
        let key = PublishedKey { keyid: text(&row, 1)?, alg: text(&row, 2)?, jwk: text(&row, 6)?, validity: validity(&row, 3)? };
        let usage = text(&row, 7)?;
        let registration = owner(&mut organisations, &row, "published_key")?;
        let code = key_code(seal, &registration.organisation.oin, &usage, &key);
        codes.push(checked(&row, code, ("published_key", printable(&key.keyid)))?);
        match (usage.as_str(), Role::from_code(&usage)) {
            (_, Some(role)) => registration.people.push((role, key)),
            ("sig", None) => registration.signing.push(key),
            _ => registration.encryption.push(key),
        }
    }
    let codes: Vec<&[u8]> = codes.iter().map(<[u8; 32]>::as_slice).collect();
    Ok((organisations, seal.registry.of_parts(&codes)))
}

/// The code of a row, when it is in its last column.
fn checked(row: &Row, code: Code, place: (&'static str, impl ToString)) -> Result<Code, StoreError> {
    vouched(&code, row.get("code")?, place).map(|()| code)
}

/// A key id as it may stand in an alarm: one that nobody could have published is not repeated.
fn printable(keyid: &str) -> &str {
    if keyid.parse::<KeyId>().is_ok() { keyid } else { "?" }
}

/// The code of an organisation's row.
pub(super) fn organisation_code(seal: &Seal, organisation: &Organisation) -> Code {
    let connector = organisation.connector.as_deref();
    seal.rows.of_parts(&[
        b"organisation",
        organisation.oin.as_str().as_bytes(),
        organisation.kind.code().as_bytes(),
        organisation.name.as_bytes(),
        status_code(organisation.status).as_bytes(),
        &[u8::from(organisation.bsn_authority), u8::from(connector.is_some())],
        connector.unwrap_or_default().as_bytes(),
    ])
}

/// The code of a certificate's row.
pub(super) fn certificate_code(seal: &Seal, owner: &Oin, certificate: &Certificate) -> Code {
    let [from, until, revoked] = validity_parts(certificate.validity);
    seal.rows.of_parts(&[b"certificate", owner.as_str().as_bytes(), &certificate.fingerprint, &from, &until, &revoked])
}

/// The code of a key's row; `usage` is `sig`, `enc` or the role of a person.
pub(super) fn key_code(seal: &Seal, owner: &Oin, usage: &str, key: &PublishedKey) -> Code {
    let [from, until, revoked] = validity_parts(key.validity);
    let texts = [owner.as_str(), usage, &key.keyid, &key.alg, &key.jwk].map(str::as_bytes);
    let [owner, usage, keyid, alg, jwk] = texts;
    seal.rows.of_parts(&[b"published_key", owner, usage, keyid, alg, jwk, &from, &until, &revoked])
}

fn validity_parts(validity: Validity) -> [[u8; 8]; 3] {
    [validity.from.millis(), validity.until.millis(), i64::from(validity.revoked)].map(i64::to_be_bytes)
}

fn organisation(row: &Row) -> Result<Organisation, StoreError> {
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
        bsn_authority: row.get(4)?,
        connector: row.get(5)?,
    })
}

fn owner<'a>(
    organisations: &'a mut BTreeMap<Oin, Registration>,
    row: &Row,
    table: &'static str,
) -> Result<&'a mut Registration, StoreError> {
    let oin = text(row, 0)?;
    let corrupt = || StoreError::Corrupt { table, column: "organisation", row: oin.clone() };
    let parsed: Oin = oin.parse().map_err(|_| corrupt())?;
    organisations.get_mut(&parsed).ok_or_else(corrupt)
}

fn validity(row: &Row, first: usize) -> Result<Validity, StoreError> {
    Ok(Validity {
        from: Timestamp::from_millis(row.get(first)?),
        until: Timestamp::from_millis(row.get(first + 1)?),
        revoked: row.get(first + 2)?,
    })
}

fn text(row: &Row, column: usize) -> Result<String, StoreError> {
    row.get(column)
}

/// A status as it is stored.
pub(super) const fn status_code(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Suspended => "suspended",
    }
}
