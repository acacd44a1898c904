//! The filter of the privacy officers' commands: which entries of the log.

use clap::Args;
use serde_json::{Map, Value, json};

use super::subject::Subject;
use crate::catalogue::{Category, PurposeCode};
use crate::cli::operator::instant;
use crate::cli::output::Failure;
use crate::client::Kit;
use crate::clock::Timestamp;
use crate::ledger::entry::{EntryKind, Outcome};

/// Which entries: those to which all of this applies.
#[derive(Args)]
pub(super) struct Filter {
    #[command(flatten)]
    subject: Subject,
    /// Done by this person, by your organisation's own reference.
    #[arg(long, value_name = "REF")]
    actor: Option<String>,
    /// In this case, by its id.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// With this organisation on the other side: a folder of the kit, or its OIN.
    #[arg(long, value_name = "SLUG-OR-OIN")]
    organisation: Option<String>,
    /// For this purpose.
    #[arg(long)]
    purpose: Option<PurposeCode>,
    /// Of this category, such as `care-involvement`.
    #[arg(long)]
    category: Option<Category>,
    /// Of this kind, such as `disclosure` or `log-view`.
    #[arg(long, value_parser = kind)]
    kind: Option<EntryKind>,
    /// Not before this instant, to the second.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this instant, to the second.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Option<Timestamp>,
    /// That ended so, such as `given` or `refused`.
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// Only what rests on an override.
    #[arg(long)]
    overridden: bool,
}

impl Filter {
    /// As the API takes it.
    pub(super) fn wire(&self, kit: &Kit) -> Result<Value, Failure> {
        let organisation = self.organisation.as_deref().map(|name| kit.oin(name)).transpose().map_err(Failure::usage)?;
        let members = json!({
            "actor": self.actor, "case": self.case, "organisation": organisation, "purpose": self.purpose, "category": self.category,
            "kind": self.kind, "from": self.from, "until": self.until, "outcome": self.outcome,
            "overridden": self.overridden.then_some(true),
        });
        let Value::Object(members) = members else { return Ok(members) };
        let mut filter: Map<String, Value> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
        if let Some(subject) = self.subject.wire(kit)? {
            filter.insert("subject".to_owned(), subject);
        }
        Ok(Value::Object(filter))
    }
}

fn kind(code: &str) -> Result<EntryKind, String> {
    EntryKind::from_code(code).ok_or_else(|| format!("expected one of {}", EntryKind::ALL.map(EntryKind::code).join(", ")))
}

fn outcome(code: &str) -> Result<Outcome, String> {
    Outcome::from_code(code).ok_or_else(|| format!("expected one of {}", Outcome::ALL.map(Outcome::code).join(", ")))
}
