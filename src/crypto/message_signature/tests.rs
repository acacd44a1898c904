//! The strict profile: each rule broken in turn, each covered component changed in turn.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::MalformedSignature as M;
use super::*;
use crate::crypto::content_digest::ContentDigest;
use crate::crypto::keys::tests::private;
use crate::crypto::keys::{Algorithm, SigningKey};
use crate::entropy::SystemEntropy;

const PROFILE: Profile<'_> = Profile { label: "sig", tag: "test-v1" };
const TIMES: SignatureTimes = SignatureTimes { created: 1_795_262_400, expires: 1_795_262_460 };
const BODY: &[u8] = br#"{"a":1}"#;

struct Request {
    method: &'static str,
    authority: &'static str,
    path: &'static str,
    query: Option<&'static str>,
    headers: HeaderMap,
    reference: (String, Vec<u8>),
}

impl Request {
    fn parts(&self) -> RequestParts<'_> {
        RequestParts {
            method: self.method,
            authority: self.authority,
            path: self.path,
            query: self.query,
            headers: &self.headers,
        }
    }

    fn verify(&self, key: &SigningKey) -> Result<(), SignatureError> {
        let has_body = self.headers.contains_key("content-digest");
        let covered = RequestSignature::parse(&self.headers)?.covering(has_body, &self.headers)?;
        Ok(covered.verify(&self.parts(), key.verifying_key(), PROFILE.tag)?)
    }

    fn replace(&mut self, field: &'static str, from: &str, to: &str) {
        let old = self.headers[field].to_str().unwrap().to_owned();
        assert!(old.contains(from), "{field} has no {from}: {old}");
        self.set(field, &old.replacen(from, to, 1));
    }

    fn set(&mut self, field: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(field), HeaderValue::from_str(value).unwrap());
    }

    fn signature(&self) -> SignatureReference<'_> {
        SignatureReference { label: &self.reference.0, signature: &self.reference.1 }
    }
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_jwk(&private(algorithm)).unwrap()
}

fn signed(key: &SigningKey, body: Option<&[u8]>) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("idempotency-key", HeaderValue::from_static("0123456789abcdef"));
    headers.insert("traceparent", HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    let mut request = Request {
        method: "POST",
        authority: "Gateway.example:443",
        path: "/v1/things",
        query: None,
        headers,
        reference: Default::default(),
    };
    let nonce = Nonce::random(&SystemEntropy::default()).unwrap();
    let signed = sign_request(&request.parts(), body, key, TIMES, &nonce, PROFILE).unwrap();
    signed.insert_into(&mut request.headers);
    request.reference = (signed.reference().label.to_owned(), signed.reference().signature.to_vec());
    request
}

#[test]
fn every_algorithm_signs_and_verifies() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        for body in [None, Some(&b""[..]), Some(BODY)] {
            let request = signed(&key, body);
            assert_eq!(request.verify(&key), Ok(()), "{algorithm}");
            let parsed = RequestSignature::parse(&request.headers).unwrap();
            assert_eq!((parsed.label(), parsed.algorithm(), parsed.tag()), ("sig", algorithm.name(), "test-v1"));
            assert_eq!((parsed.times(), parsed.key_id(), parsed.nonce().as_str().len()), (TIMES, key.id(), 24));
        }
    }
}

#[test]
fn a_change_of_any_covered_component_is_seen() {
    let key = key(Algorithm::Ed25519);
    let changes: [fn(&mut Request); 11] = [
        |request| request.method = "PUT",
        |request| request.authority = "other.example",
        |request| request.authority = "gateway.example:8443",
        |request| request.path = "/v1/things/",
        |request| request.query = Some("a=1"),
        |request| request.set("content-type", "text/plain"),
        |request| request.set("content-length", "8"),
        |request| request.replace("content-digest", "sha-256=:", "sha-256=:A"),
        |request| request.set("idempotency-key", "0123456789abcdeX"),
        |request| request.replace("traceparent", "-01", "-00"),
        |request| request.replace("signature-input", "expires=1795262460", "expires=1795262459"),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut request = signed(&key, Some(BODY));
        change(&mut request);
        assert_eq!(request.verify(&key), Err(InvalidSignature::Signature.into()), "change {index}");
    }
}

