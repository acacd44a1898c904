//! Messages that are no proper HTTP/1.1, too large, or say one thing twice (`design.md` §4 *Transport*).

use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::raw::{RawRequest, Received, is_problem, send_on};
use crate::support::{Expected, Persona, TestGateway, caller, stranger};

const MALFORMED: Expected = stranger(400, "malformed-request");
const TOO_LARGE: Expected = stranger(413, "body-too-large");
const HEAD: Expected = stranger(431, "head-too-large");
const MEDIA: Expected = stranger(415, "media-type");
const MISDIRECTED: Expected = stranger(421, "misdirected-request");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_means_one_thing() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let signed = || gateway.draft(&asker, &body).field("idempotency-key", "0123456789abcdef-x").sign(&asker.key);
    let mut cases = Cases::default();
    for name in ["signature", "signature-input", "content-digest", "content-type", "host", "idempotency-key"] {
        let value = signed().get(name).expect("a field").to_owned();
        let twice = signed().with(|request| request.add(name, &value));
        cases.check(format!("{name} twice"), gateway.refused(&asker, &twice, MALFORMED).await);
        let capitals = signed().with(|request| request.add(&name.to_ascii_uppercase(), &value));
        cases.check(format!("{name} twice, once in capitals"), gateway.refused(&asker, &capitals, MALFORMED).await);
        let other = signed().with(|request| request.fields.insert(0, (name.to_owned(), "other".to_owned())));
        cases.check(format!("{name} twice, other first"), gateway.refused(&asker, &other, MALFORMED).await);
    }
    for (name, request, expected) in targets(&gateway, &asker, &signed()) {
        cases.check(name, gateway.refused(&asker, &request, expected).await);
    }
    for (name, request, expected) in sizes(&gateway, &asker, &signed(), &body) {
        cases.check(name, gateway.refused(&asker, &request, expected).await);
    }
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/jsonx",
        "",
        "application/json, text/plain",
    ] {
        let mut draft = gateway.draft(&asker, &body);
        draft.request.set("content-type", media);
        cases.check(format!("media type {media}"), gateway.refused(&asker, &draft.sign(&asker.key), MEDIA).await);
    }
    let untyped = signed().with(|request| request.remove("content-type"));
    cases.check("no media type", gateway.refused(&asker, &untyped, MEDIA).await);
    let absolute = signed().with(|request| request.target = format!("https://{}/v1/disclosures", gateway.authority_name()));
    cases.check("absolute form of our own authority", gateway.wire().success(&asker.tls, &absolute).await);
    transfer_encodings(&gateway, &asker, &signed(), &mut cases).await;
    bare(&gateway, &asker, &signed(), &mut cases).await;
    no_second_message(&gateway, &asker, &signed(), &mut cases).await;
    repeated_length(&gateway, &asker, &body, &mut cases).await;
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(75);
}

fn targets(gateway: &TestGateway, asker: &Persona, signed: &RawRequest) -> Vec<(String, RawRequest, Expected)> {
    let host = |host: &str| signed.with(|request| request.set("host", host));
    let target = |target: &str| signed.with(|request| request.target = target.to_owned());
    let port = gateway.wire().address.port();
    let get = |target: &str| gateway.draft_get(asker, target).sign(&asker.key);
    let absolute = |authority: &str| format!("https://{authority}/v1/disclosures");
    let foreign = target(&absolute("sluis.example")).with(|request| request.set("host", "sluis.example"));
    vec![
        ("absolute form, another authority".into(), target(&absolute("sluis.example")), MALFORMED),
        ("absolute form, both another".into(), foreign, MISDIRECTED),
        ("absolute form with a user".into(), target(&absolute(&format!("user@localhost:{port}"))), MALFORMED),
        ("a letter percent-encoded".into(), target("/v1/disclosure%73"), MALFORMED),
        ("a slash percent-encoded".into(), target("/v1%2Fdisclosures"), MALFORMED),
        ("NUL percent-encoded".into(), target("/v1/disclosures%00"), MALFORMED),
        ("percent-encoded and signed so".into(), get("/v1/disclosures/%30"), MALFORMED),
        ("empty segments".into(), target("//v1//disclosures"), MALFORMED),
        ("asterisk form".into(), target("*"), MALFORMED),
        ("dot segments".into(), get("/v1/./openapi.json/../disclosures"), caller(404, "not-found")),
        ("no Host".into(), signed.with(|request| request.remove("host")), MALFORMED),
        ("an empty Host".into(), host(""), MALFORMED),
        ("a Host with a user".into(), host(&format!("user@localhost:{port}")), MALFORMED),
        ("another Host".into(), host("sluis.example"), MISDIRECTED),
        ("another port".into(), host("localhost:1"), MISDIRECTED),
        ("no port".into(), host("localhost"), MISDIRECTED),
        ("a Host with a path".into(), host(&format!("localhost:{port}/x")), MISDIRECTED),
        ("two names in one Host".into(), host(&format!("localhost:{port}, sluis.example")), MISDIRECTED),
        ("HTTP/1.0".into(), signed.with(|request| request.version = "HTTP/1.0".to_owned()), MALFORMED),
    ]
}

