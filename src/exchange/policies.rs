//! The policies as one node holds them: those in force, and those that come in force with the entry that is being appended.
//!
//! Which are in force is said by the store, under the head's lock: a decision counts only by the policies that stand there.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::policy::Bundle;

/// The policies of one node.
pub struct LivePolicy {
    current: ArcSwap<Bundle>,
    coming: ArcSwapOption<Bundle>,
    refused: RwLock<Option<String>>,
    unusable: RwLock<Option<String>>,
    exchanging: Mutex<()>,
}

impl LivePolicy {
    /// Starts with these.
    pub fn new(bundle: Bundle) -> Self {
        Self {
            current: ArcSwap::from_pointee(bundle),
            coming: ArcSwapOption::empty(),
            refused: RwLock::default(),
            unusable: RwLock::default(),
            exchanging: Mutex::default(),
        }
    }

    /// Those in force.
    pub fn load_full(&self) -> Arc<Bundle> {
        self.current.load_full()
    }

    /// Those that the store says are in force; `None` when this node does not have them. Before a gateway has ever served nothing is recorded.
    pub fn in_force(&self, recorded: Option<&str>) -> Option<Arc<Bundle>> {
        let (before, coming, after) = (self.load_full(), self.coming.load_full(), self.load_full());
        let Some(recorded) = recorded else { return Some(after) };
        // Exchanged between two of these looks, they are still in one of the three places.
        [Some(before), coming, Some(after)].into_iter().flatten().find(|one| one.hash() == recorded)
    }

    /// These are about to come in force: from the entry on that says so, decisions are made by them.
    pub fn announce(&self, bundle: Arc<Bundle>) {
        self.coming.store(Some(bundle));
    }

    /// These are in force now; what goes by them beside the decisions is exchanged `together` with them.
    pub fn exchange(&self, bundle: Arc<Bundle>, together: impl FnOnce()) {
        let _alone = self.exchanging.lock().unwrap_or_else(PoisonError::into_inner);
        together();
        self.current.store(bundle);
        self.coming.store(None);
        self.report(None);
        self.report_unusable(None);
    }

    /// Why those that another node has put in force cannot be used here.
    pub fn report_unusable(&self, why: Option<String>) {
        *self.unusable.write().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Why those that another node has put in force cannot be used here: nothing is decided then.
    pub fn unusable(&self) -> Option<String> {
        self.unusable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the files that stand there now are not in force, or `None` when they are.
    pub fn report(&self, refused: Option<String>) {
        *self.refused.write().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Why the files that stand there now are not in force.
    pub fn refused(&self) -> Option<String> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