#[test]
fn equal_messages_have_equal_bases() {
    let key = key(Algorithm::EcdsaP256Sha256);
    let mut request = signed(&key, Some(BODY));
    request.authority = "gateway.example";
    assert_eq!(request.verify(&key), Ok(()), "the default port and letters of the authority do not matter");
    request.query = Some("");
    assert_eq!(request.verify(&key), Ok(()), "RFC 9421 §2.2.7: an absent query and an empty one are both `?`");
    request.replace("signature-input", "sig=(", "sig=(  ");
    request.replace("signature-input", ");created", "  );  created");
    request.replace("content-type", "application/json", " application/json ");
    assert_eq!(request.verify(&key), Ok(()), "spaces are not part of what is signed");
}

#[test]
fn another_key_algorithm_or_tag_does_not_verify() {
    let ed25519 = key(Algorithm::Ed25519);
    let request = signed(&ed25519, None);
    let other = key(Algorithm::Ed25519);
    assert_eq!(request.verify(&other), Err(InvalidSignature::Signature.into()));
    assert_eq!(request.verify(&key(Algorithm::EcdsaP256Sha256)), Err(InvalidSignature::Algorithm.into()));
    assert_eq!(request.verify(&key(Algorithm::RsaPssSha512)), Err(InvalidSignature::Key.into()));
    for (from, to, error) in [
        ("keyid=\"k1\"", "keyid=\"k2\"", InvalidSignature::Key),
        ("\"ed25519\"", "\"hmac-sha256\"", InvalidSignature::Algorithm),
        ("test-v1", "test-v2", InvalidSignature::Tag),
    ] {
        let mut request = signed(&ed25519, None);
        request.replace("signature-input", from, to);
        assert_eq!(request.verify(&ed25519), Err(error.into()), "{to}");
    }
}

#[test]
fn refuses_malformed_signature_inputs() {
    let key = key(Algorithm::Ed25519);
    for (from, to, error) in [
        ("sig=", "SIG=", M::Syntax("signature-input")),
        ("sig=(", "sig=(\"@path", M::Syntax("signature-input")),
        (";created=", ";created=1;created=", M::Syntax("signature-input")),
        ("sig=(", "sig=(), sig=(", M::Syntax("signature-input")),
        ("sig=(", "other=(), sig=(", M::Labels),
        ("sig=", "sig2=", M::Labels),
        ("sig=(", "sig=\"x\", s2=(", M::Labels),
        ("\"@path\"", "\"@Path\"", M::Component),
        ("\"@path\"", "@path", M::Syntax("signature-input")),
        ("\"@path\"", "path", M::Component),
        ("\"@path\"", "\"@path\";req", M::Component),
        ("\"@path\"", "\"@path\";sf", M::Component),
        ("\"@path\"", "\"@path\" \"\"", M::Component),
        ("\"@path\"", "\"@path\" \"@path\"", M::RepeatedComponent),
        ("created=1795262400", "created=1795262400.0", M::ParameterForm("created")),
        ("created=1795262400", "created=\"1795262400\"", M::ParameterForm("created")),
        ("created=1795262400", "created=-1", M::ParameterForm("created")),
        ("created=1795262400", "created=@1795262400", M::Syntax("signature-input")),
        ("created=1795262400;", "", M::ParameterMissing("created")),
        ("expires=1795262460;", "", M::ParameterMissing("expires")),
        ("expires=1795262460;", "expires;", M::ParameterForm("expires")),
        (";keyid=\"k1\"", "", M::ParameterMissing("keyid")),
        ("keyid=\"k1\"", "keyid=\"../k1\"", M::ParameterForm("keyid")),
        ("keyid=\"k1\"", "keyid=k1", M::ParameterForm("keyid")),
        (";alg=\"ed25519\"", "", M::ParameterMissing("alg")),
        ("alg=\"ed25519\"", "alg=ed25519", M::ParameterForm("alg")),
        (";tag=\"test-v1\"", "", M::ParameterMissing("tag")),
        (";tag=", ";context=\"x\";tag=", M::ParameterUnknown),
        ("nonce=\"", "nonce=\"+", M::ParameterForm("nonce")),
    ] {
        let mut request = signed(&key, None);
        request.replace("signature-input", from, to);
        assert_eq!(request.verify(&key), Err(error.into()), "{from} → {to}");
    }
    let mut request = signed(&key, None);
    let many = (0..40).fold(String::new(), |text, index| text + &format!("\"x-{index}\" "));
    request.replace("signature-input", "sig=(", &format!("sig=({many}"));
    assert_eq!(request.verify(&key), Err(M::TooMany.into()));
}

