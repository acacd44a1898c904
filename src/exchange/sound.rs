//! What is looked at before an item of a source is judged at all: what goes into the log, the registers and the queries beside its data must be
//! small and of its form, so that no source can fill them, break another's answer, or leave traces of a person there.

use std::collections::BTreeSet;

use crate::catalogue::shape::MAX_LIST;
use crate::crypto::base64;
use crate::source::SourceItem;

/// The longest reference among an item's facts, in bytes.
const MAX_REFERENCE: usize = 200;

/// The most different persons in one answer from whom someone is protected. Each is looked for in the registers, with every delivery; a household
/// and those it fears are a few dozen.
const MOST_PROTECTORS: usize = 64;

/// Whether an answer names no more persons than a household has to fear.
pub(super) fn protects_from_few(items: &[SourceItem]) -> bool {
    let named = items.iter().flat_map(|item| &item.persons).flat_map(|person| &person.protected_from);
    let different: BTreeSet<_> = named.map(|subject| (&subject.scheme, &subject.value)).collect();
    different.len() <= MOST_PROTECTORS
}

/// Whether the item's id, facts and persons are what the source protocol says.
pub(super) fn is_sound(item: &SourceItem) -> bool {
    // The id is kept in the clear until the source has its receipt: it can be nothing but 128 random bits.
    let random_id = base64::decode_url_array::<16>(&item.id).is_ok();
    let facts = &item.facts;
    let references = [
        &facts.wpg_article,
        &facts.decision_id,
        &facts.decision_article,
        &facts.mandate_id,
        &facts.court_order_id,
        &facts.professional,
    ];
    let short = references.into_iter().flatten().all(|reference| reference.len() <= MAX_REFERENCE);
    let protectors: usize = item.persons.iter().map(|person| person.protected_from.len()).sum();
    random_id && short && item.persons.len() <= MAX_LIST && protectors <= MAX_LIST
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn item(member: &str, value: &Value) -> SourceItem {
        let mut item = json!({"id": "AAAAAAAAAAAAAAAAAAAAAA", "category": "measures", "form": "signal", "regime": "wpg",
            "recordedAt": "2026-11-01", "nature": "fact", "data": {"any": "yes"}});
        item[member] = value.clone();
        serde_json::from_value(item).expect("an item")
    }

    #[test]
    fn an_answer_names_as_many_persons_as_a_household_has_to_fear() {
        let of = |from: usize, until: usize| {
            let named: Vec<_> = (from..until).map(|one| json!({"scheme": "local", "value": one.to_string()})).collect();
            item("persons", &json!([{"letter": "A1", "ageBand": "25-34", "identifier": null, "protectedFrom": named}]))
        };
        assert!(protects_from_few(&[of(0, MOST_PROTECTORS), of(0, MOST_PROTECTORS)]), "the same ones");
        assert!(!protects_from_few(&[of(0, MOST_PROTECTORS), of(1, MOST_PROTECTORS + 1)]));
    }

    #[test]
    fn an_item_is_small_and_of_its_form() {
        assert!(is_sound(&item("facts", &json!({"wpgArticle": "8", "professional": "pol-17"}))));
        for id in ["", "999990019", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAA AAAAAAAAAA"] {
            assert!(!is_sound(&item("id", &json!(id))), "{id}");
        }
        assert!(!is_sound(&item("facts", &json!({"professional": "x".repeat(MAX_REFERENCE + 1)}))));
        let person = |protectors: usize| {
            json!({"letter": "A1", "ageBand": "25-34", "identifier": null,
            "protectedFrom": vec![json!({"scheme": "local", "value": "1"}); protectors]})
        };
        assert!(is_sound(&item("persons", &json!([person(MAX_LIST)]))));
        assert!(!is_sound(&item("persons", &json!([person(MAX_LIST), person(1)]))));
        assert!(!is_sound(&item("persons", &json!(vec![person(0); MAX_LIST + 1]))));
    }
}
