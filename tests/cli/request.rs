//! `sluis request`, and what it says when something is wrong.

use serde_json::{Value, json};
use sluis::clock::{Clock, SystemClock};
use sluis::demo::authority::Authority;
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::secret::Secret;

use super::demo::{Demo, Folder};

const CHECKS: [&str; 11] = [
    "request signed",
    "TLS 1.3, both certificates",
    "response signature",
    "answer",
    "envelope",
    "receipt: format",
    "receipt: leaf",
    "receipt: statement",
    "receipt: origin",
    "receipt: signature",
    "receipt: inclusion",
];

#[test]
fn a_request_is_explained_verified_and_kept() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let receipts = folder.path("receipts").display().to_string();
    let arguments = ["--person", "P22", "--category", "identity", "measures", "--explain", "--receipts", &receipts];
    let told = demo.ask(&arguments).done();
    assert!(told.contains("\"@authority\": localhost:") && told.contains("\"@signature-params\": ("), "{told}");
    for check in CHECKS {
        assert!(told.contains(&format!("  ok      {check}: ")), "{check}\n{told}");
    }
    for text in ["identity (exact)", "surname: ", "unavailable  police", "destroy by ", "receipt verified, kept in ", "complete"]
    {
        assert!(told.contains(text), "{text}\n{told}");
    }
    assert!(!told.contains("FAILED"));
    assert_eq!(std::fs::read_dir(&receipts).unwrap().count(), 2, "a receipt and its statement");
}

#[test]
fn json_holds_the_opened_payloads_and_nothing_else_is_printed() {
    let demo = Demo::shared();
    let key = ["--idempotency-key", "cli-test-0123456789"];
    let ask = || demo.ask(&[&["--person", "P22", "--category", "identity", "--json"], key.as_slice()].concat()).json();
    let (first, again) = (ask(), ask());
    assert_eq!(first["disclosure"], again["disclosure"], "one key, one disclosure");
    let delivery = &first["deliveries"][0];
    assert_eq!(delivery["payload"]["items"][0]["category"], "identity");
    assert!(delivery["logIndex"].as_u64().is_some() && std::fs::exists(delivery["receipt"].as_str().unwrap()).unwrap());
    let other = demo.ask(&[&["--person", "P22", "--category", "measures"], key.as_slice()].concat());
    other.failed(1, &["409", "urn:sluis:problem:idempotency-conflict", "do: draw a new key"]);
}

fn with<'a>(subject: &[&'a str]) -> Vec<&'a str> {
    [subject, ["--category", "identity"].as_slice()].concat()
}

#[test]
fn a_person_is_named_without_a_number_on_the_command_line() {
    let demo = Demo::shared();
    let identity = ["--category", "identity"];
    demo.ask(&with(&["--person", "P99"])).failed(2, &["there is no person P99", "persons.json", "expected: an id from P01"]);
    demo.ask(&with(&["--person", "P28"])).failed(2, &["P28 has no citizen number", "--local OIN:NUMBER"]);
    let number = demo.number("P22");
    demo.ask(&with(&["--bsn", &number])).failed(2, &["the list of processes shows it", "`--bsn -`"]);
    demo.ask(&with(&[&number])).failed(2, &["the list of processes shows it"]);
    demo.ask(&with(&[])).failed(2, &["--person", "--bsn-file"]);
    let folder = Folder::new();
    let file = folder.file("bsn", format!("{number}\n"));
    assert!(demo.ask(&with(&["--bsn-file", &file])).done().contains("identity (exact)"));
    let kit = demo.kit("veilig-thuis");
    let asking = ["request", "--kit", &kit, "--purpose", "safety-assessment", "--source", "police", "--necessity", "x"];
    let piped = demo.run_with(&[asking.as_slice(), &["--bsn", "-"], &identity].concat(), &format!("{number}\n"));
    let told = piped.done();
    assert!(told.contains("identity (exact)"), "{told}");
    let pseudonym = told.lines().find_map(|line| line.strip_prefix("subject      ")).unwrap().to_owned();
    assert!(demo.ask(&with(&["--pseudonym", &pseudonym, "--form", "signal"])).done().contains("identity (signal)"));
    demo.run_with(&[asking.as_slice(), &["--bsn", "-"], &identity].concat(), "123456789").failed(2, &["11-proof"]);
}

