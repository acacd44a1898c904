//! What officers do with the log.

pub mod export;
#[cfg(test)]
mod fixture;
pub mod overview;
pub mod report;

use crate::ledger::entry::{Body, Clear};

/// One line of the log, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its index.
    pub index: u64,
    /// The columns beside the body.
    pub clear: Clear,
    /// The body; `None` when the entry was erased.
    pub body: Option<Body>,
}
