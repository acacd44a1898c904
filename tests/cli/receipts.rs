//! `sluis sign`, `open`, `verify receipt`: what another client needs.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use sluis::client::Kit;
use sluis::clock::{Clock as _, SystemClock};
use sluis::http::tls;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::tree::empty_root;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::demo::{Demo, Folder};
use super::log_verify::Copy;
use crate::support::false_witness::cosigner;

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

/// A receipt is witnessed by a quorum of those whom the policy names, and by nobody else.
#[test]
fn a_receipt_is_witnessed_by_a_quorum_or_by_nobody() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let (receipt, statement) = demo.kept(&folder);
    let cosigned = |by: &[&str], forge: bool| {
        let mut proof = TlogProof::parse(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
        for name in by {
            // Forged: made of another head.
            let other = SignedCheckpoint::sign(0, empty_root(), &demo.log_key()).unwrap();
            let cosigned = if forge { &other } else { &proof.checkpoint };
            let line = cosigner(name).cosign(cosigned, SystemClock.now());
            proof.checkpoint.add(line).unwrap();
        }
        folder.file("cosigned", proof.to_string())
    };
    let lines: String = ["a", "b", "c"].map(|name| format!("witness {name} {}\n", cosigner(name).verifier())).concat();
    let policy = format!("{lines}group two 2 a b c\nquorum two\n");
    let (_kit, kit) = demo.kit_with(&[("witnesses.policy", policy.clone().into_bytes())]);
    let kept = |receipt: &str| {
        demo.run(&["verify", "receipt", "--kit", &kit, "--receipt", receipt, "--statement", &statement, "--witnessed"])
    };
    kept(&receipt).failed(5, &["unwitnessed: the cosignatures of 0 known witnesses"]);
    kept(&cosigned(&["a", "stranger"], false)).failed(5, &["unwitnessed: the cosignatures of 1 known witnesses"]);
    assert!(kept(&cosigned(&["a", "c"], false)).done().contains("quorum met by 2 cosignatures: a ("));
    kept(&cosigned(&["a", "b", "c"], true))
        .failed(3, &["the check `witnesses` failed", "in the name of witness a does not verify"]);
    let own = demo.kit("veilig-thuis");
    let asked = ["verify", "receipt", "--kit", &own, "--receipt", &receipt, "--statement", &statement, "--witnessed"];
    demo.run(&asked).failed(2, &["the kit names no witnesses"]);

    let (policy, key) = (folder.file("policy", &policy), demo.log_key().verifier().to_string());
    let log = |receipt: &str, more: &[&str]| {
        demo.run(&[&["log", "verify", "receipt", receipt, "--vkey", &key, "--statement", &statement][..], more].concat())
    };
    log(&receipt, &[]).failed(5, &["unwitnessed: no policy was given"]);
    log(&receipt, &["--policy", &policy]).failed(5, &["unwitnessed: the cosignatures of 0 known witnesses"]);
    assert!(log(&cosigned(&["b", "c"], false), &["--policy", &policy]).done().contains("verified"));
    log(&cosigned(&["b", "c"], true), &["--policy", &policy]).failed(3, &["the check `witnesses` failed"]);
    let verdict = |receipt: &str, more: &[&str]| -> Value {
        let told = log(receipt, &[&["--json"], more].concat());
        serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", told.stdout, told.stderr))
    };
    let told = verdict(&cosigned(&["b", "c"], false), &["--policy", &policy]);
    assert_eq!((&told["verdict"], &told["witnesses"], &told["logSize"]), (&"witnessed".into(), &json!(["b", "c"]), &Value::Null));
    assert!(told["checks"].as_array().unwrap().iter().all(|check| check["passed"] == true), "{told}");
    assert!(told["index"].as_u64() < told["size"].as_u64(), "{told}");
    assert_eq!(verdict(&receipt, &["--policy", &policy])["verdict"], "unwitnessed");
    let told = verdict(&cosigned(&["b", "c"], true), &["--policy", &policy]);
    assert_eq!((&told["verdict"], &told["checks"][6]["check"]), (&"invalid".into(), &"witnesses".into()), "{told}");
    assert!(told["checks"][6]["passed"] == false && told["reason"].as_str().unwrap().contains("does not verify"), "{told}");
    demo.run(&["log", "verify", "receipt", &receipt, "--kit", &demo.kit("police"), "--statement", &statement])
        .failed(2, &["the statement is of organisation 00000099000000002000"]);
    demo.run(&["log", "verify", "receipt", &receipt, "--vkey", &key]).failed(2, &["the receipt alone proves nothing"]);
    let broken = demo.gateway_json(|json| json["logVkey"] = "log.example+00000000+AAAA".into());
    let (_broken, broken) = demo.kit_with(&[("gateway.json", broken)]);
    for (given, named) in [(["--kit", &broken], "gateway.json: logVkey: "), (["--vkey", "log.example"], "--vkey: ")] {
        let receipt = ["log", "verify", "receipt", &receipt, "--statement", &statement];
        demo.run(&[&receipt[..], &given].concat()).failed(2, &[named]);
    }
}

/// Beside the messages, and beside the log at hand: it must have the entry, and continue the receipt's log.
#[test]
fn a_receipt_is_held_against_the_log_at_hand() {
    let demo = Demo::shared();
    let before = Copy::of(&demo);
    let kept = disclosed(&demo);
    let after = Copy::of(&demo);
    let key = demo.log_key().verifier().to_string();
    let Kept { kit, sealed, request, receipt, .. } = &kept;
    let verify = |store: &Copy| {
        let messages = ["log", "verify", "receipt", receipt, "--kit", kit, "--sealed", sealed, "--request", request];
        demo.run(&[&messages[..], &["--store", &store.store()]].concat())
    };
    let sound = verify(&after);
    sound.failed(5, &["unwitnessed"]);
    assert!(sound.stdout.contains("ok      store: the log at hand"), "{}", sound.stdout);
    verify(&before).failed(6, &["does not continue", "stands in the receipt"]);
    let json = |store: &Copy| -> Value {
        let messages = ["log", "verify", "receipt", receipt, "--kit", kit, "--sealed", sealed, "--request", request, "--json"];
        serde_json::from_str(&demo.run(&[&messages[..], &["--store", &store.store()]].concat()).stdout).unwrap()
    };
    assert_eq!(json(&before)["verdict"], "diverged");
    let told = json(&after);
    assert!(told["verdict"] == "unwitnessed" && told["logSize"].as_u64() >= told["size"].as_u64(), "{told}");
    let messages = ["log", "verify", "receipt", receipt, "--vkey", &key, "--sealed", sealed, "--request", request];
    demo.run(&messages).failed(2, &["give --party or --kit"]);
    let party = ["--party", "00000099000000002000"];
    demo.run(&[&messages[..], &party].concat()).failed(5, &["unwitnessed"]);
    demo.run(&[&messages[..], &["--party", "00000099000000001000"]].concat()).failed(3, &["the check `statement` failed"]);
    let index = TlogProof::parse(&std::fs::read_to_string(receipt).unwrap()).unwrap().index;
    for change in ["DELETE FROM entry WHERE idx = ", "UPDATE entry SET leaf = zeroblob(97) WHERE idx = "] {
        let copy = Copy::of(&demo);
        Copy::execute(&copy.store(), &format!("{change}{index}"));
        verify(&copy).failed(6, &[&format!("entry {index} of the log is not the one that the receipt proves")]);
    }
    Copy::execute(&after.store(), "UPDATE tile SET hashes = zeroblob(length(hashes))");
    verify(&after).failed(3, &["its tiles do not lead to its signed head"]);
}
