//! Which times of a signature are acceptable. Whole seconds, as in the parameters themselves.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long ago `created` may be.
pub const MAX_AGE: Duration = Duration::from_mins(1);
/// How far ahead of our clock `created` may be.
pub const MAX_LEAD: Duration = Duration::from_secs(10);
/// How far apart `created` and `expires` may be.
pub const MAX_LIFETIME: Duration = Duration::from_mins(1);

/// `created` and `expires` in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureTimes {
    /// When the signature was made.
    pub created: i64,
    /// From when on it counts no more.
    pub expires: i64,
}

impl SignatureTimes {
    /// From now, for as long as is allowed.
    pub fn from(now: Timestamp) -> Self {
        Self { created: now.seconds(), expires: now.plus(MAX_LIFETIME).seconds() }
    }
}

/// Whether a request signature with these times counts now.
///
/// # Errors
/// [`Stale`], the first rule broken.
pub fn freshness(times: SignatureTimes, now: Timestamp) -> Result<(), Stale> {
    let lifetime = times.expires.saturating_sub(times.created);
    if lifetime <= 0 {
        return Err(Stale::ExpiresFirst);
    }
    if lifetime > seconds(MAX_LIFETIME) {
        return Err(Stale::LivesTooLong);
    }
    freshness_of_creation(times.created, now)?;
    if now.seconds() >= times.expires { Err(Stale::Expired) } else { Ok(()) }
}

/// Whether a signature without `expires`, as on our responses, counts now.
///
/// # Errors
/// [`Stale::TooOld`] or [`Stale::FromTheFuture`].
pub fn freshness_of_creation(created: i64, now: Timestamp) -> Result<(), Stale> {
    let age = now.seconds().saturating_sub(created);
    if age > seconds(MAX_AGE) {
        return Err(Stale::TooOld);
    }
    if age < -seconds(MAX_LEAD) { Err(Stale::FromTheFuture) } else { Ok(()) }
}

const fn seconds(duration: Duration) -> i64 {
    duration.as_secs().cast_signed()
}

/// The times of a signature are not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// `expires` is not after `created`.
    #[error("`expires` must be after `created`")]
    ExpiresFirst,
    /// `expires` is too far from `created`.
    #[error("`expires` may be at most 60 seconds after `created`")]
    LivesTooLong,
    /// `created` is too long ago.
    #[error("`created` is more than 60 seconds ago")]
    TooOld,
    /// `created` is too far ahead.
    #[error("`created` is more than 10 seconds ahead of this clock")]
    FromTheFuture,
    /// `expires` has come.
    #[error("the signature has expired")]
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(created: i64, expires: i64, now: i64) -> Result<(), Stale> {
        freshness(SignatureTimes { created, expires }, Timestamp::from_seconds(now))
    }

    #[test]
    fn each_limit_holds_to_the_second() {
        assert_eq!(at(100, 100, 100), Err(Stale::ExpiresFirst));
        assert_eq!(at(100, 99, 100), Err(Stale::ExpiresFirst));
        assert_eq!(at(100, 161, 100), Err(Stale::LivesTooLong));
        assert_eq!(at(100, 160, 89), Err(Stale::FromTheFuture));
        assert_eq!(at(100, 160, 161), Err(Stale::TooOld));
        assert_eq!(at(100, 160, 160), Err(Stale::Expired));
        assert_eq!(at(100, 130, 130), Err(Stale::Expired));
        for (expires, now) in [(160, 90), (160, 100), (160, 159), (101, 100)] {
            assert_eq!(at(100, expires, now), Ok(()), "{expires} {now}");
        }
    }

    #[test]
    fn extreme_times_do_not_wrap() {
        assert_eq!(at(i64::MIN, i64::MAX, 0), Err(Stale::LivesTooLong));
        assert_eq!(at(i64::MAX, i64::MIN, 0), Err(Stale::ExpiresFirst));
        assert_eq!(freshness_of_creation(i64::MIN, Timestamp::from_seconds(0)), Err(Stale::TooOld));
        assert_eq!(freshness_of_creation(i64::MAX, Timestamp::from_seconds(0)), Err(Stale::FromTheFuture));
    }

    #[test]
    fn our_own_times_count() {
        let now = Timestamp::from_millis(1_795_262_400_999);
        assert_eq!(freshness(SignatureTimes::from(now), now), Ok(()));
    }
}
