//! Wycheproof on weak and impossible public keys.

use serde_json::{Value, json};
use sluis::crypto::keys::{Jwk, KeyError, VerifyingKey};

use super::{text, with_members, wycheproof};

const FILE: &str = "json_web_key_test.json";

/// The file tests whole key sets with JWS, which we do not have. These groups concern one public key of a type of ours; the reason for which
/// we must refuse it stands beside.
const REFUSED: [(&str, KeyError); 7] = [
    ("jws_rsa_roca_key", KeyError::Weak),
    ("keysize_too_small", KeyError::Weak),
    ("exponentOne", KeyError::Weak),
    ("invalid_use", KeyError::WrongUse),
    ("invalid_point", KeyError::Invalid),
    ("wrong_curve", KeyError::WrongType),
    ("wrong_kty", KeyError::WrongType),
];

#[test]
fn bad_public_keys_are_refused() {
    let cases = wycheproof(FILE);
    let mut tried = 0;
    for (group, case) in &cases {
        let Some((name, reason)) = REFUSED.iter().find(|(name, _)| *name == text(group, "comment")) else { continue };
        let key = &group["public"]["keys"][0];
        // Without `alg`, which is another than ours, so that the key itself is what is refused.
        let key = with_members(key, &[("alg", Value::Null), ("kid", json!("k"))]);
        let refused = Jwk::from_json(&key).and_then(|jwk| VerifyingKey::from_jwk(&jwk));
        assert_eq!(refused.expect_err(name), *reason, "{FILE} {}: {name}", case["tcId"]);
        tried += 1;
    }
    println!("{FILE}: {tried} tried, all refused");
    assert!(cases.is_empty() || tried == REFUSED.len(), "{FILE}: a group is missing");
}
