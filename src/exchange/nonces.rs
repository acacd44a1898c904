//! Nonces of valid signatures, in memory at once; the store keeps them durably with the first entry of their request.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The nonces seen on this node that could still be fresh.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Each nonce, and whether its own request has made it durable.
    known: HashMap<(Oin, String), bool>,
    by_expiry: BTreeMap<Timestamp, Vec<(Oin, String)>>,
}

impl Nonces {
    /// Remembers a nonce until `expires`. `false` when it was there already.
    pub fn insert(&self, organisation: &Oin, nonce: &str, expires: Timestamp, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        let one = (organisation.clone(), nonce.to_owned());
        if seen.known.contains_key(&one) {
            return false;
        }
        seen.known.insert(one.clone(), false);
        seen.by_expiry.entry(expires).or_default().push(one);
        true
    }

    /// The request of this nonce has made it durable.
    pub fn made_durable(&self, organisation: &Oin, nonce: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(durable) = seen.known.get_mut(&(organisation.clone(), nonce.to_owned())) {
            *durable = true;
        }
    }

    /// Whether the request of this nonce has made it durable on this node. If not, and the store knows it all the same, another request did.
    pub fn is_durable(&self, organisation: &Oin, nonce: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.known.get(&(organisation.clone(), nonce.to_owned())).copied().unwrap_or_default()
    }
}

impl Seen {
    fn forget(&mut self, now: Timestamp) {
        while let Some(entry) = self.by_expiry.first_entry() {
            if *entry.key() > now {
                return;
            }
            for one in entry.remove() {
                self.known.remove(&one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_once_per_organisation_until_it_expires() {
        let nonces = Nonces::default();
        let (one, other): (Oin, Oin) = ("1".repeat(20).parse().expect("OIN"), "2".repeat(20).parse().expect("OIN"));
        let at = Timestamp::from_seconds;
        assert!(nonces.insert(&one, "n", at(100), at(0)));
        assert!(!nonces.insert(&one, "n", at(100), at(99)));
        assert!(nonces.insert(&other, "n", at(100), at(99)));
        assert!(nonces.insert(&one, "n", at(300), at(100)));
    }

    #[test]
    fn a_nonce_is_durable_when_its_own_request_says_so() {
        let nonces = Nonces::default();
        let one: Oin = "1".repeat(20).parse().expect("OIN");
        let at = Timestamp::from_seconds;
        nonces.made_durable(&one, "n");
        assert!(!nonces.is_durable(&one, "n"), "never seen here");
        assert!(nonces.insert(&one, "n", at(100), at(0)));
        assert!(!nonces.is_durable(&one, "n"));
        nonces.made_durable(&one, "n");
        assert!(nonces.is_durable(&one, "n"));
        assert!(!nonces.insert(&one, "n", at(100), at(99)));
    }
}
