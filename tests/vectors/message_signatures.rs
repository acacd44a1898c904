//! RFC 9421 appendix B. Its cases cover other components than we ask for and state fewer parameters, so they go to the signature base and to
//! the keys, not through the strict profile (which must refuse them).

use std::borrow::Cow;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sluis::crypto::base64;
use sluis::crypto::content_digest::ContentDigest;
use sluis::crypto::keys::{Jwk, PrivateJwk, SigningKey, VerifyingKey};
use sluis::crypto::message_signature::{
    Component, Message, Parameter, RequestParts, RequestSignature, ResponseParts, SignatureError, signature_base,
};
use sluis::crypto::structured::{Value as FieldValue, dictionary};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{text, vectors};

const FIXTURE: &str = include_str!("../fixtures/rfc9421-appendix-b.json");

#[test]
fn appendix_b_of_the_repository() {
    let tried = try_all(&serde_json::from_str(FIXTURE).expect("JSON"));
    assert_eq!(tried, 6);
}

#[test]
fn appendix_b_of_the_vectors() {
    let Some(file) = vectors("rfc9421/appendix-b.json") else { return };
    println!("rfc9421/appendix-b.json: {} tried", try_all(&file));
}

fn try_all(file: &Value) -> usize {
    let cases = file["tests"].as_array().expect("tests");
    for case in cases {
        try_one(file, case);
    }
    cases.len()
}

fn try_one(file: &Value, case: &Value) {
    let label = text(case, "label");
    let (head, body) = text(&file["messages"], text(case, "message")).split_once("\n\n").expect("a body");
    let (headers, first) = headers(head);
    let request = RequestParts {
        method: "POST",
        authority: headers.get("host").map_or("", |host| host.to_str().expect("ASCII")),
        path: "/foo",
        query: Some("param=Value&Pet=dog"),
        headers: &headers,
    };
    let response = ResponseParts { status: 200, headers: &headers, request, request_signature: None };
    let message: &dyn Message = if first.starts_with("HTTP/") { &response } else { &WithQueryParameters(request) };
    let (components, parameters) = covered(text(case, "signature_input"));
    let base = signature_base(&components, &parameters, message).expect("all components");
    assert_eq!(base, text(case, "signature_base"), "{label}");
    let signature = signature(text(case, "signature"));
    verify(file, case, base.as_bytes(), &signature);
    let digest = headers["content-digest"].to_str().expect("ASCII");
    assert!(ContentDigest::parse(digest).expect("a digest").matches(body.as_bytes()), "{label}");
    assert!(is_refused_by_the_profile(case, &headers), "{label}");
}

fn verify(file: &Value, case: &Value, base: &[u8], signature: &[u8]) {
    let (id, label) = (text(case, "keyid"), text(case, "label"));
    let key = &file["keys"][id];
    if case["alg"] == "hmac-sha256" {
        // Not one of our algorithms: shared secrets prove nothing to a third party. Only the base is ours here.
        let secret = base64::decode(text(key, "base64")).expect("base 64");
        return hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &secret), base, signature).expect(label);
    }
    let jwk = public_jwk(id, text(key, "public_pem"));
    let verifying = VerifyingKey::from_jwk(&Jwk::from_json(jwk.to_string().as_bytes()).expect("a JWK")).expect("a key");
    assert_eq!(verifying.algorithm().name(), text(case, "alg"), "{label}");
    verifying.verify(base, signature).expect(label);
    for index in [0, base.len() / 2, base.len() - 1] {
        let mut changed = base.to_vec();
        changed[index] ^= 1;
        assert!(verifying.verify(&changed, signature).is_err(), "{label}: byte {index}");
    }
    if case["alg"] == "ed25519" {
        let der = pem(text(key, "private_pem"));
        let mut private = jwk;
        private["d"] = json!(base64::encode_url(&der[der.len() - 32..]));
        let private = PrivateJwk::from_json(private.to_string().as_bytes()).expect("a JWK");
        let signing = SigningKey::from_jwk(&private).expect("a key");
        assert_eq!(signing.sign(base).expect("a signature"), signature, "{label}: the same signature again");
    }
}

/// The cases lack parameters that we demand.
fn is_refused_by_the_profile(case: &Value, headers: &HeaderMap) -> bool {
    let mut headers = headers.clone();
    headers.insert("signature-input", HeaderValue::from_str(text(case, "signature_input")).expect("ASCII"));
    headers.insert("signature", HeaderValue::from_str(text(case, "signature")).expect("ASCII"));
    matches!(RequestSignature::parse(&headers), Err(SignatureError::Malformed(_)))
}

/// A request whose query parameters can be covered one by one (RFC 9421 §2.2.8), which our profile does not allow. The vector's names and
/// values need no encoding.
struct WithQueryParameters<'a>(RequestParts<'a>);

impl Message for WithQueryParameters<'_> {
    fn value<'m>(&'m self, component: &Component) -> Option<Cow<'m, str>> {
        let [Parameter::Name(wanted)] = component.parameters() else { return self.0.value(component) };
        let mut pairs = self.0.query?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| Cow::Borrowed(value))
    }
}

fn headers(head: &str) -> (HeaderMap, &str) {
    let mut lines = head.lines();
    let first = lines.next().expect("a first line");
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a field");
        (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value"))
    };
    (lines.map(field).collect(), first)
}

/// The components and the value of `@signature-params`, which in these cases is canonical as it stands.
fn covered(input: &str) -> (Vec<Component>, String) {
    let members = dictionary(input).expect("a dictionary");
    let FieldValue::List(items) = &members[0].value else { panic!("a list") };
    let components = items.iter().map(|item| Component::from_item(item).expect("a component")).collect();
    (components, input.split_once('=').expect("a label").1.to_owned())
}

fn signature(field: &str) -> Vec<u8> {
    let members = dictionary(field).expect("a dictionary");
    let FieldValue::Item(item) = &members[0].value else { panic!("an item") };
    item.as_byte_sequence().expect("bytes").to_vec()
}

fn pem(text: &str) -> Vec<u8> {
    let lines: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::decode(&lines).expect("base 64")
}

fn public_jwk(id: &str, text: &str) -> Value {
    let der = pem(text);
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).expect("a public key");
    let url = base64::encode_url;
    match info.parsed().expect("a public key") {
        PublicKey::RSA(rsa) => json!({"kty": "RSA", "kid": id, "n": url(rsa.modulus), "e": url(rsa.exponent)}),
        PublicKey::EC(point) => {
            let (x, y) = point.data()[1..].split_at(32);
            json!({"kty": "EC", "crv": "P-256", "kid": id, "x": url(x), "y": url(y)})
        }
        _ => json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": url(&info.subject_public_key.data)}),
    }
}
