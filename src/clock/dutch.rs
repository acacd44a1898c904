//! Days of the Dutch calendar: what a person in the Netherlands calls today.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Month, OffsetDateTime, Time, Weekday};

use super::Timestamp;

/// A day in the Netherlands, from midnight to midnight by the legal time there; written as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day in which an instant lies.
    pub fn of(at: Timestamp) -> Self {
        Self::and_time_of(at).0
    }

    /// The day in which an instant lies, with the hour and the minute that clocks there show.
    pub fn and_time_of(at: Timestamp) -> (Self, u8, u8) {
        let local = OffsetDateTime::from_unix_timestamp(at.plus(ahead(at)).seconds());
        local.map_or((Self(Date::MAX), 0, 0), |local| (Self(local.date()), local.hour(), local.minute()))
    }

    /// Its first instant. (The clocks are never changed at midnight.)
    pub fn start(self) -> Timestamp {
        let midnight = Timestamp::from_seconds(self.0.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp());
        let in_summer = midnight.minus(SUMMER);
        if ahead(in_summer) == SUMMER { in_summer } else { midnight.minus(WINTER) }
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.next_day().unwrap_or(self.0))
    }

    /// Day of the month, month and year.
    pub fn parts(self) -> (u8, u8, i32) {
        (self.0.day(), u8::from(self.0.month()), self.0.year())
    }
}

const WINTER: Duration = Duration::from_hours(1);
const SUMMER: Duration = Duration::from_hours(2);

/// How far Dutch time is ahead of UTC: an hour more from the last Sunday of March to that of October, each at 1:00 UTC (Directive 2000/84/EC).
fn ahead(at: Timestamp) -> Duration {
    let Ok(utc) = OffsetDateTime::from_unix_timestamp(at.seconds()) else { return WINTER };
    let change = |month: Month| {
        let last = Date::from_calendar_date(utc.year(), month, 31).ok()?;
        let sunday = if last.weekday() == Weekday::Sunday { last } else { last.prev_occurrence(Weekday::Sunday) };
        Some(sunday.with_hms(1, 0, 0).ok()?.assume_utc())
    };
    match (change(Month::March), change(Month::October)) {
        (Some(spring), Some(autumn)) if (spring..autumn).contains(&utc) => SUMMER,
        _ => WINTER,
    }
}

/// The text is no day such as `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day such as 2026-11-21")]
pub struct InvalidDay;

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        // Ten characters: what RFC 3339 has behind the day is none of it.
        let at = Timestamp::parse(&format!("{text}T00:00:00Z")).map_err(|_| InvalidDay)?;
        at.calendar_date().filter(|_| text.len() == 10).map(Self).ok_or(InvalidDay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, month, year) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    /// Broken on purpose to see it fail: one offset all year, whichever.
    #[test]
    fn a_day_begins_at_midnight_in_the_netherlands() {
        for (day, start) in [
            ("2026-11-21", "2026-11-20T23:00:00Z"),
            ("2026-07-01", "2026-06-30T22:00:00Z"),
            ("2026-03-29", "2026-03-28T23:00:00Z"),
            ("2026-03-30", "2026-03-29T22:00:00Z"),
            ("2026-10-25", "2026-10-24T22:00:00Z"),
            ("2026-10-26", "2026-10-25T23:00:00Z"),
            // In this year both changes are on the 31st.
            ("2030-04-01", "2030-03-31T22:00:00Z"),
        ] {
            let day: Day = day.parse().expect("a day");
            assert_eq!(day.start(), at(start), "{day}");
            assert_eq!(Day::of(at(start)), day);
            assert_eq!(Day::of(at(start).minus(Duration::from_millis(1))).next(), day);
        }
    }

    #[test]
    fn clocks_show_the_time_of_the_netherlands() {
        for (utc, day, shown) in [
            ("2026-11-24T12:24:59Z", "2026-11-24", (13, 24)),
            ("2026-07-31T22:05:00Z", "2026-08-01", (0, 5)),
            ("2026-10-25T00:59:00Z", "2026-10-25", (2, 59)),
            ("2026-10-25T01:00:00Z", "2026-10-25", (2, 0)),
        ] {
            let (found, hour, minute) = Day::and_time_of(at(utc));
            assert_eq!((found.to_string().as_str(), (hour, minute)), (day, shown), "{utc}");
        }
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let day: Day = "2028-02-29".parse().expect("a day");
        assert_eq!((day.to_string().as_str(), day.parts()), ("2028-02-29", (29, 2, 2028)));
        assert_eq!(serde_json::to_string(&day).expect("JSON"), "\"2028-02-29\"");
        for text in ["", "2027-02-29", "2026-1-1", "21-11-2026", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z#"] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }
}
