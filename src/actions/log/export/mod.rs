//! Exports of the log (NEN 7513, Logboek Dataverwerkingen, Authorization Decision Log, CSV, JSON Lines): pure writers from an opened line to bytes,
//! behind a header that says what was asked and what follows. Nothing of a person but keyed tokens and the references that the log holds.

mod adl;
mod csv;
mod head;
mod jsonl;
mod ldv;
mod making;
mod nen7513;

#[cfg(test)]
mod tests;

pub use csv::columns;
pub use head::{Header, Tally};
pub use making::{CutShort, Making, Piece};

use super::Line;
use crate::ledger::entry::{Body, Clear, EntryKind, Status};
use crate::ledger::token::SearchToken;

/// What a file is made as. A code never changes its meaning; a change of what is written raises [`Format::VERSION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated values (RFC 4180), every cell quoted.
    Csv,
    /// One JSON object per entry, with its whole body.
    Jsonl,
    /// NEN 7513 in the shape of the Logboek's extension.
    Nen7513,
    /// Logboek Dataverwerkingen as OTLP/JSON: no users.
    Ldv,
    /// Authorization Decision Log: one record per decision.
    Adl,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Jsonl, Self::Nen7513, Self::Ldv, Self::Adl];
    /// The version of what is written.
    pub const VERSION: u32 = 1;

    /// The code, as in the API and in the header.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Nen7513 => "nen7513",
            Self::Ldv => "ldv",
            Self::Adl => "adl",
        }
    }

    /// The format with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// The media type of the file.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl | Self::Nen7513 | Self::Ldv | Self::Adl => "application/jsonl",
        }
    }

    /// What stands between the header and the first record.
    pub fn preamble(self) -> Vec<u8> {
        match self {
            Self::Csv => columns(),
            Self::Jsonl | Self::Nen7513 | Self::Ldv | Self::Adl => Vec::new(),
        }
    }

    /// Puts the records of an entry behind `out`, each on a line of its own, and says how many. Some formats have none for some entries: an erased one has
    /// no operation to tell of, and most are no decision.
    pub fn write(self, entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
        match self {
            Self::Csv => csv::write(entry, out),
            Self::Jsonl => jsonl::write(entry, out),
            Self::Nen7513 => nen7513::write(entry, out),
            Self::Ldv => ldv::write(entry, out),
            Self::Adl => adl::write(entry, out),
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// A line to be written.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The line.
    pub line: &'a Line,
    /// Whether it is held back from its subject now.
    pub held_back: bool,
}

/// The type of the subject's identifier in every export: the party's own keyed token.
const SUBJECT_TYPE: &str = "urn:sluis:subject-token";

/// A token as it is written.
pub(super) fn token(token: &SearchToken) -> String {
    crate::crypto::hex::encode(token.bytes())
}

/// The processing activity as a URI. What is held back is an activity of its own, so that a reader of the Logboek can tell what may not be told
/// (the Logboek's decision records: confidentiality goes by processing activity).
fn activity(clear: &Clear, body: &Body, held_back: bool) -> String {
    let own = || match &clear.purpose {
        Some(purpose) => format!("urn:sluis:purpose:{purpose}"),
        None => format!("urn:sluis:activity:{}", clear.kind),
    };
    let activity = body.operation.processing_activity.clone().unwrap_or_else(own);
    if held_back { format!("{activity}:confidential") } else { activity }
}

/// How the operation went: a refusal that was handled is no error, whatever a writer made of it.
fn status(clear: &Clear, body: &Body) -> Status {
    match (clear.kind, body.operation.status) {
        (EntryKind::Refusal, _) => Status::Unset,
        (_, status) => status,
    }
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Unset => "Unset",
        Status::Ok => "Ok",
        Status::Error => "Error",
    }
}

/// One JSON value on a line of its own.
fn line(value: &serde_json::Value, out: &mut Vec<u8>) -> u64 {
    out.extend_from_slice(value.to_string().as_bytes());
    out.push(b'\n');
    1
}
