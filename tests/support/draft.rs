//! A request on its way to being signed, with every part of the signature open to change. The signature base is built here by RFC 9421
//! §2.5 and not by the code under test, so that both readings of the RFC must agree.

use std::fmt::Write;

use sluis::clock::Clock;
use sluis::crypto::base64;
use sluis::crypto::content_digest::content_digest;
use sluis::crypto::keys::SigningKey;

use super::raw::RawRequest;

/// An unsigned request and what its signature will say.
#[derive(Clone)]
pub struct Draft {
    /// The request without its signature fields.
    pub request: RawRequest,
    /// The authority that is signed; the Host field says the same unless it is changed.
    pub authority: String,
    /// The covered components, each as it stands in the list: `"@method"` with its quotes.
    pub components: Vec<String>,
    /// The parameters with their values as they are written: `keyid` → `"x"` with its quotes.
    pub parameters: Vec<(String, String)>,
    /// The label.
    pub label: String,
}

impl Draft {
    /// A POST of JSON.
    pub fn post(target: &str, authority: &str, body: &[u8]) -> Self {
        let fields = [
            ("host", authority.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-length", body.len().to_string()),
            ("content-digest", content_digest(body)),
        ];
        let components = ["@method", "@authority", "@path", "@query", "content-type", "content-length", "content-digest"];
        Self::of("POST", target, authority, &fields, &components, body)
    }

    /// A GET.
    pub fn get(target: &str, authority: &str) -> Self {
        Self::of("GET", target, authority, &[("host", authority.to_owned())], &["@method", "@authority", "@path", "@query"], b"")
    }

    fn of(method: &str, target: &str, authority: &str, fields: &[(&str, String)], components: &[&str], body: &[u8]) -> Self {
        let request = RawRequest {
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1".to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: body.to_vec(),
        };
        let components = components.iter().map(|name| format!("\"{name}\"")).collect();
        Self { request, authority: authority.to_owned(), components, parameters: Vec::new(), label: "sluis".to_owned() }
    }

    /// With the parameters that a signature by `key` at this moment has.
    pub fn by(mut self, key: &SigningKey, clock: &dyn Clock) -> Self {
        let now = clock.now().seconds();
        let quoted = |text: &str| format!("\"{text}\"");
        self.parameters = [
            ("created", now.to_string()),
            ("expires", (now + 60).to_string()),
            ("nonce", quoted(&super::random_text())),
            ("keyid", quoted(key.id().as_str())),
            ("alg", quoted(key.algorithm().name())),
            ("tag", quoted("sluis-v1")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        self
    }

    /// With another value, as written, of one parameter.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// With `created` and `expires` this many seconds from `now`.
    pub fn times(self, now: i64, created: i64, expires: i64) -> Self {
        self.parameter("created", &(now + created).to_string()).parameter("expires", &(now + expires).to_string())
    }

    /// Without one parameter.
    pub fn without_parameter(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    /// Without one component.
    pub fn without_component(mut self, name: &str) -> Self {
        self.components.retain(|component| *component != format!("\"{name}\""));
        self
    }

    /// With one more field, covered.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.request.set(name, value);
        self.components.push(format!("\"{name}\""));
        self
    }

    /// The nonce it will carry, without its quotes.
    pub fn nonce(&self) -> String {
        let nonce = self.parameters.iter().find(|(name, _)| name == "nonce").expect("a nonce");
        nonce.1.trim_matches('"').to_owned()
    }

    /// The request with its signature fields.
    pub fn sign(&self, key: &SigningKey) -> RawRequest {
        let mut request = self.request.clone();
        let value = self.signature_parameters();
        let signature = key.sign(self.base(&value).as_bytes()).expect("a signature");
        request.set("signature-input", &format!("{}={value}", self.label));
        request.set("signature", &format!("{}=:{}:", self.label, base64::encode(&signature)));
        request
    }

    fn signature_parameters(&self) -> String {
        let mut value = format!("({})", self.components.join(" "));
        for (name, stated) in &self.parameters {
            write!(value, ";{name}={stated}").expect("text");
        }
        value
    }

    fn base(&self, signature_parameters: &str) -> String {
        let (path, query) = match self.request.target.split_once('?') {
            Some((path, query)) => (path, query),
            None => (self.request.target.as_str(), ""),
        };
        let mut base = String::new();
        for component in &self.components {
            let value = match component.trim_matches('"') {
                "@method" => self.request.method.clone(),
                "@authority" => self.authority.to_ascii_lowercase(),
                "@path" => path.to_owned(),
                "@query" => format!("?{query}"),
                // A field that is not there has no value to sign; the receiver must notice by itself.
                field => self.request.get(field).unwrap_or_default().trim().to_owned(),
            };
            writeln!(base, "{component}: {value}").expect("text");
        }
        write!(base, "\"@signature-params\": {signature_parameters}").expect("text");
        base
    }
}
