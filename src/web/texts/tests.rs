//! No text is missing, none is left over, and each takes the same values in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// The messages of a file, each with the values that it takes.
fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(messages.insert(name.to_owned(), BTreeSet::new()).is_none(), "{name} stands there twice");
            current = Some(name.to_owned());
        }
        let values = line
            .split('$')
            .skip(1)
            .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default());
        if let Some(taken) = current.as_ref().and_then(|name| messages.get_mut(name)) {
            taken.extend(values.map(str::to_owned));
        }
    }
    messages
}

/// The text of every file below `folder` with one of these endings.
fn files(folder: &Path, endings: &[&str], found: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            *found += &std::fs::read_to_string(&path).expect("text");
        }
    }
}

#[test]
fn both_languages_say_the_same() {
    let (dutch, english) = (messages(DUTCH), messages(ENGLISH));
    assert!(dutch.len() > 10, "{dutch:?}");
    assert_eq!(dutch, english);
    Texts::embedded().expect("Fluent");
}

#[test]
fn every_text_is_used_and_every_one_used_is_there() {
    let mut code = String::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &[".html", ".rs"], &mut code);
    let messages = messages(DUTCH);
    let unused: Vec<_> = messages.keys().filter(|name| !code.contains(&format!("\"{name}\""))).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
    let asked = code.split("text(\"").skip(1).chain(code.split("text_with(\"").skip(1)).filter_map(|rest| rest.split('"').next());
    let missing: Vec<_> = asked.filter(|name| !messages.contains_key(*name)).collect();
    assert!(missing.is_empty(), "not in the files: {missing:?}");
}

#[test]
fn a_text_that_is_not_there_fails_no_page() {
    let texts = Texts::embedded().expect("Fluent");
    assert_eq!(texts.text(Language::Nl, "no-such-text", &[]), "no-such-text");
    assert_ne!(texts.text(Language::Nl, "to-start", &[]), texts.text(Language::En, "to-start", &[]));
}
