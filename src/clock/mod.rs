//! Time, passed in: nothing in this crate asks the operating system for the time except [`SystemClock`].

mod dutch;
mod holidays;
mod sure;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use dutch::{Day, InvalidDay};
pub use sure::SureTime;

const DAY: Duration = Duration::from_hours(24);

/// An instant in UTC, in whole milliseconds since 1970-01-01 (no leap seconds); written as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970-01-01T00:00:00Z, as RFC 9421 `created` states them.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved forward; stops at the end of time rather than wrapping.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The same time of day, `days` Dutch working days later (UTC): weekends and national holidays do not count. Where the calendar ends, every
    /// day counts.
    #[must_use]
    pub fn plus_working_days(self, days: u32) -> Self {
        let (mut at, mut left) = (self, days);
        while left > 0 {
            at = at.plus(DAY);
            let works = at.calendar_date().is_none_or(holidays::is_working_day);
            left = left.saturating_sub(u32::from(works));
        }
        at
    }

    /// The same day and time one calendar month later, or that month's last day.
    #[must_use]
    pub fn plus_month(self) -> Self {
        let Some(date) = self.calendar_date() else { return self.plus(DAY * 28) };
        let year = if date.month() == time::Month::December { date.year().saturating_add(1) } else { date.year() };
        let month = date.month().next();
        let day = date.day().min(month.length(year));
        let later = time::Date::from_calendar_date(year, month, day).map_or(28, |later| (later - date).whole_days());
        self.plus(DAY * u32::try_from(later).unwrap_or(28))
    }

    fn calendar_date(self) -> Option<time::Date> {
        OffsetDateTime::from_unix_timestamp(self.seconds()).ok().map(OffsetDateTime::date)
    }

    /// This instant moved back.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] when `text` is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let millis = i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000));
        millis.map(Self).map_err(|_| InvalidTimestamp)
    }

    /// The calendar date in UTC as `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        let text = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().and_then(|at| at.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("9999-12-31T23:59:59Z"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The text is not an RFC 3339 instant such as `2026-11-21T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2026-11-21T12:00:00Z")]
pub struct InvalidTimestamp;

/// Where the current time comes from.
pub trait Clock: Send + Sync {
    /// The current instant. May go backwards when the machine's clock is set.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The time that has surely come, as who watches the clock said last: it lags behind the clock, and is never ahead of it. What cannot be undone goes by it.
#[derive(Debug)]
pub struct Believed(AtomicI64);

impl Default for Believed {
    fn default() -> Self {
        Self(AtomicI64::new(Self::NONE))
    }
}

impl Believed {
    const NONE: i64 = i64::MIN;

    /// From now on it is this, or nobody knows.
    pub fn set(&self, time: Option<Timestamp>) {
        self.0.store(time.map_or(Self::NONE, Timestamp::millis), Ordering::Relaxed);
    }

    /// The time that has surely come; `None` while the clock is not believed.
    pub fn time(&self) -> Option<Timestamp> {
        Some(self.0.load(Ordering::Relaxed)).filter(|millis| *millis != Self::NONE).map(Timestamp::from_millis)
    }
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        Timestamp(i64::try_from(nanos.div_euclid(1_000_000)).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_later_is_a_day_that_exists() {
        for (from, later) in [("2026-01-31", "2026-02-28"), ("2026-12-15", "2027-01-15"), ("2028-01-30", "2028-02-29")] {
            let from = Timestamp::parse(&format!("{from}T09:00:00Z")).expect("an instant");
            assert_eq!(from.plus_month().to_string(), format!("{later}T09:00:00Z"));
        }
    }

    #[test]
    fn weekends_and_holidays_do_not_count() {
        for (from, due) in [
            ("2026-11-16T09:00:00Z", "2026-11-18T09:00:00Z"), // Monday → Wednesday
            ("2026-11-19T09:00:00Z", "2026-11-23T09:00:00Z"), // Thursday → Monday
            ("2026-11-20T23:30:00Z", "2026-11-24T23:30:00Z"), // Friday → Tuesday
            ("2026-11-21T09:00:00Z", "2026-11-24T09:00:00Z"), // Saturday → Tuesday
            ("2026-11-22T09:00:00Z", "2026-11-24T09:00:00Z"), // Sunday → Tuesday
            ("2026-12-24T09:00:00Z", "2026-12-29T09:00:00Z"), // Thursday, then Christmas → Tuesday
            ("2026-04-02T09:00:00Z", "2026-04-08T09:00:00Z"), // Maundy Thursday → Wednesday after Easter
        ] {
            assert_eq!(Timestamp::parse(from).expect("an instant").plus_working_days(2).to_string(), due, "{from}");
        }
    }
}
