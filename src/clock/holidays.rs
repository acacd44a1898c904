//! The days on which nobody works in the Netherlands: weekends, and the holidays of the Algemene termijnenwet art. 3, Good Friday included
//! (paragraph 2).

use time::{Date, Duration, Month, Weekday};

/// Whether people work on `date`.
pub(super) fn is_working_day(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(date)
}

fn is_holiday(date: Date) -> bool {
    match (date.month(), date.day()) {
        // New Year's Day, Liberation Day (bevrijdingsdag), Christmas.
        (Month::January, 1) | (Month::May, 5) | (Month::December, 25 | 26) => return true,
        // King's Day (koningsdag), a day earlier when that is a Sunday.
        (Month::April, 27) if date.weekday() != Weekday::Sunday => return true,
        (Month::April, 26) if date.weekday() == Weekday::Saturday => return true,
        _ => {}
    }
    let Some(easter) = easter(date.year()) else { return false };
    // Good Friday, Easter Monday, Ascension Day, Whit Monday.
    [-2, 1, 39, 50].into_iter().any(|days| easter.checked_add(Duration::days(days)) == Some(date))
}

/// Easter Sunday of a year of the Gregorian calendar (the anonymous algorithm, as printed by Meeus).
fn easter(year: i32) -> Option<Date> {
    let (golden, century, within) = (year % 19, year / 100, year % 100);
    let skipped = (century + 8) / 25;
    let moon_shift = (century - skipped + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (within / 4) - epact - within % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let months = epact + to_sunday - 7 * late + 114;
    let month = u8::try_from(months / 31).ok().and_then(|month| Month::try_from(month).ok())?;
    Date::from_calendar_date(year, month, u8::try_from(months % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn easter_is_where_almanacs_have_it() {
        for known in
            [date!(2024 - 03 - 31), date!(2025 - 04 - 20), date!(2026 - 04 - 05), date!(2027 - 03 - 28), date!(2038 - 04 - 25)]
        {
            assert_eq!(easter(known.year()), Some(known));
        }
    }

    /// Broken on purpose to see it fail: Ascension Day a day late; King's Day on the 27th always.
    #[test]
    fn holidays_are_those_of_the_law() {
        let free = [
            date!(2026 - 01 - 01),
            date!(2026 - 04 - 03),
            date!(2026 - 04 - 06),
            date!(2026 - 04 - 27),
            date!(2026 - 05 - 05),
            date!(2026 - 05 - 14),
            date!(2026 - 05 - 25),
            date!(2026 - 12 - 25),
            date!(2025 - 04 - 26),
            date!(2026 - 11 - 21),
        ];
        for day in free {
            assert!(!is_working_day(day), "{day}");
        }
        for day in
            [date!(2026 - 04 - 02), date!(2026 - 05 - 15), date!(2026 - 05 - 26), date!(2026 - 12 - 24), date!(2025 - 04 - 28)]
        {
            assert!(is_working_day(day), "{day}");
        }
    }
}
