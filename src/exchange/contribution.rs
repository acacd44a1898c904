//! What each source gave to a delivery: how the log names it, and the source's own entry with its receipt.

use std::collections::BTreeMap;

use super::minimise::MinimalItem;
use super::plan::Plan;
use super::seal::SealedParts;
use super::{Gateway, Stopped, entries};
use crate::ledger::entry::{EntryKind, Item, Outcome};
use crate::ledger::statement::Statement;
use crate::organisation::Oin;
use crate::source::digest::items_digest;
use crate::source::{ItemFacts, SourceItem};
use crate::store::{Change, ContributionRow, EntryRow, Receipting};

/// What was given: field names and facts, never values.
pub(super) fn given(plan: &Plan, item: &MinimalItem) -> Item {
    let permitted = &item.permitted;
    let mut line = entries::item(&permitted.cell, plan);
    line.given = Some(permitted.form);
    line.fields = plan.purpose.transforms.paths(permitted.item.category, permitted.form).iter().cloned().collect();
    line.records = 1;
    line.regime = Some(permitted.item.regime.clone());
    line.facts = facts(&permitted.item.facts);
    if let Some(considered) = &mut line.considered {
        considered.permitted = [permitted.form].into();
    }
    line
}

/// What the source stated, by its name on the wire.
pub(super) fn facts(stated: &ItemFacts) -> BTreeMap<String, String> {
    let ItemFacts {
        wpg_article,
        decision_id,
        decision_article,
        mandate_id,
        court_order_id,
        professional,
        meldcode_steps,
        test51c,
        restraining_order,
        under_restraining_order,
        secret_address,
        severity,
        subject_age,
        withheld_by_source,
    } = stated;
    let texts = [
        ("wpgArticle", wpg_article),
        ("decisionId", decision_id),
        ("decisionArticle", decision_article),
        ("mandateId", mandate_id),
        ("courtOrderId", court_order_id),
        ("professional", professional),
    ];
    let flags = [
        ("meldcodeSteps", meldcode_steps),
        ("test51c", test51c),
        ("restrainingOrder", restraining_order),
        ("underRestrainingOrder", under_restraining_order),
        ("secretAddress", secret_address),
        ("severity", severity),
        ("withheldBySource", withheld_by_source),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
    let flags = flags.into_iter().filter_map(|(name, flag)| Some((name, (*flag)?.to_string())));
    let age = subject_age.map(|age| ("subjectAge", age.to_string()));
    texts.chain(flags).chain(age).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Each source that gave something, with what it gave, in order.
pub(super) fn by_source(items: &[MinimalItem]) -> BTreeMap<Oin, Vec<&MinimalItem>> {
    let mut sources: BTreeMap<Oin, Vec<&MinimalItem>> = BTreeMap::new();
    for item in items {
        sources.entry(item.permitted.cell.source.organisation.oin.clone()).or_default().push(item);
    }
    sources
}

/// The source's side: its own entry, with its own key, term and receipt.
pub(super) fn contribution(
    gateway: &Gateway,
    parts: &SealedParts,
    source: &Oin,
    items: &[&MinimalItem],
    place: usize,
) -> Result<(EntryRow, Change), Stopped> {
    let SealedParts { matter, plan, .. } = parts;
    let sent: Vec<&SourceItem> = items.iter().map(|item| &item.permitted.item).collect();
    let call = matter.calls.get(source).copied().ok_or_else(|| Stopped::internal("an item without a call"))?;
    let statement = Statement::from_digests(matter.id, source.clone(), items_digest(&sent), call);
    let mut body = entries::body(gateway, matter, plan, EntryKind::Contribution)?;
    body.party = source.clone();
    body.disclosing = Some(source.clone());
    body.statement = Some(statement.to_string());
    body.items = items.iter().map(|item| given(plan, item)).collect();
    body.overrides = entries::overrides(plan, &body.items);
    let mut clear = entries::clear(gateway, matter, plan, EntryKind::Contribution, Outcome::Given);
    clear.party = source.clone();
    clear.source = Some(source.clone());
    clear.categories = sent.iter().map(|item| item.category).collect();
    clear.overridden = !body.overrides.is_empty();
    clear.subject = Some(gateway.journal.subject_token(source, &plan.subject));
    clear.actor = Some(gateway.journal.actor_token(source, &matter.request.actor.reference));
    clear.case = matter.request.case.as_ref().map(|case| gateway.journal.case_token(source, case));
    let written = gateway.journal.write(clear, body, Some(&statement), plan.purpose.retention.log_years)?;
    let change = Change::ContributionReceipt(ContributionRow {
        disclosure: matter.id.to_string(),
        source: source.clone(),
        items: sent.iter().map(|item| item.id.clone()).collect(),
        receipt: Receipting { entry: place, party_key: written.party_key },
    });
    Ok((written.row, change))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Broken on purpose to see it fail: a name other than on the wire.
    #[test]
    fn the_log_names_facts_as_the_source_does() {
        let stated = json!({"wpgArticle": "8", "decisionId": "d", "decisionArticle": "20", "mandateId": "m", "courtOrderId": "c", "professional": "p",
            "meldcodeSteps": true, "test51c": false, "restrainingOrder": true, "underRestrainingOrder": true, "secretAddress": true, "severity": false, "subjectAge": 9, "withheldBySource": false});
        let item: SourceItem =
            serde_json::from_value(json!({"id": "a", "category": "measures", "form": "signal", "regime": "wpg",
            "recordedAt": "2026-11-01", "nature": "fact", "facts": stated, "data": {}}))
            .expect("an item");
        let expected = stated.as_object().expect("members").iter();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(facts(&item.facts), expected.map(|(name, value)| (name.clone(), text(value))).collect());
        assert_eq!(facts(&ItemFacts::default()), BTreeMap::new());
    }
}
