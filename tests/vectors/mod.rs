//! Public conformance vectors, and other people's implementations of the same formats (`notes`, `trees`). Large vectors stand in the folder named by
//! `SLUIS_VECTORS` (default `../shared/vectors`); where it is absent their tests say so and pass. Each of those prints how many cases it tried per file.

mod jwe;
mod keys;
mod merkle;
mod message_signatures;
mod notes;
mod signatures;
mod structured_fields;
mod trees;

use std::path::PathBuf;

use serde_json::Value;

/// The file of vectors, if the folder is there. A folder without the file fails the test: then something is wrong with the folder.
fn vectors(file: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "the tests have no configuration")]
    let named = std::env::var("SLUIS_VECTORS");
    let folder = named.map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    if !folder.is_dir() {
        println!("{file}: 0 tried, there are no vectors at {}", folder.display());
        return None;
    }
    let text = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{file}: {error}")))
}

/// All Wycheproof cases of a file, each with its group.
fn wycheproof(file: &str) -> Vec<(Value, Value)> {
    let Some(file) = vectors(&format!("wycheproof/{file}")) else { return Vec::new() };
    let groups = file["testGroups"].as_array().expect("groups");
    let cases = groups.iter().flat_map(|group| {
        let tests = group["tests"].as_array().expect("tests");
        tests.iter().map(|case| (group.clone(), case.clone()))
    });
    cases.collect()
}

/// The text of a member.
fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {value}"))
}

/// The bytes of a member in hexadecimal.
fn hex(value: &Value, member: &str) -> Vec<u8> {
    let digits = text(value, member);
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A JWK with some members replaced, or removed where the replacement is null.
fn with_members(jwk: &Value, members: &[(&str, Value)]) -> Vec<u8> {
    let mut jwk = jwk.clone();
    let object = jwk.as_object_mut().expect("a JWK");
    for (name, value) in members {
        if value.is_null() {
            object.remove(*name)
        } else {
            object.insert((*name).to_owned(), value.clone())
        };
    }
    jwk.to_string().into_bytes()
}
