//! A table of cases that is tried to its end: every case that fails is told, not only the first.

/// What was tried and what failed.
#[derive(Default)]
pub struct Cases {
    tried: usize,
    failed: Vec<String>,
}

impl Cases {
    /// Notes the outcome of one case and gives back what it yielded, if it passed.
    pub fn check<T>(&mut self, name: impl std::fmt::Display, outcome: Result<T, String>) -> Option<T> {
        self.tried += 1;
        outcome.map_err(|reason| self.failed.push(format!("{name}: {reason}"))).ok()
    }

    /// Notes whether something holds.
    pub fn hold(&mut self, name: impl std::fmt::Display, holds: bool) {
        self.check(name, holds.then_some(()).ok_or_else(|| "does not hold".to_owned()));
    }

    /// Fails with all failures, or when fewer than `least` cases were tried.
    pub fn finish(self, least: usize) {
        assert!(self.failed.is_empty(), "{} of {} cases failed:\n  {}", self.failed.len(), self.tried, self.failed.join("\n  "));
        assert!(self.tried >= least, "only {} cases were tried", self.tried);
        println!("{} cases", self.tried);
    }
}
