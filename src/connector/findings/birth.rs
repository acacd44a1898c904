//! Dates of birth of known persons, however they are written: `5 mei 1990`, `05-05-'90`, `1990/05/05`, `05051990`.

use super::fold::fold_into;
use crate::subject::{decimal, is_invisible};

/// The months in Dutch and English, by number; a word counts from its third letter.
const MONTHS: [[&str; 2]; 12] = [
    ["januari", "january"],
    ["februari", "february"],
    ["maart", "march"],
    ["april", "april"],
    ["mei", "may"],
    ["juni", "june"],
    ["juli", "july"],
    ["augustus", "august"],
    ["september", "september"],
    ["oktober", "october"],
    ["november", "november"],
    ["december", "december"],
];

/// Words that may stand inside a date.
const WITHIN: [&str; 8] = ["e", "de", "ste", "st", "nd", "rd", "th", "of"];

/// A date of birth; what the source does not know of it is 0.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
}

/// The dates, prepared.
pub(super) struct BirthDates(Vec<Date>);

/// A number or a word.
struct Token {
    text: String,
    from: usize,
    until: usize,
}

impl BirthDates {
    /// From dates as the registers have them, `YYYY-MM-DD`.
    pub(super) fn new<'a>(dates: impl Iterator<Item = &'a str>) -> Self {
        Self(dates.filter_map(Date::parse).collect())
    }

    /// The ranges (characters) that tell one of them.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let tokens = tokens(text);
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for window in tokens.windows(3) {
            let [first, second, third] = window else { continue };
            let [one, two, three] = [&first.text, &second.text, &third.text];
            let told = |date: &Date| {
                (date.is_year(three) && (date.is_day_month(one, two) || date.is_day_month(two, one)))
                    || (date.is_year(one) && (date.is_day_month(three, two) || date.is_day_month(two, three)))
            };
            if self.0.iter().any(told) {
                ranges.push((first.from, third.until));
            }
        }
        let whole = tokens.iter().filter(|token| self.0.iter().any(|date| date.is_written_as(&token.text)));
        ranges.extend(whole.map(|token| (token.from, token.until)));
        ranges.sort_unstable();
        ranges
    }
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.get(..10)?.split('-').map(|part| part.parse().ok());
        let date = Self { year: parts.next()??, month: parts.next()??, day: parts.next()?? };
        (date.month > 0 && date.day > 0).then_some(date)
    }

    fn is_year(self, token: &str) -> bool {
        let year = token.parse() == Ok(self.year % 100) && token.len() == 2;
        year || token.parse() == Ok(self.year)
    }

    fn is_day_month(self, day: &str, month: &str) -> bool {
        let name = |names: &[&str; 2]| {
            let whole = month.chars().count() >= 3 && names.iter().any(|name| name.starts_with(month));
            whole || (month == "mrt" && names.contains(&"maart"))
        };
        let named = MONTHS.iter().position(name).and_then(|place| u32::try_from(place + 1).ok());
        day.parse() == Ok(self.day) && (month.parse() == Ok(self.month) || named == Some(self.month))
    }

    /// Eight digits, or six.
    fn is_written_as(self, token: &str) -> bool {
        let Self { year, month, day } = self;
        let short = year % 100;
        [
            format!("{year:04}{month:02}{day:02}"),
            format!("{day:02}{month:02}{year:04}"),
            format!("{day:02}{month:02}{short:02}"),
            format!("{short:02}{month:02}{day:02}"),
        ]
        .iter()
        .any(|written| written == token)
    }
}

/// The numbers and words of a text, without the words that say nothing in a date.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    // Whether the last token goes on, and whether it is a number.
    let mut open: Option<bool> = None;
    for (at, letter) in text.chars().enumerate() {
        if is_invisible(letter) {
            continue;
        }
        let digit = decimal(letter);
        if digit.is_none() && !letter.is_alphabetic() {
            open = None;
            continue;
        }
        if open != Some(digit.is_some()) {
            tokens.push(Token { text: String::new(), from: at, until: at });
        }
        open = Some(digit.is_some());
        if let Some(token) = tokens.last_mut() {
            token.until = at + 1;
            match digit {
                Some(digit) => token.text.push(digit),
                None => fold_into(&mut token.text, letter),
            }
        }
    }
    tokens.retain(|token| !WITHIN.contains(&token.text.as_str()));
    tokens
}
