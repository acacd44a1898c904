//! The attributes of a Cedar schema, by Cedar's own reading of it.

use std::collections::BTreeSet;

use cedar_policy::SchemaFragment;
use serde_json::{Map, Value};

/// The attributes that are not among `known`, and those of `known` that are none.
pub(super) fn differences(schema: &str, known: &BTreeSet<&str>) -> (Vec<String>, Vec<String>) {
    let (fragment, _) = SchemaFragment::from_cedarschema_str(schema).expect("a schema");
    let json = fragment.to_json_value().expect("JSON");
    let mut found = BTreeSet::new();
    for namespace in json.as_object().expect("namespaces").values() {
        found.extend(attributes(namespace));
    }
    let lacking = found.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
    let unknown = known.iter().filter(|name| !found.contains(**name)).map(|name| (*name).to_owned()).collect();
    (lacking, unknown)
}

/// `Type.attribute` of all entities, of all records with a name, and of all contexts that are written out with their action.
fn attributes(namespace: &Value) -> BTreeSet<String> {
    let none = Map::new();
    let common = namespace["commonTypes"].as_object().unwrap_or(&none);
    let mut found = BTreeSet::new();
    for (name, record) in common {
        list(name, record, common, &mut found);
    }
    for (name, entity) in namespace["entityTypes"].as_object().unwrap_or(&none) {
        list(name, &entity["shape"], common, &mut found);
        assert!(entity.get("tags").is_none(), "{name} has tags: they need flips of their own");
    }
    for (name, action) in namespace["actions"].as_object().unwrap_or(&none) {
        list(name, &action["appliesTo"]["context"], common, &mut found);
        assert!(action.get("attributes").is_none_or(Value::is_null), "action {name} has attributes");
    }
    found
}

/// The attributes of a record. One that is a record itself stands for its own attributes, and if it may be absent also for that.
fn list(of: &str, record: &Value, common: &Map<String, Value>, found: &mut BTreeSet<String>) {
    let Some(attributes) = record["attributes"].as_object() else { return };
    for (name, attribute) in attributes {
        let path = format!("{of}.{name}");
        let named = attribute["name"].as_str().or(attribute["type"].as_str()).unwrap_or_default();
        let named = common.get(named.rsplit("::").next().unwrap_or_default());
        let record = [named, Some(attribute)].into_iter().flatten().any(|one| one["attributes"].is_object());
        let optional = attribute["required"] == Value::Bool(false);
        list(&path, attribute, common, found);
        if !record || optional {
            found.insert(path);
        }
    }
}
