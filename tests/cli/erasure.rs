//! `sluis log erase`, `hold` and `verify erasure`, by hand.

use std::fs;

use serde_json::Value;

use super::demo::{Demo, Output};
use crate::verifier::verify;

const PARTY: &str = "veilig-thuis";

/// An officer's command at the demo.
fn officer(demo: &Demo, words: &[&str], more: &[&str]) -> Output {
    let (kit, key) = (demo.kit(PARTY), demo.hand(PARTY, "fg-1"));
    demo.run(&[&["log"], words, &["--kit", &kit, "--by", "fg-1", "--key", &key], more].concat())
}

fn erasures(demo: &Demo) -> Output {
    demo.run(&["log", "verify", "erasure", "--config", &demo.path("gateway/sluis.toml"), "--json"])
}

/// The index in the receipt that the request kept last.
fn index_of(receipt: &str) -> String {
    let text = fs::read_to_string(receipt).expect("a receipt");
    text.lines().find_map(|line| line.strip_prefix("index ")).expect("an index").to_owned()
}

/// To be broken on purpose: `Looking::at` without the look at what is said; without the key store's names.
#[test]
fn an_entry_is_held_and_erased_and_both_verifiers_agree() {
    let demo = Demo::start();
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    let folder = demo.path("kit/veilig-thuis/receipts");
    let mut receipts: Vec<_> = fs::read_dir(&folder).expect("receipts").flatten().map(|file| file.path()).collect();
    receipts.retain(|file| file.extension().is_some_and(|end| end == "tlog-proof"));
    let receipt = receipts.first().expect("one").display().to_string();
    let index = index_of(&receipt);
    let ground = ["--ground", "recorded about the wrong person"];

    let placed = officer(&demo, &["hold", "place"], &["--entry", &index, "--ground", "before the court"]).done();
    let hold = placed.split(' ').next().expect("an id").to_owned();
    assert!(placed.contains("covers entries"), "{placed}");
    assert!(officer(&demo, &["hold", "list"], &[]).done().contains("before the court"));
    officer(&demo, &["erase", &index], &ground).failed(1, &["state-conflict", "legal hold", "sluis log hold lift"]);
    officer(&demo, &["hold", "lift", &hold], &["--ground", "decided"]).done();
    let erased = officer(&demo, &["erase", &index], &ground).done();
    assert!(erased.contains(&format!("entry {index} is erased; entry ")), "{erased}");
    officer(&demo, &["erase", &index], &ground).failed(1, &["erased already"]);
    officer(&demo, &["erase", "99999"], &ground).failed(1, &["not-found"]);

    let found: Value = serde_json::from_str(&erasures(&demo).done()).expect("JSON");
    assert_eq!((&found["erased"], &found["toForget"]), (&1.into(), &0.into()), "{found}");
    let (store, kit) = (demo.path("gateway/sluis.sqlite"), demo.kit(PARTY));
    let full = demo.run(&["log", "verify", "full", "--store", &store, "--kit", &kit, "--seen", &folder, "--json"]);
    assert!(full.stdout.contains("\"erased\":1"), "{}{}", full.stdout, full.stderr);
    let gateway: Value = serde_json::from_str(&fs::read_to_string(demo.path("kit/gateway.json")).unwrap()).unwrap();
    let second = verify(&["full", &store, gateway["logVkey"].as_str().unwrap()]);
    assert!(second.said().contains("(1 erased)"), "{second:?}");
    // The proof of what was given goes on verifying without the content.
    let statement = receipt.replace(".tlog-proof", ".statement.json");
    verify(&["receipt", &receipt, &statement, gateway["logVkey"].as_str().unwrap()]).is_sound();

    let keys = demo.path("gateway/keys");
    let tombstone =
        fs::read_dir(&keys).expect("keys").flatten().find(|file| file.file_name().to_string_lossy().starts_with("entry-"));
    fs::remove_file(tombstone.expect("a tombstone").path()).expect("removed");
    erasures(&demo).failed(3, &[&format!("entry {index} has no key, and the key store has")]);
}