fn sizes(gateway: &TestGateway, asker: &Persona, signed: &RawRequest, body: &[u8]) -> Vec<(String, RawRequest, Expected)> {
    let padded = |length: usize| {
        let mut body = body.to_vec();
        body.resize(length, b' ');
        gateway.draft(asker, &body).sign(&asker.key)
    };
    let filled = |count: usize, length: usize| {
        signed.with(|request| (0..count).for_each(|number| request.add(&format!("x-{number}"), &"f".repeat(length))))
    };
    let declared = |length: &str| {
        signed.with(|request| {
            request.body.clear();
            request.set("content-length", length);
        })
    };
    vec![
        ("64 KiB and a byte".into(), padded(64 * 1024 + 1), TOO_LARGE),
        ("a megabyte".into(), padded(1024 * 1024), TOO_LARGE),
        ("a large body declared only".into(), declared("65537"), TOO_LARGE),
        ("the largest body declared".into(), declared("9223372036854775807"), TOO_LARGE),
        ("a field of 17 KiB".into(), filled(1, 17 * 1024), HEAD),
        ("a head of 31 KiB".into(), filled(1, 30 * 1024), HEAD),
        ("a target of 17 KiB".into(), signed.with(|request| request.target = format!("/v1/{}", "a".repeat(17 * 1024))), HEAD),
        ("70 fields".into(), filled(62, 1), HEAD),
        ("120 fields".into(), filled(112, 1), HEAD),
    ]
}

/// A signed refusal or a bare one, and in any case the end of the connection: where the next message begins is not certain.
async fn transfer_encodings(gateway: &TestGateway, asker: &Persona, signed: &RawRequest, cases: &mut Cases) {
    let chunked =
        |request: &RawRequest| [format!("{:x}\r\n", request.body.len()).as_bytes(), &request.body, b"\r\n0\r\n\r\n"].concat();
    for (name, encoding, keep_length) in [
        ("chunked", "chunked", false),
        ("chunked in capitals", "CHUNKED", false),
        ("chunked with a length", "chunked", true),
        ("gzip, chunked", "gzip, chunked", false),
        ("identity", "identity", true),
        ("gzip", "gzip", true),
        ("chunked, with a tab", "\tchunked", true),
        ("nonsense", "xchunked", true),
    ] {
        let request = signed.with(|request| {
            request.add("transfer-encoding", encoding);
            if !keep_length {
                request.remove("content-length");
            }
            request.body = chunked(request);
        });
        let before = gateway.log_size().await;
        let mut stream = gateway.wire().connect(&asker.tls).await.expect("a connection");
        let response = send_on(&mut stream, &request.bytes()).await.response();
        let outcome = response.and_then(|response| match (response.status, response.body.is_empty()) {
            (400, true) => Ok(()),
            (400, false) => gateway.wire().judge(&request, &response),
            _ => Err(format!("{response:?}")),
        });
        cases.check(format!("Transfer-Encoding {name}"), outcome);
        let next = send_on(&mut stream, &gateway.draft_get(asker, "/v1/openapi.json").sign(&asker.key).bytes()).await;
        cases.hold(format!("Transfer-Encoding {name} ends the connection"), !matches!(next, Received::Response(_)));
        cases.hold(format!("Transfer-Encoding {name} leaves no entry"), gateway.log_size().await == before);
    }
}

/// One length said twice alike is one length (RFC 9110 §8.6): the parser merges the fields before we see them, and the threat model says why that
/// is harmless. What must hold: the body ends where it says, and the next message is read from there.
async fn repeated_length(gateway: &TestGateway, asker: &Persona, body: &[u8], cases: &mut Cases) {
    let twice = || {
        let signed = gateway.draft(asker, body).sign(&asker.key);
        let length = signed.get("content-length").expect("a length").to_owned();
        signed.with(|request| request.add("content-length", &length))
    };
    let mut stream = gateway.wire().connect(&asker.tls).await.expect("a connection");
    for number in 0..2 {
        let request = twice();
        let response = send_on(&mut stream, &request.bytes()).await.response();
        let judged = response.and_then(|response| {
            gateway.wire().judge(&request, &response)?;
            if response.status == 200 { Ok(()) } else { Err(format!("{response:?}")) }
        });
        cases.check(format!("one length twice, message {number} of a connection"), judged);
    }
    let longer = twice().with(|request| request.body.extend_from_slice(b"GET /v1/nowhere HTTP/1.1\r\n\r\n"));
    let mut stream = gateway.wire().connect(&asker.tls).await.expect("a connection");
    let first = send_on(&mut stream, &longer.bytes()).await.response();
    cases.check(
        "what follows the length is no part of the body",
        first.and_then(|response| gateway.wire().judge(&longer, &response)),
    );
}

