//! Dates counted from the day of the demo, so that ages and running measures stay right whenever it is started.

use std::time::Duration;

use time::{Date, Month, OffsetDateTime};

use crate::clock::Timestamp;

/// The calendar as seen from one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    now: Timestamp,
    today: Date,
}

impl Calendar {
    /// The calendar of the day (UTC) that holds `now`.
    pub fn at(now: Timestamp) -> Self {
        let today = OffsetDateTime::from_unix_timestamp(now.seconds()).map_or(Date::MIN, OffsetDateTime::date);
        Self { now, today }
    }

    /// The day itself.
    pub const fn today(self) -> Date {
        self.today
    }

    /// So many days before today; negative is after.
    pub fn days_ago(self, days: i64) -> Date {
        self.today.saturating_sub(time::Duration::days(days))
    }

    /// The birth date of someone of `age` who had a birthday `since` (0 to 364) days ago.
    pub fn born(self, age: i32, since: i64) -> Date {
        let birthday = self.days_ago(since);
        // 29 February falls on the 28th in most years: a day early keeps the age right.
        let day = if birthday.month() == Month::February { birthday.day().min(28) } else { birthday.day() };
        Date::from_calendar_date(birthday.year().saturating_sub(age), birthday.month(), day).unwrap_or(birthday)
    }

    /// The instant so many days before now; negative is after.
    pub fn instant_days_ago(self, days: i64) -> Timestamp {
        let span = Duration::from_secs(days.unsigned_abs().saturating_mul(86_400));
        if days >= 0 { self.now.minus(span) } else { self.now.plus(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::age_on;

    #[test]
    fn ages_are_right_on_every_day_of_a_leap_year() {
        let start = Timestamp::parse("2028-01-01T10:00:00Z").expect("valid");
        for day in 0..366 {
            let calendar = Calendar::at(start.plus(Duration::from_secs(day * 86_400)));
            for since in [0, 1, 59, 300, 364] {
                let birth = calendar.born(13, since).to_string();
                assert_eq!(age_on(&birth, &calendar.today().to_string()), Some(13), "{birth}, {since} days");
            }
        }
    }

    #[test]
    fn days_count_both_ways() {
        let calendar = Calendar::at(Timestamp::parse("2026-11-21T12:00:00Z").expect("valid"));
        assert_eq!(calendar.days_ago(-6).to_string(), "2026-11-27");
        assert_eq!(calendar.instant_days_ago(1).to_string(), "2026-11-20T12:00:00Z");
    }
}