#[test]
fn a_body_is_sent_as_it_stands() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let kit = demo.kit("veilig-thuis");
    let send = |body: String| demo.run(&["request", "--kit", &kit, "--body", &folder.file("body.json", body)]);
    send("{".to_owned()).failed(1, &["400", "urn:sluis:problem:malformed-request", "do: "]);
    let fault = json!({"purpose": "safety-assessment", "colour": "red", "subject": {"scheme": "bsn", "value": "1"}});
    send(fault.to_string()).failed(1, &["schema-invalid", "at /colour: ", "at /subject/value: ", "at /necessity: "]);
}

#[test]
fn a_wrong_key_is_refused_and_the_checks_are_shown() {
    let demo = Demo::shared();
    let (_folder, kit) = demo.kit_with(&[("veilig-thuis/signing.jwk", demo.read("kit/police/signing.jwk"))]);
    let output = demo.ask_with(&kit, &["--person", "P22", "--category", "identity", "--explain"]);
    output.failed(1, &["401", "urn:sluis:problem:signature-invalid", "do: check that signing.jwk", "problem id: urn:uuid:"]);
    assert!(output.stdout.contains("ok      response signature: status 401"), "{}", output.stdout);
    assert!(output.stdout.contains("FAILED  answer: 401 urn:sluis:problem:signature-invalid"), "{}", output.stdout);
    assert!(output.stdout.contains("\"@path\": /v1/disclosures"), "{}", output.stdout);
}

/// Each part of the kit that a verification rests on, broken on purpose: what fails says which check, and nothing is shown of the answer.
#[test]
fn each_failing_check_says_its_name_and_what_to_do() {
    let demo = Demo::shared();
    let root = Authority::new("another root", SystemClock.now()).unwrap().certificate().into_bytes();
    let other_signer = |json: &mut Value| {
        let mut police: Value = serde_json::from_slice(&demo.read("kit/police/signing.jwk")).unwrap();
        police.as_object_mut().unwrap().remove("d");
        police["kid"] = json["signingKeys"][0]["kid"].clone();
        json["signingKeys"][0] = police;
    };
    let other_log = |json: &mut Value| json["logVkey"] = json!(another_log());
    let nowhere = |json: &mut Value| json["api"] = json!("https://localhost:1");
    let cases: [(&str, Vec<u8>, i32, &str, &str); 5] = [
        (
            "gateway.json",
            demo.gateway_json(nowhere),
            4,
            "TLS 1.3, both certificates",
            "check that the gateway runs at this address",
        ),
        ("ca.pem", root, 3, "TLS 1.3, both certificates", "who answers may not be the gateway"),
        ("gateway.json", demo.gateway_json(other_signer), 3, "response signature", "the keys in gateway.json"),
        (
            "veilig-thuis/encryption.jwk",
            demo.read("kit/police/encryption.jwk"),
            3,
            "envelope",
            "check that encryption.jwk is the key",
        ),
        ("gateway.json", demo.gateway_json(other_log), 3, "receipt: ", "tell your privacy officer"),
    ];
    for (file, content, code, check, advice) in cases {
        let (_folder, kit) = demo.kit_with(&[(file, content)]);
        let output = demo.ask_with(&kit, &["--person", "P22", "--category", "identity", "--explain"]);
        output.failed(code, &["expected: ", "do: ", advice]);
        let failed: Vec<&str> = output.stdout.lines().filter(|line| line.contains("FAILED")).collect();
        assert!(failed.len() == 1 && failed[0].contains(&format!("FAILED  {check}")), "{file}: {failed:?}");
        assert!(!output.stdout.contains("surname"), "{file}: nothing of an answer that was not verified");
    }
}

/// The key of a log of the same name that is not the gateway's.
fn another_log() -> String {
    let name = "sluis.example/demo".parse().unwrap();
    let key = SigningKey::from_seed(name, KeyKind::Note, &Secret::new([7; 32])).unwrap();
    NoteSigner::new(key).unwrap().verifier().to_string()
}

#[test]
fn an_unknown_source_is_refused_here() {
    let demo = Demo::shared();
    let kit = demo.kit("veilig-thuis");
    let arguments =
        ["request", "--kit", &kit, "--purpose", "probation", "--person", "P22", "--category", "identity", "--necessity", "x"];
    let output = demo.run(&[arguments.as_slice(), &["--source", "polise"]].concat());
    output.failed(2, &["polise is no organisation of this kit", "police", "an OIN of 20 digits"]);
    demo.ask(&["--person", "P22", "--category", "name"]).failed(2, &["expected one of identity"]);
}
