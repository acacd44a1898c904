//! What stands first in a file: what was asked, up to where, how much follows, and its hash.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::json;

use super::{Exported, Format, csv};
use crate::clock::Timestamp;
use crate::crypto::hex;
use crate::organisation::Oin;

/// The first record of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the file is made as.
    pub format: Format,
    /// Whose side of the log.
    pub party: Oin,
    /// What was asked, by field: a subject, actor or case only as its token.
    pub filter: BTreeMap<String, String>,
    /// The size of the log that was read.
    pub as_of: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// How many records follow.
    pub count: u64,
    /// How many entries the filter matched whose content has been erased.
    pub erased: u64,
    /// SHA-256 of all bytes behind this record.
    pub sha256: [u8; 32],
}

impl Header {
    /// The record with the end of its line.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.format {
            Format::Csv => self.cells(),
            Format::Jsonl | Format::Nen7513 | Format::Ldv | Format::Adl => {
                let mut bytes = Vec::new();
                let header = json!({
                    "export": format!("sluis-log/{}", self.format),
                    "version": Format::VERSION,
                    "party": self.party,
                    "filter": self.filter,
                    "asOf": self.as_of,
                    "madeAt": self.made_at,
                    "count": self.count,
                    "erased": self.erased,
                    "sha256": hex::encode(&self.sha256),
                });
                super::line(&header, &mut bytes);
                bytes
            }
        }
    }

    /// As many cells as every other record has (RFC 4180 §2.4).
    fn cells(&self) -> Vec<u8> {
        let filter: Vec<String> = self.filter.iter().map(|(field, value)| format!("{field}={value}")).collect();
        let cells = [
            format!("#sluis-log/{}", self.format),
            format!("version={}", Format::VERSION),
            format!("party={}", self.party),
            format!("filter:{}", filter.join(";")),
            format!("asOf={}", self.as_of),
            format!("madeAt={}", self.made_at),
            format!("count={}", self.count),
            format!("erased={}", self.erased),
            format!("sha256={}", hex::encode(&self.sha256)),
        ];
        let mut bytes = Vec::new();
        csv::record(cells, &mut bytes);
        bytes
    }
}

/// What has been written so far behind the header: counted and hashed, not kept.
#[derive(Clone)]
pub struct Tally {
    format: Format,
    hash: Context,
    /// How many records.
    pub count: u64,
    /// How many erased entries were met.
    pub erased: u64,
    /// How many bytes.
    pub length: u64,
}

impl Tally {
    /// Before the first record; the preamble is what comes first.
    pub fn starting(format: Format) -> (Self, Vec<u8>) {
        let mut tally = Self { format, hash: Context::new(&SHA256), count: 0, erased: 0, length: 0 };
        let preamble = format.preamble();
        tally.take(&preamble);
        (tally, preamble)
    }

    /// The bytes of these entries.
    pub fn write<'a>(&mut self, entries: impl IntoIterator<Item = Exported<'a>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in entries {
            self.erased = self.erased.saturating_add(u64::from(entry.line.body.is_none()));
            self.count = self.count.saturating_add(self.format.write(entry, &mut bytes));
        }
        self.take(&bytes);
        bytes
    }

    fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.length = self.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// The hash of what was written.
    pub fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finish().as_ref().first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tally({}, {} records, {} bytes)", self.format, self.count, self.length)
    }
}
