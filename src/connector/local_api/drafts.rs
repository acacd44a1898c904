//! Where in an inbox entry a professional's texts stand.

use serde_json::Value;

use crate::connector::inbox::Part;

/// Each text of a part that may be rewritten: its JSON Pointer and the text as drafted. Where nothing was drafted, the places at the top that
/// wait for one.
pub fn texts(part: &Part) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    walk(&part.data, &mut String::new(), &mut |pointer, name, text| {
        if part.drafts.iter().any(|draft| draft == name) {
            found.push((pointer.to_owned(), text));
        }
    });
    if found.is_empty() {
        found.extend(part.drafts.iter().map(|name| (format!("/{}", escaped(name)), "")));
    }
    found
}

fn walk<'v>(value: &'v Value, pointer: &mut String, visit: &mut dyn FnMut(&str, &str, &'v str)) {
    let length = pointer.len();
    let members: Vec<(String, &str, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (escaped(name), name.as_str(), member)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(place, element)| (place.to_string(), "", element)).collect(),
        _ => return,
    };
    for (step, name, member) in members {
        pointer.push('/');
        pointer.push_str(&step);
        match member {
            Value::String(text) => visit(pointer, name, text),
            other => walk(other, pointer, visit),
        }
        pointer.truncate(length);
    }
}

/// A name in a JSON Pointer (RFC 6901 §4).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
