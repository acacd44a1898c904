//! A counterexample cut to what matters: whatever can be left out of it, or made ordinary, while it still shows the same.

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, Schema};
use cedar_policy_symcc::Env;
use serde_json::{Map, Value, json};

use super::solver::ProofError;

/// The recipient and the source of an example: organisations that exist nowhere.
pub(super) const RECIPIENT: &str = "00000000000000000001";
pub(super) const SOURCE: &str = "00000000000000000002";

/// 1 January 2026, and a day: the moment of an example, and how long its consent and override run before and after.
const NOW: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;

/// The ids of the policies of a set that match a request.
pub(super) fn matching(found: &Env, policies: &PolicySet) -> Vec<String> {
    let response = Authorizer::new().is_authorized(&found.request, policies, &found.entities);
    let mut ids: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    ids.sort_unstable();
    ids
}

/// The request, simplified as long as `shows` says that it still shows what it shall.
pub(super) fn simplified(found: Env, schema: &Schema, shows: impl Fn(&Env) -> bool) -> Result<Env, ProofError> {
    let mut draft = Draft::of(&found)?;
    let mut simplest = found;
    for step in steps(&draft) {
        let mut tried = draft.clone();
        step(&mut tried);
        if let Some(request) = tried.request(schema).filter(|request| shows(request)) {
            (draft, simplest) = (tried, request);
        }
    }
    Ok(simplest)
}

/// A request as JSON.
#[derive(Clone)]
struct Draft {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    recipient: Map<String, Value>,
    item: Map<String, Value>,
    context: Map<String, Value>,
}

type Step = Box<dyn Fn(&mut Draft)>;

impl Draft {
    fn of(found: &Env) -> Result<Self, ProofError> {
        let uids = (found.request.principal(), found.request.action(), found.request.resource());
        let (Some(principal), Some(action), Some(resource)) = uids else {
            return Err(ProofError::because("the solver's counterexample is no request"));
        };
        let context = found.request.context().and_then(|context| context.to_json_value().ok());
        let object = |value: Option<Value>| match value {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        Ok(Self {
            recipient: object(attributes(found, principal)),
            item: object(attributes(found, resource)),
            context: object(context),
            principal: principal.clone(),
            action: action.clone(),
            resource: resource.clone(),
        })
    }

    /// The request, if the model knows such a one.
    fn request(&self, schema: &Schema) -> Option<Env> {
        let entity = |uid: &EntityUid, attrs: &Map<String, Value>| json!({"uid": {"type": uid.type_name().to_string(), "id": uid.id().unescaped()}, "attrs": attrs, "parents": []});
        let entities = json!([entity(&self.principal, &self.recipient), entity(&self.resource, &self.item)]);
        let entities = Entities::from_json_value(entities, Some(schema)).ok()?;
        let context = Value::Object(self.context.clone());
        let context = Context::from_json_value(context, Some((schema, &self.action))).ok()?;
        let (principal, action, resource) = (self.principal.clone(), self.action.clone(), self.resource.clone());
        let request = Request::new(principal, action, resource, context, Some(schema)).ok()?;
        Some(Env { request, entities })
    }

    fn part(&mut self, name: &str) -> Option<&mut Map<String, Value>> {
        self.context.get_mut(name)?.as_object_mut()
    }

    /// Puts the moment within the terms of consent and override.
    fn in_our_days(&mut self) {
        self.context.insert("now".to_owned(), json!(NOW));
        for name in ["consent", "override"] {
            if let Some(part) = self.part(name) {
                part.insert("validFrom".to_owned(), json!(NOW - DAY));
                part.insert("notAfter".to_owned(), json!(NOW + DAY));
            }
        }
    }

    /// Claims the form that is decided, in consent and override too.
    fn of_one_form(&mut self) {
        let form = json!({"__entity": {"type": "Sluis::Form", "id": self.action.id().unescaped()}});
        let claimed = self.context.insert("form".to_owned(), form.clone());
        for part in ["consent", "override"] {
            let forms = self.part(part).and_then(|part| part.get_mut("forms")).and_then(Value::as_array_mut);
            for one in forms.into_iter().flatten().filter(|one| Some(&**one) == claimed.as_ref()) {
                one.clone_from(&form);
            }
        }
    }

    /// Gives recipient and source a number, wherever they are meant.
    fn numbered(&mut self) {
        let old =
            |attributes: &Map<String, Value>, name| attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (recipient, source) = (old(&self.recipient, "oin"), old(&self.item, "source"));
        self.recipient.insert("oin".to_owned(), json!(RECIPIENT));
        self.item.insert("source".to_owned(), json!(SOURCE));
        for part in ["consent", "override", "case"] {
            let Some(part) = self.part(part) else { continue };
            for (name, value) in part.iter_mut() {
                match name.as_str() {
                    "recipients" | "attendees" | "director" => rename(value, &recipient, RECIPIENT),
                    "sources" | "source" => rename(value, &source, SOURCE),
                    _ => {}
                }
            }
        }
    }
}

pub(super) fn attributes(found: &Env, uid: &EntityUid) -> Option<Value> {
    found.entities.get(uid)?.to_json_value().ok()?.get("attrs").cloned()
}

fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(values) => values.iter_mut().for_each(|one| rename(one, from, to)),
        _ => {}
    }
}

/// What is tried, one after the other.
fn steps(draft: &Draft) -> Vec<Step> {
    let mut steps: Vec<Step> = vec![Box::new(Draft::numbered), Box::new(Draft::in_our_days)];
    steps.push(Box::new(Draft::of_one_form));
    steps.push(Box::new(|draft| {
        draft.context.extend(draft.recipient.get("kind").cloned().map(|kind| ("asker".to_owned(), kind)));
    }));
    for part in ["override", "consent", "case"] {
        steps.push(Box::new(move |draft| drop(draft.context.remove(part))));
    }
    for part in ["facts", "override", "consent", "case"] {
        let members = draft.context.get(part).and_then(Value::as_object).into_iter().flatten();
        for (name, value) in members {
            steps.push(without(part, name.clone()));
            steps.extend(plainer(name, value).map(|plain| with(part, name.clone(), plain)));
        }
    }
    steps
}

/// The value that tells least: an open case, nothing stated, nobody meant.
fn plainer(name: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(json!(name == "open")),
        Value::Array(_) => Some(json!([])),
        _ => None,
    }
}

fn without(part: &'static str, name: String) -> Step {
    Box::new(move |draft| drop(draft.part(part).and_then(|members| members.remove(&name))))
}

fn with(part: &'static str, name: String, value: Value) -> Step {
    Box::new(move |draft| drop(draft.part(part).and_then(|members| members.insert(name.clone(), value.clone()))))
}
