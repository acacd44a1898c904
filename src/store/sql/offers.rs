//! Offers: waiting until they are collected, withdrawn or past their term. Whom one is about is sealed, bound to its id and
//! to the other columns that say what it is.

use super::connection::Connection;
use super::exactly;
use super::seal::{Place, Seal};
use super::statement::{Row, query};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::source::offers::OfferKind;
use crate::store::{Conflict, OfferPage, OfferRow, StoreError, SubjectIndex};

const TABLE: &str = "offer";

/// Offers never change, so that there is one version of each.
const VERSION: u32 = 1;

/// The most offers of one source that wait.
const MOST_WAITING: i64 = 1_000;

/// The most of these for one recipient: no source fills another's list.
const MOST_FOR_ONE: i64 = 100;

/// What is read of an offer, up to the condition.
macro_rules! select {
    ($($condition:literal),+) => {
        concat!(
            "SELECT id, source, recipient, purpose, kind, subject, reference, made, expires, collected, ends FROM offer WHERE ",
            $($condition),+
        )
    };
}

/// Those of one organisation. Ids are of UUID version 7, so that they stand in the order of their making.
macro_rules! select_page {
    ($of:literal) => {
        select!($of, " AND ends > $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4")
    };
}

/// One that still names the person.
const NAMING: &str = select!("id = $1 AND ends > $2");

/// The offer with this id, if it still names the person at `now`.
pub(super) async fn offer(
    connection: &mut Connection,
    seal: &Seal,
    id: &str,
    now: Timestamp,
) -> Result<Option<OfferRow>, StoreError> {
    let row = query(NAMING).bind(id).bind(now.millis()).optional(connection).await?;
    row.map(|row| opened(seal, &row).map(|(offer, _)| offer)).transpose()
}

/// What waits for `recipient`, newest first, older than the offer `after`.
pub(super) async fn waiting(
    connection: &mut Connection,
    seal: &Seal,
    recipient: &Oin,
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    paged(connection, seal, (select_page!("recipient = $1 AND collected IS NULL"), recipient), now, page).await
}

/// What `source` made and still names a person, collected or not, newest first, older than the offer `after`.
pub(super) async fn made(
    connection: &mut Connection,
    seal: &Seal,
    source: &Oin,
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    paged(connection, seal, (select_page!("source = $1"), source), now, page).await
}

async fn paged(
    connection: &mut Connection,
    seal: &Seal,
    (statement, whose): (&'static str, &Oin),
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    let select = query(statement).bind(whose.as_str()).bind(now.millis()).bind(page.after).bind(page.limit);
    select.all(connection).await?.iter().map(|row| opened(seal, row).map(|(offer, _)| offer)).collect()
}

/// The id of an offer like this one that waits already.
pub(super) async fn like(
    connection: &mut Connection,
    offer: &OfferRow,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>, StoreError> {
    let select = query(
        "SELECT id, expires FROM offer WHERE source = $1 AND recipient = $2 AND purpose = $3 AND kind = $4 AND subject = $5
           AND collected IS NULL AND ends > $6",
    );
    let select = select.bind(offer.source.as_str()).bind(offer.recipient.as_str()).bind(offer.purpose.as_str());
    let found = select.bind(offer.kind.code()).bind(offer.subject.0).bind(now.millis()).optional(connection).await?;
    found.map(|row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?)))).transpose()
}

