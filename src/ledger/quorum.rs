//! Whose cosignatures make a checkpoint good enough: the trust policy file of C2SP tlog-policy.

use std::collections::{BTreeMap, BTreeSet};

use super::checkpoint::SignedCheckpoint;
use super::cosignature;
use super::note::{KeyKind, NotSigned, VerifierKey};
use crate::clock::Timestamp;

/// The most logs, witnesses and groups, each, in a policy: as many as a note may have signatures.
pub const MAX_DEFINITIONS: usize = 64;

/// A trust policy: known logs, known witnesses, and the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    quorum: Rule,
}

/// A witness of the policy. Its name has a meaning only inside the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The name in the file; not text of any promised encoding, so displayed as near to it as can be.
    pub name: String,
    /// Its key, of kind [`KeyKind::Cosignature`].
    pub key: VerifierKey,
    /// Where it answers, if the file says so.
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// `quorum none`: no cosignature is needed.
    None,
    /// The witness at this place must have cosigned.
    Witness(usize),
    /// At least this many of the members.
    Group(usize, Vec<Self>),
}

impl Rule {
    fn met(&self, cosigned: &BTreeMap<usize, Timestamp>) -> bool {
        match self {
            Self::None => true,
            Self::Witness(place) => cosigned.contains_key(place),
            Self::Group(threshold, members) => members.iter().filter(|member| member.met(cosigned)).count() >= *threshold,
        }
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`InvalidPolicy`]: the line, and what about it is wrong.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidPolicy> {
        let mut reader = Reader::default();
        let lines = file.strip_suffix(b"\n").ok_or(InvalidPolicy { line: 0, problem: PolicyProblem::Unfinished })?;
        for (number, line) in lines.split(|&byte| byte == b'\n').enumerate() {
            reader.line(line).map_err(|problem| InvalidPolicy { line: number + 1, problem })?;
        }
        let quorum = reader.quorum.ok_or(InvalidPolicy { line: 0, problem: PolicyProblem::Quorum })?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, quorum })
    }

    /// The logs that it accepts; none when the log is known from elsewhere.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses that it knows.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether it asks for no cosignature at all (`quorum none`).
    pub fn asks_for_none(&self) -> bool {
        self.quorum == Rule::None
    }

    /// Checks the cosignatures against the quorum. Which log signed the checkpoint is for [`SignedCheckpoint::verify`] to check.
    ///
    /// # Errors
    /// [`QuorumNotMet`]: too few, or a line in a known witness's name that does not verify.
    pub fn witnessed(&self, checkpoint: &SignedCheckpoint) -> Result<Witnessed<'_>, QuorumNotMet> {
        let mut cosigned = BTreeMap::new();
        for (place, witness) in self.witnesses.iter().enumerate() {
            match cosignature::verify(checkpoint, &witness.key) {
                Ok(time) => {
                    cosigned.insert(place, time);
                }
                Err(NotSigned::Missing) => {}
                Err(NotSigned::Forged) => return Err(QuorumNotMet::Forged(witness.name.clone())),
            }
        }
        if !self.quorum.met(&cosigned) {
            return Err(QuorumNotMet::TooFew { cosigned: cosigned.len() });
        }
        let by = cosigned.iter().filter_map(|(place, time)| Some((self.witnesses.get(*place)?, *time))).collect();
        Ok(Witnessed { by })
    }
}

/// Who of the policy's witnesses cosigned, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed<'p> {
    /// The witnesses, in the order of the file, each with the time of its cosignature.
    pub by: Vec<(&'p Witness, Timestamp)>,
}

