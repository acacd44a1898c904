//! The machine's clock, moved forward or back at will.

use std::sync::atomic::{AtomicI64, Ordering};

use sluis::clock::{Clock, SystemClock, Timestamp};

/// The system's time plus an offset. TLS goes on by the real time: certificates and revocation lists do not notice.
#[derive(Debug, Default)]
pub struct MovedClock(AtomicI64);

impl MovedClock {
    /// Moves the clock by this many seconds from where it is.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().millis() + self.0.load(Ordering::SeqCst))
    }
}
