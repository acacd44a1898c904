//! Why a signature is refused, in the order in which one finds out.

use super::freshness::Stale;
use crate::crypto::keys::SignError;

/// A signature that does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("the fields Signature-Input and Signature must both be present")]
    Missing,
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedSignature),
    /// A component is not covered that must be.
    #[error("the signature does not cover `{0}`")]
    Coverage(&'static str),
    /// Too old, too new, or for too long.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// It does not fit key or message.
    #[error(transparent)]
    Invalid(#[from] InvalidSignature),
}

/// Signature-Input or Signature breaks a rule of form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSignature {
    /// A field line comes more than once.
    #[error("the field {0} must come once")]
    RepeatedField(&'static str),
    /// Not a structured dictionary, or with a repeated key.
    #[error("the field {0} is not a dictionary (RFC 8941 §3.2) with each key once")]
    Syntax(&'static str),
    /// None or several labels, or another than expected, or not the same in both fields.
    #[error("exactly one signature label is allowed, the same in Signature-Input and Signature")]
    Labels,
    /// The label does not stand for a list of components, or for a byte sequence.
    #[error("the label must stand for a list of components in Signature-Input and for a byte sequence in Signature")]
    LabelValue,
    /// A component identifier that we do not take.
    #[error("a covered component must be a lower-case field name or a derived component, as a string, without parameters here")]
    Component,
    /// The same component twice.
    #[error("the same component is covered twice")]
    RepeatedComponent,
    /// More than 32 components.
    #[error("more than 32 components are covered")]
    TooMany,
    /// A parameter that must be there.
    #[error("the parameter `{0}` is absent")]
    ParameterMissing(&'static str),
    /// A parameter of the wrong type or form.
    #[error("the parameter `{0}` has the wrong type or form")]
    ParameterForm(&'static str),
    /// A parameter that must not be there.
    #[error("only the parameters created, expires, nonce, keyid, alg and tag are allowed (in a response not expires and nonce)")]
    ParameterUnknown,
}

/// The signature does not fit the key or the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// `keyid` names another key.
    #[error("`keyid` names another key")]
    Key,
    /// `alg` is not that of the key.
    #[error("`alg` is not the algorithm of the key")]
    Algorithm,
    /// `tag` is that of another use.
    #[error("`tag` is not the one expected here")]
    Tag,
    /// A covered component is not in the message, or more than once, or is not ASCII.
    #[error("a covered component is not in the message exactly once, in ASCII")]
    Component,
    /// The signature itself.
    #[error("the signature is not this key's over this message")]
    Signature,
    /// The body is not the one that was signed.
    #[error("Content-Digest is not the digest of the body")]
    Digest,
    /// Content-Digest cannot be read.
    #[error("Content-Digest cannot be read")]
    DigestForm,
}

/// A message could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Something that must be covered is not in the message, or more than once, or is not ASCII.
    #[error("`{0}` must be in the message exactly once, in ASCII")]
    Component(&'static str),
    /// Label or tag cannot be written.
    #[error("the label must be a structured-field key and the tag visible ASCII")]
    Profile,
    /// A time outside the range of structured fields, or not `created` < `expires` ≤ `created` + 60.
    #[error("the times of a signature must have created before expires, at most 60 seconds apart")]
    Times,
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] SignError),
}
