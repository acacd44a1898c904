//! Reading Signature-Input and Signature (RFC 9421 §4) as far as requests and responses share it.

use http::HeaderMap;
use sfv::BareItemFromInput;

use super::base::{signature_base, write_components};
use super::component::Component;
use super::error::{InvalidSignature, MalformedSignature, SignatureError};
use super::message::{Message, SignatureReference, field};
use crate::crypto::keys::{KeyId, VerifyingKey};
use crate::crypto::structured::{Member, Value, dictionary};

/// Far above any use of ours; keeps what an unknown sender can make us do small.
const MAX_COMPONENTS: usize = 32;

/// A signature as received: read, not verified.
#[derive(Clone, Debug)]
pub struct ParsedSignature {
    pub(super) label: String,
    pub(super) components: Vec<Component>,
    /// The value of `@signature-params`, serialised anew from what was read.
    pub(super) parameters: String,
    pub(super) signature: Vec<u8>,
    pub(super) created: i64,
    pub(super) key_id: KeyId,
    pub(super) algorithm: String,
    pub(super) tag: String,
}

/// The parameters that only requests have.
#[derive(Debug, Default)]
pub(super) struct OptionalParameters {
    pub(super) expires: Option<i64>,
    pub(super) nonce: Option<String>,
}

impl ParsedSignature {
    /// Its label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The covered components, in order.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// `created`, in seconds since 1970-01-01T00:00:00Z.
    pub const fn created(&self) -> i64 {
        self.created
    }

    /// `keyid`.
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// `alg`, as stated.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// `tag`, as stated.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What a response to this request refers to.
    pub fn reference(&self) -> SignatureReference<'_> {
        SignatureReference { label: &self.label, signature: &self.signature }
    }

    /// The signature base over `message`, as `--explain` prints it.
    ///
    /// # Errors
    /// [`InvalidSignature::Component`] when a covered component is not in the message.
    pub fn base(&self, message: &dyn Message) -> Result<String, InvalidSignature> {
        signature_base(&self.components, &self.parameters, message).map_err(|_| InvalidSignature::Component)
    }

    pub(super) fn read(headers: &HeaderMap) -> Result<(Self, OptionalParameters), SignatureError> {
        let input = only(headers, "signature-input")?;
        let signatures = only(headers, "signature")?;
        let input = one_label(input, "signature-input")?;
        let signature = one_label(signatures, "signature")?;
        if input.key != signature.key {
            return Err(MalformedSignature::Labels.into());
        }
        Ok(Self::assemble(input, &signature)?)
    }

    fn assemble(input: Member<'_>, signature: &Member<'_>) -> Result<(Self, OptionalParameters), MalformedSignature> {
        let Value::List(items) = &input.value else { return Err(MalformedSignature::LabelValue) };
        if items.len() > MAX_COMPONENTS {
            return Err(MalformedSignature::TooMany);
        }
        let components: Vec<_> = items.iter().map(Component::from_item).collect::<Result<_, _>>()?;
        if components.iter().enumerate().any(|(index, component)| components.iter().take(index).any(|one| one == component)) {
            return Err(MalformedSignature::RepeatedComponent);
        }
        let mut parameters = String::new();
        write_components(&components, &mut parameters);
        let mut stated = Stated::default();
        for (key, value) in input.parameters {
            stated.take(key.as_str(), &value)?;
            super::signing::write_parameter(key, &value, &mut parameters);
        }
        let signature = signature_bytes(signature)?;
        let label = input.key.as_str().to_owned();
        stated.complete(|created, key_id, algorithm, tag| Self {
            label,
            components,
            parameters,
            signature,
            created,
            key_id,
            algorithm,
            tag,
        })
    }

    /// The checks that do not depend on what is signed: key, `alg`, `tag`; then the signature.
    pub(super) fn verify(&self, message: &dyn Message, key: &VerifyingKey, tag: &str) -> Result<(), InvalidSignature> {
        if self.key_id != *key.id() {
            return Err(InvalidSignature::Key);
        }
        if self.algorithm != key.algorithm().name() {
            return Err(InvalidSignature::Algorithm);
        }
        if self.tag != tag {
            return Err(InvalidSignature::Tag);
        }
        let base = self.base(message)?;
        key.verify(base.as_bytes(), &self.signature).map_err(|_| InvalidSignature::Signature)
    }
}

/// Parameters on their way to being complete.
#[derive(Default)]
struct Stated {
    created: Option<i64>,
    key_id: Option<KeyId>,
    algorithm: Option<String>,
    tag: Option<String>,
    optional: OptionalParameters,
}

impl Stated {
    fn take(&mut self, key: &str, value: &BareItemFromInput<'_>) -> Result<(), MalformedSignature> {
        match key {
            "created" => self.created = Some(seconds(value, "created")?),
            "expires" => self.optional.expires = Some(seconds(value, "expires")?),
            "nonce" => self.optional.nonce = Some(text(value, "nonce")?),
            "alg" => self.algorithm = Some(text(value, "alg")?),
            "tag" => self.tag = Some(text(value, "tag")?),
            "keyid" => {
                let id = text(value, "keyid")?.try_into().map_err(|_| MalformedSignature::ParameterForm("keyid"))?;
                self.key_id = Some(id);
            }
            _ => return Err(MalformedSignature::ParameterUnknown),
        }
        Ok(())
    }

    fn complete(
        self,
        make: impl FnOnce(i64, KeyId, String, String) -> ParsedSignature,
    ) -> Result<(ParsedSignature, OptionalParameters), MalformedSignature> {
        let created = self.created.ok_or(MalformedSignature::ParameterMissing("created"))?;
        let key_id = self.key_id.ok_or(MalformedSignature::ParameterMissing("keyid"))?;
        let algorithm = self.algorithm.ok_or(MalformedSignature::ParameterMissing("alg"))?;
        let tag = self.tag.ok_or(MalformedSignature::ParameterMissing("tag"))?;
        Ok((make(created, key_id, algorithm, tag), self.optional))
    }
}

fn seconds(value: &BareItemFromInput<'_>, name: &'static str) -> Result<i64, MalformedSignature> {
    let value = value.as_integer().map(i64::from).filter(|seconds| *seconds >= 0);
    value.ok_or(MalformedSignature::ParameterForm(name))
}

fn text(value: &BareItemFromInput<'_>, name: &'static str) -> Result<String, MalformedSignature> {
    value.as_string().map(|text| text.as_str().to_owned()).ok_or(MalformedSignature::ParameterForm(name))
}

/// The value of a field that must come once.
fn only<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, SignatureError> {
    if !headers.contains_key(name) {
        return Err(SignatureError::Missing);
    }
    if headers.get_all(name).iter().nth(1).is_some() {
        return Err(MalformedSignature::RepeatedField(name).into());
    }
    Ok(field(headers, name).ok_or(MalformedSignature::Syntax(name))?)
}

fn one_label<'v>(value: &'v str, name: &'static str) -> Result<Member<'v>, MalformedSignature> {
    let mut members = dictionary(value).map_err(|_| MalformedSignature::Syntax(name))?;
    match (members.pop(), members.is_empty()) {
        (Some(member), true) => Ok(member),
        _ => Err(MalformedSignature::Labels),
    }
}

fn signature_bytes(member: &Member<'_>) -> Result<Vec<u8>, MalformedSignature> {
    let bytes = match &member.value {
        Value::Item(item) if member.parameters.is_empty() => item.as_byte_sequence(),
        _ => None,
    };
    bytes.map(<[u8]>::to_vec).ok_or(MalformedSignature::LabelValue)
}
