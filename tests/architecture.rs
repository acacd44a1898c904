//! The structure holds: tiers, imports that stand in one place only, where personal data opens, what lies at the top level.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The tiers of `src/lib.rs`, lowest first; within a tier the modules that may import each other only leftwards stand in order.
const TIERS: [&[&str]; 6] = [
    &["json", "clock", "entropy", "secret", "crypto", "sqlite"],
    &["organisation", "subject", "catalogue", "consent", "notice", "pseudonym", "ledger", "case_room", "policy"],
    &["keystore", "source", "cosigners", "store"],
    &["exchange", "actions"],
    &["http", "api", "web", "connector", "witness", "client"],
    &["config", "telemetry", "app", "demo", "cli"],
];

/// Files that are adapters of a higher tier, whatever folder they stand in.
const ADAPTERS: [(&str, usize); 4] =
    [("src/source/http.rs", 4), ("src/store/sql/", 4), ("src/store/sqlite/", 4), ("src/store/postgres/", 4)];

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("readable");
            found.push((path.strip_prefix(root()).expect("inside").to_owned(), text));
        }
    }
}

/// Tier and place of a module.
fn place(module: &str) -> Option<(usize, usize)> {
    let in_tier = |modules: &&[&str]| modules.iter().position(|known| *known == module);
    TIERS.iter().enumerate().find_map(|(tier, modules)| in_tier(modules).map(|place| (tier, place)))
}

fn module_of(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// Test code may reach further.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn modules_import_downwards_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        if path.ends_with("/tests.rs")
            || path.contains("/tests/")
            || ["src/lib.rs", "src/main.rs", "src/manual/mod.rs"].contains(&path.as_str())
        {
            continue;
        }
        let (mut tier, position) = place(module_of(&path)).unwrap_or_else(|| panic!("{path}: give its module a tier"));
        let adapter = ADAPTERS.iter().find(|(prefix, _)| path.starts_with(prefix));
        if let Some((_, higher)) = adapter {
            tier = *higher;
        }
        for (number, line) in without_tests(&text).lines().enumerate() {
            for imported in line.split("crate::").skip(1) {
                let imported = imported.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let Some((other, other_position)) = place(imported) else { continue };
                let own = imported == module_of(&path);
                let downwards = other < tier || (other == tier && (other_position < position || adapter.is_some()));
                // The ports of tier 3 and the shell of tier 6 know each other; the flow and the actions do not.
                let neighbours = other == tier && (tier == 2 || tier == 5 || (tier == 4 && imported == "http"));
                if !(own || downwards || neighbours) {
                    wrong.push(format!("{path}:{}: imports {imported} (tier {} from tier {})", number + 1, other + 1, tier + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the tiers:\n{}", wrong.join("\n"));
}

/// Both are edges beside each other: what they share stands below them.
#[test]
fn api_and_web_do_not_know_each_other() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        let other = match module_of(&path) {
            "api" => "crate::web",
            "web" => "crate::api",
            _ => continue,
        };
        assert!(!without_tests(&text).contains(other), "{path}: imports {other}");
    }
}

#[test]
fn some_crates_stand_in_one_place() {
    let confined: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("askama", &["src/web/"][..]),
        ("cedar_policy", &["src/policy/"]),
        ("deadpool", &["src/store/sql/connection/"]),
        ("fluent_bundle", &["src/web/texts.rs"]),
        ("form_urlencoded", &["src/web/form.rs"]),
        ("hashlink", &["src/exchange/vault.rs"]),
        ("josekit", &["src/crypto/jose.rs"]),
        ("rusqlite", &["src/sqlite.rs", "src/store/sqlite/", "src/store/sql/", "src/connector/store/"]),
        ("sqlx", &["src/store/sql", "src/store/postgres/", "src/connector/store/", "src/witness/store.rs", "src/demo/sources/"]),
        ("rcgen", &["src/demo/authority.rs"]),
        ("axum", &["src/http/", "src/api/", "src/web/", "src/connector/", "src/witness/", "src/app/"]),
        ("ciborium", &["src/ledger/"]),
        ("clap", &["src/cli/"]),
    ]);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        for (name, places) in &confined {
            let used = without_tests(&text).lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains(&format!("use {name}")) || code.contains(&format!("{name}::"))
            });
            if used && !places.iter().any(|place| path.starts_with(place)) {
                wrong.push(format!("{path}: {name} belongs in {}", places.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `Personal` opens only where the flow must look inside, and in the keyed digests and seals that are its own.
#[test]
fn personal_data_opens_in_few_places() {
    const MAY: [&str; 9] = [
        "src/secret.rs",
        "src/subject/mod.rs",
        "src/pseudonym/vault.rs",
        "src/store/journal.rs",
        "src/exchange/collect.rs",
        "src/exchange/minimise.rs",
        "src/exchange/pseudonymise.rs",
        "src/exchange/seal.rs",
        "src/exchange/recheck.rs",
    ];
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        let opens = without_tests(&text).contains("open_personal(") || without_tests(&text).contains("into_personal(");
        assert!(!opens || MAY.contains(&path.as_str()), "{path}: opens personal data");
    }
}

#[test]
fn only_configuration_and_telemetry_read_the_environment() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        let reads = ["std::env::var", "env::vars", "try_from_env"].iter().any(|call| without_tests(&text).contains(call));
        assert!(
            !reads || ["src/config/environment.rs", "src/telemetry.rs"].contains(&path.as_str()),
            "{path}: reads the environment"
        );
    }
}

#[test]
fn the_top_level_is_as_agreed() {
    let listed = std::process::Command::new("git").args(["ls-files"]).current_dir(root()).output().expect("git");
    let files = String::from_utf8(listed.stdout).expect("UTF-8");
    let allowed =
        ["Cargo.toml", "Cargo.lock", "LICENSE", "CHANGELOG.md", "README.md", "src", "policies", "certs", "tests", "deploy"];
    for file in files.lines() {
        let first = file.split('/').next().unwrap_or_default();
        assert!(first.starts_with('.') || allowed.contains(&first), "{file}: not part of the agreed top level");
        assert!(![".key", ".sqlite"].iter().any(|ending| file.ends_with(ending)), "{file}: no key and no database belongs here");
    }
}

#[test]
fn every_module_stands_on_the_map() {
    let map = fs::read_to_string(root().join("src/lib.rs")).expect("readable");
    for module in TIERS.iter().flat_map(|modules| modules.iter()) {
        assert!(map.contains(&format!("[`{module}`]")), "src/lib.rs: the map lacks {module}");
        assert!(map.contains(&format!("pub mod {module};")), "src/lib.rs: there is no module {module}");
    }
}
