//! Envelopes: whatever is not exactly ours is refused. `jose.rs` tests against josekit as the other side.

use super::*;
use crate::crypto::base64;
use crate::crypto::keys::{EncryptionKeyKind, Jwk, PrivateJwk, generate_encryption_key};
use crate::entropy::SystemEntropy;

const KINDS: [EncryptionKeyKind; 5] = [
    EncryptionKeyKind::P256,
    EncryptionKeyKind::P256A256Kw,
    EncryptionKeyKind::X25519,
    EncryptionKeyKind::X25519A256Kw,
    EncryptionKeyKind::Rsa3072,
];

const CONTEXT: Context<'_> = Context { content_type: "application/json", disclosure: "01937c" };

fn private(kind: EncryptionKeyKind) -> PrivateJwk {
    generate_encryption_key(kind, "enc-1".parse().unwrap()).unwrap()
}

fn sealed(jwk: &PrivateJwk) -> String {
    seal(b"{}", &EncryptionKey::from_jwk(jwk.public()).unwrap(), CONTEXT, &SystemEntropy::default()).unwrap()
}

/// The token with one of its five parts replaced.
fn with_part(token: &str, index: usize, change: impl FnOnce(&[u8]) -> String) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts[index] = change(&base64::decode_url(&parts[index]).unwrap());
    parts.join(".")
}

fn with_header(token: &str, change: impl FnOnce(String) -> String) -> String {
    with_part(token, 0, |header| base64::encode_url(change(String::from_utf8(header.to_vec()).unwrap()).as_bytes()))
}

#[test]
fn opens_what_it_seals_and_hides_nothing_else_in_the_header() {
    for kind in KINDS {
        let jwk = private(kind);
        let token = sealed(&jwk);
        let opened = DecryptionKey::from_jwk(&jwk).unwrap().open(&token).unwrap();
        assert_eq!(opened.plaintext.expose(), b"{}", "{kind:?}");
        assert_eq!(opened.header.disclosure.as_deref(), Some("01937c"));
        let header: serde_json::Value =
            serde_json::from_slice(&base64::decode_url(token.split('.').next().unwrap()).unwrap()).unwrap();
        let mut members: Vec<_> = header.as_object().unwrap().keys().map(String::as_str).collect();
        members.retain(|member| *member != "epk");
        members.sort_unstable();
        assert_eq!(members, ["alg", "cty", "disclosure", "enc", "kid"], "{kind:?}");
        assert_eq!(header.get("epk").is_some(), kind != EncryptionKeyKind::Rsa3072);
        assert_ne!(sealed(&jwk), token, "each message has its own key and nonce");
    }
}

#[test]
fn refuses_cut_tags_and_other_lengths() {
    for kind in KINDS {
        let jwk = private(kind);
        let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
        for length in [15, 12, 8, 0] {
            let cut = with_part(&token, 4, |tag| base64::encode_url(&tag[..length]));
            assert!(matches!(key.open(&cut), Err(OpenError::Malformed(_))), "{kind:?} tag of {length}");
        }
        for length in [0, 11] {
            let cut = with_part(&token, 2, |iv| base64::encode_url(&iv[..length]));
            assert!(matches!(key.open(&cut), Err(OpenError::Malformed(_))), "{kind:?} iv of {length}");
        }
        for bytes in [vec![0; 1], vec![0; 41], vec![0; 385]] {
            let other = with_part(&token, 1, |_| base64::encode_url(&bytes));
            assert!(key.open(&other).is_err(), "{kind:?} encrypted key of {}", bytes.len());
        }
    }
}

#[test]
fn refuses_any_change() {
    for kind in KINDS {
        let jwk = private(kind);
        let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
        for part in 1..5 {
            if token.split('.').nth(part).unwrap().is_empty() {
                continue;
            }
            let changed = with_part(&token, part, |bytes| {
                let mut bytes = bytes.to_vec();
                bytes[0] ^= 1;
                base64::encode_url(&bytes)
            });
            assert_eq!(key.open(&changed).unwrap_err(), OpenError::Undecryptable, "{kind:?} part {part}");
        }
        let renamed = with_header(&token, |header| header.replace("01937c", "01937d"));
        assert_eq!(key.open(&renamed).unwrap_err(), OpenError::Undecryptable, "{kind:?}");
        let other = DecryptionKey::from_jwk(&private(kind)).unwrap();
        assert_eq!(other.open(&token).unwrap_err(), OpenError::Undecryptable, "{kind:?} to another key");
    }
}

