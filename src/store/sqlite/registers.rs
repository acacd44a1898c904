//! Consents, overrides and cases: append-only versions, each sealed to its table, id, version and person, and to being the newest. What is newest
//! about a person is vouched for by a code in a row of its own, so that no version and no record can be taken away, or put back, unseen.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{Row, SqliteConnection};

use super::lists::Lists;
use super::log::{anchor, anchor_of, no_anchor};
use super::seal::{Code, Place, Seal, vouched};
use super::{duties, ends, exactly, unavailable};
use crate::case_room::{Case, State};
use crate::consent::{ConsentRecord, Override};
use crate::store::{Conflict, PersonFacts, Revision, StoreError, SubjectIndex};

/// One register: its table, and the statements that add a version. `?1` id, `?2` version, `?3` person (empty for none), `?4` sealed record.
pub(super) struct Register {
    pub(super) table: &'static str,
    add: &'static str,
    read: &'static str,
    supersede: &'static str,
    person: &'static str,
    pub(super) erase: &'static str,
}

macro_rules! register {
    ($table:literal, $columns:literal, $values:literal, $same_person:literal) => {
        Register {
            table: $table,
            add: concat!(
                "INSERT INTO ",
                $table,
                " (",
                $columns,
                ") SELECT ",
                $values,
                " WHERE ?2 = 1 + COALESCE((SELECT MAX(version) FROM ",
                $table,
                " WHERE id = ?1), 0)"
            ),
            read: concat!("SELECT record FROM ", $table, " WHERE id = ?1 AND version = ?2 AND ", $same_person),
            supersede: concat!("UPDATE ", $table, " SET record = ?4 WHERE id = ?1 AND version = ?2 AND ", $same_person),
            person: concat!("SELECT subject FROM ", $table, " WHERE id = ? LIMIT 1"),
            erase: concat!("DELETE FROM ", $table, " WHERE id = ?"),
        }
    };
}

pub(super) const CONSENT: Register = register!("consent", "id, version, subject, record", "?1, ?2, ?3, ?4", "subject = ?3");
pub(super) const OVERRIDE: Register =
    register!("override_record", "id, version, subject, record", "?1, ?2, ?3, ?4", "subject = ?3");
pub(super) const CASE: Register = register!("case_record", "id, version, record", "?1, ?2, ?4", "?3 = x''");

/// Revision, consents and overrides, and the code over them, in one statement, so that they are of one moment.
pub(super) async fn person_facts(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: SubjectIndex,
) -> Result<PersonFacts, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT 0 AS part, '' AS id, 0 AS number, x'' AS record, ",
        anchor!(),
        " FROM head
         UNION ALL SELECT 1, id, version, record, ",
        no_anchor!(),
        " FROM consent AS one
           WHERE subject = ?1 AND version = (SELECT MAX(version) FROM consent WHERE id = one.id AND subject = ?1)
         UNION ALL SELECT 2, id, version, record, ",
        no_anchor!(),
        " FROM override_record AS one
           WHERE subject = ?1 AND version = (SELECT MAX(version) FROM override_record WHERE id = one.id AND subject = ?1)
         UNION ALL SELECT 3, '', number, code, ",
        no_anchor!(),
        " FROM person_register
           WHERE subject = ?1",
    ))
    .bind(subject.0.as_slice())
    .fetch_all(connection)
    .await
    .map_err(unavailable)?;
    let mut facts = PersonFacts { revision: Revision(-1), consents: Vec::new(), overrides: Vec::new() };
    let mut code: Option<(i64, &[u8])> = None;
    for row in &rows {
        let part: i64 = row.try_get(0).map_err(unavailable)?;
        let id: &str = row.try_get(1).map_err(unavailable)?;
        let number: i64 = row.try_get(2).map_err(unavailable)?;
        let record: &[u8] = row.try_get(3).map_err(unavailable)?;
        let place = |table| Place::row(table, id, number).map(|place| place.about(&subject));
        match part {
            0 => facts.revision = anchor_of(row, seal)?.revision,
            1 => facts.consents.push(seal.open::<ConsentRecord>(place("consent")?, record)?),
            2 => {
                let place = place("override_record")?;
                facts.overrides.push((place.version(), seal.open::<Override>(place, record)?));
            }
            _ => code = Some((number, record)),
        }
    }
    facts.consents.sort_by(|left, right| left.id.cmp(&right.id));
    facts.overrides.sort_by(|(_, left), (_, right)| left.id.cmp(&right.id));
    let newest = newest(&facts);
    match code {
        Some((number, code)) => vouched(&person_code(seal, &subject, &newest), Some(code), ("person_register", number))?,
        None if newest.is_empty() => {}
        None => return Err(StoreError::Corrupt { table: "person_register", column: "code", row: "missing".to_owned() }),
    }
    Ok(facts)
}

