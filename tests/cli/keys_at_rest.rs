//! A gateway whose keys are missing: it makes none beside a store that was made with others, and a check writes nothing at all.

use std::collections::BTreeMap;
use std::path::Path;

use super::demo::Demo;

/// Every file under a folder with its length.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        }
        found.insert(entry.path().display().to_string(), entry.metadata().unwrap().len());
    }
    found
}

#[test]
fn missing_keys_are_never_replaced_and_a_check_writes_nothing() {
    let mut demo = Demo::start();
    assert_eq!(demo.stop(), Some(0));
    let gateway = demo.path("gateway");
    let (folder, config, dir) = (Path::new(&gateway), demo.path("gateway/sluis.toml"), demo.path(""));
    let serve = |more: &[&str]| demo.run(&[&["serve", "--config", &config], more].concat());
    let moved = |name: &str| (folder.join(name), folder.join(format!("{name}-away")));
    let before = files(folder);
    assert!(serve(&["--check"]).done().ends_with("ready to serve\n"));
    assert_eq!(files(folder), before, "a check of what is there writes nothing");

    for name in ["root.key", "keys", "keys/registers.sealed"] {
        let (there, away) = moved(name);
        std::fs::rename(&there, &away).unwrap();
        let before = files(folder);
        let missing = there.display().to_string();
        let says = [missing.as_str(), "is missing", "a new one would make everything in that store unreadable", "do: restore"];
        serve(&["--check"]).failed(2, &says);
        serve(&[]).failed(2, &says);
        demo.run(&["demo", "--once", "--without-script", "--without-answer-at", "--dir", &dir]).failed(1, &says);
        assert_eq!(files(folder), before, "{name}: nothing is made in its place");
        std::fs::rename(&away, &there).unwrap();
    }

    let changed = std::fs::read_to_string(&config).unwrap().replace("sluis.example/demo", "sluis.example/other");
    std::fs::write(folder.join("other.toml"), changed).unwrap();
    let other = demo.run(&["serve", "--check", "--config", &demo.path("gateway/other.toml")]);
    let told = ["was made under the origin sluis.example/demo", "[log] origin says sluis.example/other"];
    other.failed(2, &told);
    assert!(!other.stderr.contains("corrupt"), "{}", other.stderr);

    for name in ["root.key", "keys", "sluis.sqlite"] {
        let (there, away) = moved(name);
        std::fs::rename(there, away).unwrap();
    }
    let before = files(folder);
    assert!(serve(&["--check"]).done().contains("the first start makes it, with a new root key and key folder"));
    assert_eq!(files(folder), before, "nor where nothing is there yet");
}
