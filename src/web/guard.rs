//! What a browser may ask of the pages: only under our own name, and changes only from our own pages.
//!
//! A browser tells in `Sec-Fetch-*` (W3C Fetch Metadata) from where and for what it asks. One that does not is believed for what it reads; for what it
//! changes `Origin` (RFC 6454 §7) must be there and be ours: with `SameSite` cookies and a form's token the third lock on the same door.

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};

use super::origin::Origin;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Why a request is turned away before anything of it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// It was sent to a name that is not ours: a browser was led astray (DNS rebinding), or a proxy is set up wrongly.
    Misdirected,
    /// Another site asks to change something, frames a page, or embeds it.
    Foreign,
}

impl Turned {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Foreign => StatusCode::FORBIDDEN,
        }
    }
}

/// Whether the request may go on.
pub(super) fn judge(origin: &Origin, method: &Method, headers: &HeaderMap) -> Result<(), Turned> {
    let once = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    if !once(&header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(origin.authority())) {
        return Err(Turned::Misdirected);
    }
    let told = |name: &HeaderName| headers.contains_key(name).then(|| once(name).unwrap_or_default());
    let (site, mode, destination) = (told(&SITE), told(&MODE), told(&DESTINATION));
    if destination.is_some_and(|destination| ["iframe", "frame", "embed", "object", "fencedframe"].contains(&destination)) {
        return Err(Turned::Foreign);
    }
    let reads = [Method::GET, Method::HEAD].contains(method);
    let own = match site {
        // `none`: the person typed the address, or opened a bookmark.
        None | Some("same-origin") => true,
        Some("none") => reads,
        // A link elsewhere that leads here.
        Some(_) => reads && mode == Some("navigate") && destination == Some("document"),
    };
    let from_here = reads || once(&header::ORIGIN).is_some_and(|from| from == origin.to_string());
    if own && from_here { Ok(()) } else { Err(Turned::Foreign) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn judged(method: &Method, fields: &[(&'static str, &'static str)]) -> Result<(), Turned> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        judge(&"https://sluis.example".parse().expect("an origin"), method, &headers)
    }

    const HOST: (&str, &str) = ("host", "sluis.example");
    const OURS: (&str, &str) = ("origin", "https://sluis.example");

    #[test]
    fn only_under_our_own_name() {
        assert_eq!(judged(&Method::GET, &[HOST]), Ok(()));
        assert_eq!(judged(&Method::GET, &[("host", "SLUIS.example")]), Ok(()));
        for wrong in [&[][..], &[("host", "evil.example")], &[("host", "sluis.example:8443")], &[HOST, HOST]] {
            assert_eq!(judged(&Method::GET, wrong), Err(Turned::Misdirected), "{wrong:?}");
        }
    }

    #[test]
    fn changes_come_from_our_own_pages() {
        assert_eq!(judged(&Method::POST, &[HOST, OURS]), Ok(()));
        assert_eq!(judged(&Method::POST, &[HOST, OURS, ("sec-fetch-site", "same-origin")]), Ok(()));
        for wrong in [
            &[HOST][..],
            &[HOST, ("origin", "null")],
            &[HOST, ("origin", "https://evil.example")],
            &[HOST, ("origin", "http://sluis.example")],
            &[HOST, OURS, ("origin", "https://evil.example")],
            &[HOST, OURS, ("sec-fetch-site", "cross-site")],
            &[HOST, OURS, ("sec-fetch-site", "same-site")],
            &[HOST, OURS, ("sec-fetch-site", "none")],
            &[HOST, OURS, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(judged(&Method::POST, wrong), Err(Turned::Foreign), "{wrong:?}");
            assert_eq!(judged(&Method::DELETE, wrong), Err(Turned::Foreign), "{wrong:?}");
        }
    }

    #[test]
    fn other_sites_may_link_here_and_nothing_else() {
        let from = |mode: (&'static str, &'static str), destination: (&'static str, &'static str)| {
            judged(&Method::GET, &[HOST, ("sec-fetch-site", "cross-site"), mode, destination])
        };
        assert_eq!(from(("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")), Ok(()));
        for (mode, destination) in
            [("navigate", "iframe"), ("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "object")]
        {
            let mode = ("sec-fetch-mode", mode);
            assert_eq!(from(mode, ("sec-fetch-dest", destination)), Err(Turned::Foreign), "{mode:?} {destination}");
        }
        let framed = [HOST, ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert_eq!(judged(&Method::GET, &framed), Err(Turned::Foreign), "our own pages frame none either");
    }
}
