//! Wycheproof on the verifying keys.

use serde_json::{Value, json};
use sluis::crypto::base64;
use sluis::crypto::keys::{Jwk, VerifyingKey};

use super::{hex, text, wycheproof};

fn verify_all(file: &str) {
    let cases = wycheproof(file);
    let (mut valid, mut invalid) = (0, 0);
    for (group, case) in &cases {
        let id = &case["tcId"];
        let jwk = public_jwk(&group["publicKey"]).to_string();
        let key = VerifyingKey::from_jwk(&Jwk::from_json(jwk.as_bytes()).expect("a JWK")).expect("a key");
        let verified = key.verify(&hex(case, "msg"), &hex(case, "sig")).is_ok();
        match text(case, "result") {
            "valid" => valid += usize::from(verified),
            "invalid" => invalid += usize::from(!verified),
            other => panic!("{file} {id}: result {other}"),
        }
        assert_eq!(verified, text(case, "result") == "valid", "{file} {id}: {}", text(case, "comment"));
    }
    println!("{file}: {} tried, {valid} valid ones accepted, {invalid} invalid ones refused", cases.len());
    assert!(cases.is_empty() || (valid > 50 && invalid > 50), "{file}: too few cases");
}

/// From the raw numbers: some groups have no JWK.
fn public_jwk(key: &Value) -> Value {
    let url = base64::encode_url;
    if key["curve"] == "edwards25519" {
        return json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": url(&hex(key, "pk"))});
    }
    let point = hex(key, "uncompressed");
    json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": url(&point[1..33]), "y": url(&point[33..])})
}

#[test]
fn ed25519() {
    verify_all("ed25519_test.json");
}

#[test]
fn ecdsa_p256_in_two_halves() {
    verify_all("ecdsa_secp256r1_sha256_p1363_test.json");
}
