//! `sluis policy`: proofs, comparison, approval, and what a running gateway decided.

use std::path::Path;

use super::demo::{Demo, Folder};
use sluis::policy::Bundle;

/// The program's own policies in a folder of the test.
fn policies(folder: &Folder, name: &str) -> String {
    let path = folder.path(name);
    Bundle::embedded().unwrap().write(&path).unwrap();
    path.display().to_string()
}

fn edit(folder: &str, file: &str, change: impl Fn(String) -> String) {
    let path = Path::new(folder).join(file);
    std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
}

/// One line that lets the police see, without consent, that someone is in care.
const LEAK: &str = "\n@id(\"pr.leak\") @why(\"Seeded\") @why_nl(\"Gezaaid\") @legal(\"none\") @row(\"1\") permit (principal is Sluis::Recipient, action == Sluis::Action::\"signal\", resource is Sluis::Slice) when { context.purpose == Sluis::Purpose::\"probation\" } when { principal.kind == Sluis::OrgKind::\"police\" } when { resource.category == Sluis::Category::\"care-involvement\" };\n";

#[test]
fn a_line_that_shows_the_police_who_is_in_care_is_refuted_with_a_request() {
    let (demo, folder) = (Demo::shared(), Folder::new());
    let leaking = policies(&folder, "leaking");
    edit(&leaking, "rules/probation.cedar", |text| text + LEAK);
    // The guard against it still stands in the way: the permits alone are refuted, and the line is named as one that decides nothing.
    let overruled = demo.run(&["policy", "prove", "--policies", &leaking]);
    assert_eq!(overruled.code, 1, "{}", overruled.stderr);
    for part in [
        "REFUTED  never.health-to-justice ",
        "the permits alone would permit this",
        "FAULT    pr.leak  policies/rules/probation.cedar:",
        "guards overrule it on every request of care-involvement. Without them it would permit:\n    police receives care-involvement of ",
        "stopped by                 guard.health-to-justice",
        "28 invariants, 120 policies",
    ] {
        assert!(overruled.stdout.contains(part), "{part}: {}", overruled.stdout);
    }
    assert!(!overruled.stdout.contains("permitted all the same"), "{}", overruled.stdout);
    // With one line in the guard as well, it leaks.
    edit(&leaking, "rules/guards.cedar", |text| {
        let (before, after) = text.split_once("@id(\"guard.health-to-justice\")").unwrap();
        let after = after.replacen("\nwhen {", "\nwhen { context.facts.withheldBySource }\nwhen {", 1);
        format!("{before}@id(\"guard.health-to-justice\"){after}")
    });
    let refuted =
        demo.run(&["policy", "prove", "--policies", &leaking, "--only", "never.health-to-justice", "--only", "never.reporter"]);
    assert_eq!(refuted.code, 1, "{}", refuted.stderr);
    for part in [
        "permitted all the same",
        "recipient, kind",
        "police",
        "care-involvement",
        "permitted by",
        "pr.leak (policies/rules/probation.cedar:",
    ] {
        assert!(refuted.stdout.contains(part), "{part}: {}", refuted.stdout);
    }
    assert!(refuted.stderr.contains("REFUTED") && refuted.stderr.contains("holds"), "progress: {}", refuted.stderr);
    let own = policies(&folder, "own");
    let wider = demo.run(&["policy", "diff", &own, &leaking]);
    assert_eq!(wider.code, 1, "{}", wider.stderr);
    for part in [
        "changed  rules/probation.cedar",
        "changed  guard.health-to-justice",
        "added    pr.leak",
        "signal   wider",
        "care-involvement",
    ] {
        assert!(wider.stdout.contains(part), "{part}: {}", wider.stdout);
    }
    let narrower = demo.run(&["policy", "diff", &leaking, &own]);
    assert!(narrower.done().contains("signal   narrower"));
    demo.run(&["policy", "prove", "--policies", &own, "--solver", "/nowhere/cvc5"])
        .failed(2, &["/nowhere/cvc5", "apt-get install cvc5"]);
}

