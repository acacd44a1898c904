//! What accepted appends write beside the log: disclosures to be picked up, their deliveries, receipts for the sources. Written when the entries
//! have their numbers, in the order of the appends, many rows in a statement.

use std::collections::{HashMap, HashSet};

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{disclosures, statements, unavailable};
use crate::organisation::Oin;
use crate::store::{Append, Change, Committed, ContributionRow, DisclosureRow, Receipting, StoreError};

/// Writes them.
pub(super) async fn write<'a>(
    connection: &mut SqliteConnection,
    accepted: impl Iterator<Item = (&'a Append, &'a Committed)>,
) -> Result<(), StoreError> {
    let mut waiting = Waiting::default();
    for (append, committed) in accepted {
        for change in &append.changes {
            match change {
                Change::Disclosure(row) => waiting.disclosures.push(row),
                Change::Delivery(row) => {
                    // Two deliveries of one disclosure are numbered one after the other.
                    if !waiting.delivering.insert(&row.disclosure) {
                        waiting.flush(connection).await?;
                        waiting.delivering.insert(&row.disclosure);
                    }
                    waiting.deliveries.push((&row.disclosure, &row.sealed, receipt(append, committed, &row.receipt)?));
                }
                Change::ContributionReceipt(row) => {
                    waiting.contributions.push((row, receipt(append, committed, &row.receipt)?));
                }
                Change::DestroyDeliveries { disclosure, stay } => {
                    waiting.flush(connection).await?;
                    disclosures::destroy_deliveries(connection, disclosure, stay).await?;
                }
                _ => {}
            }
        }
    }
    waiting.flush(connection).await
}

fn receipt(append: &Append, committed: &Committed, receipting: &Receipting) -> Result<String, StoreError> {
    let leaf = append.entries.get(receipting.entry).map(|entry| &entry.leaf);
    let receipt = leaf.and_then(|leaf| committed.receipt(receipting, leaf));
    receipt.ok_or_else(|| StoreError::Unavailable("a receipt is about an entry that is not in its append".to_owned()))
}

/// Rows that are not written yet.
#[derive(Default)]
struct Waiting<'a> {
    disclosures: Vec<&'a DisclosureRow>,
    deliveries: Vec<(&'a str, &'a str, String)>,
    delivering: HashSet<&'a str>,
    contributions: Vec<(&'a ContributionRow, String)>,
}

impl Waiting<'_> {
    async fn flush(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for rows in statements(&self.disclosures) {
            add_disclosures(connection, rows).await?;
        }
        if !self.deliveries.is_empty() {
            let places = next_places(connection, &self.delivering).await?;
            for rows in statements(&self.deliveries) {
                add_deliveries(connection, rows, &places).await?;
            }
        }
        for rows in statements(&self.contributions) {
            add_contributions(connection, rows).await?;
        }
        *self = Waiting::default();
        Ok(())
    }
}

async fn add_disclosures(connection: &mut SqliteConnection, rows: &[&DisclosureRow]) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO disclosure (id, recipient, created, open_until, expires, revision, void_at, subject, organisations, facts, bundle, request,
                                 payload_class, idempotency_key) ",
    );
    query.push_values(rows, |mut values, row| {
        let organisations = row.expected.organisations.iter().map(Oin::as_str).collect::<Vec<_>>().join(" ");
        values
            .push_bind(&row.id)
            .push_bind(row.recipient.as_str())
            .push_bind(row.created.millis())
            .push_bind(row.open_until.millis())
            .push_bind(row.expires.millis())
            .push_bind(row.expected.revision.0)
            .push_bind(row.expected.void_at.millis())
            .push_bind(row.expected.subject.map(|subject| subject.0.to_vec()))
            .push_bind(organisations)
            .push_bind(row.expected.digest.as_slice())
            .push_bind(&row.bundle)
            .push_bind(row.request.as_slice())
            .push_bind(&row.payload_class)
            .push_bind(&row.idempotency_key);
    });
    query.push(
        " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, void_at = excluded.void_at, subject = excluded.subject,
           organisations = excluded.organisations, facts = excluded.facts, request = excluded.request, payload_class = excluded.payload_class,
           bundle = excluded.bundle",
    );
    query.build().execute(connection).await.map(drop).map_err(unavailable)
}

/// The next place among the deliveries of each disclosure that has some.
async fn next_places(connection: &mut SqliteConnection, disclosures: &HashSet<&str>) -> Result<HashMap<String, i64>, StoreError> {
    let list = disclosures.iter().collect::<Vec<_>>();
    let list = serde_json::to_string(&list).map_err(|_| StoreError::Unavailable("a disclosure's id".to_owned()))?;
    let query = sqlx::query(
        "SELECT disclosure, MAX(seq) + 1 FROM delivery WHERE disclosure IN (SELECT value FROM json_each(?)) GROUP BY disclosure",
    );
    let rows = query.bind(list).fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>().map_err(unavailable)
}

async fn add_deliveries(
    connection: &mut SqliteConnection,
    rows: &[(&str, &str, String)],
    places: &HashMap<String, i64>,
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO delivery (disclosure, seq, sealed, receipt) ");
    query.push_values(rows, |mut values, (disclosure, sealed, receipt)| {
        let place = places.get(*disclosure).copied().unwrap_or(0);
        values.push_bind(*disclosure).push_bind(place).push_bind(*sealed).push_bind(receipt);
    });
    query.build().execute(connection).await.map(drop).map_err(unavailable)
}

async fn add_contributions(connection: &mut SqliteConnection, rows: &[(&ContributionRow, String)]) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO contribution_receipt (disclosure, source, items, receipt) ");
    query.push_values(rows, |mut values, (row, receipt)| {
        values.push_bind(&row.disclosure).push_bind(row.source.as_str()).push_bind(row.items.join(" ")).push_bind(receipt);
    });
    query.build().execute(connection).await.map(drop).map_err(unavailable)
}
