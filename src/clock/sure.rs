//! A time by which something may be destroyed.

use std::time::Duration;

use tokio::time::Instant;

use super::Timestamp;

/// How long the clock must be steady before anything is destroyed by it, and how far it may be ahead of the time that passed between two looks.
const BELIEVED: Duration = Duration::from_mins(30);
const SLACK: Duration = Duration::from_secs(5);

/// Believes the clock once it has agreed with the time that passed for half an hour: from the start on, and again after each leap forward.
#[derive(Debug)]
pub struct SureTime {
    /// What the clock said last, and when.
    last: (Timestamp, Instant),
    /// Since when it has not leapt.
    steady_since: Instant,
}

impl SureTime {
    /// Watching from now on.
    pub const fn starting(read: Timestamp, at: Instant) -> Self {
        Self { last: (read, at), steady_since: at }
    }

    /// The time, when the clock that says `read` is believed.
    pub fn after(&mut self, read: Timestamp, at: Instant) -> Option<Timestamp> {
        let (before, then) = self.last;
        self.last = (read, at);
        if read > before.plus(at.saturating_duration_since(then)).plus(SLACK) {
            tracing::warn!(
                "the clock was set forward: nothing is removed before it has stood so for {} minutes",
                BELIEVED.as_secs() / 60
            );
            self.steady_since = at;
        }
        (at.saturating_duration_since(self.steady_since) >= BELIEVED).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: `Some(read)` always.
    #[test]
    fn a_clock_is_believed_when_it_has_been_steady() {
        let (begun, started) = (Timestamp::from_seconds(1_000_000), Instant::now());
        let mut sure = SureTime::starting(begun, started);
        let mut read = |minutes: u64, wrong_by: Duration| {
            let passed = Duration::from_secs(60 * minutes);
            sure.after(begun.plus(passed).plus(wrong_by), started + passed)
        };
        let (right, days) = (Duration::ZERO, Duration::from_hours(48));
        assert_eq!(read(29, right), None, "not before it has been watched");
        assert_eq!(read(30, right), Some(begun.plus(BELIEVED)));
        assert_eq!(read(31, days), None, "two days ahead");
        assert_eq!(read(32, days), None);
        assert_eq!(read(33, right), None, "right again, and watched");
        assert_eq!(read(61, right), Some(begun.plus(Duration::from_mins(61))));
        assert_eq!(read(62, days), None);
        assert_eq!(read(92, days), Some(begun.plus(Duration::from_mins(92)).plus(days)), "it stays so");
    }
}
