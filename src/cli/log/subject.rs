//! The person's part of the privacy officers' commands: about whom.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::cli::input;
use crate::cli::output::Failure;
use crate::cli::request::{BSN_SHOWN, bsn, number};
use crate::client::Kit;
use crate::source::SubjectWire;
use crate::subject::{LocalNumber, SubjectId};

/// The ids of these arguments, for a group in which one of them, or something else, is required.
pub(super) const SUBJECT: [&str; 5] = ["person", "bsn", "bsn_file", "local", "v_number_file"];

/// About whom: one person at most.
#[derive(Args)]
#[group(id = "subject", multiple = false)]
pub(super) struct Subject {
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
}

impl Subject {
    /// As the API takes it; `None` when nobody was named.
    pub(super) fn wire(&self, kit: &Kit) -> Result<Option<Value>, Failure> {
        let Some(identifier) = self.identifier(kit)? else { return Ok(None) };
        let mut wire = json!(SubjectWire::of(&identifier));
        if let (SubjectId::Local { source, .. }, Some(members)) = (&identifier, wire.as_object_mut()) {
            members.insert("source".to_owned(), json!(source));
        }
        Ok(Some(wire))
    }

    fn identifier(&self, kit: &Kit) -> Result<Option<SubjectId>, Failure> {
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
        Ok(Some(identifier))
    }
}
