//! Consents, overrides and cases: append-only versions, each sealed to its table, id, version and person, and to being the newest. What is newest
//! about a person is vouched for by a code in a row of its own, so that no version and no record can be taken away, or put back, unseen.

use std::collections::BTreeMap;

use serde::Serialize;

use super::connection::Connection;
use super::lists::Lists;
use super::log::{anchor, anchor_of, no_anchor};
use super::seal::{Code, Place, Seal, vouched};
use super::statement::query;
use super::{duties, ends, exactly};
use crate::case_room::{Case, State};
use crate::consent::{ConsentRecord, Override};
use crate::store::{Conflict, PersonFacts, Revision, StoreError, SubjectIndex};

/// One register: its table, and the statements that add a version. `$1` id, `$2` version, `$3` person (empty for none), `$4` sealed record.
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
                " WHERE $2 = 1 + COALESCE((SELECT MAX(version) FROM ",
                $table,
                " WHERE id = $1), 0)"
            ),
            read: concat!("SELECT record FROM ", $table, " WHERE id = $1 AND version = $2 AND ", $same_person),
            supersede: concat!("UPDATE ", $table, " SET record = $4 WHERE id = $1 AND version = $2 AND ", $same_person),
            person: concat!("SELECT subject FROM ", $table, " WHERE id = $1 LIMIT 1"),
            erase: concat!("DELETE FROM ", $table, " WHERE id = $1"),
        }
    };
}

pub(super) const CONSENT: Register = register!("consent", "id, version, subject, record", "$1, $2, $3, $4", "subject = $3");
pub(super) const OVERRIDE: Register =
    register!("override_record", "id, version, subject, record", "$1, $2, $3, $4", "subject = $3");
pub(super) const CASE: Register = register!("case_record", "id, version, record", "$1, $2, $4", "length($3) = 0");

/// Revision, consents and overrides, and the code over them, in one statement, so that they are of one moment.
pub(super) async fn person_facts(
    connection: &mut Connection,
    seal: &Seal,
    subject: SubjectIndex,
) -> Result<PersonFacts, StoreError> {
    let rows = query(concat!(
        "SELECT CAST(0 AS BIGINT) AS part, '' AS id, CAST(0 AS BIGINT) AS number, $2 AS record, ",
        anchor!(),
        " FROM head
         UNION ALL SELECT 1, id, version, record, ",
        no_anchor!(),
        " FROM consent AS one
           WHERE subject = $1 AND version = (SELECT MAX(version) FROM consent WHERE id = one.id AND subject = $1)
         UNION ALL SELECT 2, id, version, record, ",
        no_anchor!(),
        " FROM override_record AS one
           WHERE subject = $1 AND version = (SELECT MAX(version) FROM override_record WHERE id = one.id AND subject = $1)
         UNION ALL SELECT 3, '', number, code, ",
        no_anchor!(),
        " FROM person_register
           WHERE subject = $1",
    ))
    .bind(subject.0)
    .bind(Vec::<u8>::new())
    .all(connection)
    .await?;
    let mut facts = PersonFacts { revision: Revision(-1), consents: Vec::new(), overrides: Vec::new() };
    let mut code: Option<(i64, &[u8])> = None;
    for row in &rows {
        let part: i64 = row.get(0)?;
        let id: &str = row.get(1)?;
        let number: i64 = row.get(2)?;
        let record: &[u8] = row.get(3)?;
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
    connection: &mut Connection,
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
pub(super) async fn subject_of_override(connection: &mut Connection, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
    let statement = query("SELECT subject FROM override_record WHERE id = $1 ORDER BY version DESC LIMIT 1").bind(id);
    let found = statement.optional(connection).await?;
    found.map(|row| exactly(row.get(0)?, "override_record", "subject", "?").map(SubjectIndex)).transpose()
}

pub(super) async fn add_override(
    connection: &mut Connection,
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

pub(super) async fn add_case(connection: &mut Connection, seal: &Seal, case: &Case) -> Result<Result<(), Conflict>, StoreError> {
    let added = add(connection, seal, (&CASE, Place::newest(CASE.table, case.id.as_str(), case.version)), case).await?;
    if let (Ok(()), State::Closed { at }) = (added, case.state) {
        ends::note(connection, CASE.table, case.id.as_str(), at).await?;
    }
    Ok(added)
}

/// What is there is looked at first: a change to the database is not covered up by a code over what it left.
async fn add_about(
    connection: &mut Connection,
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
    connection: &mut Connection,
    seal: &Seal,
    subject: &SubjectIndex,
    newest: &Newest,
) -> Result<(), StoreError> {
    let statement = query(
        "INSERT INTO person_register (subject, code) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET code = excluded.code",
    );
    statement.bind(subject.0).bind(person_code(seal, subject, newest)).execute(connection).await.map(drop)
}

/// About whom a record is, if it is there.
async fn person(connection: &mut Connection, register: &Register, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
    let found = query(register.person).bind(id).optional(connection).await?;
    found.map(|row| exactly(row.get(0)?, register.table, "subject", id).map(SubjectIndex)).transpose()
}

/// An override in its newest version.
pub(super) async fn override_of(connection: &mut Connection, seal: &Seal, id: &str) -> Result<Option<Override>, StoreError> {
    let Some(subject) = person(connection, &OVERRIDE, id).await? else { return Ok(None) };
    let facts = person_facts(connection, seal, subject).await?;
    Ok(facts.overrides.into_iter().map(|(_, one)| one).find(|one| one.id == id))
}

/// Removes consents or overrides that are past their term, with every version.
pub(super) async fn erase(
    connection: &mut Connection,
    seal: &Seal,
    register: &Register,
    ids: &[String],
) -> Result<(), StoreError> {
    for id in ids {
        let Some(subject) = person(connection, register, id).await? else { continue };
        let mut newest = newest(&person_facts(connection, seal, subject).await?);
        newest.remove(&(register.table, id.clone()));
        query(register.erase).bind(id).execute(connection).await?;
        vouch(connection, seal, &subject, &newest).await?;
    }
    Ok(())
}

/// Versions are consecutive, and about one person: a write based on an older version than the newest is a conflict. The version before is
/// sealed anew as one whose place was taken.
async fn add(
    connection: &mut Connection,
    seal: &Seal,
    (register, place): (&Register, Place<'_>),
    record: &impl Serialize,
) -> Result<Result<(), Conflict>, StoreError> {
    let bound =
        |statement: &'static str, place: Place<'_>| query(statement).bind(place.id()).bind(place.version()).bind(place.person());
    if bound(register.add, place).bind(seal.close(place, record)?).execute(connection).await? != 1 {
        return Ok(Err(Conflict::StateChanged));
    }
    let Some(before) = place.before() else { return Ok(Ok(())) };
    let Some(row) = bound(register.read, before).optional(connection).await? else { return Ok(Err(Conflict::StateChanged)) };
    let superseded = seal.supersede(before, row.get(0)?)?;
    bound(register.supersede, before).bind(superseded).execute(connection).await?;
    Ok(Ok(()))
}
