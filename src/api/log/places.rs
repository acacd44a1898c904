//! Places for what walks over the whole log: overviews, reports and exports. One organisation holds few of them, so that the others find one free.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::exchange::refusal::{ProblemType, Refusal};
use crate::organisation::Oin;

/// When to try again.
const LATER: Duration = Duration::from_secs(10);

/// The places of a node.
pub struct Places {
    all: Arc<Semaphore>,
    each: usize,
    of: Mutex<BTreeMap<Oin, Arc<Semaphore>>>,
}

/// A place, until it is dropped.
pub(super) struct Place {
    _of_node: OwnedSemaphorePermit,
    _of_organisation: OwnedSemaphorePermit,
}

impl Places {
    /// So many, of which each organisation has at most so many.
    pub fn new(all: usize, each: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, of: Mutex::default() }
    }

    /// A place for `organisation`.
    ///
    /// # Errors
    /// `rate-limited` when there is none.
    pub(super) fn take(&self, organisation: &Oin) -> Result<Place, Refusal> {
        let busy = |detail: &str| Refusal::new(ProblemType::RateLimited, detail).retry_after(LATER);
        let own = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(of.entry(organisation.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        let own = own.try_acquire_owned();
        let own = own.map_err(|_| {
            busy("your organisation has as many overviews, reports and exports under way as it may; try again when one has ended")
        })?;
        let of_node = Arc::clone(&self.all).try_acquire_owned();
        let of_node = of_node.map_err(|_| busy("this node makes as many overviews, reports and exports as it can; try again"))?;
        Ok(Place { _of_node: of_node, _of_organisation: own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: without the organisation's own semaphore; without the node's.
    #[test]
    fn one_organisation_cannot_take_all_places() {
        let oin = |number: u8| format!("0000009900000000{number}000").parse::<Oin>().expect("an OIN");
        let places = Places::new(3, 2);
        let refused = |organisation| places.take(&oin(organisation)).map(drop).expect_err("no place");
        let first = places.take(&oin(1)).expect("a place");
        let _second = places.take(&oin(1)).expect("another");
        assert!(refused(1).detail.starts_with("your organisation"));
        let third = places.take(&oin(2)).expect("a place for the other");
        let refusal = refused(2);
        assert!(refusal.detail.starts_with("this node"), "{refusal:?}");
        assert_eq!((refusal.kind, refusal.retry_after), (ProblemType::RateLimited, Some(LATER)));
        drop(first);
        let _fourth = places.take(&oin(2)).expect("it was given back");
        drop(third);
        let _fifth = places.take(&oin(1)).expect("and this one");
    }
}
