//! Where in an inbox entry a professional's texts stand.

use serde_json::Value;

use crate::catalogue::minimise::prose_paths;
use crate::catalogue::{Category, Form};
use crate::connector::inbox::Part;

/// Each place of a part that may be rewritten: its JSON Pointer, and the text as drafted, empty where nothing was.
pub fn texts(part: &Part, category: Category) -> Vec<(String, &str)> {
    let paths = prose_paths(category, Form::Summary).into_iter();
    let editable = paths.filter(|path| part.drafts.iter().any(|draft| path.rsplit('.').next() == Some(draft)));
    editable.flat_map(|path| places(path, &part.data)).collect()
}

/// The places of a path, `name` or `list[].name`, in the data.
fn places<'v>(path: &str, data: &'v Value) -> Vec<(String, &'v str)> {
    let text = |value: Option<&'v Value>| value.and_then(Value::as_str).unwrap_or_default();
    let Some((list, leaf)) = path.split_once("[].") else { return vec![(format!("/{path}"), text(data.get(path)))] };
    let entries = data.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter().enumerate();
    entries.map(|(place, entry)| (format!("/{list}/{place}/{leaf}"), text(entry.get(leaf)))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connector::inbox::{Edit, apply_edits};

    fn part(data: &Value) -> Part {
        serde_json::from_value(json!({"regime": "wpg", "recordedAt": "2026-01-01", "nature": "fact", "facts": {}, "persons": [],
            "drafts": ["summary"], "data": data}))
        .unwrap()
    }

    /// Every place that is named takes a text.
    #[test]
    fn places_are_those_that_can_be_edited() {
        let incidents = part(&json!({"incidents": [{"kind": "threat"}, {"kind": "threat", "summary": "x"}]}));
        let found = texts(&incidents, Category::IncidentReports);
        assert_eq!(found, [("/incidents/0/summary".to_owned(), ""), ("/incidents/1/summary".to_owned(), "x")]);
        let diagnosis = part(&json!({}));
        assert_eq!(texts(&diagnosis, Category::Diagnosis), [("/summary".to_owned(), "")]);
        for (part, category) in [(&incidents, Category::IncidentReports), (&diagnosis, Category::Diagnosis)] {
            for (field, _) in texts(part, category) {
                let edit = Edit { part: 0, field, text: "new".to_owned() };
                assert!(apply_edits(vec![part.clone()], &[edit]).is_ok());
            }
        }
        assert!(texts(&part(&json!({})), Category::Identity).is_empty());
    }
}
