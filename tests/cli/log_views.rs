//! `sluis log overview`, `report`, `export` and `embargo`: a privacy officer and the log of her organisation.

use std::os::unix::fs::PermissionsExt;

use super::demo::{Demo, Folder, Output};

fn log(demo: &Demo, command: &[&str], more: &[&str]) -> Output {
    let (kit, key) = (demo.kit("police"), demo.hand("police", "fg-1"));
    demo.run(&[&["log"], command, &["--kit", &kit, "--by", "fg-1", "--key", &key], more].concat())
}

#[test]
fn an_officer_exports_looks_over_and_reports() {
    let demo = Demo::shared();
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    let folder = Folder::new();
    let out = folder.file("log.csv", "");
    std::fs::remove_file(&out).unwrap();
    let said = log(&demo, &["export"], &["--format", "csv", "--out", &out, "--person", "P22"]).done();
    assert!(said.contains("records, sha256"), "{said}");
    let kept = std::fs::read_to_string(&out).unwrap();
    assert!(kept.starts_with("\"#sluis-log/csv\"") && kept.contains("\"contribution\""), "{kept}");
    assert!(!kept.contains(&demo.number("P22")));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    log(&demo, &["export"], &["--format", "csv", "--out", &out]).failed(2, &["there is such a file"]);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), kept);

    let overview = log(&demo, &["overview", "subject"], &["--person", "P22"]).done();
    assert!(overview.contains("contribution") && overview.contains("protocol"), "{overview}");
    let report = log(&demo, &["report"], &["--person", "P22", "--language", "en"]).done();
    assert!(report.contains("Who received data about you") && report.contains("Recipient"), "{report}");
    assert!(!report.contains("command-line"), "no employees: {report}");
    let none = log(&demo, &["embargo", "list"], &[]).done();
    assert_eq!(none.trim(), "no embargo stands");
}
