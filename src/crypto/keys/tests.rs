//! Keys: what is refused, what is hidden, what survives being written and read.

use std::sync::LazyLock;

use super::jwk::PrivateKey;
use super::*;

/// RFC 8037 appendix A.1, a published test key.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"k1","alg":"EdDSA","use":"sig",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;

/// RFC 7638 §3.1.
const RSA: &str = r#"{"kty":"RSA","kid":"k1","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPF
FxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9
c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;

static RSA_KEY: LazyLock<PrivateJwk> = LazyLock::new(|| generate_signing_key(Algorithm::RsaPssSha512, id("rsa")).unwrap());

fn id(text: &str) -> KeyId {
    text.parse().unwrap()
}

/// A signing key of each kind; the RSA one is made once.
pub(crate) fn private(algorithm: Algorithm) -> PrivateJwk {
    match algorithm {
        Algorithm::RsaPssSha512 => RSA_KEY.clone(),
        other => generate_signing_key(other, id("k1")).unwrap(),
    }
}

fn public(json: &str) -> Result<Jwk, KeyError> {
    Jwk::from_json(json.replace('\n', "").as_bytes())
}

fn without_d(json: &str) -> String {
    json.replace(r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#, "")
}

#[test]
fn refuses_keys_that_are_not_what_they_should_be() {
    let okp = without_d(ED25519);
    let cases = [
        (okp.replace("{\"kty", r#"{"jku":"https://x","kty"#), KeyError::Malformed),
        (okp.replace("{\"kty", r#"{"kid":"k2","kty"#), KeyError::Malformed),
        (okp.replace("EdDSA", "none"), KeyError::Malformed),
        (okp.replace("\"k1\"", "\"../k1\""), KeyError::Malformed),
        (okp.replace("Ed25519", "Ed448"), KeyError::WrongType),
        (okp.replace("OKP", "oct"), KeyError::WrongType),
        (okp.replace("11qYAYKx", "qYAYKx"), KeyError::Member("x")),
        (okp.replace("HURo", "HURo="), KeyError::Member("x")),
        (okp.replace("\"x\":", r#""y":"AA","x":"#), KeyError::Member("y")),
        (okp.replace("\"x\":", r#""e":"AQAB","x":"#), KeyError::Member("e")),
        (RSA.replace("AQAB", ""), KeyError::Member("e")),
        (ED25519.to_owned(), KeyError::PrivateGiven),
    ];
    for (json, expected) in cases {
        assert_eq!(public(&json).unwrap_err(), expected, "{json}");
    }
    assert_eq!(PrivateJwk::from_json(okp.as_bytes()).unwrap_err(), KeyError::PublicGiven);
    assert_eq!(PrivateJwk::from_json(RSA.replace('\n', "").as_bytes()).unwrap_err(), KeyError::PublicGiven);
}

#[test]
fn refuses_keys_for_another_use() {
    let okp = without_d(ED25519);
    let cases = [
        (okp.replace(r#""kid":"k1","#, ""), KeyError::NoKeyId),
        (okp.replace("sig", "enc"), KeyError::WrongUse),
        (okp.replace("{\"kty", r#"{"key_ops":["encrypt"],"kty"#), KeyError::WrongUse),
        (okp.replace("EdDSA", "ES256"), KeyError::WrongAlgorithm),
        (okp.replace("Ed25519", "X25519"), KeyError::WrongType),
    ];
    for (json, expected) in cases {
        assert_eq!(VerifyingKey::from_jwk(&public(&json).unwrap()).unwrap_err(), expected, "{json}");
    }
    let allowed = okp.replace("{\"kty", r#"{"ext":true,"key_ops":["verify"],"kty"#);
    assert!(VerifyingKey::from_jwk(&public(&allowed).unwrap()).is_ok());
}

#[test]
fn refuses_weak_and_impossible_keys() {
    let okp = |x: [u8; 32]| {
        let x = crate::crypto::base64::encode_url(&x);
        VerifyingKey::from_jwk(&public(&format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{x}"}}"#)).unwrap())
    };
    let mut negative_zero = [0; 32];
    negative_zero[31] = 0x80;
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], negative_zero, one] {
        assert_eq!(okp(weak).unwrap_err(), KeyError::Weak);
    }
    let off_curve = r#"{"kty":"EC","crv":"P-256","kid":"k","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
        "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#;
    assert_eq!(VerifyingKey::from_jwk(&public(off_curve).unwrap()).unwrap_err(), KeyError::Invalid);
    for (from, to) in [("AQAB", "Aw"), ("0vx7ago", "AAx7ago"), ("nqDKgw", "nqDKgg"), ("FxuhDR1L6tSoc_BJECPebW", "")] {
        let jwk = public(&RSA.replace(from, to)).unwrap();
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), KeyError::Weak, "{from}");
    }
    assert!(VerifyingKey::from_jwk(&public(RSA).unwrap()).is_ok());
}

#[test]
fn refuses_halves_that_do_not_belong_together() {
    for algorithm in Algorithm::ALL {
        let mut jwk = private(algorithm);
        let other = match algorithm {
            Algorithm::RsaPssSha512 => {
                let PrivateKey::Rsa(mut rsa) = jwk.private().clone() else { panic!("RSA") };
                rsa.dp = rsa.dq.clone();
                PrivateKey::Rsa(rsa)
            }
            other => private(other).private().clone(),
        };
        jwk.private = other;
        assert_eq!(SigningKey::from_jwk(&jwk).unwrap_err(), KeyError::Invalid, "{algorithm}");
    }
}

#[test]
fn signs_and_verifies_with_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let jwk = private(algorithm);
        let key = SigningKey::from_jwk(&jwk).unwrap();
        assert_eq!((key.algorithm(), jwk.public().algorithm()), (algorithm, Some(algorithm.jwk_algorithm())));
        let signature = key.sign(b"message").unwrap();
        let expected = if algorithm == Algorithm::RsaPssSha512 { 384 } else { 64 };
        assert_eq!(signature.len(), expected, "{algorithm}");
        let verifying = VerifyingKey::from_jwk(jwk.public()).unwrap();
        assert_eq!(verifying.verify(b"message", &signature), Ok(()));
        assert_eq!(verifying.verify(b"Message", &signature), Err(BadSignature));
        for cut in [0, 1, expected - 1] {
            assert_eq!(verifying.verify(b"message", &signature[..cut]), Err(BadSignature));
        }
        let other = if algorithm == Algorithm::Ed25519 { Algorithm::EcdsaP256Sha256 } else { Algorithm::Ed25519 };
        let other = SigningKey::from_jwk(&private(other)).unwrap();
        assert_eq!(other.verifying_key().verify(b"message", &signature), Err(BadSignature));
    }
}

/// Every private JWK survives being written and read; its public half never shows a private member.
#[test]
fn keys_are_written_and_read() {
    let mut keys: Vec<PrivateJwk> = Algorithm::ALL.into_iter().map(private).collect();
    keys.push(generate_encryption_key(EncryptionKeyKind::X25519A256Kw, id("enc")).unwrap());
    for jwk in keys {
        let again = PrivateJwk::from_json(jwk.to_json().as_bytes()).unwrap();
        assert_eq!((again.public(), &*again.to_json()), (jwk.public(), &*jwk.to_json()));
        let published = serde_json::to_value(jwk.public()).unwrap();
        let members: Vec<_> = published.as_object().unwrap().keys().cloned().collect();
        assert!(!["d", "p", "q", "dp", "dq", "qi"].iter().any(|name| members.contains(&(*name).to_owned())), "{members:?}");
        assert_eq!(Jwk::from_json(published.to_string().as_bytes()).unwrap(), *jwk.public());
    }
}

#[test]
fn debug_hides_private_members() {
    let jwk = PrivateJwk::from_json(ED25519.as_bytes()).unwrap();
    let key = SigningKey::from_jwk(&jwk).unwrap();
    for text in [format!("{jwk:?}"), format!("{key:?}"), format!("{:?}", key.verifying_key())] {
        assert!(text.contains("k1") && !text.contains("nWGxne"), "{text}");
    }
}

/// RFC 7638 §3.1, RFC 8037 appendix A.3.
#[test]
fn thumbprints_are_those_of_the_rfcs() {
    assert_eq!(public(RSA).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(public(&without_d(ED25519)).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn key_ids_have_a_strict_form() {
    for text in ["", "a b", "a/b", "é", "a@b", &"a".repeat(65)] {
        assert_eq!(text.parse::<KeyId>(), Err(InvalidKeyId), "{text}");
    }
    assert!("A-z.0_9:x".parse::<KeyId>().is_ok() && "a".repeat(64).parse::<KeyId>().is_ok());
}
