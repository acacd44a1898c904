//! Signatures that must not count (`design.md` §4 *Request signature*): none, of another key, covering too little, stating too little or
//! too much.

use sluis::crypto::base64;
use sluis::crypto::keys::{Algorithm, SigningKey, generate_signing_key};
use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::raw::RawRequest;
use crate::support::{Expected, Persona, TestGateway, random_text, stranger};

const MISSING: Expected = stranger(401, "signature-missing");
const MALFORMED: Expected = stranger(401, "signature-malformed");
const INVALID: Expected = stranger(401, "signature-invalid");
const COVERAGE: Expected = stranger(401, "signature-coverage");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_whole_signature_of_the_callers_own_key_counts() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let police = gateway.persona(Slug::Police);
    let body = gateway.question("P22").to_string().into_bytes();
    let mut cases = Cases::default();
    let draft = || gateway.draft(&asker, &body);
    let mut tables: Vec<(String, RawRequest, Expected)> = Vec::new();
    tables.extend(absent(&draft().sign(&asker.key)));
    tables.extend(keys(&asker, &police, &draft));
    tables.extend(components(&asker, &draft));
    tables.extend(parameters(&asker, &draft));
    tables.extend(labels(&asker, &draft));
    tables.extend(bytes(&draft().sign(&asker.key)));
    for (name, request, expected) in tables {
        cases.check(name, gateway.refused(&asker, &request, expected).await);
    }
    let by_police = gateway.draft(&police, &body).sign(&police.key);
    cases.check("der", gateway.refused(&police, &with_der(&by_police), INVALID).await);
    for (name, request) in sound(&asker, &draft) {
        cases.check(name, gateway.wire().success(&asker.tls, &request).await);
    }
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(75);
}

fn absent(signed: &RawRequest) -> Vec<(String, RawRequest, Expected)> {
    let without = |names: &[&str]| signed.with(|request| names.iter().for_each(|name| request.remove(name)));
    vec![
        ("unsigned".into(), without(&["signature", "signature-input"]), MISSING),
        ("no Signature".into(), without(&["signature"]), MISSING),
        ("no Signature-Input".into(), without(&["signature-input"]), MISSING),
        ("empty Signature".into(), signed.with(|request| request.set("signature", "")), MALFORMED),
        ("empty Signature-Input".into(), signed.with(|request| request.set("signature-input", "")), MALFORMED),
    ]
}

fn keys(asker: &Persona, police: &Persona, draft: &dyn Fn() -> Draft) -> Vec<(String, RawRequest, Expected)> {
    let impostor = generate_signing_key(Algorithm::Ed25519, asker.key.id().clone()).expect("a key");
    let impostor = SigningKey::from_jwk(&impostor).expect("a signing key");
    let keyid = |id: &str| draft().parameter("keyid", &format!("\"{id}\"")).sign(&asker.key);
    let alg = |alg: &str| draft().parameter("alg", &format!("\"{alg}\"")).sign(&asker.key);
    let police_id = format!("\"{}\"", police.key.id());
    let police_alg = format!("\"{}\"", police.key.algorithm());
    let of_police = draft().parameter("keyid", &police_id).parameter("alg", &police_alg);
    let mut table = vec![
        ("a key of the same name".into(), draft().sign(&impostor), INVALID),
        ("another organisation's key".into(), of_police.sign(&police.key), INVALID),
        ("another organisation's keyid".into(), draft().parameter("keyid", &police_id).sign(&asker.key), INVALID),
        ("an unknown keyid".into(), keyid("nobody-sig-1"), INVALID),
        ("the gateway's own keyid".into(), keyid("gateway-sig-1"), INVALID),
        ("another registered algorithm".into(), alg("ecdsa-p256-sha256"), INVALID),
        ("rsa-pss-sha512 for an Ed25519 key".into(), alg("rsa-pss-sha512"), INVALID),
        ("a symmetric algorithm".into(), alg("hmac-sha256"), INVALID),
        ("no such algorithm".into(), alg("none"), INVALID),
        ("an empty alg".into(), alg(""), INVALID),
        ("the algorithm in capitals".into(), alg("ED25519"), INVALID),
        ("a source's tag".into(), draft().parameter("tag", "\"sluis-v1-source\"").sign(&asker.key), INVALID),
        ("the tag of a response".into(), draft().parameter("tag", "\"sluis-v1-response\"").sign(&asker.key), INVALID),
    ];
    for odd in ["", &"k".repeat(65), "a/b", "../../etc/passwd", "' OR '1'='1", "a b", "a;b", "%00", "x'); DROP TABLE key;--"] {
        table.push((format!("keyid {odd:?}"), keyid(odd), MALFORMED));
    }
    for odd in ["a\\\"b", "a\\\\b"] {
        table.push((format!("keyid with escapes {odd}"), keyid(odd), MALFORMED));
    }
    table.push(("keyid of 64 characters".into(), keyid(&"k".repeat(64)), INVALID));
    table
}

