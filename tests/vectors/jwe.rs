//! Wycheproof and the cookbook of RFC 7520 on opening envelopes.

use serde_json::{Value, json};
use sluis::crypto::base64;
use sluis::crypto::envelope::{DecryptionKey, OpenError};
use sluis::crypto::keys::PrivateJwk;

use super::{hex, text, vectors, with_members, wycheproof};

const WYCHEPROOF: &str = "json_web_encryption_test.json";

/// Our allow-list. Every valid vector outside it must be refused: for its `alg` or `enc`, or a curve that is not ours.
const ALGORITHMS: [&str; 3] = ["ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256"];
const ENCRYPTION: &str = "A256GCM";

fn header(token: &str) -> Value {
    let first = token.split('.').next().expect("a part");
    base64::decode_url(first).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or(Value::Null)
}

fn is_ours(header: &Value) -> bool {
    ALGORITHMS.iter().any(|name| header["alg"] == *name) && header["enc"] == ENCRYPTION
}

#[test]
fn wycheproof_envelopes() {
    let cases = wycheproof(WYCHEPROOF);
    let (mut opened, mut outside, mut refused, mut reached) = (Vec::new(), 0, 0, 0);
    for (group, case) in &cases {
        let (id, token) = (case["tcId"].as_u64().expect("an id"), text(case, "jwe"));
        let key = PrivateJwk::from_json(group["private"].to_string().as_bytes());
        let key = key.and_then(|jwk| DecryptionKey::from_jwk(&jwk));
        reached += usize::from(key.is_ok());
        let opened_text = key.ok().and_then(|key| key.open(token).ok()).map(|opened| opened.plaintext.expose().clone());
        let opens = opened_text.is_some();
        match (text(case, "result"), is_ours(&header(token))) {
            ("valid", true) => {
                assert_eq!(opened_text, Some(hex(case, "pt")), "{WYCHEPROOF} {id}: valid, and ours");
                opened.push(id);
            }
            ("valid", false) => {
                assert!(!opens, "{WYCHEPROOF} {id}: opened though outside the allow-list");
                outside += 1;
            }
            _ => {
                assert!(!opens, "{WYCHEPROOF} {id}: invalid, but opened");
                refused += 1;
            }
        }
    }
    println!(
        "{WYCHEPROOF}: {} tried, opened {opened:?}, {outside} valid ones refused as outside the allow-list, {refused} invalid ones \
         refused; {reached} with a key of ours",
        cases.len()
    );
    assert!(cases.is_empty() || (opened.len() == 3 && refused > 60), "{WYCHEPROOF}: too few cases");
}

/// The truncated tags and wrong algorithms of Wycheproof mostly come with algorithms that we do not have at all. Here each invalid case is
/// also tried with our own key and header in front, so that not the header is what saves us.
#[test]
fn wycheproof_tails_behind_a_header_of_ours() {
    let cases = wycheproof(WYCHEPROOF);
    let Some((group, case)) = cases.iter().find(|(_, case)| case["tcId"] == 66) else { return };
    let jwk = PrivateJwk::from_json(group["private"].to_string().as_bytes()).expect("a key");
    let key = DecryptionKey::from_jwk(&jwk).expect("a key");
    let ours = text(case, "jwe").split('.').next().expect("a header");
    let mut tried = 0;
    for (_, case) in cases.iter().filter(|(_, case)| case["result"] == "invalid") {
        let Some((_, tail)) = text(case, "jwe").split_once('.') else { continue };
        let refused = key.open(&format!("{ours}.{tail}")).expect_err("an invalid tail");
        assert!(matches!(refused, OpenError::Malformed(_) | OpenError::Undecryptable), "{}: {refused}", case["tcId"]);
        tried += 1;
    }
    println!("{WYCHEPROOF}: {tried} invalid tails tried behind a header of ours");
}

/// No case of the cookbook has both an `alg` and an `enc` of ours: it predates RSA-OAEP-256, and pairs ECDH-ES with AES-CBC and (curve25519)
/// AES-128. All must be refused, with a key of the right type too. The key derivation is tested against RFC 7518 appendix C instead; the
/// shared secret in the curve25519 file belongs to another ephemeral key than that of its token. Cases 5.10 to 5.13 have no compact form.
#[test]
fn rfc_7520_envelopes_are_outside_the_allow_list() {
    let files = [
        "jwe_5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2",
        "jwe_5_2.key_encryption_using_rsa-oaep_with_aes-gcm",
        "jwe_5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2",
        "jwe_5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm",
        "jwe_5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2",
        "jwe_5_6.direct_encryption_using_aes-gcm",
        "jwe_5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2",
        "jwe_5_8.key_wrap_using_aes-keywrap_with_aes-gcm",
        "jwe_5_9.compressed_content",
        "curve25519_ecdh-es",
    ];
    let Some(bob) = vectors("rfc7520/curve25519_ecdh-es.json").map(|vector| vector["input"]["key"].clone()) else { return };
    let mut reached = 0;
    for name in files {
        let file = format!("rfc7520/{name}.json");
        let Some(vector) = vectors(&file) else { return };
        let token = text(&vector["output"], "compact");
        assert!(!is_ours(&header(token)), "{file}: in the allow-list after all; open it");
        let key = &vector["input"]["key"];
        // Passwords and several recipients have no one key: any will do.
        let key = if key.is_object() { key } else { &bob };
        for algorithm in ALGORITHMS {
            let jwk = with_members(key, &[("alg", json!(algorithm)), ("kid", json!("k"))]);
            let key = PrivateJwk::from_json(&jwk).and_then(|jwk| DecryptionKey::from_jwk(&jwk));
            if let Ok(key) = key {
                assert_eq!(key.open(token).expect_err("outside"), OpenError::Header, "{file}");
                reached += 1;
            }
        }
        println!("{file}: 1 tried, refused");
    }
    assert!(reached >= 6, "keys of ours were tried {reached} times");
}
