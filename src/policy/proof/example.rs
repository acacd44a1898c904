//! A request that the solver found, told so that a lawyer can read it.

use std::fmt;

use cedar_policy::EntityUid;
use cedar_policy_symcc::Env;
use serde_json::Value;

use super::sets::Sets;
use super::simpler::{RECIPIENT, SOURCE, attributes, matching, simplified};
use super::solver::ProofError;
use crate::catalogue::Form;
use crate::clock::Timestamp;
use crate::policy::bundle::Bundle;

/// A concrete request, with the permits that permit it and the guards that stop it. It is about nobody: the solver made it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// In which form.
    pub form: Form,
    /// The request in one sentence.
    pub sentence: String,
    /// Name and value: who receives, from whom, which category, for which purpose, and under which circumstances.
    pub lines: Vec<(String, String)>,
    /// The permits, each with its id, place, law and why.
    pub permitted_by: Vec<String>,
    /// The guards, likewise.
    pub stopped_by: Vec<String>,
}

impl Example {
    /// The request, made as simple as `shows` allows, and what the rules of `bundle` make of it.
    pub(super) fn of(found: Env, sets: &Sets, bundle: &Bundle, shows: impl Fn(&Env) -> bool) -> Result<Self, ProofError> {
        if !shows(&found) {
            return Err(ProofError::because("the rules decide the solver's counterexample otherwise than the solver"));
        }
        let found = simplified(found, bundle.engine.schema(), shows)?;
        let action = found.request.action().map(|action| action.id().unescaped().to_owned()).unwrap_or_default();
        let form = Form::from_code(&action).ok_or_else(|| ProofError::Undecided(format!("`{action}` is no form")))?;
        let of = |uid: Option<&EntityUid>| uid.and_then(|uid| attributes(&found, uid)).unwrap_or_default();
        let (recipient, item) = (of(found.request.principal()), of(found.request.resource()));
        let context = found.request.context().and_then(|context| context.to_json_value().ok()).unwrap_or_default();
        let mut lines = vec![("form".to_owned(), form.to_string())];
        for (role, entity) in [("recipient", &recipient), ("item", &item)] {
            lines.extend(members(entity).map(|(name, value)| (format!("{role}, {name}"), plain(name, value))));
        }
        for (name, value) in members(&context).filter(|(name, value)| *name != "form" || plain(name, value) != form.code()) {
            lines.extend(circumstance(name, value));
        }
        for absent in ["consent", "override", "case"].into_iter().filter(|name| context.get(name).is_none()) {
            lines.push((absent.to_owned(), "none".to_owned()));
        }
        let by = |policies| matching(&found, policies).iter().map(|id| by(bundle, id)).collect();
        Ok(Self {
            form,
            sentence: sentence(&recipient, &item, &context, form),
            lines,
            permitted_by: by(&sets.permits),
            stopped_by: by(&sets.guards),
        })
    }
}

fn sentence(recipient: &Value, item: &Value, context: &Value, form: Form) -> String {
    let of = |value: &Value, name: &str| value.get(name).map_or_else(|| "?".to_owned(), |value| plain(name, value));
    let (kind, asker) = (of(recipient, "kind"), of(context, "asker"));
    let who = if kind == asker { kind } else { format!("{kind} (asked for by {asker})") };
    let (category, source, purpose) = (of(item, "category"), of(item, "sourceKind"), of(context, "purpose"));
    format!("{who} receives {category} of {source} ({form}), for {purpose}")
}

fn by(bundle: &Bundle, id: &str) -> String {
    let Some(note) = bundle.note(id) else { return id.to_owned() };
    let legal = note.legal.as_deref().map(|legal| format!("; {legal}")).unwrap_or_default();
    format!("{id} (policies/{}{legal}): {}", note.place, note.why)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A record line by line, anything else in one.
fn circumstance(name: &str, value: &Value) -> Vec<(String, String)> {
    match value.as_object() {
        Some(record) if !record.contains_key("__entity") => {
            record.iter().map(|(member, value)| (format!("{name}, {member}"), plain(member, value))).collect()
        }
        _ => vec![(name.to_owned(), plain(name, value))],
    }
}

/// A value without Cedar's wrapping: an entity as its id, a moment as RFC 3339.
fn plain(name: &str, value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let id = value.pointer("/__entity/id").and_then(Value::as_str);
            id.map_or_else(|| value.to_string(), str::to_owned)
        }
        Value::Array(values) if values.is_empty() => "nothing".to_owned(),
        Value::Array(values) => values.iter().map(|one| plain("", one)).collect::<Vec<_>>().join(", "),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) if ["now", "validFrom", "notAfter"].contains(&name) => {
            number.as_i64().map_or_else(|| number.to_string(), moment)
        }
        Value::String(text) if text == RECIPIENT => "the recipient".to_owned(),
        Value::String(text) if text == SOURCE => "the source".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        Value::Null | Value::Number(_) => value.to_string(),
    }
}

/// Moments that no calendar has stay numbers.
fn moment(millis: i64) -> String {
    let told = Timestamp::from_millis(millis).to_string();
    if Timestamp::parse(&told).is_ok_and(|read| read.millis() == millis) { told } else { format!("millisecond {millis}") }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.sentence)?;
        for (name, value) in &self.lines {
            writeln!(f, "    {name:<26} {value}")?;
        }
        for (what, policies) in [("permitted by", &self.permitted_by), ("stopped by", &self.stopped_by)] {
            for policy in policies {
                writeln!(f, "    {what:<26} {policy}")?;
            }
            if policies.is_empty() {
                writeln!(f, "    {what:<26} nothing")?;
            }
        }
        Ok(())
    }
}
