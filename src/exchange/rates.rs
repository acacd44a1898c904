//! How much one organisation may ask, so that none can starve the others or fill the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::organisation::Oin;

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Timestamp,
}

/// A token bucket per organisation.
#[derive(Debug)]
pub struct Rates {
    rate: Rate,
    buckets: Mutex<HashMap<Oin, Bucket>>,
}

impl Rates {
    /// All buckets full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one token of `organisation`.
    ///
    /// # Errors
    /// How long to wait when there is none.
    pub fn take(&self, organisation: &Oin, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(organisation.clone()).or_insert(Bucket { tokens: self.rate.burst, filled: now });
        let earned = now.since(bucket.filled).as_secs_f64() * self.rate.per_second;
        bucket.tokens = (bucket.tokens + earned).min(self.rate.burst);
        // A clock set back must not stop the filling until it has caught up.
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.tokens) / self.rate.per_second.max(f64::MIN_POSITIVE);
        Err(Duration::from_secs_f64(wait.clamp(0.0, 3600.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin(digit: char) -> Oin {
        digit.to_string().repeat(20).parse().expect("20 digits")
    }

    #[test]
    fn the_burst_is_spent_and_earned_again() {
        let rates = Rates::new(Rate { per_second: 2.0, burst: 3.0 });
        let start = Timestamp::from_seconds(1000);
        for _ in 0..3 {
            assert_eq!(rates.take(&oin('1'), start), Ok(()));
        }
        assert_eq!(rates.take(&oin('1'), start), Err(Duration::from_millis(500)));
        assert_eq!(rates.take(&oin('2'), start), Ok(()), "another organisation has its own");
        assert_eq!(rates.take(&oin('1'), start.plus(Duration::from_millis(500))), Ok(()));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_filling() {
        let rates = Rates::new(Rate { per_second: 1.0, burst: 1.0 });
        let start = Timestamp::from_seconds(1000);
        assert!(rates.take(&oin('1'), start).is_ok());
        let back = start.minus(Duration::from_secs(500));
        assert!(rates.take(&oin('1'), back).is_err());
        assert!(rates.take(&oin('1'), back.plus(Duration::from_secs(2))).is_ok());
    }
}
