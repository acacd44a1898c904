//! Which sources are in poor health: known from probes alone, which ask about nobody. What becomes of a call about a person does not count, or
//! health would tell who was asked about.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::organisation::Oin;

/// So many probes that fail in a row make a source's health poor; one that succeeds mends it.
const FAILURES: u32 = 2;

/// The health of every source, as this node sees it.
#[derive(Debug, Default)]
pub struct Health(Mutex<HashMap<Oin, u32>>);

impl Health {
    /// Whether the source is in poor health: not asked, and named as unreachable.
    pub fn is_poor(&self, source: &Oin) -> bool {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(source).is_some_and(|failures| *failures >= FAILURES)
    }

    /// A probe was answered.
    pub fn answered(&self, source: &Oin) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// A probe was not answered, or not as it should.
    pub fn failed(&self, source: &Oin) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(source.clone()).or_default();
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_failures_in_a_row_and_one_answer_mends() {
        let health = Health::default();
        let source: Oin = "1".repeat(20).parse().expect("OIN");
        health.failed(&source);
        assert!(!health.is_poor(&source));
        health.failed(&source);
        assert!(health.is_poor(&source));
        health.answered(&source);
        assert!(!health.is_poor(&source));
        health.failed(&source);
        assert!(!health.is_poor(&source), "the count starts anew");
    }
}
