//! The files of a bundle, from a folder or from the binary, and their hash.

use std::collections::BTreeMap;
use std::path::Path;

use ring::digest::{Context, SHA256};
use rust_embed::RustEmbed;

/// Path relative to the folder, with `/`, to text.
pub type Files = BTreeMap<String, String>;

const LARGEST: u64 = 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "policies/"]
struct Embedded;

/// The policies that are part of the binary.
pub fn embedded() -> Result<Files, Unreadable> {
    let read = |name: String| {
        let file = Embedded::get(&name).ok_or_else(|| Unreadable { path: name.clone(), cause: "not embedded".to_owned() })?;
        let text = String::from_utf8(file.data.into_owned())
            .map_err(|_| Unreadable { path: name.clone(), cause: "not UTF-8".to_owned() })?;
        Ok((name, text))
    };
    Embedded::iter().map(std::borrow::Cow::into_owned).filter(|name| is_policy(name)).map(read).collect()
}

/// The policies in a folder.
pub fn read(folder: &Path) -> Result<Files, Unreadable> {
    let mut files = Files::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) -> Result<(), Unreadable> {
    let failed = |path: &str, cause: std::io::Error| Unreadable { path: path.to_owned(), cause: cause.to_string() };
    for entry in std::fs::read_dir(folder).map_err(|cause| failed(prefix, cause))? {
        let entry = entry.map_err(|cause| failed(prefix, cause))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata().map_err(|cause| failed(&name, cause))?;
        if about.is_dir() && prefix.is_empty() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if about.is_file() && is_policy(&name) {
            if about.len() > LARGEST {
                return Err(Unreadable { path: name, cause: "larger than 1 MiB".to_owned() });
            }
            let text = std::fs::read_to_string(entry.path()).map_err(|cause| failed(&name, cause))?;
            files.insert(name, text);
        }
    }
    Ok(())
}

/// What counts as part of a bundle; the manifest stands beside it.
fn is_policy(name: &str) -> bool {
    [".toml", ".cedar", ".cedarschema"].iter().any(|ending| name.ends_with(ending))
        && !name.contains("/.")
        && !name.starts_with('.')
}

/// SHA-256 over all files in order of their paths, each path and text with its length before it; hexadecimal.
pub fn hash(files: &Files) -> String {
    let mut context = Context::new(&SHA256);
    for part in files.iter().flat_map(|(path, text)| [path, text]) {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in context.finish().as_ref() {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    text
}

/// A file or folder that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policies/{path}: {cause}")]
pub struct Unreadable {
    /// The path relative to the folder.
    pub path: String,
    /// Why.
    pub cause: String,
}
