//! The filter of the privacy officers' commands: which entries of the log.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use serde_json::{Map, Value, json};

use crate::catalogue::{Category, PurposeCode};
use crate::cli::input;
use crate::cli::operator::instant;
use crate::cli::output::Failure;
use crate::cli::request::{BSN_SHOWN, bsn, number};
use crate::client::Kit;
use crate::clock::Timestamp;
use crate::ledger::entry::{EntryKind, Outcome};
use crate::source::SubjectWire;
use crate::subject::{LocalNumber, SubjectId};

/// Which entries: those to which all of this applies.
#[derive(Args)]
#[command(group = ArgGroup::new("subject").multiple(false).args(["person", "bsn", "bsn_file", "local", "v_number_file"]))]
pub(super) struct Filter {
    /// About a test person of the kit by id, such as `P07`.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// About the person whose citizen number (BSN) stands on standard input: give `-`.
    #[arg(long, value_name = "-")]
    bsn: Option<String>,
    /// About the person whose citizen number (BSN) stands in this file.
    #[arg(long, value_name = "FILE")]
    bsn_file: Option<PathBuf>,
    /// About a person by a source's own number. The source: a folder of the kit, or its OIN.
    #[arg(long, value_name = "OIN:NUMBER")]
    local: Option<String>,
    /// About the person whose V-number (vreemdelingennummer) stands in this file.
    #[arg(long, value_name = "FILE")]
    v_number_file: Option<PathBuf>,
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
        if let Some(subject) = self.subject(kit)? {
            filter.insert("subject".to_owned(), subject);
        }
        Ok(Value::Object(filter))
    }

    fn subject(&self, kit: &Kit) -> Result<Option<Value>, Failure> {
        let identifier = if let Some(id) = &self.person {
            kit.person(id).map_err(Failure::usage)?
        } else if let Some(given) = &self.bsn {
            if given != "-" {
                return Err(Failure::usage(BSN_SHOWN));
            }
            bsn(Path::new("-"))?
        } else if let Some(file) = &self.bsn_file {
            bsn(file)?
        } else if let Some(file) = &self.v_number_file {
            SubjectId::VNumber(number(&input::text(file)?, &file.display().to_string())?)
        } else if let Some(local) = &self.local {
            let (source, value) = local.rsplit_once(':').ok_or_else(|| Failure::usage("--local: expected OIN:NUMBER"))?;
            let value: LocalNumber = number(value, "--local")?;
            SubjectId::Local { source: kit.oin(source).map_err(Failure::usage)?, value }
        } else {
            return Ok(None);
        };
        let mut wire = json!(SubjectWire::of(&identifier));
        if let (SubjectId::Local { source, .. }, Some(members)) = (&identifier, wire.as_object_mut()) {
            members.insert("source".to_owned(), json!(source));
        }
        Ok(Some(wire))
    }
}

fn kind(code: &str) -> Result<EntryKind, String> {
    EntryKind::from_code(code).ok_or_else(|| format!("expected one of {}", EntryKind::ALL.map(EntryKind::code).join(", ")))
}

fn outcome(code: &str) -> Result<Outcome, String> {
    Outcome::from_code(code).ok_or_else(|| format!("expected one of {}", Outcome::ALL.map(Outcome::code).join(", ")))
}