#[test]
fn nonces_have_22_to_64_characters() {
    let key = key(Algorithm::Ed25519);
    for (length, good) in [(0, false), (21, false), (22, true), (64, true), (65, false)] {
        let mut request = signed(&key, None);
        let parsed = RequestSignature::parse(&request.headers).unwrap();
        request.replace("signature-input", parsed.nonce().as_str(), &"a".repeat(length));
        assert_eq!(RequestSignature::parse(&request.headers).is_ok(), good, "{length}");
    }
}

#[test]
fn refuses_malformed_signatures() {
    let key = key(Algorithm::Ed25519);
    for (value, error) in [
        ("sig=:!:", M::Syntax("signature")),
        ("sig=\"AAAA\"", M::LabelValue),
        ("sig=(:AAAA:)", M::LabelValue),
        ("sig", M::LabelValue),
        ("sig=:AAAA:;p=1", M::LabelValue),
        ("", M::Labels),
        ("other=:AAAA:", M::Labels),
        ("sig=:AAAA:, other=:AAAA:", M::Labels),
        ("sig=:AAAA:, sig=:AAAA:", M::Syntax("signature")),
    ] {
        let mut request = signed(&key, None);
        request.set("signature", value);
        assert_eq!(request.verify(&key), Err(error.into()), "{value}");
    }
    for value in ["sig=::", "sig=:AAAA:"] {
        let mut request = signed(&key, None);
        request.set("signature", value);
        assert_eq!(request.verify(&key), Err(InvalidSignature::Signature.into()), "{value}");
    }
}

#[test]
fn refuses_absent_and_repeated_fields() {
    let key = key(Algorithm::Ed25519);
    for field in ["signature", "signature-input"] {
        let mut request = signed(&key, None);
        request.headers.remove(field);
        assert_eq!(request.verify(&key), Err(SignatureError::Missing));
        let mut request = signed(&key, None);
        let same = request.headers[field].clone();
        request.headers.append(field, same);
        assert_eq!(request.verify(&key), Err(MalformedSignature::RepeatedField(field).into()));
    }
    for field in ["content-type", "content-digest", "idempotency-key"] {
        let mut request = signed(&key, Some(BODY));
        let same = request.headers[field].clone();
        request.headers.append(field, same);
        assert_eq!(request.verify(&key), Err(InvalidSignature::Component.into()), "{field} twice");
    }
    let mut request = signed(&key, Some(BODY));
    request.headers.insert("content-type", HeaderValue::from_bytes(b"text/\xe9").unwrap());
    assert_eq!(request.verify(&key), Err(InvalidSignature::Component.into()));
    let mut request = signed(&key, Some(BODY));
    request.path = "/x\n\"@query\": ?";
    assert_eq!(request.verify(&key), Err(InvalidSignature::Component.into()), "a line break forges lines");
}

#[test]
fn insists_on_coverage() {
    let key = key(Algorithm::Ed25519);
    let all = [
        "@method",
        "@authority",
        "@path",
        "@query",
        "content-type",
        "content-length",
        "content-digest",
        "idempotency-key",
        "traceparent",
    ];
    for name in all {
        let mut request = signed(&key, Some(BODY));
        request.replace("signature-input", &format!("\"{name}\""), "");
        assert_eq!(request.verify(&key), Err(SignatureError::Coverage(name)));
    }
    let request = signed(&key, None);
    let parsed = RequestSignature::parse(&request.headers).unwrap();
    assert_eq!(parsed.covering(true, &request.headers).err(), Some(SignatureError::Coverage("content-type")));
    let mut request = signed(&key, None);
    request.replace("signature-input", "\"@path\"", "\"@path\" \"x-absent\"");
    assert_eq!(request.verify(&key), Err(InvalidSignature::Component.into()), "what is covered must be there");
}

