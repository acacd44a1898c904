//! Decisions as the log holds them, made into questions again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::ledger::entry::{Body, Considered, Item};
use crate::organisation::Kind;
use crate::policy::{Facts, Party, Question};
use crate::source::ItemFacts;

/// The question that the policies were asked about an item; `None` when they were not asked, or when the entry was written before entries held it.
pub fn question(body: &Body, item: &Item) -> Option<(Question, Considered)> {
    let considered = item.considered.clone()?;
    let given = &body.decision.as_ref()?.facts;
    let recipient = Party { oin: body.receiving.clone()?, kind: Kind::from_code(given.get("recipientKind")?)? };
    let consent = match &considered.consent {
        Some(one) => Some(Arc::new(read(given.get(&format!("consent {} {}", one.id, one.version))?)?)),
        None => None,
    };
    let derogation = match &considered.derogation {
        Some(id) => Some(Arc::new(read(given.get(&format!("override {id}"))?)?)),
        None => None,
    };
    let case = match given.get("case") {
        Some(text) => Some(Arc::new(read(text)?)),
        None => None,
    };
    let question = Question {
        purpose: body.purpose.clone()?,
        recipient,
        asker: Kind::from_code(given.get("askerKind")?)?,
        source: Party { oin: item.source.clone(), kind: considered.source_kind },
        category: item.category,
        finest: considered.finest,
        now: considered.at,
        consent,
        derogation,
        case,
        facts: if considered.stated { Some(stated(&item.facts, considered.protected_from_recipient)?) } else { None },
    };
    Some((question, considered))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// What the source stated, by its names on the wire.
fn stated(facts: &BTreeMap<String, String>, protected_from_recipient: bool) -> Option<Facts> {
    const TEXTS: [&str; 6] = ["courtOrderId", "decisionArticle", "decisionId", "mandateId", "professional", "wpgArticle"];
    let mut members = Map::new();
    for (name, text) in facts {
        let value = if TEXTS.contains(&name.as_str()) { Value::String(text.clone()) } else { read(text)? };
        members.insert(name.clone(), value);
    }
    let facts: ItemFacts = serde_json::from_value(Value::Object(members)).ok()?;
    Some(facts.for_policy(protected_from_recipient))
}
