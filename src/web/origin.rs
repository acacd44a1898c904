//! The one origin under which people see the gateway's pages (RFC 6454).

use std::fmt;
use std::str::FromStr;

use http::Uri;
use serde::Deserialize;

/// Scheme, host and port as a browser writes them in `Origin`: lower case, the scheme's own port left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin {
    text: String,
    scheme: Scheme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// Why a text is no origin of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: write scheme, host and port as browsers do, such as \"https://sluis.example\" or \"http://localhost:8080\"")]
pub struct OriginError(String);

impl Origin {
    /// What `Host` says in requests to it.
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether pages come over TLS: cookies are then bound to it.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether only browsers on this machine can open it.
    pub fn is_loopback(&self) -> bool {
        let host = self.authority().rsplit_once(':').map_or(self.authority(), |(host, _)| host);
        ["localhost", "127.0.0.1"].contains(&host)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let wrong = || OriginError(text.to_owned());
        let (scheme, own_port) = match text.split_once("://").ok_or_else(wrong)?.0 {
            "http" => (Scheme::Http, ":80"),
            "https" => (Scheme::Https, ":443"),
            _ => return Err(wrong()),
        };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?.as_str();
        let as_written = text.len() == "://".len() + uri.scheme_str().map_or(0, str::len) + authority.len();
        let plain = authority.bytes().all(|byte| !byte.is_ascii_uppercase() && byte != b'@');
        if !(as_written && plain) || authority.ends_with(own_port) || authority.ends_with(':') {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), scheme })
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_writes() {
        for good in ["https://sluis.example", "https://sluis.example:8443", "http://localhost:8080", "http://127.0.0.1:1"] {
            assert_eq!(good.parse::<Origin>().expect(good).to_string(), good);
        }
        for wrong in [
            "",
            "sluis.example",
            "ftp://sluis.example",
            "https://",
            "https://sluis.example/",
            "https://sluis.example/app",
            "https://sluis.example?x",
            "https://Sluis.example",
            "https://me@sluis.example",
            "https://sluis.example:443",
            "http://localhost:80",
            "https://sluis.example:",
            "https://a b",
        ] {
            let error = wrong.parse::<Origin>().expect_err(wrong);
            assert!(error.to_string().contains("https://sluis.example"), "{error}");
        }
    }

    #[test]
    fn its_parts() {
        let local: Origin = "http://localhost:8080".parse().expect("an origin");
        assert_eq!((local.authority(), local.is_secure(), local.is_loopback()), ("localhost:8080", false, true));
        let other: Origin = "https://sluis.example".parse().expect("an origin");
        assert_eq!((other.authority(), other.is_secure(), other.is_loopback()), ("sluis.example", true, false));
    }
}
