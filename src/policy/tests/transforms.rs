//! What the purposes keep, over records at random: nothing beyond the purpose file, no free text outside a summary, nothing that a secret address hides, and
//! every coarser form told by the finer.

use serde_json::{Map, Value, json};

use super::bundle;
use crate::catalogue::fields::{Field, How, fields};
use crate::catalogue::generated::Lcg;
use crate::catalogue::shape::Shape;
use crate::catalogue::{Category, Form, Secrecy, check_at_gateway, minimise_at_source};

const TODAY: &str = "2026-11-21";
const PROSE: &str = "VRIJE TEKST";
const HIDDEN: &str = "GEHEIME PLAATS";
const NUMBER: &str = "999990019";

/// Members of the exact record in which a professional writes what comes to mind.
const FREE: [&str; 9] = ["text", "plan", "situation", "effect", "help", "threats", "top3", "agreements", "treatment"];

fn leaf(path: &str) -> &str {
    path.rsplit(['.', ']']).next().unwrap_or(path)
}

/// A record at random in which free text, places and what no form knows are marked.
fn marked(random: &mut Lcg, category: Category) -> Value {
    let mut record = random.record(category);
    for field in fields(category, Form::Exact) {
        let mark = if FREE.contains(&leaf(field.path)) {
            PROSE
        } else if field.place {
            HIDDEN
        } else {
            continue;
        };
        let value = if field.shape == Shape::Texts { json!([mark]) } else { json!(mark) };
        put(&mut record, field.path, &value);
    }
    record["bsn"] = json!(NUMBER);
    record["reporter"] = json!(NUMBER);
    record
}

fn put(record: &mut Value, path: &str, value: &Value) {
    match (path.split_once("[]."), path.split_once('.')) {
        (Some((list, leaf)), _) => {
            for entry in record[list].as_array_mut().into_iter().flatten().filter(|entry| entry.is_object()) {
                entry[leaf] = value.clone();
            }
        }
        (None, Some((outer, leaf))) if record[outer].is_object() => record[outer][leaf] = value.clone(),
        (None, Some(_)) => {}
        (None, None) => record[path] = value.clone(),
    }
}

/// The paths of what stands in an output, as purpose files write them.
fn paths_in(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in data.as_object().into_iter().flatten() {
        match value {
            Value::Array(entries) if entries.iter().any(Value::is_object) => {
                let leaves = entries.iter().filter_map(Value::as_object).flat_map(Map::keys);
                found.extend(leaves.map(|leaf| format!("{name}[].{leaf}")));
            }
            Value::Object(inner) => found.extend(inner.keys().map(|leaf| format!("{name}.{leaf}"))),
            _ => found.push(name.clone()),
        }
    }
    found
}

#[test]
fn nothing_leaves_beyond_what_a_purpose_keeps() {
    let bundle = bundle();
    let mut random = Lcg::new(41);
    let (mut outputs, mut forms) = (0, std::collections::BTreeSet::new());
    for purpose in bundle.purposes() {
        for (category, form, kept) in purpose.transforms.iter() {
            forms.insert((category, form));
            for _ in 0..60 {
                let record = marked(&mut random, category);
                let secrecy = random.pick(&[Secrecy::Open, Secrecy::Hidden]);
                let data = minimise_at_source(category, form, &record, kept, secrecy, TODAY).expect("minimises");
                let data = check_at_gateway(category, form, &data, kept, secrecy).expect("passes");
                let context = format!("{} {category}/{form}: {data}", purpose.id);
                for path in paths_in(&data) {
                    let is_list = kept.iter().any(|kept| kept.starts_with(&format!("{path}[].")));
                    assert!(is_list || kept.contains(&path), "{context}: {path} is not kept");
                }
                let text = data.to_string();
                assert!(form == Form::Summary || !text.contains(PROSE), "{context}: free text");
                assert!(secrecy == Secrecy::Open || !text.contains(HIDDEN), "{context}: a secret place");
                assert!(!text.contains(NUMBER), "{context}: a number that no form has");
                outputs += 1;
            }
        }
    }
    assert!(outputs > 4000, "{outputs}");
    // Every category that can leave leaves in some form for some purpose.
    for category in Category::ALL.into_iter().filter(|category| ![Category::CitizenNumber, Category::Reporter].contains(category))
    {
        assert!(forms.iter().any(|(used, _)| *used == category), "{category}");
    }
}

/// Two records that read the same in the finer form of a purpose read the same in the coarser one: what was not kept of the first is made anew in the
/// second. What a source states beside its record, and whether it holds one at all, is not computed from the finer form.
#[test]
fn a_finer_form_tells_the_coarser() {
    let bundle = bundle();
    let mut random = Lcg::new(43);
    let mut compared = 0;
    for purpose in bundle.purposes() {
        for (category, form, kept) in purpose.transforms.iter().filter(|(_, form, _)| *form != Form::Exact) {
            let finer = purpose.transforms.paths(category, Form::Exact);
            if finer.is_empty() || form == Form::Summary {
                continue;
            }
            let told = |field: &&Field| kept.iter().any(|path| path == field.path);
            let computed = |field: &&Field| !matches!(field.how, How::Stated | How::Gateway) && !field.from.is_empty();
            let all: Vec<&Field> = fields(category, form).iter().filter(told).collect();
            let paths: Vec<String> =
                all.iter().copied().filter(|field| computed(field)).map(|field| field.path.to_owned()).collect();
            if paths.is_empty() {
                continue;
            }
            for _ in 0..60 {
                let record = random.record(category);
                let exact = minimise_at_source(category, Form::Exact, &record, finer, Secrecy::Open, TODAY).expect("minimises");
                let mut other = exact.clone();
                // Stated beside the record, where a source knows the municipality and not only the town.
                if let Some(municipality) = record.get("municipality") {
                    other["municipality"] = municipality.clone();
                }
                for unknown in ["unknown", "bsn", "note"] {
                    other[unknown] = json!(random.below(1000));
                }
                let there = |path: &&String| {
                    let from = all.iter().find(|field| field.path == **path).map_or("", |field| field.from);
                    exact.get(from.split(['.', '[']).next().unwrap_or(from)).is_some()
                };
                let paths: Vec<String> = paths.iter().filter(there).cloned().collect();
                if paths.is_empty() {
                    continue;
                }
                let direct = minimise_at_source(category, form, &record, &paths, Secrecy::Open, TODAY).expect("minimises");
                let through = minimise_at_source(category, form, &other, &paths, Secrecy::Open, TODAY).expect("minimises");
                assert!(direct == through, "{} {category}/{form}: {direct} is not told by {exact}", purpose.id);
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}
