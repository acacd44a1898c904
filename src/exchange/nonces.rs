//! Nonces of valid signatures, in memory at once; the store keeps them durably with the first entry of their request.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::crypto::digest::sha256_of;
use crate::organisation::Oin;

/// The nonces seen on this node that could still be fresh.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Each nonce, and whether its own request has made it durable.
    known: HashMap<Name, bool>,
    by_expiry: BTreeMap<Timestamp, Vec<Name>>,
}

/// A nonce of an organisation: half of a SHA-256, since some hundred thousand are kept. Another nonce of the same name would take 2¹²⁸ tries for one that
/// is given, and refuse a request: it lets none in.
type Name = [u8; 16];

fn name(organisation: &Oin, nonce: &str) -> Name {
    // An OIN has one length, so that no two pairs run together.
    let digest = sha256_of(&[organisation.as_str().as_bytes(), nonce.as_bytes()]);
    digest.first_chunk().copied().unwrap_or_default()
}

impl Nonces {
    /// Remembers a nonce until `expires`. `false` when it was there already.
    pub fn insert(&self, organisation: &Oin, nonce: &str, expires: Timestamp, now: Timestamp) -> bool {
        let one = name(organisation, nonce);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        if seen.known.contains_key(&one) {
            return false;
        }
        seen.known.insert(one, false);
        seen.by_expiry.entry(expires).or_default().push(one);
        true
    }

    /// The request of this nonce has made it durable.
    pub fn made_durable(&self, organisation: &Oin, nonce: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(durable) = seen.known.get_mut(&name(organisation, nonce)) {
            *durable = true;
        }
    }

    /// Whether the request of this nonce has made it durable on this node. If not, and the store knows it all the same, another request did.
    pub fn is_durable(&self, organisation: &Oin, nonce: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.known.get(&name(organisation, nonce)).copied().unwrap_or_default()
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