#[test]
fn two_persons_approve_with_keys_of_their_own() {
    let (demo, folder) = (Demo::shared(), Folder::new());
    let own = policies(&folder, "own");
    let keys = ["a.jwk", "b.jwk"].map(|name| folder.path(name).display().to_string());
    let public: Vec<_> = keys.iter().map(|key| demo.run(&["policy", "keygen", "--out", key]).done().trim().to_owned()).collect();
    assert!(public[0] != public[1] && public.iter().all(|key| key.len() == 43), "{public:?}");
    demo.run(&["policy", "keygen", "--out", &keys[0]]).failed(2, &["a.jwk"]);
    let approve = |key: &str, by: &str, more: &[&str]| {
        demo.run(&[&["policy", "approve", "--policies", &own, "--key", key, "--by", by], more].concat())
    };
    approve(&keys[0], "A. Jansen", &[]).failed(1, &["MANIFEST.json"]);
    approve(&keys[0], "A. Jansen", &["--propose", "7"]).failed(2, &["--replaces"]);
    approve(&keys[0], "A. Jansen", &["--propose", "7", "--replaces", "6"]).failed(2, &["/readyz"]);
    assert!(
        approve(&keys[0], "A. Jansen", &["--propose", "7", "--replaces", "nothing"]).done().contains("1 more approval is needed")
    );
    approve(&keys[0], "A. Jansen", &[]).failed(1, &["approved already"]);
    edit(&own, "rules/guards.cedar", |text| text + "\n// later\n");
    approve(&keys[1], "B. Visser", &[])
        .failed(1, &["MANIFEST.json:", "rules/guards.cedar: this file is not the one that was approved"]);
    assert!(
        approve(&keys[0], "A. Jansen", &["--propose", "8", "--replaces", &"a".repeat(64)])
            .done()
            .contains("1 more approval is needed")
    );
    assert!(approve(&keys[1], "B. Visser", &[]).done().contains("approved by A. Jansen and B. Visser: it can come in force"));

    let check = || demo.run(&["policy", "check", "--policies", &own]);
    assert!(check().done().contains("approved under the names A. Jansen and B. Visser"));
    edit(&own, "rules/guards.cedar", |text| text + "// later still\n");
    edit(&own, "reasons/en.toml", |text| text + "\n");
    let beside = folder.path("own/rules/guards.bak");
    std::fs::write(&beside, "").unwrap();
    check().failed(
        1,
        &[
            "rules/guards.cedar: this file is not the one that was approved",
            "reasons/en.toml: this file is not the one that was approved",
            "own/rules/guards.bak:1: this file is not in the manifest",
            "faults: 3",
            "two persons approve these as a new version: the first with `sluis policy approve --propose VERSION",
        ],
    );
    // As the command says: approved by two as a new version, it is in order again.
    std::fs::remove_file(&beside).unwrap();
    approve(&keys[1], "B. Visser", &["--propose", "9", "--replaces", "nothing"]).done();
    approve(&keys[0], "A. Jansen", &[]).done();
    assert!(check().done().contains("version 9, these files, approved under the names B. Visser and A. Jansen"));
}

#[test]
fn past_decisions_are_explained_and_made_again() {
    let (demo, folder) = (Demo::start(), Folder::new());
    let (kit, config) = (demo.kit("veilig-thuis"), demo.path("gateway/sluis.toml"));
    let about = [
        "--person",
        "P22",
        "--source",
        "police",
        "--category",
        "identity",
        "--category",
        "diagnosis",
        "--necessity",
        "x",
        "--json",
    ];
    let asked = demo.run(&[&["request", "--kit", &kit, "--purpose", "safety-assessment"], about.as_slice()].concat()).json();
    let id = asked["id"].as_str().or_else(|| asked["disclosure"].as_str()).unwrap_or_else(|| panic!("{asked}")).to_owned();
    let explain = |more: &[&str]| demo.run(&[&["policy", "explain", &id, "--config", &config], more].concat());
    let dutch = explain(&[]).done();
    for part in [
        "Verstrekking ",
        "aan Veilig Thuis",
        "voor Veiligheidsbeoordeling en onderzoek door Veilig Thuis [safety-assessment]",
        "(versie demo-1)",
        "identiteit [identity]: gegeven, exact",
        "beslist door sa.police.person",
        "Bpg 4:2(1)(i)",
    ] {
        assert!(dutch.contains(part), "{part}: {dutch}");
    }
    let english = explain(&["--lang", "en"]).done();
    assert!(
        english.contains("identity [identity]: given, exact") && english.contains("decided by sa.police.person"),
        "{english}"
    );
    // To the data subject in words of its own: not who reported or was protected, and of what is missing consent alone.
    let subject = explain(&["--lang", "en", "--for", "subject"]).done();
    assert!(subject.contains("identity [identity]: given, exact") && !subject.contains("not fulfilled"), "{subject}");
    demo.run(&["policy", "explain", "01900000-0000-7000-8000-000000000000", "--config", &config])
        .failed(1, &["no such disclosure"]);

    let same = policies(&folder, "same");
    let replay = |candidate: &str, more: &[&str]| {
        demo.run(&[&["policy", "replay", "--config", &config, "--candidate", candidate], more].concat())
    };
    assert!(replay(&same, &[]).done().contains(", 0 change"));
    let closed = policies(&folder, "closed");
    edit(&closed, "rules/safety-assessment.cedar", |text| {
        let (before, after) = text.split_once("@id(\"sa.police.person\")").unwrap();
        let after = after.replacen("\nwhen {", "\nwhen { context.facts.withheldBySource }\nwhen {", 1);
        format!("{before}@id(\"sa.police.person\"){after}")
    });
    let changed = replay(&closed, &[]).done();
    assert!(changed.contains(&id) && changed.contains("safety-assessment identity: exact -> withheld"), "{changed}");
    assert!(!changed.contains("P22"), "{changed}");
    assert!(replay(&closed, &["--to", "2020-01-01"]).done().contains("0 decisions made again, 0 change"));
}
