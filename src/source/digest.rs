//! Digests of what a source gave, computed alike by the source and the gateway, so that the source can verify its receipt.
//!
//! *Payload digest* of a contribution = SHA-256 over the concatenation of SHA-256(JCS(item)) of each delivered item, in the order of the
//! receipt's item ids. JCS is RFC 8785; an item is a [`SourceItem`] as it is serialised here, its random id included, which makes the digest
//! unguessable.

use std::cmp::Ordering;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Number, Value};

use super::SourceItem;

/// The payload digest of the delivered items: SHA-256 over the concatenated [`item_digest`]s.
pub fn items_digest(items: &[&SourceItem]) -> [u8; 32] {
    let digests: Vec<[u8; 32]> = items.iter().map(|item| item_digest(item)).collect();
    combined_digest(&digests)
}

/// SHA-256 over the canonical JSON of one item.
pub fn item_digest(item: &SourceItem) -> [u8; 32] {
    // Written as it stands, without a value of the whole: the members of these structures are declared in canonical order.
    let SourceItem { id, category, form, regime, recorded_at, nature, facts, persons, data } = item;
    let mut text = Vec::with_capacity(2048);
    text.push(b'{');
    member(&mut text, "category", category);
    text.extend_from_slice(b",\"data\":");
    write_value(&mut text, data);
    text.push(b',');
    member(&mut text, "facts", facts);
    text.push(b',');
    member(&mut text, "form", form);
    text.push(b',');
    member(&mut text, "id", id);
    text.push(b',');
    member(&mut text, "nature", nature);
    text.push(b',');
    member(&mut text, "persons", persons);
    text.push(b',');
    member(&mut text, "recordedAt", recorded_at);
    text.push(b',');
    member(&mut text, "regime", regime);
    text.push(b'}');
    sha256(&text)
}

fn member(text: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    text.push(b'"');
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    let written = serde_json::to_writer(text, value);
    debug_assert!(written.is_ok(), "strings, flags and small numbers are always JSON");
}

/// The payload digest from per-item digests that were kept instead of the items.
pub fn combined_digest(item_digests: &[[u8; 32]]) -> [u8; 32] {
    sha256(&item_digests.concat())
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut result = [0; 32];
    result.copy_from_slice(digest(&SHA256, bytes).as_ref());
    result
}

/// The canonical JSON (JCS, RFC 8785) of `value`, UTF-8. A value that JSON cannot hold (a map whose keys are no strings) is written as
/// `null`; none of this crate's wire messages has one.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = Vec::new();
    write_value(&mut text, &value);
    text
}

fn write_value(text: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        Value::Bool(yes) => text.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::String(string) => write_string(text, string),
        Value::Number(number) => write_number(text, number),
        Value::Array(elements) => {
            text.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                separate(text, index);
                write_value(text, element);
            }
            text.push(b']');
        }
        Value::Object(members) => write_members(text, members.iter().map(|(name, value)| (name.as_str(), value)).collect()),
    }
}

fn write_members(text: &mut Vec<u8>, mut members: Vec<(&str, &Value)>) {
    members.sort_by(|(left, _), (right, _)| utf16_order(left, right));
    text.push(b'{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        separate(text, index);
        write_string(text, name);
        text.push(b':');
        write_value(text, value);
    }
    text.push(b'}');
}

/// `serde_json` escapes what RFC 8785 §3.2.2.2 wants escaped, in the same way, and nothing else.
fn write_string(text: &mut Vec<u8>, string: &str) {
    let written = serde_json::to_writer(text, string);
    debug_assert!(written.is_ok(), "a vector takes every byte");
}

fn separate(text: &mut Vec<u8>, index: usize) {
    if index > 0 {
        text.push(b',');
    }
}

/// RFC 8785 §3.2.3: names are sorted by their UTF-16 code units, which differs from UTF-8 order above U+FFFF.
fn utf16_order(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() { left.cmp(right) } else { left.encode_utf16().cmp(right.encode_utf16()) }
}

/// The whole numbers that a double holds exactly and ECMAScript writes without an exponent.
const EXACT: i64 = 1 << 53;

