//! What rested on consents. Each row carries a code over all its columns; how many there are stands in the head.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::lists::{List, Lists};
use super::seal::{Code, Seal, vouched};
use super::{alarm, unavailable};
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
pub(super) async fn add(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &mut Lists,
    row: &Reliance,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO reliance (consent, disclosure, recipient, categories, first, last, code) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    );
    let query = query.bind(&row.consent).bind(&row.disclosure).bind(recipients(row)).bind(categories(row));
    let query = query.bind(row.first.millis()).bind(row.last.millis()).bind(code(seal, row).to_vec());
    if query.execute(&mut *connection).await.map_err(unavailable)?.rows_affected() == 1 {
        lists.reliances = lists.reliances.saturating_add(1);
        return Ok(());
    }
    let query = sqlx::query(select!("consent = ? AND disclosure = ?")).bind(&row.consent).bind(&row.disclosure);
    let known = query.fetch_one(&mut *connection).await.map_err(unavailable)?;
    give_again(connection, seal, &known, Some(row), row.last).await
}

/// A disclosure is given again, which rests on these consents now, or, where that is not known, on all on which it ever did.
pub(super) async fn given_again(
    connection: &mut SqliteConnection,
    seal: &Seal,
    (disclosure, consents): (&str, Option<&BTreeSet<String>>),
    at: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(select!("disclosure = ?")).bind(disclosure);
    for known in query.fetch_all(&mut *connection).await.map_err(unavailable)? {
        let consent: String = known.try_get("consent").map_err(unavailable)?;
        if consents.is_none_or(|consents| consents.contains(&consent)) {
            give_again(connection, seal, &known, None, at).await?;
        }
    }
    Ok(())
}

/// A row that nobody vouches for stays as it is: it would be made good by a code over what somebody else wrote.
async fn give_again(
    connection: &mut SqliteConnection,
    seal: &Seal,
    known: &SqliteRow,
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
    let query =
        sqlx::query("UPDATE reliance SET recipient = ?, categories = ?, last = ?, code = ? WHERE consent = ? AND disclosure = ?");
    let query = query.bind(recipients(&row)).bind(categories(&row)).bind(row.last.millis()).bind(code(seal, &row).to_vec());
    query.bind(&row.consent).bind(&row.disclosure).execute(connection).await.map(drop).map_err(unavailable)
}

/// What rested on a consent, oldest first, when the list is whole.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &Lists,
    consent: &str,
) -> Result<Vec<Reliance>, StoreError> {
    lists.whole(connection, List::Reliances).await?;
    let query = sqlx::query(select!("consent = ? ORDER BY first, disclosure")).bind(consent);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(|row| opened(seal, row)).collect()
}

/// Whether those who received on this consent are exactly these.
pub(super) async fn received_by(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &Lists,
    (consent, recipients): (&str, &BTreeSet<Oin>),
) -> Result<Result<(), Conflict>, StoreError> {
    let found: BTreeSet<Oin> = of(connection, seal, lists, consent).await?.into_iter().flat_map(|row| row.recipients).collect();
    Ok(if found == *recipients { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Whether what was given from `since` on and rested on this consent are exactly these disclosures.
pub(super) async fn given_since(
    connection: &mut SqliteConnection,
    seal: &Seal,
    lists: &Lists,
    (consent, since, disclosures): (&str, Timestamp, &BTreeSet<String>),
) -> Result<Result<(), Conflict>, StoreError> {
    let relied = of(connection, seal, lists, consent).await?;
    let found: BTreeSet<String> = relied.into_iter().filter(|row| row.last >= since).map(|row| row.disclosure).collect();
    Ok(if found == *disclosures { Ok(()) } else { Err(Conflict::StateChanged) })
}

fn opened(seal: &Seal, row: &SqliteRow) -> Result<Reliance, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(unavailable);
    let instant = |column: &str| row.try_get(column).map(Timestamp::from_millis).map_err(unavailable);
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
    vouched(&code(seal, &reliance), row.try_get("code").map_err(unavailable)?, (TABLE, place))?;
    Ok(reliance)
}
