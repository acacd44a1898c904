//! `sluis witness`, and the witnesses of the demo.

use std::process::Command;

use serde_json::Value;
use sluis::ledger::note::{KeyKind, VerifierKey};
use sluis::ledger::quorum::Policy;

use super::demo::Folder;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluis")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_witness_is_made_and_checked() {
    let folder = Folder::new();
    let key = folder.path("witness.seed").display().to_string();
    let keygen = ["witness", "keygen", "--name", "witness.politie.example", "--key", &key];
    let (code, vkey, errors) = run(&keygen);
    assert_eq!(code, 0, "{errors}");
    let vkey: VerifierKey = vkey.trim().parse().unwrap();
    assert_eq!((vkey.kind(), vkey.name().as_str()), (KeyKind::Cosignature, "witness.politie.example"));
    let seed = std::fs::read(&key).unwrap();
    assert_eq!(run(&keygen).0, 2, "a key is never written over");
    assert_eq!(std::fs::read(&key).unwrap(), seed);

    let sample = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/witness.toml")).unwrap();
    let config = folder.file("witness.toml", &sample);
    let (code, said, errors) = run(&["witness", "--config", &config, "--check"]);
    assert_eq!((code, said.contains("ready to serve")), (0, true), "{errors}");
    assert!(!folder.path("witness.sqlite").exists(), "nothing is written");
    let of_witness = folder.file(
        "wrong.toml",
        sample.lines().filter(|line| !line.starts_with("vkey")).collect::<Vec<_>>().join("\n")
            + &format!("\nvkey = \"{vkey}\"\n"),
    );
    let (code, _, errors) = run(&["witness", "--config", &of_witness, "--check"]);
    assert_eq!((code, errors.contains("the key of a witness, not of a log")), (2, true), "{errors}");
    std::fs::write(&key, b"short").unwrap();
    let (code, _, errors) = run(&["witness", "--config", &config, "--check"]);
    assert_eq!((code, errors.contains("not a seed of 32 bytes")), (2, true), "{errors}");
    assert_eq!(run(&["witness"]).0, 2, "without a configuration");
}

/// The issue's own line: five witnesses cosign within 2 s.
#[test]
fn five_witnesses_cosign_the_demo() {
    let folder = Folder::new();
    let demo = folder.path("demo");
    let dir = demo.display().to_string();
    let arguments = ["demo", "--once", "--json", "--households", "10", "--without-answer-at", "--fresh-ports", "--dir", &dir];
    let (code, report, errors) = run(&arguments);
    let report: Value = serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let cosigned = &report["cosigned"];
    assert_eq!((code, &cosigned["by"], &cosigned["of"]), (0, &5.into(), &5.into()), "{report}");
    assert!(cosigned["millis"].as_u64().unwrap() <= 2000, "{cosigned}");
    assert!(cosigned["size"].as_u64() >= report["logSize"].as_u64() && report["logSize"].as_u64() > Some(0));

    let policy = Policy::parse(&std::fs::read(demo.join("kit/witnesses.policy")).unwrap()).unwrap();
    let info: Value = serde_json::from_slice(&std::fs::read(demo.join("kit/gateway.json")).unwrap()).unwrap();
    let listed: Vec<_> = info["witnesses"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, policy.witnesses().iter().map(|witness| witness.key.to_string()).collect::<Vec<_>>());
    assert!(policy.witnesses().iter().all(|witness| witness.url.is_none()), "who only verifies needs no addresses");

    let (store, kit) = (demo.join("gateway/sluis.sqlite").display().to_string(), demo.join("kit/police").display().to_string());
    let verify = ["log", "verify", "full", "--store", &store, "--kit", &kit];
    let (code, said, errors) = run(&verify);
    assert_eq!(code, 0, "the whole log, witnessed: {said}{errors}");
    let stranger = "witness stranger example.com/w+9870c5cc+BAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\nquorum stranger\n";
    let other = folder.file("other.policy", stranger);
    assert_eq!(run(&[&verify[..], &["--policy", &other]].concat()).0, 5, "not by these witnesses");

    let (key, policy) = (info["logVkey"].as_str().unwrap(), demo.join("kit/witnesses.policy").display().to_string());
    let second = |policy: &str| crate::verifier::verify(&["full", &store, key, "--policy", policy]);
    second(&policy).expect(crate::verifier::WITNESSED, "witnessed: ").unwrap();
    second(&other).expect(crate::verifier::UNWITNESSED, "unwitnessed: ").unwrap();
}
