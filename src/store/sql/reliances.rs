//! What rested on consents. Each row carries a code over all its columns; how many there are stands in the head.

use std::collections::BTreeSet;

use super::connection::Connection;
use super::lists::{List, Lists};
use super::seal::{Code, Seal, vouched};
use super::statement::{Row, query};
use super::{alarm, log};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::store::duties::Reliance;
use crate::store::{Conflict, StoreError};

const TABLE: &str = "reliance";

/// What is read of a row, up to the condition.
macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT consent, disclosure, recipient, categories, first, last, code FROM reliance WHERE ", $condition)
    };
}

fn code(seal: &Seal, row: &Reliance) -> Code {
    let (recipients, categories) = (recipients(row), categories(row));
    let [consent, disclosure, recipients] = [&row.consent, &row.disclosure, &recipients].map(String::as_bytes);
    let [first, last] = [row.first, row.last].map(|at| at.millis().to_be_bytes());
    seal.reliance.of_parts(&[consent, disclosure, recipients, categories.as_bytes(), &first, &last])
}

fn categories(row: &Reliance) -> String {
    row.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" ")
}

fn recipients(row: &Reliance) -> String {
    row.recipients.iter().map(Oin::as_str).collect::<Vec<_>>().join(" ")
}

/// Adds one; one that is there already is given again, with what else of it rests on the consent now, and to whom else of a team.
pub(super) async fn add(connection: &mut Connection, seal: &Seal, lists: &mut Lists, row: &Reliance) -> Result<(), StoreError> {
    let insert = query(
        "INSERT INTO reliance (consent, disclosure, recipient, categories, first, last, code) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
    );
    let insert = insert.bind(&row.consent).bind(&row.disclosure).bind(recipients(row)).bind(categories(row));
    let insert = insert.bind(row.first.millis()).bind(row.last.millis()).bind(code(seal, row));
    if insert.execute(connection).await? == 1 {
        lists.reliances = lists.reliances.saturating_add(1);
        return Ok(());
    }
    let select = query(select!("consent = $1 AND disclosure = $2")).bind(&row.consent).bind(&row.disclosure);
    let known = select.one(connection).await?;
    give_again(connection, seal, &known, Some(row), row.last).await
}

/// A disclosure is given again, which rests on these consents now, or, where that is not known, on all on which it ever did.
pub(super) async fn given_again(
    connection: &mut Connection,
    seal: &Seal,
    (disclosure, consents): (&str, Option<&BTreeSet<String>>),
    at: Timestamp,
) -> Result<(), StoreError> {
    for known in query(select!("disclosure = $1")).bind(disclosure).all(connection).await? {
        let consent: &str = known.get("consent")?;
        if consents.is_none_or(|consents| consents.contains(consent)) {
            give_again(connection, seal, &known, None, at).await?;
        }
    }
    Ok(())
}

/// A row that nobody vouches for stays as it is: it would be made good by a code over what somebody else wrote.
async fn give_again(
    connection: &mut Connection,
    seal: &Seal,
    known: &Row,
    more: Option<&Reliance>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut row = match opened(seal, known) {
        Ok(row) => row,
        Err(error @ StoreError::Corrupt { .. }) => {
            alarm(&error, "what rested on a consent cannot be read; a withdrawal tells everybody whom the consent names");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if let Some(more) = more {
        row.categories.extend(&more.categories);
        row.recipients.extend(more.recipients.iter().cloned());
    }
    row.last = row.last.max(at);
    let update =
        query("UPDATE reliance SET recipient = $1, categories = $2, last = $3, code = $4 WHERE consent = $5 AND disclosure = $6");
    let update = update.bind(recipients(&row)).bind(categories(&row)).bind(row.last.millis()).bind(code(seal, &row));
    update.bind(&row.consent).bind(&row.disclosure).execute(connection).await.map(drop)
}

/// What rested on a consent, oldest first, when the list that the head vouches for is whole.
pub(super) async fn all_of(connection: &mut Connection, seal: &Seal, consent: &str) -> Result<Vec<Reliance>, StoreError> {
    let (_, anchor) = log::head(connection, seal).await?;
    of(connection, seal, &anchor.lists, consent).await
}

/// The same when the head is known.
async fn of(connection: &mut Connection, seal: &Seal, lists: &Lists, consent: &str) -> Result<Vec<Reliance>, StoreError> {
    lists.whole(connection, List::Reliances).await?;
    let rows = query(select!("consent = $1 ORDER BY first, disclosure")).bind(consent).all(connection).await?;
    rows.iter().map(|row| opened(seal, row)).collect()
}

/// Whether those who received on this consent are exactly these.
pub(super) async fn received_by(
    connection: &mut Connection,
    seal: &Seal,
    lists: &Lists,
    (consent, recipients): (&str, &BTreeSet<Oin>),
) -> Result<Result<(), Conflict>, StoreError> {
    let found: BTreeSet<Oin> = of(connection, seal, lists, consent).await?.into_iter().flat_map(|row| row.recipients).collect();
    Ok(if found == *recipients { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Whether what was given from `since` on and rested on this consent are exactly these disclosures.
pub(super) async fn given_since(
    connection: &mut Connection,
    seal: &Seal,
    lists: &Lists,
    (consent, since, disclosures): (&str, Timestamp, &BTreeSet<String>),
) -> Result<Result<(), Conflict>, StoreError> {
    let relied = of(connection, seal, lists, consent).await?;
    let found: BTreeSet<String> = relied.into_iter().filter(|row| row.last >= since).map(|row| row.disclosure).collect();
    Ok(if found == *disclosures { Ok(()) } else { Err(Conflict::StateChanged) })
}

fn opened(seal: &Seal, row: &Row) -> Result<Reliance, StoreError> {
    let text = |column: &str| row.get::<String, _>(column);
    let instant = |column: &str| row.get(column).map(Timestamp::from_millis);
    let (consent, disclosure) = (text("consent")?, text("disclosure")?);
    let place = format!("{consent}/{disclosure}");
    let corrupt = |column| StoreError::Corrupt { table: TABLE, column, row: place.clone() };
    let categories = text("categories")?;
    let categories = categories.split_whitespace().map(|code| Category::from_code(code).ok_or_else(|| corrupt("categories")));
    let recipients = text("recipient")?;
    let recipients = recipients.split_whitespace().map(|oin| oin.parse().map_err(|_| corrupt("recipient")));
    let reliance = Reliance {
        recipients: recipients.collect::<Result<_, _>>()?,
        categories: categories.collect::<Result<_, _>>()?,
        first: instant("first")?,
        last: instant("last")?,
        consent,
        disclosure,
    };
    vouched(&code(seal, &reliance), row.get("code")?, (TABLE, place))?;
    Ok(reliance)
}