/// What cannot be parsed gets a status and nothing else, or a closed connection.
async fn bare(gateway: &TestGateway, asker: &Persona, signed: &RawRequest, cases: &mut Cases) {
    let folded = String::from_utf8(signed.head()).expect("a head").replacen("content-type: ", "content-type:\r\n ", 1);
    let line = |line: &str| {
        let mut head = signed.head();
        head.truncate(head.len() - 2);
        [head.as_slice(), line.as_bytes(), b"\r\n\r\n", &signed.body].concat()
    };
    let large = |count: usize, length: usize| {
        let request =
            signed.with(|request| (0..count).for_each(|number| request.add(&format!("x-{number}"), &"f".repeat(length))));
        request.bytes()
    };
    let lengths = |first: &str, second: &str| {
        let mut request = signed.clone();
        request.set("content-length", first);
        request.add("content-length", second);
        request.bytes()
    };
    let malformed: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("obs-fold", [folded.as_bytes(), &signed.body].concat(), &[400]),
        ("obs-fold with a tab", line("x-fold: a\r\n\tb"), &[400]),
        ("a space before the colon", line("x-field : a"), &[400]),
        ("a field without a name", line(": a"), &[400]),
        ("a field without a colon", line("nothing"), &[400]),
        ("a bare CR in a field", line("x-field: a\rb"), &[400]),
        ("NUL in a field", line("x-field: a\0b"), &[400]),
        ("lengths that differ", lengths("10", "11"), &[400]),
        ("a negative length", signed.with(|request| request.set("content-length", "-1")).bytes(), &[400]),
        ("a length with a plus", signed.with(|request| request.set("content-length", "+10")).bytes(), &[400]),
        ("a length in hexadecimal", signed.with(|request| request.set("content-length", "0x10")).bytes(), &[400]),
        ("two lengths in one field", signed.with(|request| request.set("content-length", "10, 10")).bytes(), &[400]),
        (
            "a length beyond all",
            signed.with(|request| request.set("content-length", "99999999999999999999")).bytes(),
            &[400, 413],
        ),
        ("a head of 1 MiB", large(100, 10 * 1024), &[431]),
        ("200 fields", large(200, 1), &[431]),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[400, 505]),
        ("HTTP/1.2", signed.with(|request| request.version = "HTTP/1.2".to_owned()).bytes(), &[400, 505]),
        ("HTTP/9.9", signed.with(|request| request.version = "HTTP/9.9".to_owned()).bytes(), &[400, 505]),
        ("no version", b"GET /v1/openapi.json\r\n\r\n".to_vec(), &[400]),
        ("no request line", b"\x00\x01\x02\x03\r\n\r\n".to_vec(), &[400]),
        ("a method with a space", b"PO ST /v1/disclosures HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        ("a target with a space", b"GET /v1/ open HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        ("beyond ASCII", "GET /v1/\u{e9} HTTP/1.1\r\nhost: x\r\n\r\n".as_bytes().to_vec(), &[400]),
    ];
    // Between what hyper must buffer and what it can, the problem may still be signed.
    let between = signed.with(|request| request.add("x-large", &"f".repeat(40 * 1024)));
    let received = gateway.wire().send(&asker.tls, &between.bytes()).await.response();
    let told = received.and_then(|response| {
        if response.body.is_empty() && response.status == 431 {
            return Ok(());
        }
        gateway.wire().judge(&between, &response)?;
        is_problem(&response, 431, "head-too-large")
    });
    cases.check("a head of 40 KiB", told);
    for (name, bytes, statuses) in malformed {
        let before = gateway.log_size().await;
        let outcome = match gateway.wire().send(&asker.tls, &bytes).await {
            Received::Closed => Ok(()),
            received => received.bare(statuses).map(drop),
        };
        cases.check(name, outcome);
        cases.hold(format!("{name} leaves no entry"), gateway.log_size().await == before);
    }
}

/// What follows a message that was refused before its body was read is not taken for the next message.
async fn no_second_message(gateway: &TestGateway, asker: &Persona, signed: &RawRequest, cases: &mut Cases) {
    let hidden = gateway.draft_get(asker, "/v1/openapi.json").sign(&asker.key).bytes();
    for (name, request) in [
        ("too large", signed.with(|request| request.set("content-length", "70000"))),
        ("a body to a GET", signed.with(|request| request.method = "GET".to_owned())),
        ("the wrong media type", signed.with(|request| request.set("content-type", "text/plain"))),
    ] {
        let request = request.with(|request| {
            request.body.clone_from(&hidden);
            if request.get("content-length") != Some("70000") {
                request.set("content-length", &hidden.len().to_string());
            }
        });
        let mut stream = gateway.wire().connect(&asker.tls).await.expect("a connection");
        let first = send_on(&mut stream, &request.bytes()).await.response();
        cases.check(name, first.and_then(|response| gateway.wire().judge(&request, &response)));
        let second = tokio::time::timeout(std::time::Duration::from_millis(300), crate::support::raw::receive(&mut stream)).await;
        cases.hold(format!("{name}: nothing is hidden in it"), !matches!(second, Ok(Received::Response(_))));
    }
}