/// Adds one. A conflict when one like it waits already, or too many do.
pub(super) async fn add(
    connection: &mut Connection,
    seal: &Seal,
    offer: &OfferRow,
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    if like(connection, offer, now).await?.is_some() {
        return Ok(Err(Conflict::StateChanged));
    }
    let waiting = query(
        "SELECT count(*), count(*) FILTER (WHERE recipient = $1) FROM offer
         WHERE source = $2 AND ends > $3 AND collected IS NULL",
    );
    let waiting = waiting.bind(offer.recipient.as_str()).bind(offer.source.as_str()).bind(now.millis());
    let row = waiting.one(connection).await?;
    let (waiting, for_one): (i64, i64) = (row.get(0)?, row.get(1)?);
    if waiting >= MOST_WAITING || for_one >= MOST_FOR_ONE {
        return Ok(Err(Conflict::TooMany));
    }
    query(
        "INSERT INTO offer (id, source, recipient, purpose, kind, subject, reference, made, expires, ends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(&offer.id)
    .bind(offer.source.as_str())
    .bind(offer.recipient.as_str())
    .bind(offer.purpose.as_str())
    .bind(offer.kind.code())
    .bind(offer.subject.0)
    .bind(sealed(seal, offer, Until { ends: offer.expires, collected: None })?)
    .bind(offer.made.millis())
    .bind(offer.expires.millis())
    .execute(connection)
    .await?;
    Ok(Ok(()))
}

/// Notes that it was collected: it names the person until `until` now, because what was collected is kept so long. A fact has changed when it is
/// not there any more.
pub(super) async fn collected(
    connection: &mut Connection,
    seal: &Seal,
    (id, until): (&str, Timestamp),
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    let Some(row) = query(NAMING).bind(id).bind(now.millis()).optional(connection).await? else {
        return Ok(Err(Conflict::FactsChanged));
    };
    let (offer, was) = opened(seal, &row)?;
    let is = Until { ends: was.ends.max(until), collected: was.collected.or(Some(now)) };
    let update = query("UPDATE offer SET collected = $1, ends = $2, reference = $3 WHERE id = $4");
    let update = update.bind(is.collected.map(Timestamp::millis)).bind(is.ends.millis()).bind(sealed(seal, &offer, is)?).bind(id);
    update.execute(connection).await?;
    Ok(Ok(()))
}

/// Removes one that nobody has collected.
pub(super) async fn withdraw(connection: &mut Connection, id: &str, now: Timestamp) -> Result<Result<(), Conflict>, StoreError> {
    let delete = query("DELETE FROM offer WHERE id = $1 AND collected IS NULL AND ends > $2");
    let gone = delete.bind(id).bind(now.millis()).execute(connection).await?;
    Ok(if gone == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}

const fn place<'a>(id: &'a str, subject: &'a SubjectIndex) -> Place<'a> {
    Place::newest(TABLE, id, VERSION).about(subject)
}

/// Until when an offer names the person, and since when it is collected.
#[derive(Clone, Copy)]
struct Until {
    ends: Timestamp,
    collected: Option<Timestamp>,
}

/// What is not sealed but must be as it was when the offer was made or collected: to whom it names the person, and until when.
fn terms(offer: &OfferRow, until: Until) -> String {
    let OfferRow { source, recipient, purpose, kind, made, expires, .. } = offer;
    let collected = until.collected.map_or_else(|| "-".to_owned(), |at| at.millis().to_string());
    let instants = [*made, *expires, until.ends].map(Timestamp::millis);
    format!("{source} {recipient} {purpose} {} {instants:?} {collected}", kind.code())
}

fn sealed(seal: &Seal, offer: &OfferRow, until: Until) -> Result<Vec<u8>, StoreError> {
    seal.close(place(&offer.id, &offer.subject), &(terms(offer, until), &offer.reference))
}

fn opened(seal: &Seal, row: &Row) -> Result<(OfferRow, Until), StoreError> {
    let id: String = row.get(0)?;
    let corrupt = |column| StoreError::Corrupt { table: TABLE, column, row: id.clone() };
    let text = |column: usize| row.get::<&str, _>(column);
    let instant = |column: usize| row.get(column).map(Timestamp::from_millis);
    let subject = SubjectIndex(exactly(row.get(5)?, TABLE, "subject", &id)?);
    let (sealed_terms, reference): (String, _) = seal.open(place(&id, &subject), row.get(6)?)?;
    let collected: Option<i64> = row.get(9)?;
    let until = Until { ends: instant(10)?, collected: collected.map(Timestamp::from_millis) };
    let offer = OfferRow {
        source: text(1)?.parse().map_err(|_| corrupt("source"))?,
        recipient: text(2)?.parse().map_err(|_| corrupt("recipient"))?,
        purpose: text(3)?.parse().map_err(|_| corrupt("purpose"))?,
        kind: OfferKind::from_code(text(4)?).ok_or_else(|| corrupt("kind"))?,
        subject,
        reference,
        made: instant(7)?,
        expires: instant(8)?,
        collected: collected.is_some(),
        id: id.clone(),
    };
    if terms(&offer, until) == sealed_terms { Ok((offer, until)) } else { Err(corrupt("reference")) }
}
