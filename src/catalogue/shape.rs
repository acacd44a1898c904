//! What a single field may hold: strict when the gateway checks, lenient when a source's record is read. Pure.

use serde_json::{Map, Value};

use super::records::scalar::{Level, Presence};
use crate::subject::AgeBand;

/// The longest text of a field, in characters.
pub const MAX_TEXT: usize = 2000;
/// The longest list.
pub const MAX_LIST: usize = 200;

/// The kind of value that a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bounded text.
    Text,
    /// A list of bounded texts.
    Texts,
    /// A coded value.
    Code,
    /// A list of coded values.
    Codes,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year, as a number.
    Year,
    /// A number of items.
    Count,
    /// True or false.
    Flag,
    /// Yes, no or unknown.
    Presence,
    /// Low, mid or high.
    Level,
    /// An age band.
    AgeBand,
    /// A band of a safety scale.
    ScaleBand,
    /// An offence class.
    OffenceClass,
    /// A person's letter.
    Letter,
    /// A person other than the subject.
    Person,
    /// A list of persons other than the subject.
    Persons,
    /// Named scores of an instrument.
    Scores,
    /// A pseudonym: filled by the gateway, never read from a source.
    Pseudonym,
}

impl Shape {
    /// The value as this shape, unknown members of a person dropped; `None` when it is of another type, pattern or length.
    pub fn strict(self, value: &Value) -> Option<Value> {
        let text = |valid: fn(&str) -> bool| value.as_str().filter(|text| valid(text)).map(Value::from);
        match self {
            Self::Text => text(is_text),
            Self::Code => text(is_code),
            Self::Day => text(is_day),
            Self::Month => text(is_month),
            Self::AgeBand => text(is_age_band),
            Self::ScaleBand => text(is_scale_band),
            Self::OffenceClass => text(is_offence_class),
            Self::Letter => text(is_letter),
            Self::Presence => text(is_presence),
            Self::Level => text(is_level),
            Self::Year => value.as_u64().filter(|year| is_year(*year)).map(Value::from),
            Self::Count => value.as_u64().filter(|count| *count <= 100_000).map(Value::from),
            Self::Flag => value.as_bool().map(Value::from),
            Self::Texts => each(value, |entry| Self::Text.strict(entry)),
            Self::Codes => each(value, |entry| Self::Code.strict(entry).filter(is_one_word)),
            Self::Person => person(value),
            Self::Persons => each(value, person),
            Self::Scores => scores(value),
            Self::Pseudonym => None,
        }
    }

    /// The value of a source's own record as this shape, where its meaning is plain: a Boolean as `yes` or `no`, a number as its
    /// digits, one text as a list of one. `None` when it cannot be read as such; the field is then left out.
    pub fn lenient(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Code, Value::Bool(flag)) => Some(Value::from(if *flag { "yes" } else { "no" })),
            (Self::Presence, Value::Bool(true)) => Some(Presence::Yes.code().into()),
            (Self::Presence, Value::Bool(false)) => Some(Presence::No.code().into()),
            (Self::Code | Self::Text, Value::Number(number)) => Some(number.to_string().into()),
            (Self::Flag, Value::String(word)) => flag(word).map(Value::from),
            (Self::Level, Value::String(word)) => Level::from_word(word).map(|level| level.code().into()),
            (Self::Day, Value::String(instant)) => instant.get(..10).filter(|day| is_day(day)).map(Value::from),
            (Self::Texts | Self::Codes | Self::Persons, Value::Array(entries)) => {
                let one = if self == Self::Persons { Self::Person } else { self.single() };
                Some(entries.iter().filter_map(|entry| one.lenient(entry)).collect())
            }
            (Self::Texts | Self::Codes, Value::String(_)) => Some(Value::Array(vec![self.single().strict(value)?])),
            (Self::Text | Self::Code, Value::Object(entry)) => self.strict(entry.get("kind")?),
            (Self::Person, Value::String(letter)) if is_letter(letter) => Some(serde_json::json!({ "letter": letter })),
            _ => self.strict(value),
        }
    }

    const fn single(self) -> Self {
        match self {
            Self::Texts => Self::Text,
            Self::Codes => Self::Code,
            other => other,
        }
    }
}

fn each(value: &Value, one: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    let entries = value.as_array().filter(|entries| entries.len() <= MAX_LIST)?;
    entries.iter().map(one).collect::<Option<Vec<_>>>().map(Value::Array)
}

fn person(value: &Value) -> Option<Value> {
    let mut kept = Map::new();
    let letter = value.get("letter").and_then(Value::as_str).filter(|letter| is_letter(letter))?;
    kept.insert("letter".to_owned(), letter.into());
    if let Some(band) = value.get("ageBand").filter(|band| !band.is_null()) {
        kept.insert("ageBand".to_owned(), Shape::AgeBand.strict(band)?);
    }
    Some(Value::Object(kept))
}

fn scores(value: &Value) -> Option<Value> {
    let scores = value.as_object().filter(|scores| scores.len() <= MAX_LIST)?;
    scores.iter().all(|(name, score)| is_code(name) && score.is_number()).then(|| value.clone())
}

fn flag(word: &str) -> Option<bool> {
    match word {
        "yes" | "true" | "ja" => Some(true),
        "no" | "false" | "nee" => Some(false),
        _ => None,
    }
}

