//! An opened payload for the person who asked: items per source, what is missing, what must be done.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::Kit;

/// How organisations are called, by OIN.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// As the folders of a kit are called.
    pub fn of(kit: &Kit) -> Self {
        Self(kit.organisations().into_iter().map(|(slug, organisation)| (organisation.oin.to_string(), slug)).collect())
    }

    fn name(&self, source: &str) -> String {
        match self.0.get(source) {
            Some(name) => format!("{name} ({})", plain(source)),
            None => plain(source),
        }
    }
}

/// A payload, to be printed.
pub struct Readable<'a> {
    /// The payload.
    pub payload: &'a Value,
    /// How organisations are called.
    pub names: &'a Names,
}

impl fmt::Display for Readable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payload, names } = self;
        writeln!(f, "purpose      {}", text(member(payload, "purpose")))?;
        if let Some(case) = member(payload, "case").as_str() {
            writeln!(f, "case         {}", plain(case))?;
        }
        writeln!(f, "subject      {}", text(member(payload, "subject")))?;
        let items = list(payload, "items");
        writeln!(f, "items        {}", if items.is_empty() { "none".to_owned() } else { items.len().to_string() })?;
        for (source, items) in by_source(items) {
            writeln!(f, "\n{}", names.name(source))?;
            items.into_iter().try_for_each(|item| write_item(f, item))?;
        }
        self.write_absences(f)?;
        let obligations = member(payload, "obligations");
        let onward = if member(obligations, "onwardDisclosure") == true { "allowed" } else { "not allowed" };
        writeln!(f, "\nobligations  destroy by {}", text(member(obligations, "retainUntil")))?;
        writeln!(f, "             passing it on is {onward}")?;
        write!(f, "             tell the person by {}, or record why not", text(member(obligations, "notifySubjectBy")))
    }
}

impl Readable<'_> {
    fn write_absences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payload, names } = self;
        for (source, lines) in by_source(list(payload, "unavailable")) {
            let categories: Vec<_> = lines.into_iter().map(|line| text(member(line, "category"))).collect();
            writeln!(f, "\nunavailable  {}: {}", names.name(source), categories.join(", "))?;
        }
        for line in list(payload, "notPermitted") {
            writeln!(
                f,
                "notPermitted {} ({}: never, whoever it is about)",
                text(member(line, "category")),
                text(member(line, "reason"))
            )?;
        }
        for source in list(payload, "unreachable") {
            writeln!(f, "unreachable  {}: in poor health now, ask again later", names.name(source.as_str().unwrap_or_default()))?;
        }
        Ok(())
    }
}

/// A member; null where there is none.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn list<'a>(payload: &'a Value, name: &str) -> &'a [Value] {
    member(payload, name).as_array().map_or(&[], Vec::as_slice)
}

/// Lines with a `source`, by it, in order of first appearance.
fn by_source(lines: &[Value]) -> Vec<(&str, Vec<&Value>)> {
    let mut sources: Vec<(&str, Vec<&Value>)> = Vec::new();
    for line in lines {
        let source = member(line, "source").as_str().unwrap_or_default();
        match sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, lines)) => lines.push(line),
            None => sources.push((source, vec![line])),
        }
    }
    sources
}

fn write_item(f: &mut fmt::Formatter<'_>, item: &Value) -> fmt::Result {
    let [category, form, regime, recorded_at, nature] =
        ["category", "form", "regime", "recordedAt", "nature"].map(|name| text(member(item, name)));
    writeln!(f, "  {category} ({form}), {nature}, recorded {recorded_at}, {regime}")?;
    write_fields(f, member(item, "data"), &mut String::new())
}

/// One line per value that is not a container, by its path.
fn write_fields(f: &mut fmt::Formatter<'_>, value: &Value, path: &mut String) -> fmt::Result {
    let length = path.len();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(&plain(name));
                write_fields(f, member, path)?;
                path.truncate(length);
            }
        }
        Value::Array(elements) if elements.iter().any(|element| element.is_object() || element.is_array()) => {
            for (place, element) in elements.iter().enumerate() {
                path.extend(["[", &place.to_string(), "]"]);
                write_fields(f, element, path)?;
                path.truncate(length);
            }
        }
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(text).collect();
            writeln!(f, "    {path}: {}", elements.join(", "))?;
        }
        other => writeln!(f, "    {path}: {}", text(other))?,
    }
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Null => "-".to_owned(),
        other => plain(&other.to_string()),
    }
}

/// Text of others for a terminal: what would move the cursor, change colours or turn the direction of reading is written as its code.
pub fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().fold(String::with_capacity(text.len()), |mut plain, c| {
        if c.is_control() || turns(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_of_a_source_cannot_write_on_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\n\u{202e}c\u{9b}é"), "a\\u{1b}[2Jb\\u{a}\\u{202e}c\\u{9b}é");
    }

    #[test]
    fn what_is_given_and_what_is_not_stands_by_source() {
        let item = |source: &str| {
            json!({"source": source, "category": "identity", "form": "exact", "regime": "Wpg", "recordedAt": "2026-11", "nature": "fact",
                "data": {"name": {"family": "x"}, "letters": ["A1", "K1"], "list": [{"a": null}, {"a": true}]}})
        };
        let payload = json!({"purpose": "probation", "case": null, "subject": "p1_x", "items": [item("1"), item("2"), item("1")],
            "unavailable": [{"source": "2", "category": "measures"}, {"source": "2", "category": "address"}],
            "notPermitted": [{"category": "diagnosis", "reason": "not-permitted"}], "unreachable": ["2"],
            "obligations": {"retainUntil": "2027-01-01", "onwardDisclosure": false, "notifySubjectBy": "2026-12-01"}});
        let names = Names(BTreeMap::from([("1".to_owned(), "police".to_owned())]));
        let text = Readable { payload: &payload, names: &names }.to_string();
        let one = text.find("\npolice (1)\n").unwrap();
        let two = text.find("\n2\n").unwrap();
        assert!(one < two && text[one..two].matches("identity (exact), fact, recorded 2026-11, Wpg").count() == 2, "{text}");
        for line in ["name.family: x", "letters: A1, K1", "list[0].a: -", "list[1].a: true", "unavailable  2: measures, address"]
        {
            assert!(text.contains(line), "{line}\n{text}");
        }
        for line in ["notPermitted diagnosis", "unreachable  2", "destroy by 2027-01-01", "passing it on is not allowed"] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
