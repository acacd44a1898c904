//! Migrations never change once they were published: whoever has run them would have another schema than who runs them now.

use sluis::crypto::digest::sha256;
use sluis::crypto::hex;

/// The SHA-256 of each, as it was published. A new one gets a line here; no line ever changes.
const PUBLISHED: &str = include_str!("../fixtures/migrations.txt");

#[test]
fn no_published_migration_has_changed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [
        "src/store/sqlite/migrations",
        "src/store/sqlite/search/migrations",
        "src/store/postgres/migrations",
        "src/connector/migrations",
        "src/witness/migrations",
    ] {
        for file in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).expect("readable");
            let name = path.strip_prefix(root).expect("inside").display();
            found.push(format!("{}  {name}", hex::encode(&sha256(&bytes))));
        }
    }
    let order = |line: &String| line.split_once("  ").map(|(_, name)| name.to_owned());
    found.sort_by_key(order);
    assert_eq!(found, PUBLISHED.lines().collect::<Vec<_>>());
}
