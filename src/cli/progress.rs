//! How far long work has come: on standard error, and only where somebody can see it.

use std::io::{IsTerminal as _, Write as _};

/// A line that is written over and over.
pub(super) struct Progress {
    what: &'static str,
    shown: Option<u64>,
    is_seen: bool,
}

impl Progress {
    /// Nothing is written unless standard error is a terminal.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, shown: None, is_seen: std::io::stderr().is_terminal() }
    }

    /// So much of so much is done: written when the percentage has changed.
    pub(super) fn at(&mut self, done: u64, all: u64) {
        let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100).min(100);
        if self.is_seen && self.shown != Some(percent) {
            self.shown = Some(percent);
            let (bar, what) = ("#".repeat(usize::try_from(percent / 4).unwrap_or_default()), self.what);
            let mut out = std::io::stderr().lock();
            // A terminal that went away is no error of ours.
            drop(write!(out, "\r{what}  [{bar:25}] {percent:3} %  {done} of {all}").and_then(|()| out.flush()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            drop(writeln!(std::io::stderr().lock()));
        }
    }
}
