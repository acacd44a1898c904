//! The files of a bundle, from a folder or from the binary, and their hash.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use rust_embed::RustEmbed;

/// Path relative to the folder, with `/`, to text.
pub type Files = BTreeMap<String, String>;

const LARGEST: u64 = 1024 * 1024;
/// `O_NONBLOCK`: to open a pipe waits for nobody.
const NON_BLOCKING: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 0o4 };
/// Paths in a folder, folders within folders: more is no bundle, whatever it is.
const MOST: usize = 1_000;
const DEEPEST: usize = 4;

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
        } else if is_policy(&name) {
            if files.len() >= super::bounds::FILES {
                return Err(Unreadable { path: name, cause: format!("more than {} files", super::bounds::FILES) });
            }
            let text = text(&entry.path(), &name)?;
            files.insert(name, text);
        }
    }
    Ok(())
}

/// What a regular file holds. Anything else is refused without waiting for it: a pipe, a device, a link, more than it may hold.
pub fn text(path: &Path, name: &str) -> Result<String, Unreadable> {
    let failed = |cause: std::io::Error| Unreadable { path: name.to_owned(), cause: cause.to_string() };
    let refused = |cause: &str| Unreadable { path: name.to_owned(), cause: cause.to_owned() };
    let about = std::fs::symlink_metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(refused("not a regular file (a link, a pipe, a device): put the file itself here"));
    }
    let file = std::fs::OpenOptions::new().read(true).custom_flags(NON_BLOCKING).open(path).map_err(failed)?;
    // What was opened is what was looked at, and nothing that took its place.
    let opened = file.metadata().map_err(failed)?;
    if !opened.is_file() || (opened.dev(), opened.ino()) != (about.dev(), about.ino()) {
        return Err(refused("it changed while it was read"));
    }
    let mut text = String::new();
    file.take(LARGEST.saturating_add(1)).read_to_string(&mut text).map_err(failed)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(refused("larger than 1 MiB"));
    }
    Ok(text)
}

/// Every path in a folder, whatever it is: what nobody listed must not go unseen.
pub fn list(folder: &Path) -> Result<BTreeSet<String>, Unreadable> {
    let mut found = BTreeSet::new();
    walk(folder, "", &mut found)?;
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) -> Result<(), Unreadable> {
    let failed = |cause: std::io::Error| Unreadable { path: prefix.to_owned(), cause: cause.to_string() };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if found.len() >= MOST || prefix.matches('/').count() >= DEEPEST {
            return Err(Unreadable { path: name, cause: "too many files, or too deep folders, for policies".to_owned() });
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name);
        }
    }
    Ok(())
}

/// Writes the texts as a folder that [`read`] gives back.
pub fn write(folder: &Path, files: &Files) -> Result<(), Unreadable> {
    for (path, text) in files {
        let failed = |cause: std::io::Error| Unreadable { path: path.clone(), cause: cause.to_string() };
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(failed)?;
        std::fs::write(file, text).map_err(failed)?;
    }
    Ok(())
}

/// Puts a text in the place of a file, whole or not at all.
pub fn replace(folder: &Path, name: &str, text: &str) -> Result<(), Unreadable> {
    let failed = |cause: std::io::Error| Unreadable { path: name.to_owned(), cause: cause.to_string() };
    // Beside the folder's files under a name that no reader takes for one of them.
    let folder = std::fs::canonicalize(folder).map_err(failed)?;
    let new = folder.with_extension(format!("{name}.new"));
    std::fs::write(&new, text).map_err(failed)?;
    std::fs::rename(&new, folder.join(name)).map_err(failed)
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