/// RFC 8785 §3.2.2.3: every number is an IEEE 754 double, written as ECMAScript's `Number::toString` does.
fn write_number(text: &mut Vec<u8>, number: &Number) {
    match number.as_i64() {
        Some(whole) if (-EXACT..=EXACT).contains(&whole) => text.extend_from_slice(whole.to_string().as_bytes()),
        _ => text.extend_from_slice(ecmascript(number.as_f64().unwrap_or(0.0)).as_bytes()),
    }
}

fn ecmascript(double: f64) -> String {
    if double == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or(0).saturating_add(1);
    let sign = if double < 0.0 { "-" } else { "" };
    format!("{sign}{}", positional(&digits, point))
}

/// Places the decimal point `point` digits from the left of `digits` (both from the shortest round-trip form).
fn positional(digits: &str, point: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |number: i32| "0".repeat(usize::try_from(number).unwrap_or(0));
    if count <= point && point <= 21 {
        return format!("{digits}{}", zeros(point.saturating_sub(count)));
    }
    if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        return format!("{whole}.{fraction}");
    }
    if -6 < point && point <= 0 {
        return format!("0.{}{digits}", zeros(point.saturating_neg()));
    }
    let (first, rest) = digits.split_at(1);
    let fraction = if rest.is_empty() { String::new() } else { format!(".{rest}") };
    format!("{first}{fraction}e{:+}", point.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn canonical(value: &Value) -> String {
        String::from_utf8(canonical_json(value)).unwrap()
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        // RFC 8785 appendix B, and the example of §3.2.2.
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (-5e-324, "-5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (295_147_905_179_352_830_000.0, "295147905179352830000"),
            (9.999_999_999_999_997e22, "9.999999999999997e+22"),
            (1e23, "1e+23"),
            (1e21, "1e+21"),
            (999_999_999_999_999_900_000.0, "999999999999999900000"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (-0.000_003_333_333_333_333_333_3, "-0.0000033333333333333333"),
            (4.50, "4.5"),
            (2e-3, "0.002"),
        ] {
            assert_eq!(canonical(&json!(number)), expected);
        }
        assert_eq!(canonical(&json!(-42)), "-42");
        assert_eq!(canonical(&json!(1.0)), canonical(&json!(1)));
    }

    #[test]
    fn members_are_sorted_by_utf16() {
        // RFC 8785 §3.2.3.
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        assert_eq!(canonical(&value), expected);
    }

    #[test]
    fn order_and_content_change_the_payload_digest() {
        let item = |id: &str| -> SourceItem {
            serde_json::from_value(json!({"id": id, "category": "measures", "form": "signal", "regime": "wpg",
                "recordedAt": "2026-11-01", "nature": "fact", "data": {"any": "yes"}}))
            .unwrap()
        };
        let (first, second) = (item("a"), item("b"));
        assert_ne!(items_digest(&[&first, &second]), items_digest(&[&second, &first]));
        assert_ne!(items_digest(&[&first]), items_digest(&[&second]));
        assert_eq!(items_digest(&[&first]), combined_digest(&[item_digest(&first)]));
    }

    /// Broken on purpose to see it fail: two members of `ItemFacts` the other way round.
    #[test]
    fn an_items_digest_is_that_of_its_canonical_json() {
        let item: SourceItem =
            serde_json::from_value(json!({"id": "a", "category": "measures", "form": "exact", "regime": "wpg",
            "recordedAt": "2026-11-01", "nature": "hypothesis", "facts": {"wpgArticle": "8", "decisionId": "d", "decisionArticle": "20", "mandateId": "m",
            "courtOrderId": "c", "professional": "p", "meldcodeSteps": true, "test51c": false, "restrainingOrder": true, "underRestrainingOrder": true, "secretAddress": true, "severity": true,
            "subjectAge": 9},
            "persons": [{"letter": "A1", "ageBand": "25-34", "identifier": {"scheme": "bsn", "value": "999990019"},
            "protectedFrom": [{"scheme": "v-number", "value": "1"}]}],
            "data": {"z": [1, 2.5, -7, {"\u{20ac}": null, "b": true}], "a": "\u{1}\"\\ \u{e9}"}}))
            .unwrap();
        assert_eq!(item_digest(&item), sha256(&canonical_json(&item)));
    }
}
