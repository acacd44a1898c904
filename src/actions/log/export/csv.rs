//! Comma-separated values (RFC 4180) for a spreadsheet: every cell quoted, none of them a formula.

use std::collections::BTreeSet;

use super::{Exported, token};
use crate::ledger::entry::{Body, Item};

/// The columns, in their order.
const COLUMNS: [&str; 26] = [
    "index",
    "time",
    "kind",
    "outcome",
    "party",
    "source",
    "recipient",
    "purpose",
    "categories",
    "overridden",
    "subjectToken",
    "actorToken",
    "caseToken",
    "trace",
    "heldBack",
    "erased",
    "disclosure",
    "actor",
    "role",
    "onBehalfOf",
    "legalBasis",
    "policyBundle",
    "policies",
    "given",
    "consents",
    "overrides",
];

/// The record of column names.
pub fn columns() -> Vec<u8> {
    let mut bytes = Vec::new();
    record(COLUMNS, &mut bytes);
    bytes
}

pub(super) fn write(entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
    let (line, clear) = (entry.line, &entry.line.clear);
    let text = |text: Option<String>| text.unwrap_or_default();
    let clear_cells = [
        line.index.to_string(),
        clear.time.to_string(),
        clear.kind.to_string(),
        clear.outcome.to_string(),
        clear.party.to_string(),
        text(clear.source.as_ref().map(ToString::to_string)),
        text(clear.recipient.as_ref().map(ToString::to_string)),
        text(clear.purpose.as_ref().map(ToString::to_string)),
        joined(clear.categories.iter().map(|category| category.code().to_owned())),
        clear.overridden.to_string(),
        text(clear.subject.as_ref().map(token)),
        text(clear.actor.as_ref().map(token)),
        text(clear.case.as_ref().map(token)),
        clear.trace.to_string(),
        entry.held_back.to_string(),
        line.body.is_none().to_string(),
    ];
    record(clear_cells.into_iter().chain(line.body.as_ref().map(sealed_cells).into_iter().flatten()), out);
    1
}

fn sealed_cells(body: &Body) -> [String; 10] {
    let actor = body.actor.as_ref();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let decision = body.decision.as_ref();
    let consents: BTreeSet<String> =
        body.items.iter().filter_map(|item| item.consent.as_ref()).map(|one| format!("{}/{}", one.id, one.version)).collect();
    [
        text(body.disclosure.as_ref()),
        text(actor.map(|actor| &actor.reference)),
        text(actor.and_then(|actor| actor.role.as_ref())),
        text(actor.and_then(|actor| actor.on_behalf_of.as_ref())),
        joined(body.basis.iter().flat_map(|basis| basis.legal.iter().cloned())),
        text(decision.map(|decision| &decision.bundle)),
        joined(decision.into_iter().flat_map(|decision| decision.policies.iter().map(ToString::to_string))),
        joined(body.items.iter().filter_map(given)),
        joined(consents.into_iter()),
        joined(body.overrides.iter().map(|one| one.id.clone())),
    ]
}

fn given(item: &Item) -> Option<String> {
    let form = item.given?;
    Some(format!("{}/{}/{form}", item.source, item.category))
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

/// One record of as many cells as there are columns; those that are not given are empty.
pub(super) fn record(cells: impl IntoIterator<Item = impl AsRef<str>>, out: &mut Vec<u8>) {
    let mut cells = cells.into_iter();
    for number in 0..COLUMNS.len() {
        if number > 0 {
            out.push(b',');
        }
        out.push(b'"');
        if let Some(text) = cells.next() {
            let text = text.as_ref();
            if is_formula(text) {
                out.push(b'\'');
            }
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        }
        out.push(b'"');
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether a spreadsheet could take the text for a formula or for cells of its own: `=`, `+`, `-` and `@` (in full width too) at the beginning or behind
/// spaces, or a tab or the end of a line among those.
fn is_formula(text: &str) -> bool {
    for character in text.chars() {
        match character {
            '\t' | '\r' | '\n' | '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' => return true,
            '\u{200b}' | '\u{feff}' => {}
            character if character.is_whitespace() || character.is_control() => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: only the first character is looked at.
    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "\u{a0}=1", "  \t", "\u{feff}=1", "＝1", "\0=1", "\n=1"] {
            assert!(is_formula(text), "{text:?}");
        }
        for text in ["", "a=1", "2026-11-22", " a -b", "00000099000000001000", "'=1"] {
            assert!(!is_formula(text), "{text:?}");
        }
        let mut bytes = Vec::new();
        record(["=cmd|' /C calc'!A0", "a \"b\", c"], &mut bytes);
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.starts_with("\"'=cmd|' /C calc'!A0\",\"a \"\"b\"\", c\",\"\","), "{text}");
        assert!(text.ends_with("\"\"\r\n"));
    }
}
