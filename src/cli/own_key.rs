//! Keys of persons: what a professional or a privacy officer signs with, herself.

use std::path::Path;
use std::sync::Arc;

use super::output::Failure;
use crate::app::gateway::Outside;
use crate::client::read_jwk;
use crate::connector::hand::Hand;
use crate::crypto::keys::{Algorithm, KeyId, PublicKey, SigningKey, generate_signing_key};
use crate::demo::authority::write_private;

/// Writes a new key for `reference`; gives its public part, also as the JWK.
pub(super) fn make(reference: &str, file: &Path) -> Result<([u8; 32], String), Failure> {
    let id: KeyId = reference.parse().map_err(|error| Failure::usage(format!("--reference: it also names the key: {error}")))?;
    let key = generate_signing_key(Algorithm::Ed25519, id).map_err(Failure::usage)?;
    let PublicKey::Ed25519(public_key) = key.public().key() else { return Err(Failure::usage("the key is not an Ed25519 key")) };
    write_private(file, key.to_json().as_bytes()).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let published = serde_json::to_string(key.public()).map_err(Failure::usage)?;
    Ok((*public_key, published))
}

/// Somebody who is known as `by`, with her key in `file`.
pub(super) fn hand(by: &str, file: &Path, outside: Outside) -> Result<Hand, Failure> {
    let wrong = |reason: &dyn std::fmt::Display| Failure::usage(format!("{}: {reason}", file.display()));
    let key = SigningKey::from_jwk(&read_jwk(file).map_err(Failure::usage)?).map_err(|error| wrong(&error))?;
    if key.algorithm() != Algorithm::Ed25519 {
        return Err(wrong(&"a person signs with an Ed25519 key, such as `sluis keys make` makes"));
    }
    Ok(Hand::new(by.to_owned(), key, Arc::clone(&outside.clock)))
}