/// The newest version of each record, by table and id.
pub(super) type Newest = BTreeMap<(&'static str, String), u32>;

fn newest(facts: &PersonFacts) -> Newest {
    let consents = facts.consents.iter().map(|consent| ((CONSENT.table, consent.id.clone()), consent.version));
    let overrides = facts.overrides.iter().map(|(version, overriding)| ((OVERRIDE.table, overriding.id.clone()), *version));
    consents.chain(overrides).collect()
}

fn person_code(seal: &Seal, subject: &SubjectIndex, newest: &Newest) -> Code {
    let versions: Vec<[u8; 4]> = newest.values().map(|version| version.to_be_bytes()).collect();
    let mut parts: Vec<&[u8]> = vec![&subject.0];
    for ((table, id), version) in newest.keys().zip(&versions) {
        parts.extend([table.as_bytes(), id.as_bytes(), version.as_slice()]);
    }
    seal.person.of_parts(&parts)
}

pub(super) async fn add_consent(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    (subject, record): (SubjectIndex, &ConsentRecord),
) -> Result<Result<(), Conflict>, StoreError> {
    let place = Place::newest(CONSENT.table, &record.id, record.version).about(&subject);
    let added = add_about(connection, seal, (&CONSENT, place, &subject), record).await?;
    if added.is_ok() {
        duties::put_head(connection, lists, record).await?;
    }
    Ok(added)
}

/// Where to look for an override: what is read there is held against its codes.
pub(super) async fn subject_of_override(connection: &mut SqliteConnection, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
    let query = sqlx::query_scalar("SELECT subject FROM override_record WHERE id = ? ORDER BY version DESC LIMIT 1");
    let found: Option<Vec<u8>> = query.bind(id).fetch_optional(connection).await.map_err(unavailable)?;
    found.map(|subject| exactly(&subject, "override_record", "subject", "?").map(SubjectIndex)).transpose()
}

pub(super) async fn add_override(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: SubjectIndex,
    version: u32,
    record: &Override,
) -> Result<Result<(), Conflict>, StoreError> {
    let place = Place::newest(OVERRIDE.table, &record.id, version).about(&subject);
    let added = add_about(connection, seal, (&OVERRIDE, place, &subject), record).await?;
    if added.is_ok() {
        ends::note(connection, OVERRIDE.table, &record.id, record.ends_at()).await?;
    }
    Ok(added)
}

pub(super) async fn add_case(
    connection: &mut SqliteConnection,
    seal: &Seal,
    case: &Case,
) -> Result<Result<(), Conflict>, StoreError> {
    let added = add(connection, seal, (&CASE, Place::newest(CASE.table, case.id.as_str(), case.version)), case).await?;
    if let (Ok(()), State::Closed { at }) = (added, case.state) {
        ends::note(connection, CASE.table, case.id.as_str(), at).await?;
    }
    Ok(added)
}

/// What is there is looked at first: a change to the database is not covered up by a code over what it left.
async fn add_about(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (register, place, subject): (&Register, Place<'_>, &SubjectIndex),
    record: &impl Serialize,
) -> Result<Result<(), Conflict>, StoreError> {
    let mut newest = newest(&person_facts(connection, seal, *subject).await?);
    if let Err(conflict) = add(connection, seal, (register, place), record).await? {
        return Ok(Err(conflict));
    }
    newest.insert((register.table, place.id().to_owned()), place.version());
    vouch(connection, seal, subject, &newest).await?;
    Ok(Ok(()))
}

/// Writes the code over what is newest about a person.
pub(super) async fn vouch(
    connection: &mut SqliteConnection,
    seal: &Seal,
    subject: &SubjectIndex,
    newest: &Newest,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO person_register (subject, code) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET code = excluded.code",
    );
    let query = query.bind(subject.0.as_slice()).bind(person_code(seal, subject, newest).to_vec());
    query.execute(connection).await.map(drop).map_err(unavailable)
}

/// About whom a record is, if it is there.
async fn person(connection: &mut SqliteConnection, register: &Register, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
    let query = sqlx::query_scalar::<_, Vec<u8>>(register.person).bind(id);
    let subject = query.fetch_optional(connection).await.map_err(unavailable)?;
    subject.map(|subject| exactly(&subject, register.table, "subject", id).map(SubjectIndex)).transpose()
}

/// An override in its newest version.
pub(super) async fn override_of(
    connection: &mut SqliteConnection,
    seal: &Seal,
    id: &str,
) -> Result<Option<Override>, StoreError> {
    let Some(subject) = person(connection, &OVERRIDE, id).await? else { return Ok(None) };
    let facts = person_facts(connection, seal, subject).await?;
    Ok(facts.overrides.into_iter().map(|(_, one)| one).find(|one| one.id == id))
}

/// Removes consents or overrides that are past their term, with every version.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    seal: &Seal,
    register: &Register,
    ids: &[String],
) -> Result<(), StoreError> {
    for id in ids {
        let Some(subject) = person(connection, register, id).await? else { continue };
        let mut newest = newest(&person_facts(connection, seal, subject).await?);
        newest.remove(&(register.table, id.clone()));
        sqlx::query(register.erase).bind(id).execute(&mut *connection).await.map_err(unavailable)?;
        vouch(connection, seal, &subject, &newest).await?;
    }
    Ok(())
}

/// Versions are consecutive, and about one person: a write based on an older version than the newest is a conflict. The version before is
/// sealed anew as one whose place was taken.
async fn add(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (register, place): (&Register, Place<'_>),
    record: &impl Serialize,
) -> Result<Result<(), Conflict>, StoreError> {
    let bound = |statement: &'static str, place: &Place<'_>| {
        sqlx::query(statement).bind(place.id().to_owned()).bind(place.version()).bind(place.person().to_vec())
    };
    let done =
        bound(register.add, &place).bind(seal.close(place, record)?).execute(&mut *connection).await.map_err(unavailable)?;
    if done.rows_affected() != 1 {
        return Ok(Err(Conflict::StateChanged));
    }
    let Some(before) = place.before() else { return Ok(Ok(())) };
    let row = bound(register.read, &before).fetch_optional(&mut *connection).await.map_err(unavailable)?;
    let Some(row) = row else { return Ok(Err(Conflict::StateChanged)) };
    let superseded = seal.supersede(before, row.try_get(0).map_err(unavailable)?)?;
    bound(register.supersede, &before).bind(superseded).execute(connection).await.map_err(unavailable)?;
    Ok(Ok(()))
}
