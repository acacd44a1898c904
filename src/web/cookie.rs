//! Cookies that only this host sends and reads, over TLS where there is (RFC 6265bis §4.1.3.2).

use http::header::{self, HeaderMap};

use super::origin::Origin;

/// A cookie's name: with the prefix by which a browser keeps other hosts from setting it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookie {
    secure: &'static str,
    plain: &'static str,
}

/// The language that was chosen.
pub(super) const LANGUAGE: Cookie = Cookie { secure: "__Host-language", plain: "language" };

/// The secret of a session.
pub(super) const SESSION: Cookie = Cookie { secure: "__Host-session", plain: "session" };

impl Cookie {
    fn name(self, origin: &Origin) -> &'static str {
        if origin.is_secure() { self.secure } else { self.plain }
    }

    /// What `Set-Cookie` says, for so many seconds; without them until the browser is closed.
    pub(super) fn set(self, origin: &Origin, value: &str, seconds: Option<u32>) -> String {
        let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        let secure = if origin.is_secure() { "; Secure" } else { "" };
        format!("{}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}", self.name(origin))
    }

    /// The values that a request brings under this name.
    pub(super) fn values<'a>(self, origin: &Origin, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let name = self.name(origin);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }
}
