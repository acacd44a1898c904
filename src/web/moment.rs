//! Instants as people in the Netherlands read them.

use crate::clock::{Day, Timestamp};
use crate::policy::Language;

/// An instant on a page: for `<time datetime="…">`, and by the clocks of the Netherlands.
pub(super) struct Moment {
    /// RFC 3339, in UTC.
    pub(super) exact: String,
    /// `24-11-2026 13:24` in Dutch, `2026-11-24 13:24` in English.
    pub(super) shown: String,
}

impl Moment {
    pub(super) fn of(at: Timestamp, language: Language) -> Self {
        let (day, hour, minute) = Day::and_time_of(at);
        let date = match language {
            Language::Nl => {
                let (day, month, year) = day.parts();
                format!("{day:02}-{month:02}-{year}")
            }
            Language::En => day.to_string(),
        };
        Self { exact: at.to_string(), shown: format!("{date} {hour:02}:{minute:02}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_by_the_clocks_of_the_netherlands() {
        let at = Timestamp::parse("2026-07-01T22:04:59Z").expect("an instant");
        let shown = |language| Moment::of(at, language).shown;
        assert_eq!((shown(Language::Nl), shown(Language::En)), ("02-07-2026 00:04".to_owned(), "2026-07-02 00:04".to_owned()));
        assert_eq!(Timestamp::parse(&Moment::of(at, Language::Nl).exact), Ok(at));
    }
}
