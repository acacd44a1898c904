//! `sluis log search` and `sluis log open`: a privacy officer and the log of her organisation.

use serde_json::Value;

use super::demo::{Demo, Folder, Output};

/// What police's officer finds.
fn search(demo: &Demo, more: &[&str]) -> Output {
    let (kit, key) = (demo.kit("police"), demo.hand("police", "fg-1"));
    demo.run(&[&["log", "search", "--kit", &kit, "--by", "fg-1", "--key", &key], more].concat())
}

fn open(demo: &Demo, more: &[&str]) -> Output {
    let (kit, key) = (demo.kit("police"), demo.hand("police", "fg-1"));
    demo.run(&[&["log", "open", "--kit", &kit, "--by", "fg-1", "--key", &key], more].concat())
}

#[test]
fn an_officer_searches_and_opens_what_her_organisation_gave() {
    let demo = Demo::shared();
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    let folder = Folder::new();
    let number = folder.file("number", demo.number("P22"));

    let told = search(&demo, &["--person", "P22", "--kind", "contribution"]).done();
    assert!(told.contains("contribution") && told.contains("given") && told.contains("identity"), "{told}");
    assert!(!told.contains(&demo.number("P22")), "{told}");
    // The same by the number in a file, a page a line, one after the other.
    let pages = search(&demo, &["--bsn-file", &number, "--kind", "contribution", "--limit", "1", "--all", "--json"]).done();
    let pages: Vec<Value> = pages.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(pages.len() >= 2 && pages.iter().all(|page| page["lines"].as_array().unwrap().len() == 1), "{pages:?}");
    let index = pages[0]["lines"][0]["index"].to_string();
    let newest = search(&demo, &["--person", "P22", "--kind", "contribution", "--limit", "1", "--json"]);
    let text = newest.stderr.split("--cursor ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let newest = newest.json();
    assert_eq!(newest["cursor"], text.as_str());
    let next = search(&demo, &["--person", "P22", "--kind", "contribution", "--limit", "1", "--cursor", &text, "--json"]).json();
    assert!(next["lines"][0]["index"].as_u64() < newest["lines"][0]["index"].as_u64(), "{next} behind {newest}");
    search(&demo, &["--person", "P22", "--limit", "1", "--cursor", &text]).failed(1, &["schema-invalid", "/request/cursor"]);
    let nobody = search(&demo, &["--organisation", "veilig-thuis", "--from", "2099-01-01"]).done();
    assert!(nobody.contains("no entries found"), "{nobody}");

    let opened = open(&demo, &[&index]).done();
    assert!(opened.contains("sa.police.person") && opened.contains("reference: command-line"), "{opened}");
    let json = open(&demo, &[&index, "99999999", "--json"]).json();
    assert_eq!(json["notFound"], serde_json::json!([99_999_999]));
    assert_eq!(json["lines"][0]["body"]["kind"], "contribution");

    search(&demo, &["--bsn", &demo.number("P22")]).failed(2, &["not taken as an argument"]);
    search(&demo, &["--kind", "gossip"]).failed(2, &["expected one of ask, disclosure"]);
    let stranger = demo.hand("police", "pro-1");
    let kit = demo.kit("police");
    let other = demo.run(&["log", "search", "--kit", &kit, "--by", "pro-1", "--key", &stranger]);
    other.failed(1, &["schema-invalid", "/by"]);
}
