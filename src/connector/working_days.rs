//! Working days, Monday to Friday; public holidays are not known here, so a term may end on one.

use std::time::Duration;

use crate::clock::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// The same time of day, `days` working days later (UTC).
pub fn plus_working_days(from: Timestamp, days: u32) -> Timestamp {
    let (mut at, mut left) = (from, days);
    while left > 0 {
        at = at.plus(DAY);
        if is_working_day(at) {
            left -= 1;
        }
    }
    at
}

/// 1970-01-01 was a Thursday.
fn is_working_day(at: Timestamp) -> bool {
    let days = at.seconds().div_euclid(86_400);
    let weekday = (days + 3).rem_euclid(7);
    weekday < 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_do_not_count() {
        for (from, due) in [
            ("2026-11-16T09:00:00Z", "2026-11-18T09:00:00Z"), // Monday → Wednesday
            ("2026-11-19T09:00:00Z", "2026-11-23T09:00:00Z"), // Thursday → Monday
            ("2026-11-20T23:30:00Z", "2026-11-24T23:30:00Z"), // Friday → Tuesday
            ("2026-11-21T09:00:00Z", "2026-11-24T09:00:00Z"), // Saturday → Tuesday
            ("2026-11-22T09:00:00Z", "2026-11-24T09:00:00Z"), // Sunday → Tuesday
        ] {
            assert_eq!(plus_working_days(Timestamp::parse(from).unwrap(), 2).to_string(), due, "{from}");
        }
    }
}
