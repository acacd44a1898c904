//! The fields of every answer to a browser.

use http::HeaderValue;
use http::header::{self, HeaderMap, HeaderName};

use super::origin::Origin;
use crate::entropy::{Entropy, EntropyUnavailable, random};

/// The value that marks what a page may execute: new for each answer (W3C Content Security Policy §2.3.1: 128 bits at least).
#[derive(Clone, Debug)]
pub(super) struct Nonce(String);

impl Nonce {
    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        use base64::Engine;
        Ok(Self(base64::engine::general_purpose::STANDARD.encode(random::<16>(entropy)?)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Nothing is fetched from elsewhere, nothing inline is executed but what bears the nonce, nobody frames a page.
fn content_security_policy(nonce: &Nonce) -> String {
    let nonce = nonce.as_str();
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Sets them; what an answer says of its own storing stays.
pub(super) fn set(headers: &mut HeaderMap, origin: &Origin, nonce: &Nonce) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // With `no-referrer` browsers would write `Origin: null` in our own forms' posts (Fetch §3.2).
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=(), publickey-credentials-create=(self), publickey-credentials-get=(self)",
        ),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if origin.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}
