//! When to try again what failed: ever later, and not all at once.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::entropy::{Entropy, random};

/// The pace of repeated attempts: the pause doubles with each failure.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Pace {
    /// How long to pause after so many failures in a row: between half of the full pause and the whole of it, drawn, so that those who failed
    /// together do not come back together. Without randomness, the whole of it.
    pub fn pause(self, failures: u32, entropy: &dyn Entropy) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let full = self.first.saturating_mul(doubled).min(self.most);
        let part = random::<1>(entropy).map_or(u32::from(u8::MAX), |[byte]| u32::from(byte));
        full / 2 + (full / 2).saturating_mul(part) / u32::from(u8::MAX)
    }
}

/// What failed lately, and when each may be tried again.
#[derive(Debug)]
pub struct Pauses<K> {
    pace: Pace,
    failed: BTreeMap<K, Pause>,
}

/// A pause between two attempts.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// How many attempts have failed in a row.
    pub failures: u32,
    /// When it ends.
    pub until: Instant,
}

impl<K: Ord> Pauses<K> {
    /// Nothing has failed yet.
    pub const fn new(pace: Pace) -> Self {
        Self { pace, failed: BTreeMap::new() }
    }

    /// Whether it may be tried now.
    pub fn may(&self, key: &K, now: Instant) -> bool {
        self.failed.get(key).is_none_or(|pause| pause.until <= now)
    }

    /// An attempt failed; not to be repeated before `at_least` has passed, if the other end said so.
    pub fn failed(&mut self, key: K, now: Instant, at_least: Duration, entropy: &dyn Entropy) -> Pause {
        let failures = self.failed.get(&key).map_or(1, |pause| pause.failures.saturating_add(1));
        let until = now + self.pace.pause(failures, entropy).max(at_least);
        let pause = Pause { failures, until };
        self.failed.insert(key, pause);
        pause
    }

    /// An attempt succeeded, or it need not be tried any more.
    pub fn done(&mut self, key: &K) {
        self.failed.remove(key);
    }

    /// Forgets what need not be tried any more.
    pub fn retain(&mut self, still: impl Fn(&K) -> bool) {
        self.failed.retain(|key, _| still(key));
    }

    /// How many have failed and not succeeded since.
    pub fn count(&self) -> u32 {
        u32::try_from(self.failed.len()).unwrap_or(u32::MAX)
    }

    /// When the first pause after `now` ends.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        self.failed.values().map(|pause| pause.until).filter(|until| *until > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const PACE: Pace = Pace { first: Duration::from_secs(1), most: Duration::from_mins(1) };

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let entropy = SystemEntropy::default();
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60), (u32::MAX, 60)] {
            let full = Duration::from_secs(full);
            let drawn: Vec<_> = (0..64).map(|_| PACE.pause(failures, &entropy)).collect();
            assert!(drawn.iter().all(|pause| (full / 2..=full).contains(pause)), "{failures}: {drawn:?}");
            assert!(drawn.iter().any(|pause| *pause != drawn[0]), "{failures}: all the same");
        }
    }

    #[test]
    fn each_has_its_own_pause() {
        let (entropy, now) = (SystemEntropy::default(), Instant::now());
        let mut pauses = Pauses::new(PACE);
        assert!(pauses.may(&"a", now) && pauses.next(now).is_none());
        let first = pauses.failed("a", now, Duration::ZERO, &entropy);
        assert!(!pauses.may(&"a", now) && pauses.may(&"b", now) && pauses.may(&"a", first.until));
        let told = pauses.failed("a", first.until, Duration::from_secs(100), &entropy);
        assert_eq!((told.failures, told.until - first.until), (2, Duration::from_secs(100)), "the other end's word counts");
        assert_eq!(pauses.next(now), Some(told.until));
        pauses.done(&"a");
        assert!(pauses.may(&"a", now));
        assert_eq!(pauses.failed("a", now, Duration::ZERO, &entropy).failures, 1, "from the beginning");
        pauses.retain(|_| false);
        assert!(pauses.may(&"a", now));
    }
}
