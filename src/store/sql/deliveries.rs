//! What accepted appends write beside the log: disclosures to be picked up, their deliveries, receipts for the sources. Written when the entries
//! have their numbers, in the order of the appends.

use super::connection::Connection;
use super::script::{Insert, Script};
use super::statement::Value;
use super::{disclosures, integer};
use crate::case_room::CaseId;
use crate::organisation::Oin;
use crate::store::{Append, Change, Committed, ContributionRow, DisclosureRow, Receipting, StoreError};

/// Adds them to `script`, and gives it back; what must be written before something is destroyed is written already.
pub(super) async fn add<'a>(
    connection: &mut Connection,
    mut script: Script,
    accepted: impl Iterator<Item = (&'a Append, &'a Committed)>,
) -> Result<Script, StoreError> {
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
                    std::mem::take(&mut rows).add_to(&mut script);
                    std::mem::take(&mut script).run(connection).await?;
                    disclosures::destroy_deliveries(connection, disclosure, stay).await?;
                }
                _ => {}
            }
        }
    }
    rows.add_to(&mut script);
    Ok(script)
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
    fn add_to(self, script: &mut Script) {
        let disclosures = self.disclosures.into_iter().map(disclosure).collect();
        script.insert(DISCLOSURES, disclosures);
        let deliveries = self.deliveries.into_iter().map(|(disclosure, place, sealed, receipt)| {
            vec![disclosure.into(), integer(place).into(), sealed.into(), receipt.into()]
        });
        script.insert(DELIVERIES, deliveries.collect());
        let contributions = self.contributions.into_iter().map(|(row, receipt)| {
            vec![(&row.disclosure).into(), row.source.as_str().into(), row.items.join(" ").into(), receipt.into()]
        });
        script.insert(CONTRIBUTIONS, contributions.collect());
    }
}

const DISCLOSURES: Insert = Insert {
    table: "INSERT INTO disclosure (id, recipient, created, open_until, expires, revision, void_at, subject, organisations, recipients, facts, bundle,
                                    request, payload_class, idempotency_key, case_id)",
    tail: " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, void_at = excluded.void_at, subject = excluded.subject,
        organisations = excluded.organisations, recipients = excluded.recipients, facts = excluded.facts, request = excluded.request,
        payload_class = excluded.payload_class, bundle = excluded.bundle",
};

const DELIVERIES: Insert = Insert { table: "INSERT INTO delivery (disclosure, seq, sealed, receipt)", tail: "" };

const CONTRIBUTIONS: Insert = Insert { table: "INSERT INTO contribution_receipt (disclosure, source, items, receipt)", tail: "" };

fn disclosure(row: &DisclosureRow) -> Vec<Value> {
    let oins = |oins: &mut dyn Iterator<Item = &Oin>| oins.map(Oin::as_str).collect::<Vec<_>>().join(" ");
    let expected = &row.expected;
    vec![
        (&row.id).into(),
        row.recipient.as_str().into(),
        row.created.millis().into(),
        row.open_until.millis().into(),
        row.expires.millis().into(),
        expected.revision.0.into(),
        expected.void_at.millis().into(),
        expected.subject.map(|subject| subject.0.to_vec()).into(),
        oins(&mut expected.organisations.iter()).into(),
        oins(&mut expected.recipients.iter()).into(),
        expected.digest.into(),
        (&row.bundle).into(),
        row.request.as_slice().into(),
        (&row.payload_class).into(),
        row.idempotency_key.clone().into(),
        expected.case.as_ref().map(CaseId::as_str).into(),
    ]
}
