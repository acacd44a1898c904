//! `sluis sign`, `open`, `verify receipt`: what another client needs.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use sluis::client::Kit;
use sluis::http::tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::demo::{Demo, Folder};

/// Sends a body with header fields as they were printed, as curl would, and gives status and body of the answer.
fn send(kit: &str, fields: &str, body: &[u8]) -> (u16, Value) {
    let kit = Kit::open(std::path::Path::new(kit)).unwrap();
    let authority = kit.gateway.api.strip_prefix("https://").unwrap().to_owned();
    let tls = tls::client(&kit.identity(), &kit.trust()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let tcp = TcpStream::connect(&authority).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.unwrap();
        let fields = fields.replace('\n', "\r\n");
        let head = format!("POST /v1/disclosures HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n{fields}\r\n");
        stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut answer = Vec::new();
        let _closed = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    });
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// A disclosure that was signed by `sluis sign` and sent by another client: the files of a kept message.
struct Kept {
    folder: Folder,
    kit: String,
    answer: String,
    sealed: String,
    request: String,
    receipt: String,
}

fn disclosed(demo: &Demo) -> Kept {
    let (folder, kit) = (Folder::new(), demo.kit("veilig-thuis"));
    let body = json!({"purpose": "safety-assessment", "subject": {"scheme": "bsn", "value": demo.number("P22")}, "categories": ["identity"],
        "sources": ["00000099000000001000"], "actor": {"reference": "vt-1", "role": "caseworker"}, "necessity": "a report"});
    let request = folder.file("body.json", body.to_string());
    let signed =
        demo.run(&["sign", "--kit", &kit, "--method", "POST", "--path", "/v1/disclosures", "--body", &request, "--explain"]);
    assert!(signed.stderr.contains("\"@path\": /v1/disclosures"), "{}", signed.stderr);
    let fields = signed.done();
    let names: Vec<&str> = fields.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    for name in ["content-type", "content-length", "content-digest", "signature-input", "signature"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let (status, answer) = send(&kit, &fields, body.to_string().as_bytes());
    assert_eq!(status, 200, "{answer}");
    assert_eq!(send(&kit, &fields, body.to_string().as_bytes()).0, 401, "a signature counts once");
    let delivery = &answer["deliveries"][0];
    Kept {
        answer: folder.file("answer.json", answer.to_string()),
        sealed: folder.file("sealed.jwe", delivery["sealed"].as_str().unwrap()),
        receipt: folder.file("receipt", delivery["receipt"].as_str().unwrap()),
        request,
        kit,
        folder,
    }
}

#[test]
fn another_client_signs_opens_and_verifies_with_the_program() {
    let demo = Demo::shared();
    let kept = disclosed(&demo);
    let key = demo.path("kit/veilig-thuis/encryption.jwk");
    let opened = demo.run(&["open", "--key", &key, "--json", &kept.sealed]).json();
    assert_eq!(opened["items"][0]["category"], "identity");
    assert!(demo.run(&["open", "--key", &key, &kept.answer]).done().contains("identity (exact)"));
    let other = demo.path("kit/police/encryption.jwk");
    demo.run(&["open", "--key", &other, &kept.sealed]).failed(3, &["does not open", "expected: ", "do: "]);
    demo.run_with(&["open", "--key", &key, "-"], "no message").failed(3, &["not five parts"]);
    let Kept { kit, sealed, request, receipt, .. } = &kept;
    let verify = ["verify", "receipt", "--kit", kit, "--sealed", sealed, "--request", request, "--receipt", receipt];
    let told = demo.run(&verify).done();
    for check in ["format", "leaf", "statement", "origin", "signature", "inclusion"] {
        assert!(told.contains(&format!("ok      {check}: ")), "{check}\n{told}");
    }
    assert!(told.contains("verified: entry "));
}

/// One flipped bit anywhere in what is held together is found, and the check that finds it is named.
#[test]
fn a_flipped_byte_fails_the_check_that_guards_it() {
    let demo = Demo::shared();
    let kept = disclosed(&demo);
    let text = std::fs::read_to_string(&kept.receipt).unwrap();
    let flip = |bytes: &[u8], place: usize| {
        let mut flipped = bytes.to_vec();
        flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
        flipped
    };
    let place = |line: &str, within: usize| text.find(line).unwrap() + line.len() + within;
    // The leaf's digest of the entry, and its digest of the statement; the log's signature; the first line; the log's name.
    let entry = flip(text.as_bytes(), place("\nextra ", 40));
    let statement = flip(text.as_bytes(), place("\nextra ", 100));
    let signature = flip(text.as_bytes(), text.trim_end().len() - 20);
    let format = flip(text.as_bytes(), 0);
    let origin = text.replace("\nsluis.example/demo\n", "\nsluis.example/Aemo\n").into_bytes();
    for (receipt, check) in
        [(entry, "inclusion"), (statement, "statement"), (signature, "signature"), (format, "format"), (origin, "origin")]
    {
        let receipt = kept.folder.file("tampered", receipt);
        expect_failed(&demo, &kept, [&kept.sealed, &kept.request, &receipt], check);
    }
    let sealed = flip(&std::fs::read(&kept.sealed).unwrap(), std::fs::read(&kept.sealed).unwrap().len() - 5);
    let sealed = kept.folder.file("tampered.jwe", sealed);
    expect_failed(&demo, &kept, [&sealed, &kept.request, &kept.receipt], "statement");
    let request = [std::fs::read(&kept.request).unwrap(), b" ".to_vec()].concat();
    let request = kept.folder.file("tampered.json", request);
    expect_failed(&demo, &kept, [&kept.sealed, &request, &kept.receipt], "statement");
}

fn expect_failed(demo: &Demo, kept: &Kept, [sealed, request, receipt]: [&String; 3], check: &str) {
    let output =
        demo.run(&["verify", "receipt", "--kit", &kept.kit, "--sealed", sealed, "--request", request, "--receipt", receipt]);
    output.failed(3, &[&format!("the check `{check}` failed"), "do: "]);
    assert!(output.stdout.contains(&format!("FAILED  {check}: ")) && !output.stdout.contains("verified"), "{}", output.stdout);
}

#[test]
fn a_kept_receipt_verifies_by_its_statement() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let (receipt, statement) = demo.kept(&folder);
    let verify = |kit: &str, statement: &str| {
        demo.run(&["verify", "receipt", "--kit", kit, "--receipt", &receipt, "--statement", statement])
    };
    let kit = demo.kit("veilig-thuis");
    assert!(verify(&kit, &statement).done().contains("verified: entry "));
    verify(&demo.kit("police"), &statement).failed(2, &["the statement is of organisation 00000099000000002000"]);
    let text = std::fs::read_to_string(&statement).unwrap();
    let changed = text.replacen("\"request\":\"", "\"request\":\"A", 1);
    verify(&kit, &folder.file("malformed", changed)).failed(2, &["the statement cannot be read"]);
    let place = text.find("\"payload\":\"").unwrap() + 12;
    let other = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
    let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
    verify(&kit, &folder.file("other", changed)).failed(3, &["the check `statement` failed"]);
}
