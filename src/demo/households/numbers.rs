//! Citizen numbers from the range kept for tests: nine digits from 999900000 to 999999999 that pass the 11-proof. No living
//! person has one.

use crate::subject::Bsn;

const RANGE_START: usize = 999_900_000;
const RANGE_LENGTH: usize = 100_000;
/// Odd and no multiple of 5, so that its multiples visit the whole range once.
const STEP: usize = 7_919;

/// Deals out test numbers, each once; about 9,090 exist.
pub struct TestNumbers {
    start: usize,
    taken: usize,
}

impl TestNumbers {
    /// The order of numbers that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self { start: usize::try_from(seed % 100_000).unwrap_or(0), taken: 0 }
    }
}

impl Iterator for TestNumbers {
    type Item = Bsn;

    fn next(&mut self) -> Option<Bsn> {
        while self.taken < RANGE_LENGTH {
            let offset = (self.start + self.taken * STEP) % RANGE_LENGTH;
            self.taken += 1;
            if let Ok(bsn) = (RANGE_START + offset).to_string().parse() {
                return Some(bsn);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_whole_range_is_dealt_once() {
        let numbers: Vec<String> = TestNumbers::new(42).map(|bsn| bsn.expose().to_owned()).collect();
        assert!(numbers.len() > 9_000, "{}", numbers.len());
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        assert!(numbers.iter().all(|number| number.starts_with("9999")));
    }
}