fn components(asker: &Persona, draft: &dyn Fn() -> Draft) -> Vec<(String, RawRequest, Expected)> {
    let mut table = Vec::new();
    for name in ["@method", "@authority", "@path", "@query", "content-type", "content-length", "content-digest"] {
        table.push((format!("without {name}"), draft().without_component(name).sign(&asker.key), COVERAGE));
    }
    for (name, value) in
        [("idempotency-key", "0123456789abcdef"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    {
        let uncovered = draft().field(name, value).without_component(name);
        table.push((format!("{name} not covered"), uncovered.sign(&asker.key), COVERAGE));
    }
    let with = |component: &str| {
        let mut draft = draft();
        draft.components.push(component.to_owned());
        draft.sign(&asker.key)
    };
    let nothing = Draft { components: Vec::new(), ..draft() };
    table.push(("nothing covered".into(), nothing.sign(&asker.key), COVERAGE));
    table.push(("a component twice".into(), with("\"@path\""), MALFORMED));
    table.push(("a component of a request".into(), with("\"@status\";req"), MALFORMED));
    table.push(("a component with bs".into(), with("\"date\";bs"), MALFORMED));
    table.push(("a component with a key".into(), with("\"content-digest\";key=\"sha-256\""), MALFORMED));
    table.push(("a component as a token".into(), with("date"), MALFORMED));
    table.push(("a component in capitals".into(), with("\"Date\""), MALFORMED));
    table.push(("a line break in a component".into(), with("\"a\\nb\""), MALFORMED));
    table.push(("an absent field".into(), with("\"x-absent\""), INVALID));
    table.push(("no such derived component".into(), with("\"@nothing\""), INVALID));
    table.push(("the status of a request".into(), with("\"@status\""), INVALID));
    let mut parameterised = draft();
    parameterised.components[0] = "\"@method\";req".to_owned();
    table.push(("a required component with a parameter".into(), parameterised.sign(&asker.key), MALFORMED));
    let mut many = draft();
    many.components.extend((0..40).map(|number| format!("\"x-{number}\"")));
    table.push(("forty more components".into(), many.sign(&asker.key), MALFORMED));
    table
}

fn parameters(asker: &Persona, draft: &dyn Fn() -> Draft) -> Vec<(String, RawRequest, Expected)> {
    let mut table = Vec::new();
    for name in ["created", "expires", "nonce", "keyid", "alg", "tag"] {
        table.push((format!("without {name}"), draft().without_parameter(name).sign(&asker.key), MALFORMED));
        let mut twice = draft();
        let value = twice.parameters.iter().find(|(known, _)| known == name).expect("a parameter").clone();
        twice.parameters.push(value);
        table.push((format!("{name} twice"), twice.sign(&asker.key), MALFORMED));
    }
    let nonce = |nonce: String| ("nonce", format!("\"{nonce}\""));
    for (name, value) in [
        ("extra", "1".to_owned()),
        ("extra", "\"text\"".to_owned()),
        ("created", "\"1795262400\"".to_owned()),
        ("created", "1795262400.5".to_owned()),
        ("created", "-1".to_owned()),
        ("created", "9999999999999999".to_owned()),
        ("expires", "?1".to_owned()),
        ("expires", "soon".to_owned()),
        ("nonce", "1234567890123456789012".to_owned()),
        nonce("a".repeat(21)),
        nonce("a".repeat(65)),
        nonce(format!("{}+", "a".repeat(24))),
        nonce(format!("{} ", "a".repeat(24))),
        nonce(String::new()),
        ("alg", "ed25519".to_owned()),
        ("keyid", ":dGV4dA==:".to_owned()),
        ("tag", "sluis-v1".to_owned()),
    ] {
        table.push((format!("{name} as {value}"), draft().parameter(name, &value).sign(&asker.key), MALFORMED));
    }
    table
}

fn labels(asker: &Persona, draft: &dyn Fn() -> Draft) -> Vec<(String, RawRequest, Expected)> {
    let signed = draft().sign(&asker.key);
    let input = signed.get("signature-input").expect("a field").to_owned();
    let signature = signed.get("signature").expect("a field").to_owned();
    let second = |value: &str| value.replacen("sluis=", "other=", 1);
    let both = |input: &str, signature: &str| {
        signed.with(|request| {
            request.set("signature-input", input);
            request.set("signature", signature);
        })
    };
    let two_inputs = format!("{input}, {}", second(&input));
    let two_signatures = format!("{signature}, {}", second(&signature));
    let list = input.trim_start_matches("sluis=");
    vec![
        ("two labels".into(), both(&two_inputs, &two_signatures), MALFORMED),
        ("two labels in Signature-Input".into(), both(&two_inputs, &signature), MALFORMED),
        ("two labels in Signature".into(), both(&input, &two_signatures), MALFORMED),
        ("the label twice".into(), both(&format!("{input}, {input}"), &format!("{signature}, {signature}")), MALFORMED),
        ("labels that differ".into(), both(&second(&input), &signature), MALFORMED),
        ("a label in capitals".into(), both(&format!("Sluis={list}"), &signature), MALFORMED),
        ("no label".into(), both(list, &signature), MALFORMED),
        ("a signature as a string".into(), both(&input, &signature.replace(':', "\"")), MALFORMED),
        ("a signature with a parameter".into(), both(&input, &format!("{signature};x")), MALFORMED),
        ("a list as Signature".into(), both(&input, "sluis=(:AAAA:)"), MALFORMED),
        ("an item as Signature-Input".into(), both("sluis=\"@method\"", &signature), MALFORMED),
        ("no structured field".into(), both("sluis=((((", &signature), MALFORMED),
        ("no base64".into(), both(&input, "sluis=:!!!!:"), MALFORMED),
        ("beyond ASCII".into(), both(&format!("{input};x=\"é\""), &signature), MALFORMED),
    ]
}

fn bytes(signed: &RawRequest) -> Vec<(String, RawRequest, Expected)> {
    let signature = signature_of(signed);
    let with = |bytes: &[u8]| signed.with(|request| request.set("signature", &format!("sluis=:{}:", base64::encode(bytes))));
    let mut flipped = signature.clone();
    flipped[10] ^= 1;
    let longer = [signature.as_slice(), &[0]].concat();
    vec![
        ("one bit of the signature".into(), with(&flipped), INVALID),
        ("an empty signature".into(), with(&[]), INVALID),
        ("a shorter signature".into(), with(&signature[..63]), INVALID),
        ("a longer signature".into(), with(&longer), INVALID),
        ("a signature of zeros".into(), with(&[0; 64]), INVALID),
        ("a large signature".into(), with(&[7; 4000]), INVALID),
    ]
}

fn signature_of(signed: &RawRequest) -> Vec<u8> {
    let value = signed.get("signature").expect("a field");
    base64::decode(value.trim_start_matches("sluis=:").trim_end_matches(':')).expect("base64")
}

/// The same ECDSA signature in the form of X.509 (DER), which RFC 9421 §3.3.4 does not allow.
fn with_der(signed: &RawRequest) -> RawRequest {
    let signature = signature_of(signed);
    let integer = |half: &[u8]| {
        let mut value: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        if value[0] & 0x80 != 0 {
            value.insert(0, 0);
        }
        [vec![2, u8::try_from(value.len()).expect("short")], value].concat()
    };
    let content = [integer(&signature[..32]), integer(&signature[32..])].concat();
    let der = [vec![0x30, u8::try_from(content.len()).expect("short")], content].concat();
    signed.with(|request| request.set("signature", &format!("sluis=:{}:", base64::encode(&der))))
}

/// What the contract leaves free must not be refused.
fn sound(asker: &Persona, draft: &dyn Fn() -> Draft) -> Vec<(&'static str, RawRequest)> {
    let mut reversed = draft();
    reversed.components.reverse();
    reversed.parameters.reverse();
    let labelled = Draft { label: "another-label".to_owned(), ..draft() };
    let extra = draft().field("x-extra", "covered too").field("idempotency-key", &random_text());
    let long = draft().parameter("nonce", &format!("\"{}\"", "n".repeat(64)));
    vec![
        ("any order", reversed.sign(&asker.key)),
        ("any label", labelled.sign(&asker.key)),
        ("more components", extra.sign(&asker.key)),
        ("a nonce of 64", long.sign(&asker.key)),
    ]
}
