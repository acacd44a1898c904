//! A request that the solver found, told so that a lawyer can read it.

use std::fmt;

use cedar_policy::{Authorizer, Decision, PolicySet};
use cedar_policy_symcc::Env;
use serde_json::Value;

use super::solver::ProofError;
use crate::catalogue::Form;
use crate::clock::Timestamp;
use crate::policy::bundle::Bundle;

/// A concrete request, with the policies that permit it. It is about nobody: the solver made it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// In which form.
    pub form: Form,
    /// Name and value: who receives, from whom, which category, for which purpose, and under which circumstances.
    pub lines: Vec<(String, String)>,
    /// The permits, each with its id, place, law and why.
    pub permitted_by: Vec<String>,
}

impl Example {
    /// The request, when the rules of `bundle` indeed permit it.
    pub(super) fn permitted(found: &Env, bundle: &Bundle) -> Result<Self, ProofError> {
        Self::told(found, &bundle.rules.all, bundle)?.ok_or_else(|| {
            ProofError::Undecided("the solver's counterexample is not permitted when the rules decide it".to_owned())
        })
    }

    /// The request, when `policies` permit it.
    pub(super) fn told(found: &Env, policies: &PolicySet, bundle: &Bundle) -> Result<Option<Self>, ProofError> {
        let response = Authorizer::new().is_authorized(&found.request, policies, &found.entities);
        if response.decision() != Decision::Allow {
            return Ok(None);
        }
        let mut permits: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        permits.sort_unstable();
        let action = found.request.action().map(|action| action.id().unescaped().to_owned()).unwrap_or_default();
        let form = Form::from_code(&action).ok_or_else(|| ProofError::Undecided(format!("`{action}` is no form")))?;
        let mut lines = vec![("form".to_owned(), form.to_string())];
        for (role, uid) in [("recipient", found.request.principal()), ("item", found.request.resource())] {
            let entity = uid.and_then(|uid| found.entities.get(uid));
            let json = entity.and_then(|entity| entity.to_json_value().ok()).unwrap_or_default();
            lines.extend(members(json.get("attrs")).map(|(name, value)| (format!("{role}, {name}"), plain(name, value))));
        }
        let context = found.request.context().and_then(|context| context.to_json_value().ok()).unwrap_or_default();
        for (name, value) in members(Some(&context)) {
            lines.extend(circumstance(name, value));
        }
        for absent in ["consent", "override", "case"].into_iter().filter(|name| context.get(name).is_none()) {
            lines.push((absent.to_owned(), "none".to_owned()));
        }
        Ok(Some(Self { form, lines, permitted_by: permits.iter().map(|id| by(bundle, id)).collect() }))
    }
}

fn by(bundle: &Bundle, id: &str) -> String {
    let Some(note) = bundle.note(id) else { return id.to_owned() };
    let legal = note.legal.as_deref().unwrap_or("no law named");
    format!("{id} (policies/{}; {legal}): {}", note.place, note.why)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
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
        for (name, value) in &self.lines {
            writeln!(f, "    {name:<26} {value}")?;
        }
        for permit in &self.permitted_by {
            writeln!(f, "    {:<26} {permit}", "permitted by")?;
        }
        Ok(())
    }
}
