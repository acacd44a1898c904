//! Who may be connected: the lobby, where strangers finish their handshake, and the places of those who are served. Neither can be filled
//! by the silent, no one address can fill either, and no one organisation the places.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::organisation::Oin;

/// Connections that are not served yet. Entering never waits: when the lobby is full, the longest-waiting connection of the address that
/// has most of them must leave. Whoever finishes a handshake at an ordinary pace is out of it long before it is the oldest of a crowd,
/// so that a full lobby costs those who keep silent, not those who come after them.
#[derive(Debug)]
pub struct Lobby {
    most: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    leave: HashMap<u64, CancellationToken>,
    crowds: HashMap<IpAddr, BTreeSet<u64>>,
}

/// A connection's stay in the lobby; it ends with it.
#[derive(Debug)]
pub struct Guest {
    lobby: Arc<Lobby>,
    number: u64,
    crowd: IpAddr,
    leave: CancellationToken,
}

impl Lobby {
    /// Holds `most` connections, at least one.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), inside: Mutex::default() })
    }

    /// Lets a connection in, in another's stead when it is full.
    pub fn enter(self: &Arc<Self>, from: IpAddr) -> Guest {
        let (crowd, leave) = (subscriber(from), CancellationToken::new());
        let mut inside = self.inside();
        if inside.leave.len() >= self.most {
            inside.send_one_away();
        }
        let number = inside.next;
        inside.next = number.wrapping_add(1);
        inside.leave.insert(number, leave.clone());
        inside.crowds.entry(crowd).or_default().insert(number);
        Guest { lobby: Arc::clone(self), number, crowd, leave }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn send_one_away(&mut self) {
        let largest = self.crowds.iter().max_by_key(|(_, crowd)| (crowd.len(), std::cmp::Reverse(crowd.first())));
        let Some((crowd, oldest)) = largest.and_then(|(from, crowd)| Some((*from, *crowd.first()?))) else { return };
        if let Some(leave) = self.remove(crowd, oldest) {
            leave.cancel();
        }
    }

    fn remove(&mut self, crowd: IpAddr, number: u64) -> Option<CancellationToken> {
        if let Some(numbers) = self.crowds.get_mut(&crowd) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.crowds.remove(&crowd);
            }
        }
        self.leave.remove(&number)
    }
}

impl Guest {
    /// Resolves when this connection must leave to make room.
    pub async fn sent_away(&self) {
        self.leave.cancelled().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.lobby.inside().remove(self.crowd, self.number);
    }
}

/// The places of connections that are served, each address and each organisation having at most its share.
#[derive(Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    of_address: Shares<IpAddr>,
    of_organisation: Shares<Oin>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub struct Place {
    _address: OwnedSemaphorePermit,
    _organisation: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl Places {
    /// `all` places, of them at most `of_address` for one address and `of_organisation` for the certificates of one organisation, from wherever.
    pub fn new(all: usize, of_address: usize, of_organisation: usize) -> Self {
        let (of_address, of_organisation) = (Shares::new(of_address), Shares::new(of_organisation));
        Self { all: Arc::new(Semaphore::new(all)), of_address, of_organisation }
    }

    /// Waits for a place: first within the shares, so that a crowd waits for itself and not in everyone's queue.
    pub async fn take(&self, from: IpAddr, organisation: Option<&Oin>) -> Option<Place> {
        let of_address = self.of_address.take(subscriber(from)).await?;
        let of_organisation = match organisation {
            Some(oin) => Some(self.of_organisation.take(oin.clone()).await?),
            None => None,
        };
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _address: of_address, _organisation: of_organisation, _all: of_all })
    }
}

/// Equal shares of the places.
#[derive(Debug)]
struct Shares<K> {
    each: usize,
    taken: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> Shares<K> {
    fn new(each: usize) -> Self {
        Self { each: each.max(1), taken: Mutex::default() }
    }

    async fn take(&self, of: K) -> Option<OwnedSemaphorePermit> {
        self.share(of).acquire_owned().await.ok()
    }

    fn share(&self, of: K) -> Arc<Semaphore> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !taken.contains_key(&of) {
            // Nobody holds or awaits a place of these any more.
            taken.retain(|_, share| Arc::strong_count(share) > 1);
        }
        Arc::clone(taken.entry(of).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
    }
}

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 address, of which one subscriber has 2⁶⁴.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn waits(guest: &Guest) -> bool {
        !guest.leave.is_cancelled()
    }

    #[test]
    fn the_oldest_of_the_largest_crowd_makes_room() {
        let lobby = Lobby::new(4);
        let alone = lobby.enter(address("192.0.2.1"));
        let crowd: Vec<_> = (0..3).map(|_| lobby.enter(address("192.0.2.2"))).collect();
        let newcomer = lobby.enter(address("192.0.2.3"));
        assert!(waits(&alone) && waits(&newcomer), "who came alone stays");
        assert_eq!(crowd.iter().map(waits).collect::<Vec<_>>(), [false, true, true]);
        drop(crowd);
        let others: Vec<_> = ["192.0.2.4", "192.0.2.5"].map(|other| lobby.enter(address(other))).into();
        assert!(waits(&alone), "there is room again");
        let last = lobby.enter(address("192.0.2.6"));
        assert!(!waits(&alone), "of equals the oldest goes");
        assert!(others.iter().chain([&newcomer, &last]).all(waits));
        drop((alone, newcomer, others, last));
        let inside = lobby.inside();
        assert!(inside.leave.is_empty() && inside.crowds.is_empty(), "nothing is kept of those who left");
    }

    #[tokio::test]
    async fn nobody_takes_more_than_a_share() {
        let places = Places::new(3, 2, 3);
        let soon = Duration::from_millis(50);
        let take = |from: &str| tokio::time::timeout(soon, places.take(address(from), None));
        let first = [places.take(address("2001:db8::1"), None).await, places.take(address("2001:db8::2"), None).await];
        assert!(take("2001:db8::ffff:3").await.is_err(), "one /64 is one address");
        let other = take("2001:db8:0:1::1").await.expect("a share of its own");
        assert!(take("192.0.2.1").await.is_err(), "three places are taken");
        drop(other);
        take("192.0.2.1").await.expect("a place is free again");
        drop(first);
        take("::ffff:192.0.2.1").await.expect("a place is free again");
        places.take(address("192.0.2.9"), None).await.expect("a place");
        assert_eq!(places.of_address.taken.lock().expect("sound").len(), 1, "shares that nobody uses are forgotten");
    }

    /// Broken on purpose to see it fail: places taken by address alone.
    #[tokio::test]
    async fn an_organisation_has_one_share_from_wherever_it_comes() {
        let places = Places::new(9, 9, 2);
        let soon = Duration::from_millis(50);
        let [one, other] = ["00000099000000001000", "00000099000000002000"].map(|oin| oin.parse::<Oin>().expect("an OIN"));
        let first = [places.take(address("192.0.2.1"), Some(&one)).await, places.take(address("192.0.2.2"), Some(&one)).await];
        assert!(tokio::time::timeout(soon, places.take(address("192.0.2.3"), Some(&one))).await.is_err());
        tokio::time::timeout(soon, places.take(address("192.0.2.3"), Some(&other))).await.expect("not its crowd");
        drop(first);
        tokio::time::timeout(soon, places.take(address("192.0.2.3"), Some(&one))).await.expect("free again");
    }
}
