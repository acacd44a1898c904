//! `sluis schema` and `--help`: without any gateway.

use std::process::Command;

use serde_json::Value;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluis")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn schemas_are_printed_one_by_one_and_together() {
    let (code, one, _) = run(&["schema", "identity", "exact"]);
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!((code, &one["type"]), (0, &Value::from("object")));
    let (_, all, _) = run(&["schema"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!((all.as_object().unwrap().len(), &all["identity"]["exact"]), (18, &one));
    let (code, _, why) = run(&["schema", "identity", "summary"]);
    assert!(code == 2 && why.contains("identity is not given in the form summary"), "{why}");
    let (code, _, why) = run(&["schema", "name"]);
    assert!(code == 2 && why.contains("expected: one of identity"), "{why}");
}

#[test]
fn every_command_explains_itself() {
    let commands: [&[&str]; 20] = [
        &["policy"],
        &["policy", "check"],
        &["policy", "test"],
        &["policy", "matrix"],
        &["request"],
        &["sign"],
        &["open"],
        &["verify", "receipt"],
        &["schema"],
        &["connector"],
        &["connector", "inbox", "release"],
        &["connector", "inbox", "refuse"],
        &["connector", "override", "create"],
        &["connector", "override", "approve"],
        &["connector", "professional", "add"],
        &["connector", "professional", "deactivate"],
        &["organisation", "add"],
        &["organisation", "suspend"],
        &["keys", "publish"],
        &["keys", "revoke"],
    ];
    for command in commands {
        let (code, help, _) = run(&[command, &["--help"]].concat());
        assert!(code == 0 && help.contains("Usage: sluis "), "{command:?}");
        assert!(run(&[command, &["--no-such-flag"]].concat()).0 == 2, "{command:?}");
    }
}