#[test]
fn refuses_headers_that_are_not_ours() {
    let jwk = private(EncryptionKeyKind::P256);
    let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
    let add = |member: &str| with_header(&token, |header| header.replacen('{', &format!("{{{member},"), 1));
    for member in [
        r#""zip":"DEF""#,
        r#""crit":["exp"]"#,
        r#""alg":"ECDH-ES""#,
        r#""kid":"enc-1""#,
        r#""apu":"QQ""#,
        r#""jku":"https://x""#,
        r#""typ":"JWE""#,
    ] {
        assert_eq!(key.open(&add(member)).unwrap_err(), OpenError::Header, "{member}");
    }
    for (from, to) in [
        ("A256GCM", "A128GCM"),
        ("\"ECDH-ES\"", "\"dir\""),
        ("\"enc-1\"", "null"),
        ("P-256", "P-384"),
        ("\"kty\":\"EC\"", "\"kty\":\"EC\",\"d\":\"AA\""),
        ("\"x\":\"", "\"x\":\"AA"),
        ("\"epk\":", "\"cty2\":"),
    ] {
        assert_eq!(key.open(&with_header(&token, |header| header.replace(from, to))).unwrap_err(), OpenError::Header, "{from}");
    }
    let wrapped = with_header(&token, |header| header.replace("\"ECDH-ES\"", "\"ECDH-ES+A256KW\""));
    assert_eq!(key.open(&wrapped).unwrap_err(), OpenError::WrongAlgorithm);
    let elsewhere = with_header(&token, |header| header.replace("enc-1", "enc-2"));
    assert_eq!(key.open(&elsewhere).unwrap_err(), OpenError::OtherKey);
    let long = with_header(&token, |header| header.replace("01937c", &"1".repeat(2048)));
    assert!(matches!(key.open(&long), Err(OpenError::Malformed(_))));
}

#[test]
fn refuses_other_forms_and_padding() {
    let jwk = private(EncryptionKeyKind::X25519A256Kw);
    let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
    let parts: Vec<&str> = token.split('.').collect();
    for index in 0..5 {
        let mut padded = parts.clone();
        let part = format!("{}=", parts[index]);
        padded[index] = &part;
        assert!(matches!(key.open(&padded.join(".")), Err(OpenError::Malformed(_))), "padding in part {index}");
        let without: Vec<&str> = parts.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, part)| *part).collect();
        assert!(key.open(&without.join(".")).is_err(), "without part {index}");
    }
    for text in ["", "....", "a.b", &format!("{token}."), &format!(" {token}"), "{\"protected\":\"\"}"] {
        assert!(key.open(text).is_err(), "{text}");
    }
}

/// An ephemeral key off the curve or of small order must not reach the static one.
#[test]
fn refuses_invalid_ephemeral_keys() {
    let jwk = private(EncryptionKeyKind::P256);
    let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
    let one = base64::encode_url(&std::array::from_fn::<u8, 32, _>(|index| u8::from(index == 31)));
    let off = format!(r#"{{"kty":"EC","crv":"P-256","x":"{one}","y":"{one}"}}"#);
    let with_epk = |token: &str, epk: &str| {
        with_header(token, |header| {
            let start = header.find("\"epk\":").unwrap();
            format!("{}\"epk\":{epk}}}", &header[..start])
        })
    };
    assert_eq!(key.open(&with_epk(&token, &off)).unwrap_err(), OpenError::Undecryptable);
    let jwk = private(EncryptionKeyKind::X25519);
    let (key, token) = (DecryptionKey::from_jwk(&jwk).unwrap(), sealed(&jwk));
    let zero = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64::encode_url(&[0; 32]));
    assert_eq!(key.open(&with_epk(&token, &zero)).unwrap_err(), OpenError::Undecryptable);
}

#[test]
fn refuses_keys_that_do_not_fit() {
    let no_alg = private(EncryptionKeyKind::P256).to_json().replace("\"alg\":\"ECDH-ES\",", "");
    let jwk = PrivateJwk::from_json(no_alg.as_bytes()).unwrap();
    assert_eq!(EncryptionKey::from_jwk(jwk.public()).unwrap_err(), KeyError::WrongAlgorithm);
    assert_eq!(DecryptionKey::from_jwk(&jwk).unwrap_err(), KeyError::WrongAlgorithm);
    let to_sign = private(EncryptionKeyKind::P256).to_json().replace("\"enc\"", "\"sig\"");
    let jwk = PrivateJwk::from_json(to_sign.as_bytes()).unwrap();
    assert_eq!(EncryptionKey::from_jwk(jwk.public()).unwrap_err(), KeyError::WrongUse);
    for kind in [EncryptionKeyKind::P256, EncryptionKeyKind::X25519A256Kw] {
        let (one, two) = (private(kind), private(kind));
        let d = |jwk: &PrivateJwk| {
            serde_json::from_str::<serde_json::Value>(&jwk.to_json()).unwrap()["d"].as_str().unwrap().to_owned()
        };
        let mixed = one.to_json().replace(&d(&one), &d(&two));
        let mixed = PrivateJwk::from_json(mixed.as_bytes()).unwrap();
        assert_eq!(DecryptionKey::from_jwk(&mixed).unwrap_err(), KeyError::Invalid, "{kind:?}");
    }
}

#[test]
fn public_halves_are_enough_to_seal() {
    let jwk = private(EncryptionKeyKind::P256);
    let published = serde_json::to_vec(jwk.public()).unwrap();
    let key = EncryptionKey::from_jwk(&Jwk::from_json(&published).unwrap()).unwrap();
    assert_eq!((key.id().as_str(), key.algorithm()), ("enc-1", KeyManagement::EcdhEs));
    let token = seal(&vec![b' '; 4096], &key, CONTEXT, &SystemEntropy::default()).unwrap();
    assert_eq!(DecryptionKey::from_jwk(&jwk).unwrap().open(&token).unwrap().plaintext.expose().len(), 4096);
}