/// A signer may use another order and cover more.
#[test]
fn takes_other_orders_and_more_components() {
    let key = key(Algorithm::EcdsaP256Sha256);
    let mut request = signed(&key, None);
    request.set("accept", "application/json");
    let names = [
        "accept",
        "@target-uri",
        "@query",
        "traceparent",
        "@path",
        "@scheme",
        "@authority",
        "idempotency-key",
        "@method",
        "@request-target",
    ];
    let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let parsed = RequestSignature::parse(&request.headers).unwrap();
    let rest = parsed.parameters.split_once(')').unwrap().1;
    let input = format!("({}){rest}", list.join(" "));
    let base = format!(
        "\"accept\": application/json\n\"@target-uri\": https://gateway.example/v1/things\n\"@query\": ?\n\"traceparent\": {}\n\
         \"@path\": /v1/things\n\"@scheme\": https\n\"@authority\": gateway.example\n\"idempotency-key\": 0123456789abcdef\n\
         \"@method\": POST\n\"@request-target\": /v1/things\n\"@signature-params\": {input}",
        request.headers["traceparent"].to_str().unwrap(),
    );
    request.set("signature", &format!("sig={}", message::byte_sequence(&key.sign(base.as_bytes()).unwrap())));
    request.set("signature-input", &format!("sig={input}"));
    assert_eq!(request.verify(&key), Ok(()));
}

#[test]
fn the_base_is_that_of_the_rfc() {
    let key = key(Algorithm::Ed25519);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = RequestParts { method: "POST", authority: "A.example:8443", path: "", query: Some("a=%20"), headers: &headers };
    let nonce: Nonce = "AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    let signed = sign_request(&request, Some(b"{}"), &key, TIMES, &nonce, PROFILE).unwrap();
    let input = "(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-length\" \"content-digest\");created=1795262400;\
                 expires=1795262460;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"k1\";alg=\"ed25519\";tag=\"test-v1\"";
    let base = format!(
        "\"@method\": POST\n\"@authority\": a.example:8443\n\"@path\": /\n\"@query\": ?a=%20\n\"content-type\": application/json\n\
         \"content-length\": 2\n\"content-digest\": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:\n\"@signature-params\": {input}"
    );
    assert_eq!(signed.base(), base);
    let names: Vec<_> = signed.fields().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["signature-input", "signature", "content-length", "content-digest"]);
    assert_eq!(signed.fields()[0].1, format!("sig={input}"));
    let mut headers = headers.clone();
    signed.insert_into(&mut headers);
    let parsed = RequestSignature::parse(&headers).unwrap();
    assert_eq!(parsed.base(&RequestParts { headers: &headers, ..request }).unwrap(), base);
}

#[test]
fn does_not_sign_what_nobody_would_accept() {
    let key = key(Algorithm::Ed25519);
    let headers = HeaderMap::new();
    let request = RequestParts { method: "GET", authority: "a", path: "/", query: None, headers: &headers };
    let nonce = Nonce::random(&SystemEntropy::default()).unwrap();
    let sign = |body, times, profile| sign_request(&request, body, &key, times, &nonce, profile).err();
    let times = |created, expires| SignatureTimes { created, expires };
    assert_eq!(sign(Some(BODY), TIMES, PROFILE), Some(SigningError::Component("content-type")));
    assert_eq!(sign(None, TIMES, Profile { label: "A", tag: "t" }), Some(SigningError::Profile));
    assert_eq!(sign(None, TIMES, Profile { label: "a", tag: "é" }), Some(SigningError::Profile));
    for bad in [times(5, 5), times(5, 66), times(-5, 5)] {
        assert_eq!(sign(None, bad, PROFILE), Some(SigningError::Times));
    }
    assert_eq!(sign(None, TIMES, PROFILE), None);
}

// Responses.

const ANSWER: Profile<'_> = Profile { label: "gateway", tag: "test-v1-response" };
const ANSWER_TYPE: &str = "application/problem+json";

fn answer(status: u16, request: &Request, bound: bool, key: &SigningKey) -> HeaderMap {
    let reference = bound.then(|| request.signature());
    let signed =
        sign_response(status, &ResponseBody::of(ANSWER_TYPE, b"{}"), &request.parts(), reference, key, TIMES.created, ANSWER)
            .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(ANSWER_TYPE));
    signed.insert_into(&mut headers);
    headers
}

fn check(status: u16, headers: &HeaderMap, body: &[u8], request: &Request, key: &SigningKey) -> Result<Bound, SignatureError> {
    let response = ResponseParts { status, headers, request: request.parts(), request_signature: Some(request.signature()) };
    ResponseSignature::parse(headers, ANSWER.label)?.verify(&response, body, key.verifying_key(), ANSWER.tag)
}

