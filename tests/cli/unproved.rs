//! A program without the feature `prove` says what is missing.

use std::process::Command;

#[test]
fn prove_and_diff_say_how_to_get_them() {
    for arguments in [&["prove", "--policies", "policies", "--only", "never.reporter"][..], &["prove"], &["diff", "old", "new"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_sluis")).arg("policy").args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("without the feature `prove`") && said.contains("--features prove"), "{said}");
    }
}
