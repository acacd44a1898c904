//! The tests of RFC 8941 on our strict reader of dictionaries, and on the fields of a signature.

use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use sluis::crypto::message_signature::{RequestSignature, SignatureError};
use sluis::crypto::structured::dictionary;

use super::{text, vectors};

const FILES: [&str; 13] = [
    "binary",
    "boolean",
    "dictionary",
    "examples",
    "item",
    "list",
    "listlist",
    "number",
    "param-dict",
    "param-list",
    "param-listlist",
    "string",
    "token",
];

/// What the RFC allows and we refuse, or the other way round once an item stands in a dictionary.
const EXCEPTIONS: [(&str, &str); 5] = [
    ("duplicate key dictionary", "RFC 8941 lets the last one win; we refuse, so that no two readers differ"),
    ("duplicate parameter with different positions", "the same, for parameters"),
    ("trailing space", "a tab may not end an item, but may end a dictionary (RFC 8941 §4.2.2, OWS)"),
    ("leading and trailing space", "spaces may surround a field value, but not the value of a member"),
    ("leading and trailing whitespace", "the same"),
];

/// The cases of a file that have one answer, with the value in one line.
fn cases(file: &str) -> Vec<(Value, String)> {
    let Some(cases) = vectors(&format!("structured-fields/{file}.json")) else { return Vec::new() };
    let line = |case: &Value| {
        let lines = case["raw"].as_array().expect("lines").iter();
        lines.map(|line| line.as_str().expect("a line")).collect::<Vec<_>>().join(", ")
    };
    let settled = cases.as_array().expect("cases").iter().filter(|case| case["can_fail"] != true);
    settled.map(|case| (case.clone(), line(case))).collect()
}

fn is_exception(case: &Value) -> bool {
    EXCEPTIONS.iter().any(|(name, _)| *name == text(case, "name"))
}

#[test]
fn dictionaries() {
    for file in FILES {
        let cases = cases(file);
        let (mut read, mut refused) = (0, 0);
        for (case, line) in &cases {
            let must_fail = case["must_fail"] == true;
            let value = if case["header_type"] == "dictionary" { line.clone() } else { format!("a={line}") };
            // A list in a dictionary is another thing; only one that must fail at its first member says something about ours.
            if case["header_type"] == "list" && !must_fail {
                continue;
            }
            let expected = must_fail != is_exception(case);
            assert_eq!(dictionary(&value).is_err(), expected, "{file}: {}: {value:?}", case["name"]);
            *if expected { &mut refused } else { &mut read } += 1;
        }
        if !cases.is_empty() {
            println!("structured-fields/{file}.json: {} tried, {read} read, {refused} refused", read + refused);
        }
    }
}

/// No vector is a signature, whole, or as a covered component; as `tag` only a string without parameters is.
#[test]
fn signature_inputs() {
    for file in FILES {
        let cases = cases(file);
        let mut tried = 0;
        for (case, line) in &cases {
            let expected = &case["expected"];
            let string = (case["header_type"] == "item" && expected[1] == Value::Array(Vec::new()))
                .then(|| expected[0].as_str())
                .flatten();
            let start = "sig=(\"@path\");created=1;expires=2;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"k\";alg=\"ed25519\";tag=";
            assert!(refused(line), "{file}: {}: whole", case["name"]);
            assert!(refused(&format!("sig=({line});created=1")), "{file}: {}: component", case["name"]);
            let tagged = parse(&format!("{start}{line}"));
            match string.filter(|_| case["must_fail"] != true) {
                Some(tag) => assert_eq!(tagged.expect("a header value").expect("a tag").tag(), tag, "{file}: {}", case["name"]),
                None => assert!(refused(&format!("{start}{line}")), "{file}: {}: tag", case["name"]),
            }
            tried += 1;
        }
        if tried > 0 {
            println!("structured-fields/{file}.json: {tried} tried as Signature-Input");
        }
    }
}

fn parse(input: &str) -> Option<Result<RequestSignature, SignatureError>> {
    let mut headers = HeaderMap::new();
    headers.insert("signature-input", HeaderValue::from_str(input).ok()?);
    headers.insert("signature", HeaderValue::from_static("sig=:AAAA:"));
    Some(RequestSignature::parse(&headers))
}

/// Whether it is malformed, or not even a header value.
fn refused(input: &str) -> bool {
    parse(input).is_none_or(|parsed| matches!(parsed, Err(SignatureError::Malformed(_))))
}
