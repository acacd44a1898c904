//! Which sources are in poor health: known from calls that failed and from probes, never from who was asked about.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::organisation::Oin;

/// So many failures in a row make a source's health poor.
const FAILURES: u32 = 3;

/// A poor source is left alone for so long, unless a probe finds it well before.
const REST: Duration = Duration::from_secs(30);

/// The health of every source, as this node sees it.
#[derive(Debug, Default)]
pub struct Health(Mutex<HashMap<Oin, Record>>);

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    failures: u32,
    poor_until: Option<Timestamp>,
}

impl Health {
    /// Whether the source is in poor health at `now`: not asked, and named as unreachable.
    pub fn is_poor(&self, source: &Oin, now: Timestamp) -> bool {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.get(source).and_then(|record| record.poor_until).is_some_and(|until| now < until)
    }

    /// The source answered.
    pub fn answered(&self, source: &Oin) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// The source did not answer, or not as it should.
    pub fn failed(&self, source: &Oin, now: Timestamp) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.entry(source.clone()).or_default();
        record.failures = record.failures.saturating_add(1);
        if record.failures >= FAILURES {
            record.poor_until = Some(now.plus(REST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_and_one_answer_heals() {
        let health = Health::default();
        let source: Oin = "1".repeat(20).parse().expect("OIN");
        let now = Timestamp::from_seconds(100);
        for _ in 0..2 {
            health.failed(&source, now);
            assert!(!health.is_poor(&source, now));
        }
        health.failed(&source, now);
        assert!(health.is_poor(&source, now));
        assert!(!health.is_poor(&source, now.plus(REST)), "after a rest it is asked again");
        health.answered(&source);
        assert!(!health.is_poor(&source, now));
        health.failed(&source, now);
        assert!(!health.is_poor(&source, now), "the count starts anew");
    }
}
