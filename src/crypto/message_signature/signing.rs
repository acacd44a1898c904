//! Making a signature, for requests and responses alike.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use sfv::{BareItemFromInput, KeyRef, RefBareItem, StringRef, key_ref};

use super::base::{signature_base, write_components};
use super::component::Component;
use super::error::SigningError;
use super::message::{Message, SignatureReference, byte_sequence};
use super::nonce::Nonce;
use crate::crypto::keys::SigningKey;

/// What a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile<'a> {
    /// The label in both fields: a structured-field key.
    pub label: &'a str,
    /// The `tag` parameter: visible ASCII.
    pub tag: &'a str,
}

/// Fields to add to a message, and what they were made from.
#[derive(Clone, Debug)]
pub struct SignedHeaders {
    fields: Vec<(HeaderName, HeaderValue)>,
    label: String,
    signature: Vec<u8>,
    base: String,
}

impl SignedHeaders {
    /// The fields: Signature-Input, Signature and those that had to be made for them. Each replaces what the message has of that name.
    pub fn fields(&self) -> &[(HeaderName, HeaderValue)] {
        &self.fields
    }

    /// Puts the fields into a message.
    pub fn insert_into(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.fields {
            headers.insert(name, value.clone());
        }
    }

    /// The signature base, as `--explain` prints it.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What the response to this request will refer to.
    pub fn reference(&self) -> SignatureReference<'_> {
        SignatureReference { label: &self.label, signature: &self.signature }
    }

    pub(super) fn add(&mut self, name: HeaderName, value: &str) -> Result<(), SigningError> {
        let value = HeaderValue::from_str(value).map_err(|_| SigningError::Profile)?;
        self.fields.push((name, value));
        Ok(())
    }
}

/// The parameters that differ per message.
pub(super) struct Parameters<'a> {
    pub(super) created: i64,
    /// `expires` and `nonce`, which only requests have.
    pub(super) request: Option<(i64, &'a Nonce)>,
}

static SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
static SIGNATURE: HeaderName = HeaderName::from_static("signature");

pub(super) fn sign(
    components: &[Component],
    parameters: &Parameters<'_>,
    message: &dyn Message,
    key: &SigningKey,
    profile: Profile<'_>,
) -> Result<SignedHeaders, SigningError> {
    let label = KeyRef::from_str(profile.label).map_err(|_| SigningError::Profile)?;
    let mut value = String::with_capacity(256);
    write_components(components, &mut value);
    write_parameters(parameters, key, profile.tag, &mut value)?;
    let base = signature_base(components, &value, message).map_err(|absent| SigningError::Component(static_name(absent)))?;
    let signature = key.sign(base.as_bytes())?;
    let label = label.as_str().to_owned();
    let mut signed = SignedHeaders { fields: Vec::with_capacity(4), label, signature, base };
    signed.add(SIGNATURE_INPUT.clone(), &format!("{}={value}", profile.label))?;
    signed.add(SIGNATURE.clone(), &format!("{}={}", profile.label, byte_sequence(&signed.signature)))?;
    Ok(signed)
}

fn write_parameters(parameters: &Parameters<'_>, key: &SigningKey, tag: &str, text: &mut String) -> Result<(), SigningError> {
    let seconds = |seconds: i64| sfv::Integer::try_from(seconds).map_err(|_| SigningError::Times);
    let string = |text: &'_ str| StringRef::from_str(text).map(ToOwned::to_owned).map_err(|_| SigningError::Profile);
    write(key_ref("created"), seconds(parameters.created)?, text);
    if let Some((expires, nonce)) = parameters.request {
        write(key_ref("expires"), seconds(expires)?, text);
        write(key_ref("nonce"), &*string(nonce.as_str())?, text);
    }
    write(key_ref("keyid"), &*string(key.id().as_str())?, text);
    write(key_ref("alg"), &*string(key.algorithm().name())?, text);
    write(key_ref("tag"), &*string(tag)?, text);
    Ok(())
}

/// Appends one parameter, read from a message, in canonical form.
pub(super) fn write_parameter(key: &KeyRef, value: &BareItemFromInput<'_>, text: &mut String) {
    write(key, value, text);
}

fn write<'v>(key: &KeyRef, value: impl Into<RefBareItem<'v>>, text: &mut String) {
    text.push(';');
    text.push_str(key.as_str());
    let value = value.into();
    // RFC 8941 §4.1.1.2: true is written by the key alone.
    if value != RefBareItem::Boolean(true) {
        text.push('=');
        let _ = sfv::ItemSerializer::with_buffer(text).bare_item(value).finish();
    }
}

/// For the message of an error: which of the components that we ourselves chose is absent.
fn static_name(component: &Component) -> &'static str {
    let chosen = ["content-type", "@method", "@authority", "@path", "@query", "idempotency-key", "traceparent", "signature"];
    chosen.into_iter().find(|name| *name == component.name()).unwrap_or("a covered component")
}
