//! What accepted appends write beside the log: disclosures to be picked up, their deliveries, receipts for the sources. Written when the entries
//! have their numbers, in the order of the appends.

use sqlx::SqliteConnection;

use super::script::Script;
use super::{disclosures, integer};
use crate::case_room::CaseId;
use crate::organisation::Oin;
use crate::store::{Append, Change, Committed, ContributionRow, DisclosureRow, Receipting, StoreError};

/// Writes them.
pub(super) async fn write<'a>(
    connection: &mut SqliteConnection,
    accepted: impl Iterator<Item = (&'a Append, &'a Committed)>,
) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    for (append, committed) in accepted {
        for change in &append.changes {
            match change {
                Change::Disclosure(row) => rows.disclosures.push(row),
                Change::Delivery(row) => {
                    // Later deliveries are behind earlier ones in the log too.
                    let place = committed.first_index.saturating_add(u64::try_from(row.receipt.entry).unwrap_or(u64::MAX));
                    rows.deliveries.push((&row.disclosure, place, &row.sealed, receipt(append, committed, &row.receipt)?));
                }
                Change::ContributionReceipt(row) => rows.contributions.push((row, receipt(append, committed, &row.receipt)?)),
                Change::DestroyDeliveries { disclosure, stay } => {
                    // Also those that an append before this one has just made.
                    std::mem::take(&mut rows).script().run(connection).await?;
                    disclosures::destroy_deliveries(connection, disclosure, stay).await?;
                }
                _ => {}
            }
        }
    }
    rows.script().run(connection).await
}

fn receipt(append: &Append, committed: &Committed, receipting: &Receipting) -> Result<String, StoreError> {
    let leaf = append.entries.get(receipting.entry).map(|entry| &entry.leaf);
    let receipt = leaf.and_then(|leaf| committed.receipt(receipting, leaf));
    receipt.ok_or_else(|| StoreError::Unavailable("a receipt is about an entry that is not in its append".to_owned()))
}

/// Rows that are not written yet.
#[derive(Default)]
struct Rows<'a> {
    disclosures: Vec<&'a DisclosureRow>,
    deliveries: Vec<(&'a str, u64, &'a str, String)>,
    contributions: Vec<(&'a ContributionRow, String)>,
}

impl Rows<'_> {
    fn script(self) -> Script {
        let mut script = Script::default();
        add_disclosures(&mut script, &self.disclosures);
        let insert = "INSERT INTO delivery (disclosure, seq, sealed, receipt) ";
        script.insert(insert, &self.deliveries, "", |values, (disclosure, place, sealed, receipt)| {
            values.push_bind(*disclosure).push_bind(integer(*place)).push_bind(*sealed).push_bind(receipt);
        });
        let insert = "INSERT INTO contribution_receipt (disclosure, source, items, receipt) ";
        script.insert(insert, &self.contributions, "", |values, (row, receipt)| {
            values.push_bind(&row.disclosure).push_bind(row.source.as_str()).push_bind(row.items.join(" ")).push_bind(receipt);
        });
        script
    }
}

fn add_disclosures(script: &mut Script, rows: &[&DisclosureRow]) {
    let insert = "INSERT INTO disclosure (id, recipient, created, open_until, expires, revision, void_at, subject, organisations, recipients, facts, bundle, request,
                                          payload_class, idempotency_key, case_id) ";
    let made_anew = " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, void_at = excluded.void_at, subject = excluded.subject,
        organisations = excluded.organisations, recipients = excluded.recipients, facts = excluded.facts, request = excluded.request, payload_class = excluded.payload_class,
        bundle = excluded.bundle";
    script.insert(insert, rows, made_anew, |values, row| {
        let organisations = row.expected.organisations.iter().map(Oin::as_str).collect::<Vec<_>>().join(" ");
        let recipients = row.expected.recipients.iter().map(Oin::as_str).collect::<Vec<_>>().join(" ");
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
            .push_bind(recipients)
            .push_bind(row.expected.digest.as_slice())
            .push_bind(&row.bundle)
            .push_bind(row.request.as_slice())
            .push_bind(&row.payload_class)
            .push_bind(&row.idempotency_key)
            .push_bind(row.expected.case.as_ref().map(CaseId::as_str));
    });
}
