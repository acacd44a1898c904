//! HTTP Message Signatures (RFC 9421) in one strict profile: one label, fixed coverage, every parameter stated. A signature is read
//! ([`RequestSignature::parse`]), its coverage checked ([`RequestSignature::covering`]), and only then can it be verified
//! ([`CoveredRequest::verify`]).

mod base;
mod component;
mod coverage;
mod error;
mod freshness;
mod message;
mod nonce;
mod parse;
mod request;
mod response;
mod signing;

#[cfg(test)]
mod tests;

pub use base::signature_base;
pub use component::{Component, Parameter};
pub use coverage::CoveredRequest;
pub use error::{InvalidSignature, MalformedSignature, SignatureError, SigningError};
pub use freshness::{MAX_AGE, MAX_LEAD, MAX_LIFETIME, SignatureTimes, Stale, freshness, freshness_of_creation};
pub use message::{Message, RequestParts, ResponseParts, SignatureReference};
pub use nonce::{InvalidNonce, Nonce};
pub use parse::ParsedSignature;
pub use request::{RequestSignature, sign_request};
pub use response::{Bound, ResponseBody, ResponseSignature, sign_response};
pub use signing::{Profile, SignedHeaders};