/// A checkpoint lacks the cosignatures that the policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuorumNotMet {
    /// Not enough, or not of the right groups.
    #[error("the cosignatures of {cosigned} known witnesses do not make the quorum")]
    TooFew {
        /// How many known witnesses cosigned.
        cosigned: usize,
    },
    /// A line in a known witness's name does not verify.
    #[error("the cosignature in the name of witness {0} does not verify")]
    Forged(String),
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: usize,
    names: BTreeMap<Vec<u8>, Rule>,
    members: BTreeSet<Vec<u8>>,
    quorum: Option<Rule>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyProblem> {
        if line.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return Err(PolicyProblem::Characters);
        }
        let mut items = line.split(|byte| b" \t".contains(byte)).filter(|item| !item.is_empty());
        let Some(keyword) = items.next().filter(|item| !item.starts_with(b"#")) else { return Ok(()) };
        let items: Vec<&[u8]> = items.collect();
        match (keyword, items.as_slice()) {
            (b"log", [key]) => self.log(key),
            (b"log", [key, _url]) => self.log(key),
            (b"witness", [name, key]) => self.witness(name, key, None),
            (b"witness", [name, key, url]) => self.witness(name, key, Some(url)),
            (b"group", [name, threshold, members @ ..]) => self.group(name, threshold, members),
            (b"quorum", [name]) => self.quorum(name),
            _ => Err(PolicyProblem::Syntax),
        }
    }

    fn log(&mut self, key: &[u8]) -> Result<(), PolicyProblem> {
        let key = verifier_key(key, KeyKind::Note)?;
        if self.logs.iter().any(|log| log.public() == key.public()) {
            return Err(PolicyProblem::Duplicate);
        }
        self.logs.push(key);
        within_limit(self.logs.len())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyProblem> {
        let key = verifier_key(key, KeyKind::Cosignature)?;
        if self.witnesses.iter().any(|witness| witness.key.public() == key.public()) {
            return Err(PolicyProblem::Duplicate);
        }
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        self.witnesses.push(Witness { name: text(name), key, url: url.map(text) });
        within_limit(self.witnesses.len())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyProblem> {
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            members.push(self.names.get(*member).cloned().ok_or(PolicyProblem::Unknown)?);
            if !self.members.insert(member.to_vec()) {
                return Err(PolicyProblem::Twice);
            }
        }
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            number => decimal(number).ok_or(PolicyProblem::Threshold)?,
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(PolicyProblem::Threshold);
        }
        self.groups += 1;
        self.define(name, Rule::Group(threshold, members))?;
        within_limit(self.groups)
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyProblem> {
        let rule = if name == b"none" { Some(Rule::None) } else { self.names.get(name).cloned() };
        match self.quorum.replace(rule.ok_or(PolicyProblem::Unknown)?) {
            None => Ok(()),
            Some(_) => Err(PolicyProblem::Quorum),
        }
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), PolicyProblem> {
        if name == b"none" || self.names.insert(name.to_vec(), rule).is_some() {
            return Err(PolicyProblem::Name);
        }
        Ok(())
    }
}

fn verifier_key(text: &[u8], kind: KeyKind) -> Result<VerifierKey, PolicyProblem> {
    let key: Option<VerifierKey> = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    key.filter(|key| key.kind() == kind).ok_or(PolicyProblem::Key)
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

const fn within_limit(count: usize) -> Result<(), PolicyProblem> {
    if count <= MAX_DEFINITIONS { Ok(()) } else { Err(PolicyProblem::TooMany) }
}

/// A policy file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidPolicy {
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: PolicyProblem,
}

/// What is wrong with a line of a policy file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// The last line has no newline.
    #[error("the file does not end in a newline: it may be cut off")]
    Unfinished,
    /// A control character.
    #[error("only tabs and newlines are allowed as control characters")]
    Characters,
    /// No line of the format.
    #[error(
        "expected `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> all|any|<k> <name>…` or `quorum <name>`"
    )]
    Syntax,
    /// Not a key of the right kind.
    #[error("not a verifier key that fits: logs have Ed25519 note keys (type 1), witnesses Ed25519 cosignature keys (type 4)")]
    Key,
    /// The public key stands on an earlier line.
    #[error("the same public key stands on an earlier line")]
    Duplicate,
    /// The name is taken, or `none`.
    #[error("the name is defined already, or is the reserved name none")]
    Name,
    /// A name that no earlier line defines.
    #[error("a name is used that no earlier line defines")]
    Unknown,
    /// A member of two groups, or twice of one.
    #[error("a name is a member of a group already")]
    Twice,
    /// The threshold is no number from 1 to the number of members.
    #[error("the threshold must be all, any or a number from 1 to the number of members")]
    Threshold,
    /// No quorum line, or a second.
    #[error("there must be exactly one quorum line")]
    Quorum,
    /// Beyond [`MAX_DEFINITIONS`].
    #[error("at most {MAX_DEFINITIONS} logs, witnesses and groups, each")]
    TooMany,
}

#[cfg(test)]
mod tests;