/// A text of at most [`MAX_TEXT`] characters without control characters other than line ends and tabs.
pub fn is_text(text: &str) -> bool {
    let plain = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    text.len() <= MAX_TEXT.saturating_mul(4) && text.chars().count() <= MAX_TEXT && text.chars().all(plain)
}

/// 1 to 60 letters, digits, spaces and `._/+-`, beginning with a letter or digit.
pub fn is_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" ._/+-".contains(&byte);
    (1..=60).contains(&text.len()) && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) && text.bytes().all(allowed)
}

/// A code without spaces: several words in a list of kinds are prose, which goes out in a summary only.
pub fn is_one_word(code: &Value) -> bool {
    code.as_str().is_some_and(|code| !code.contains(' '))
}

/// A day of the calendar, `YYYY-MM-DD`.
pub fn is_day(text: &str) -> bool {
    let (Some(month), Some(separator), Some(day)) = (text.get(..7), text.get(7..8), text.get(8..)) else { return false };
    if !is_month(month) || separator != "-" || !two_digits(day) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=last).contains(&day)
}

/// A month of the calendar, `YYYY-MM`.
pub fn is_month(text: &str) -> bool {
    let (Some(year), Some(separator), Some(month)) = (text.get(..4), text.get(4..5), text.get(5..)) else { return false };
    let digits = year.bytes().all(|byte| byte.is_ascii_digit());
    let year_fits = digits && year.parse::<u64>().is_ok_and(is_year);
    year_fits && separator == "-" && two_digits(month) && month.parse::<u8>().is_ok_and(|month| (1..=12).contains(&month))
}

fn two_digits(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A year that a record of a living person can name.
pub const fn is_year(year: u64) -> bool {
    1800 <= year && year <= 2999
}

/// One of the bands of [`AgeBand`].
pub fn is_age_band(text: &str) -> bool {
    let first = text.split_once('-').and_then(|(from, _)| from.parse::<u8>().ok());
    first.is_some_and(|from| AgeBand::of(from).to_string() == text)
}

/// A household letter: a capital and one or two digits.
pub fn is_letter(text: &str) -> bool {
    let mut bytes = text.bytes();
    let capital = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase());
    capital && (1..=2).contains(&bytes.len()) && bytes.all(|byte| byte.is_ascii_digit())
}

/// One of the three bands of a safety scale.
pub fn is_scale_band(text: &str) -> bool {
    matches!(text, "0-3" | "4-6" | "7-10")
}

/// `p1_` and 27 characters of Crockford's alphabet, its check symbol included.
pub fn is_pseudonym(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"*~$=".contains(&byte);
    text.strip_prefix("p1_").is_some_and(|rest| rest.len() == 27 && rest.bytes().all(allowed))
}

fn is_offence_class(text: &str) -> bool {
    super::offence::OffenceClass::ALL.iter().any(|class| class.code() == text)
}

fn is_presence(text: &str) -> bool {
    matches!(text, "yes" | "no" | "unknown")
}

fn is_level(text: &str) -> bool {
    matches!(text, "low" | "mid" | "high")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn days_are_days_of_the_calendar() {
        for wrong in
            ["2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "26-01-01", "2026-1-1", "2026-01-01T00", "", "+026-01-01"]
        {
            assert!(!is_day(wrong), "{wrong}");
        }
        assert!(is_day("2024-02-29"));
        assert!(!is_month("2026-01-01") && is_month("2026-01"));
    }

    #[test]
    fn persons_lose_everything_but_letter_and_band() {
        let person = json!({"letter": "A1", "ageBand": "25-34", "name": "Jansen"});
        assert_eq!(Shape::Person.strict(&person), Some(json!({"letter": "A1", "ageBand": "25-34"})));
        assert_eq!(Shape::Person.strict(&json!({"ageBand": "25-34"})), None);
        assert_eq!(Shape::Person.strict(&json!({"letter": "A1", "ageBand": "26-35"})), None);
    }

    #[test]
    fn codes_hold_no_sentences() {
        assert!(is_code("domestic-violence") && is_code("mishandeling 300 Sr"));
        assert!(!is_code("") && !is_code(" x") && !is_code("hij sloeg haar, zei ze") && !is_code(&"x".repeat(61)));
    }

    #[test]
    fn texts_and_lists_are_bounded() {
        assert!(is_text(&"é".repeat(MAX_TEXT)) && !is_text(&"é".repeat(MAX_TEXT + 1)) && !is_text("a\u{0}b"));
        assert_eq!(Shape::Texts.strict(&json!(vec!["x"; MAX_LIST + 1])), None);
    }

    #[test]
    fn a_source_may_speak_its_own_way() {
        assert_eq!(Shape::Code.lenient(&json!(true)), Some(json!("yes")));
        assert_eq!(Shape::Level.lenient(&json!("Hoog")), Some(json!("high")));
        assert_eq!(Shape::Texts.lenient(&json!("one")), Some(json!(["one"])));
        assert_eq!(Shape::Codes.lenient(&json!([{"kind": "debt-relief", "by": "x"}])), Some(json!(["debt-relief"])));
        assert_eq!(Shape::Code.strict(&json!(true)), None);
        assert_eq!(Shape::Pseudonym.lenient(&json!("p1_000000000000000000000000000")), None);
    }
}
