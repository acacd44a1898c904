//! `sluis log embargo`: an officer holds back, and lifts.

use super::demo::{Demo, Output};

fn log(demo: &Demo, command: &[&str], more: &[&str]) -> Output {
    let (kit, key) = (demo.kit("probation"), demo.hand("probation", "fg-1"));
    demo.run(&[&["log"], command, &["--kit", &kit, "--by", "fg-1", "--key", &key], more].concat())
}

#[test]
fn an_officer_places_and_lifts_an_embargo() {
    let demo = Demo::shared();
    let none = log(&demo, &["embargo", "list"], &[]).done();
    assert_eq!(none.trim(), "no embargo stands");
    let until = ["--ground", "an investigation", "--lift-at", "2099-01-01T00:00:00Z"];
    let place = |what: &[&str]| log(&demo, &["embargo", "place"], &[what, &until].concat());
    place(&[]).failed(2, &["--person", "--case", "--trace"]);
    place(&["--person", "P22", "--case", "c-1"]).failed(2, &["cannot be used with"]);
    place(&["--person", "P22", "--until", "2027-01-01"]).failed(2, &["unexpected argument"]);
    let placed = place(&["--person", "P22"]).done();
    assert!(placed.contains("stands  subject") && placed.contains("an investigation"), "{placed}");
    assert!(!placed.contains(&demo.number("P22")), "{placed}");
    let placed = place(&["--case", "c-1", "--json"]).json();
    assert_eq!(placed["embargoes"][1]["target"], "case");
    let id = placed["embargoes"][1]["id"].as_str().unwrap().to_owned();
    let trace = place(&["--trace", &"a1".repeat(16)]);
    assert!(trace.stderr.contains("holds back nothing that is in the log now"), "{}", trace.stderr);
    let trace = trace.done();
    assert!(trace.contains(&format!("trace {}: 0 entries", "a1".repeat(16))), "{trace}");
    log(&demo, &["embargo", "lift"], &[&id]).failed(2, &["--ground"]);
    let lifted = log(&demo, &["embargo", "lift"], &[&id, "--ground", "the case was closed"]).done();
    assert!(
        lifted.contains("ended  case") && lifted.contains("lifted by fg-1") && lifted.contains("the case was closed"),
        "{lifted}"
    );
    log(&demo, &["embargo", "lift"], &[&id, "--ground", "again"]).failed(1, &["state-conflict", "stands no more"]);
}