#[test]
fn responses_are_bound_to_their_request() {
    let (caller, gateway) = (key(Algorithm::Ed25519), key(Algorithm::EcdsaP256Sha256));
    let request = signed(&caller, Some(BODY));
    let headers = answer(200, &request, true, &gateway);
    assert_eq!(check(200, &headers, b"{}", &request, &gateway), Ok(Bound::ToRequest));
    let params = headers["signature-input"].to_str().unwrap();
    assert_eq!(
        params,
        "gateway=(\"@status\" \"content-type\" \"content-digest\" \"@method\";req \"@path\";req \"signature\";req;key=\"sig\");\
         created=1795262400;keyid=\"k1\";alg=\"ecdsa-p256-sha256\";tag=\"test-v1-response\""
    );
    let again = signed(&caller, Some(BODY));
    assert_eq!(
        check(200, &headers, b"{}", &again, &gateway),
        Err(InvalidSignature::Signature.into()),
        "the same request, signed anew"
    );
    let mut elsewhere = signed(&caller, Some(BODY));
    elsewhere.reference = request.reference.clone();
    elsewhere.path = "/v1/others";
    assert_eq!(check(200, &headers, b"{}", &elsewhere, &gateway), Err(InvalidSignature::Signature.into()));
    assert_eq!(check(201, &headers, b"{}", &request, &gateway), Err(InvalidSignature::Signature.into()));
    assert_eq!(check(200, &headers, b"{} ", &request, &gateway), Err(InvalidSignature::Digest.into()));
    assert_eq!(check(200, &headers, b"{}", &request, &caller), Err(InvalidSignature::Algorithm.into()));
}

#[test]
fn unbound_responses_to_signed_requests_can_only_be_problems() {
    let (caller, gateway) = (key(Algorithm::Ed25519), key(Algorithm::EcdsaP256Sha256));
    let request = signed(&caller, None);
    let headers = answer(401, &request, false, &gateway);
    assert_eq!(check(401, &headers, b"{}", &request, &gateway), Ok(Bound::ToTarget));
    let headers = answer(200, &request, false, &gateway);
    assert_eq!(check(200, &headers, b"{}", &request, &gateway), Err(SignatureError::Coverage("signature")));
    let response = ResponseParts { status: 200, headers: &headers, request: request.parts(), request_signature: None };
    let parsed = ResponseSignature::parse(&headers, ANSWER.label).unwrap();
    assert_eq!(parsed.verify(&response, b"{}", gateway.verifying_key(), ANSWER.tag), Ok(Bound::ToTarget), "nothing was signed");
}

#[test]
fn responses_must_cover_exactly_the_profile() {
    let (caller, gateway) = (key(Algorithm::Ed25519), key(Algorithm::Ed25519));
    let request = signed(&caller, None);
    for (from, to, missing) in [
        ("\"@status\" ", "", "@status"),
        ("\"content-digest\" ", "", "content-digest"),
        ("\"@method\";req", "\"@method\"", "\"@method\";req"),
        ("\"@path\";req ", "", "\"@path\";req"),
        ("key=\"sig\"", "key=\"other\"", "signature"),
        ("(\"@status\"", "(\"date\" \"@status\"", "signature"),
    ] {
        let mut headers = answer(200, &request, true, &gateway);
        let input = headers["signature-input"].to_str().unwrap().replacen(from, to, 1);
        headers.insert("signature-input", HeaderValue::from_str(&input).unwrap());
        assert_eq!(check(200, &headers, b"{}", &request, &gateway), Err(SignatureError::Coverage(missing)), "{from} → {to}");
    }
    for (from, to, error) in [
        ("gateway=", "other=", M::Labels),
        (";created", ";nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";created", M::ParameterUnknown),
        (";created", ";expires=5;created", M::ParameterUnknown),
        (";tag=\"test-v1-response\"", "", M::ParameterMissing("tag")),
    ] {
        let mut headers = answer(200, &request, true, &gateway);
        let input = headers["signature-input"].to_str().unwrap().replacen(from, to, 1);
        headers.insert("signature-input", HeaderValue::from_str(&input).unwrap());
        if from == "gateway=" {
            let value = headers["signature"].to_str().unwrap().replacen(from, to, 1);
            headers.insert("signature", HeaderValue::from_str(&value).unwrap());
        }
        assert_eq!(check(200, &headers, b"{}", &request, &gateway), Err(error.into()), "{from} → {to}");
    }
}

#[test]
fn the_digest_in_a_verified_request_is_that_of_its_body() {
    let key = key(Algorithm::Ed25519);
    let request = signed(&key, Some(BODY));
    let digest = ContentDigest::parse(request.headers["content-digest"].to_str().unwrap()).unwrap();
    assert!(digest.matches(BODY) && !digest.matches(b"{}"));
}
