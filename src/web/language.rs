//! In which language a page is shown: as the person chose, else as the browser prefers, else in Dutch.

use http::header::{self, HeaderMap};

use super::cookie;
use super::origin::Origin;
use crate::policy::Language;

/// How long a choice is remembered, in seconds: a year.
const REMEMBERED: u32 = 365 * 24 * 60 * 60;

/// What stands in `lang`, in the cookie and in forms (BCP 47).
pub(super) const fn code(language: Language) -> &'static str {
    match language {
        Language::Nl => "nl",
        Language::En => "en",
    }
}

/// The language with this code.
pub(super) fn of(text: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| code(*language) == text)
}

/// The cookie that remembers a choice.
pub(super) fn cookie(origin: &Origin, language: Language) -> String {
    cookie::LANGUAGE.set(origin, code(language), Some(REMEMBERED))
}

/// The language of a request.
pub(super) fn chosen(origin: &Origin, headers: &HeaderMap) -> Language {
    let accepted = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let remembered = cookie::LANGUAGE.values(origin, headers).find_map(of);
    remembered.or_else(|| preferred(accepted)).unwrap_or(Language::Nl)
}

/// The one of ours that has the most weight (RFC 9110 §12.5.4); of equals the first.
fn preferred<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Language> {
    let ranges = lines.flat_map(|line| line.split(',')).take(32).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let primary = parts.next()?.split('-').next()?.to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
        Some((of(&primary)?, weight)).filter(|(_, weight)| *weight > 0.0)
    });
    ranges.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of_request(cookie: Option<&str>, accept: Option<&str>) -> Language {
        let mut headers = HeaderMap::new();
        let field = |text: &str| HeaderValue::from_str(text).expect("a field value");
        headers.extend(cookie.map(|text| (header::COOKIE, field(text))));
        headers.extend(accept.map(|text| (header::ACCEPT_LANGUAGE, field(text))));
        chosen(&"https://sluis.example".parse().expect("an origin"), &headers)
    }

    #[test]
    fn the_choice_comes_before_the_browser_and_dutch_when_neither_says() {
        assert_eq!(of_request(None, None), Language::Nl);
        assert_eq!(of_request(None, Some("en")), Language::En);
        assert_eq!(of_request(Some("a=b; __Host-language=nl"), Some("en")), Language::Nl);
        assert_eq!(of_request(Some("language=en"), None), Language::Nl, "a cookie that another host could have set");
        assert_eq!(of_request(Some("__Host-language=fr"), Some("en")), Language::En);
    }

    #[test]
    fn the_heaviest_of_ours() {
        for (accept, expected) in [
            ("en-GB,en;q=0.9,nl;q=0.8", Language::En),
            ("de, nl-BE;q=0.5, en;q=0.3", Language::Nl),
            ("fr, de", Language::Nl),
            ("en;q=0", Language::Nl),
            ("en;q=0.2, NL;q=0.7", Language::Nl),
            ("nl;q=oops, en;q=0.1", Language::En),
            (";;;,,,q=", Language::Nl),
        ] {
            assert_eq!(of_request(None, Some(accept)), expected, "{accept}");
        }
    }
}
