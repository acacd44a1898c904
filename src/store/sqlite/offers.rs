//! Offers: waiting until they are collected, withdrawn or past their term. Whom one is about is sealed, bound to its id and
//! to the other columns that say what it is.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::seal::{Place, Seal};
use super::{exactly, unavailable};
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

const COLUMNS: &str =
    "SELECT id, source, recipient, purpose, kind, subject, reference, made, expires, collected, ends FROM offer";

/// The offer with this id, if it still names the person at `now`.
pub(super) async fn offer(
    connection: &mut SqliteConnection,
    seal: &Seal,
    id: &str,
    now: Timestamp,
) -> Result<Option<OfferRow>, StoreError> {
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ? AND ends > ?"))).bind(id).bind(now.millis());
    let row = query.fetch_optional(connection).await.map_err(unavailable)?;
    row.map(|row| opened(seal, &row).map(|(offer, _)| offer)).transpose()
}

/// What waits for `recipient`, newest first, older than the offer `after`.
pub(super) async fn waiting(
    connection: &mut SqliteConnection,
    seal: &Seal,
    recipient: &Oin,
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    paged(connection, seal, ("recipient = ? AND collected IS NULL", recipient), now, page).await
}

/// What `source` made and still names a person, collected or not, newest first, older than the offer `after`.
pub(super) async fn made(
    connection: &mut SqliteConnection,
    seal: &Seal,
    source: &Oin,
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    paged(connection, seal, ("source = ?", source), now, page).await
}

/// Ids are of UUID version 7, so that they stand in the order of their making.
async fn paged(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (of, whose): (&'static str, &Oin),
    now: Timestamp,
    page: OfferPage<'_>,
) -> Result<Vec<OfferRow>, StoreError> {
    let rest = "AND ends > ? AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?";
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE {of} {rest}")));
    let query = query.bind(whose.as_str().to_owned()).bind(now.millis());
    let query = query.bind(page.after.to_owned()).bind(page.after.to_owned()).bind(page.limit);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(|row| opened(seal, row).map(|(offer, _)| offer)).collect()
}

/// The id of an offer like this one that waits already.
pub(super) async fn like(
    connection: &mut SqliteConnection,
    offer: &OfferRow,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>, StoreError> {
    let query = sqlx::query_as::<_, (String, i64)>(
        "SELECT id, expires FROM offer WHERE source = ? AND recipient = ? AND purpose = ? AND kind = ? AND subject = ?
           AND collected IS NULL AND ends > ?",
    );
    let query = query.bind(offer.source.as_str()).bind(offer.recipient.as_str()).bind(offer.purpose.as_str());
    let query = query.bind(offer.kind.code()).bind(offer.subject.0.as_slice()).bind(now.millis());
    let found = query.fetch_optional(connection).await.map_err(unavailable)?;
    Ok(found.map(|(id, expires)| (id, Timestamp::from_millis(expires))))
}

/// Adds one. A conflict when one like it waits already, or too many do.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    seal: &Seal,
    offer: &OfferRow,
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    if like(connection, offer, now).await?.is_some() {
        return Ok(Err(Conflict::StateChanged));
    }
    let waiting = sqlx::query_as::<_, (i64, i64)>(
        "SELECT count(*), count(*) FILTER (WHERE recipient = ?) FROM offer WHERE source = ? AND ends > ? AND collected IS NULL",
    );
    let waiting = waiting.bind(offer.recipient.as_str()).bind(offer.source.as_str()).bind(now.millis());
    let (waiting, for_one) = waiting.fetch_one(&mut *connection).await.map_err(unavailable)?;
    if waiting >= MOST_WAITING || for_one >= MOST_FOR_ONE {
        return Ok(Err(Conflict::TooMany));
    }
    sqlx::query(
        "INSERT INTO offer (id, source, recipient, purpose, kind, subject, reference, made, expires, ends)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
    )
    .bind(&offer.id)
    .bind(offer.source.as_str())
    .bind(offer.recipient.as_str())
    .bind(offer.purpose.as_str())
    .bind(offer.kind.code())
    .bind(offer.subject.0.as_slice())
    .bind(sealed(seal, offer, Until { ends: offer.expires, collected: None })?)
    .bind(offer.made.millis())
    .bind(offer.expires.millis())
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(Ok(()))
}

/// Notes that it was collected: it names the person until `until` now, because what was collected is kept so long. A fact has changed when it is
/// not there any more.
pub(super) async fn collected(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (id, until): (&str, Timestamp),
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    let query =
        sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ? AND ends > ?"))).bind(id.to_owned()).bind(now.millis());
    let Some(row) = query.fetch_optional(&mut *connection).await.map_err(unavailable)? else {
        return Ok(Err(Conflict::FactsChanged));
    };
    let (offer, was) = opened(seal, &row)?;
    let is = Until { ends: was.ends.max(until), collected: was.collected.or(Some(now)) };
    let query = sqlx::query("UPDATE offer SET collected = ?, ends = ?, reference = ? WHERE id = ?");
    let query = query.bind(is.collected.map(Timestamp::millis)).bind(is.ends.millis()).bind(sealed(seal, &offer, is)?).bind(id);
    query.execute(connection).await.map_err(unavailable)?;
    Ok(Ok(()))
}

/// Removes one that nobody has collected.
pub(super) async fn withdraw(
    connection: &mut SqliteConnection,
    id: &str,
    now: Timestamp,
) -> Result<Result<(), Conflict>, StoreError> {
    let query = sqlx::query("DELETE FROM offer WHERE id = ? AND collected IS NULL AND ends > ?");
    let done = query.bind(id).bind(now.millis()).execute(connection).await.map_err(unavailable)?;
    Ok(if done.rows_affected() == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
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

fn opened(seal: &Seal, row: &SqliteRow) -> Result<(OfferRow, Until), StoreError> {
    let id: String = row.try_get(0).map_err(unavailable)?;
    let corrupt = |column| StoreError::Corrupt { table: TABLE, column, row: id.clone() };
    let text = |column: usize| row.try_get::<String, _>(column).map_err(unavailable);
    let instant = |column: usize| row.try_get(column).map(Timestamp::from_millis).map_err(unavailable);
    let subject: &[u8] = row.try_get(5).map_err(unavailable)?;
    let subject = SubjectIndex(exactly(subject, TABLE, "subject", &id)?);
    let (sealed_terms, reference): (String, _) = seal.open(place(&id, &subject), row.try_get(6).map_err(unavailable)?)?;
    let collected: Option<i64> = row.try_get(9).map_err(unavailable)?;
    let until = Until { ends: instant(10)?, collected: collected.map(Timestamp::from_millis) };
    let offer = OfferRow {
        source: text(1)?.parse().map_err(|_| corrupt("source"))?,
        recipient: text(2)?.parse().map_err(|_| corrupt("recipient"))?,
        purpose: text(3)?.parse().map_err(|_| corrupt("purpose"))?,
        kind: OfferKind::from_code(&text(4)?).ok_or_else(|| corrupt("kind"))?,
        subject,
        reference,
        made: instant(7)?,
        expires: instant(8)?,
        collected: collected.is_some(),
        id: id.clone(),
    };
    if terms(&offer, until) == sealed_terms { Ok((offer, until)) } else { Err(corrupt("reference")) }
}
