//! Where component values come from: requests and responses (RFC 9421 §2.1, §2.2, §2.4).

use std::borrow::Cow;

use http::HeaderMap;

use super::component::{Component, Parameter};
use crate::crypto::base64;

/// Something that has component values.
pub trait Message {
    /// The canonical value of a component; none when the message does not have it exactly once.
    fn value<'m>(&'m self, component: &Component) -> Option<Cow<'m, str>>;
}

/// A request, as received or as it will be sent. All texts raw: not decoded, not normalised.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// The method.
    pub method: &'a str,
    /// The Host field or the authority of an absolute target.
    pub authority: &'a str,
    /// The path of the target.
    pub path: &'a str,
    /// The query of the target, without `?`; `Some("")` for a target that ends in `?`.
    pub query: Option<&'a str>,
    /// The fields.
    pub headers: &'a HeaderMap,
}

/// A response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseParts<'a> {
    /// The status code.
    pub status: u16,
    /// The fields.
    pub headers: &'a HeaderMap,
    /// The request it answers.
    pub request: RequestParts<'a>,
    /// The signature that the request carried, if it was usable.
    pub request_signature: Option<SignatureReference<'a>>,
}

/// A signature to which another one refers: `"signature";req;key="label"`.
#[derive(Clone, Copy, Debug)]
pub struct SignatureReference<'a> {
    /// Its label.
    pub label: &'a str,
    /// Its bytes.
    pub signature: &'a [u8],
}

impl RequestParts<'_> {
    fn derived(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "@method" => Cow::Borrowed(self.method),
            "@authority" => self.normal_authority(),
            "@path" => Cow::Borrowed(self.normal_path()),
            "@query" => Cow::Owned(format!("?{}", self.query.unwrap_or_default())),
            "@scheme" => Cow::Borrowed("https"),
            "@request-target" => Cow::Owned(self.target()),
            "@target-uri" => Cow::Owned(format!("https://{}{}", self.normal_authority(), self.target())),
            _ => return None,
        })
    }

    /// RFC 9421 §2.2.3: lower case, without the default port (all our messages are https).
    fn normal_authority(&self) -> Cow<'_, str> {
        let authority =
            self.authority.strip_suffix(":443").or_else(|| self.authority.strip_suffix(':')).unwrap_or(self.authority);
        if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(authority.to_ascii_lowercase())
        } else {
            Cow::Borrowed(authority)
        }
    }

    /// RFC 9421 §2.2.6: an empty path is `/`.
    const fn normal_path(&self) -> &str {
        if self.path.is_empty() { "/" } else { self.path }
    }

    fn target(&self) -> String {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.normal_path())
    }
}

impl Message for RequestParts<'_> {
    fn value<'m>(&'m self, component: &Component) -> Option<Cow<'m, str>> {
        let name = component.name();
        match component.parameters() {
            [] if name.starts_with('@') => self.derived(name),
            [] => field(self.headers, name).map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl Message for ResponseParts<'_> {
    fn value<'m>(&'m self, component: &Component) -> Option<Cow<'m, str>> {
        let name = component.name();
        match component.parameters() {
            [] if name == "@status" => Some(Cow::Owned(self.status.to_string())),
            [] => field(self.headers, name).map(Cow::Borrowed),
            [Parameter::Request] if name.starts_with('@') => self.request.derived(name),
            [Parameter::Request] => field(self.request.headers, name).map(Cow::Borrowed),
            [Parameter::Request, Parameter::Key(label)] | [Parameter::Key(label), Parameter::Request] if name == "signature" => {
                let reference = self.request_signature.filter(|reference| reference.label == label)?;
                Some(Cow::Owned(byte_sequence(reference.signature)))
            }
            _ => None,
        }
    }
}

/// A message with some values that are about to be added to it.
pub(super) struct Completed<'a> {
    pub(super) message: &'a dyn Message,
    pub(super) added: &'a [(&'static str, &'a str)],
}

impl Message for Completed<'_> {
    fn value<'m>(&'m self, component: &Component) -> Option<Cow<'m, str>> {
        let added = self.added.iter().find(|(name, _)| component.is_plain(name));
        added.map(|(_, value)| Cow::Borrowed(*value)).or_else(|| self.message.value(component))
    }
}

/// A field that comes once, without white space around it. Several lines are never joined: readers differ in how they do that.
pub(super) fn field<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().map(|value| value.trim_matches([' ', '\t']))
}

/// A byte sequence as a structured field (RFC 8941 §4.1.8).
pub(super) fn byte_sequence(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4 + 2);
    text.push(':');
    base64::encode_onto(bytes, &mut text);
    text.push(':');
    text
}
