//! How much one organisation may ask, so that none can starve the others or fill the log.

use std::collections::HashMap;
use std::hash::Hash;
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

/// From so many buckets on, those that are full again are forgotten.
const MANY: usize = 10_000;

/// A token bucket per organisation, or per whatever else is counted.
#[derive(Debug)]
pub struct Rates<K = Oin> {
    rate: Rate,
    buckets: Mutex<HashMap<K, Bucket>>,
}

impl<K: Clone + Eq + Hash> Rates<K> {
    /// All buckets full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one token of `whose`.
    ///
    /// # Errors
    /// How long to wait when there is none.
    pub fn take(&self, whose: &K, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            let Rate { per_second, burst } = self.rate;
            buckets.retain(|_, bucket| bucket.tokens + now.since(bucket.filled).as_secs_f64() * per_second < burst);
        }
        let bucket = buckets.entry(whose.clone()).or_insert(Bucket { tokens: self.rate.burst, filled: now });
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

    /// Gives one back that was taken for nothing.
    pub fn give_back(&self, whose: &K) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(whose) {
            bucket.tokens = (bucket.tokens + 1.0).min(self.rate.burst);
        }
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
    fn what_was_taken_for_nothing_is_given_back_and_full_buckets_are_forgotten() {
        let rates = Rates::new(Rate { per_second: 1.0, burst: 1.0 });
        let start = Timestamp::from_seconds(1000);
        assert!(rates.take(&0, start).is_ok() && rates.take(&0, start).is_err());
        rates.give_back(&0);
        assert!(rates.take(&0, start).is_ok() && rates.take(&0, start).is_err());
        for one in 0..MANY {
            rates.take(&one, start).ok();
        }
        rates.take(&MANY, start.plus(Duration::from_secs(1))).expect("a token");
        assert_eq!(rates.buckets.lock().expect("unpoisoned").len(), 1);
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
