//! The columns beside the sealed body, by which officers search.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::kind::EntryKind;
use super::trace::TraceId;
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;

/// What is stored in the clear: enough to search, nothing about a person but keyed tokens (`design.md` §7). The leaf covers
/// it by [`super::Beside`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clear {
    /// What happened.
    pub kind: EntryKind,
    /// When.
    pub time: Timestamp,
    /// Whose side of the log this entry is: whose officer sees it, under whose term it is kept.
    pub party: Oin,
    /// The source that gave, or was to give.
    pub source: Option<Oin>,
    /// The organisation that got, or was to get.
    pub recipient: Option<Oin>,
    /// For what purpose.
    pub purpose: Option<PurposeCode>,
    /// The categories that were asked for or given.
    pub categories: BTreeSet<Category>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it rests on an override of consent: each such entry is reviewed.
    pub overridden: bool,
    /// The subject.
    pub subject: Option<SearchToken>,
    /// Who acted.
    pub actor: Option<SearchToken>,
    /// The case.
    pub case: Option<SearchToken>,
    /// The trace that joins this entry to others of the same request.
    pub trace: TraceId,
}

/// How what the entry records ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done: looked, exported, changed, told.
    Done,
    /// It is under way: sources are being asked, a decision is awaited.
    Pending,
    /// Data was given.
    Given,
    /// Everything was permitted or withheld as it should, and nothing was given.
    Nothing,
    /// Refused by rule.
    Refused,
    /// Approved by a person.
    Approved,
    /// Rejected by a person.
    Rejected,
    /// It went wrong; nothing left.
    Failed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 8] =
        [Self::Done, Self::Pending, Self::Given, Self::Nothing, Self::Refused, Self::Approved, Self::Rejected, Self::Failed];

    /// The code, as stored and as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "pending",
            Self::Given => "given",
            Self::Nothing => "nothing",
            Self::Refused => "refused",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// The outcome with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
