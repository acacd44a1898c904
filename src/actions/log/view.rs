//! Lines as they are answered.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Line;
use super::embargo::HeldBack;
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, Clear, EntryKind, Outcome, TraceId};
use crate::organisation::Oin;

/// A page of what was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LogPage)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The size of the log that this query looks at: what was appended since is on none of its pages.
    pub as_of: u64,
    /// The entries, the newest first.
    pub lines: Vec<LineView>,
    /// To be sent with the same filter for the next page; `null` on the last one.
    pub cursor: Option<String>,
}

/// Entries that were opened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OpenedLogEntries)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Those of your organisation, by their index.
    pub lines: Vec<LineView>,
    /// The indexes at which there is no entry of your organisation.
    pub not_found: BTreeSet<u64>,
}

/// An entry of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LogLine)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// Its index in the log.
    pub index: u64,
    /// When, to the second.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// The source that gave, or was to give, as far as you were told.
    #[schema(value_type = Option<String>)]
    pub source: Option<Oin>,
    /// The organisation that got, or was to get.
    #[schema(value_type = Option<String>)]
    pub recipient: Option<Oin>,
    /// For what purpose.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<PurposeCode>,
    /// The categories that were asked for or given.
    pub categories: BTreeSet<Category>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it rests on an override of consent. Told to the source of what was given; a recipient is not told.
    pub overridden: bool,
    /// What joins the entries of one request.
    #[schema(value_type = String)]
    pub trace: TraceId,
    /// Whether its content was erased.
    pub erased: bool,
    /// Whether an embargo holds it back from its subject now.
    pub embargoed: bool,
    /// Its content, when it was opened: who did what, on which basis, what was decided, asked and given. The members depend on the kind; a member that does
    /// not apply is left out. A recipient's side tells no more than the answer did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Body>,
}

/// A line that was not opened.
pub(super) fn line(index: u64, clear: &Clear, erased: bool, embargoed: bool) -> LineView {
    LineView {
        index,
        time: clear.time,
        kind: clear.kind,
        source: clear.source.clone(),
        recipient: clear.recipient.clone(),
        purpose: clear.purpose.clone(),
        categories: clear.categories.clone(),
        outcome: clear.outcome,
        overridden: clear.overridden,
        trace: clear.trace,
        erased,
        embargoed,
        body: None,
    }
}

impl LineView {
    /// A line that was opened.
    pub(super) fn opened(opened: Line, held_back: &HeldBack) -> Self {
        let Line { index, clear, body } = opened;
        let line = line(index, &clear, body.is_none(), held_back.holds(&clear));
        Self { body, ..line }
    }
}
