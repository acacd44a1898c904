//! Signatures, digests, sealing: the cryptography of the wire and of the stores. No domain words, no input or output.
//!
//! | module | holds |
//! |---|---|
//! | [`base64`], [`structured`] | strict readers of the encodings below |
//! | [`digest`], [`content_digest`] | SHA-256, keyed digests, key derivation; RFC 9530 |
//! | [`aead`] | AES-256-GCM for data at rest |
//! | [`keys`] | JWK, signing and verifying keys |
//! | [`message_signature`] | RFC 9421 |
//! | [`envelope`] | JWE to a recipient |

pub mod aead;
pub mod base64;
pub mod content_digest;
pub mod digest;
pub mod envelope;
pub mod hex;
mod jose;
pub mod keys;
pub mod message_signature;
pub mod structured;
