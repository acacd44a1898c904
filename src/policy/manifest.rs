//! Which files make a version, and who approved it: `MANIFEST.json` lists every file with its SHA-256, `MANIFEST.sig` holds one line per
//! approval. Two different persons approve (four eyes); what differs from the manifest, or is not in it, is no part of what they saw. The manifest also names
//! the version that it replaces: versions have an order, and an earlier one comes back only by a new manifest that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::bundle::{Bundle, LoadError};
use super::files::{self, Files};
use crate::catalogue::purpose::FileError;
use crate::crypto::keys::{Jwk, PrivateJwk, PublicKey, SigningKey, VerifyingKey};
use crate::crypto::{base64, digest, hex};

/// The manifest's file.
pub const MANIFEST: &str = "MANIFEST.json";
/// The approvals' file.
pub const APPROVALS: &str = "MANIFEST.sig";
/// How many persons approve.
pub const APPROVALS_NEEDED: usize = 2;

/// What an approval signs begins with this, so that the signature means nothing elsewhere.
const CONTEXT: &str = "sluis/v1/policy-manifest\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: String,
    replaces: Replaces,
    files: BTreeMap<String, String>,
}

/// Which version a proposed one replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Replaces {
    /// None: the first that a store's gateways decide by.
    Nothing,
    /// The one with this hash, as `/readyz` and the log have it.
    Version(String),
}

impl std::str::FromStr for Replaces {
    type Err = NotApproved;

    /// `nothing`, or a hash.
    fn from_str(text: &str) -> Result<Self, NotApproved> {
        if text == "nothing" {
            return Ok(Self::Nothing);
        }
        let is_hash = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash {
            Ok(Self::Version(text.to_owned()))
        } else {
            Err(NotApproved(
                "name the version that is replaced by its hash, 64 characters as /readyz shows them, or `nothing` for the first"
                    .to_owned(),
            ))
        }
    }
}

/// A version as it is kept: all that its hash is over.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Archive {
    pub(super) files: Files,
    pub(super) manifest: Option<String>,
    /// Whoever takes the version from the store verifies them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) approvals: Option<String>,
}

/// What was approved, and by whom.
pub(super) struct Approval {
    /// The version's name.
    pub(super) version: String,
    /// In the place of which it may come in force.
    replaces: Replaces,
    /// Who signed.
    pub(super) approved_by: Vec<String>,
    /// The manifest itself.
    pub(super) manifest: String,
    /// The signatures, with the names.
    pub(super) approvals: Option<String>,
}

impl Approval {
    pub(super) fn follows(&self, in_force: Option<&str>) -> Result<(), FileError> {
        let replaced = match &self.replaces {
            Replaces::Nothing => None,
            Replaces::Version(hash) => Some(hash.as_str()),
        };
        if replaced == in_force {
            return Ok(());
        }
        let (replaced, in_force) = (replaced.unwrap_or("nothing"), in_force.unwrap_or("nothing"));
        let message = format!(
            "version {} was approved to replace {replaced}, and {in_force} is in force: to go on with this, have it approved anew \
             (sluis policy approve --propose VERSION --replaces {in_force})",
            self.version
        );
        Err(FileError { file: MANIFEST.to_owned(), line: 1, message })
    }
}

/// A new version as the first who approves it names it.
#[derive(Clone, Debug)]
pub struct Proposal<'a> {
    /// Its name.
    pub version: &'a str,
    /// Which one it replaces.
    pub replaces: Replaces,
}

/// A person who may approve, as the gateway's configuration names her.
#[derive(Clone, Debug)]
pub struct Approver {
    name: String,
    public: [u8; 32],
    key: std::sync::Arc<VerifyingKey>,
}

/// What cannot be an approver, or cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotApproved(String);

impl Approver {
    /// A name and an Ed25519 public key (base64url, 32 bytes).
    ///
    /// # Errors
    /// [`NotApproved`]: an empty name, or no such key.
    pub fn new(name: &str, key: &str) -> Result<Self, NotApproved> {
        check_name(name)?;
        let wrong = |_| NotApproved(format!("the key of {name} is no Ed25519 public key: 32 bytes, base64url"));
        let json = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": "approver", "x": key}).to_string();
        let jwk = Jwk::from_json(json.as_bytes()).map_err(wrong)?;
        let PublicKey::Ed25519(public) = *jwk.key() else { return Err(NotApproved(format!("{name}: not an Ed25519 key"))) };
        Ok(Self { name: name.to_owned(), public, key: std::sync::Arc::new(VerifyingKey::from_jwk(&jwk).map_err(wrong)?) })
    }

    /// Whether these can approve together: enough of them, each with a name and a key of her own.
    ///
    /// # Errors
    /// [`NotApproved`] says what is wrong.
    pub fn check_together(all: &[Self]) -> Result<(), NotApproved> {
        let names: BTreeSet<_> = all.iter().map(|one| one.name.to_lowercase()).collect();
        let keys: BTreeSet<_> = all.iter().map(|one| one.public).collect();
        if names.len() < all.len() || keys.len() < all.len() {
            return Err(NotApproved("each approver has a name and a key of her own".to_owned()));
        }
        if all.len() < APPROVALS_NEEDED {
            return Err(NotApproved(format!("name at least {APPROVALS_NEEDED} approvers")));
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), NotApproved> {
    if name.trim() != name || name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        return Err(NotApproved(
            "an approver's name is 1 to 100 characters on one line, without white space around it".to_owned(),
        ));
    }
    Ok(())
}

impl Bundle {
    /// Reads a folder whose manifest two of `approvers` have signed.
    ///
    /// # Errors
    /// [`LoadError`] with file and line: as [`Bundle::load`]; no manifest, a file that differs from it or is not in it, fewer than two valid
    /// approvals of different persons.
    pub fn load_approved(folder: &Path, approvers: &[Approver]) -> Result<Self, LoadError> {
        let manifest_text = text(folder, MANIFEST)?;
        let approvals = text(folder, APPROVALS)?;
        let manifest = parse(&manifest_text)?;
        let approved_by = check_approvals(&manifest_text, &approvals, approvers)?;
        let listed = files::list(folder)?;
        let files = files::read(folder)?;
        check_files(&manifest, &manifest_text, &files, &listed)?;
        let Manifest { version, replaces, .. } = manifest;
        let hash = hash(&manifest_text);
        let approval = Approval { version, replaces, approved_by, manifest: manifest_text, approvals: Some(approvals) };
        Ok(Self::from_files(files)?.approved(hash, approval))
    }

    /// A version that was in force: its files as the manifest with this hash lists them, or, when it had none, with this hash over all. Who approved it,
    /// the log tells.
    ///
    /// # Errors
    /// [`LoadError`]: it is another version, or one that this program no longer reads.
    pub fn of_archive(archive: &[u8], named: &str) -> Result<Self, LoadError> {
        Self::archived(archive, named, |_, _| Ok(Vec::new()))
    }

    /// A version that another node has put in force, which two of `approvers`, this node's own, must have signed: what stands in a store is not more than what
    /// stands in a folder.
    ///
    /// # Errors
    /// [`LoadError`]: as [`Bundle::of_archive`]; no manifest, fewer than two valid approvals of different persons.
    pub fn of_archive_approved(archive: &[u8], named: &str, approvers: &[Approver]) -> Result<Self, LoadError> {
        let bundle = Self::archived(archive, named, |manifest, approvals| check_approvals(manifest, approvals, approvers))?;
        if bundle.version().is_none() {
            let message = "they have no manifest, and this gateway takes approved ones only";
            return Err(LoadError::NotApproved(NotApproved(message.to_owned())));
        }
        Ok(bundle)
    }

    /// Whether an archive is of a version that has a manifest.
    ///
    /// # Errors
    /// [`LoadError`]: it is no archive.
    pub fn has_manifest(archive: &[u8]) -> Result<bool, LoadError> {
        let archive: Archive = serde_json::from_slice(archive)
            .map_err(|_| LoadError::NotApproved(NotApproved("what is in force cannot be read".to_owned())))?;
        Ok(archive.manifest.is_some())
    }

    fn archived(
        archive: &[u8],
        named: &str,
        approved_by: impl FnOnce(&str, &str) -> Result<Vec<String>, FileError>,
    ) -> Result<Self, LoadError> {
        let other = || LoadError::NotApproved(NotApproved(format!("these are not the policies with the hash {named}")));
        let Archive { files, manifest, approvals } = serde_json::from_slice(archive).map_err(|_| other())?;
        let Some(text) = manifest else {
            return if files::hash(&files) == named { Self::from_files(files) } else { Err(other()) };
        };
        if hash(&text) != named {
            return Err(other());
        }
        let manifest = parse(&text)?;
        let approved_by = approved_by(&text, approvals.as_deref().unwrap_or_default())?;
        check_files(&manifest, &text, &files, &files.keys().cloned().collect())?;
        let Manifest { version, replaces, .. } = manifest;
        let approval = Approval { version, replaces, approved_by, manifest: text, approvals };
        Ok(Self::from_files(files)?.approved(named.to_owned(), approval))
    }
}

fn text(folder: &Path, name: &str) -> Result<String, LoadError> {
    Ok(files::text(&folder.join(name), name)?)
}

fn parse(text: &str) -> Result<Manifest, FileError> {
    let manifest: Manifest = serde_json::from_str(text).map_err(|error| FileError {
        file: MANIFEST.to_owned(),
        line: error.line().max(1),
        message: error.to_string(),
    })?;
    let at = |error: NotApproved| FileError::at(MANIFEST, text, 0, error.to_string());
    check_version(&manifest.version).map_err(at)?;
    if let Replaces::Version(hash) = &manifest.replaces {
        hash.parse::<Replaces>().map_err(at)?;
    }
    Ok(manifest)
}

fn check_version(version: &str) -> Result<(), NotApproved> {
    let sound = !version.is_empty()
        && version.len() <= 64
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte));
    if sound { Ok(()) } else { Err(NotApproved("a version is 1 to 64 letters, digits, and . - _ +".to_owned())) }
}

/// Every file as approved, none besides.
fn check_files(manifest: &Manifest, text: &str, files: &Files, listed: &BTreeSet<String>) -> Result<(), FileError> {
    differing(manifest, text, files, listed).next().map_or(Ok(()), Err)
}

/// What was not approved, each where it stands.
fn differing<'a>(
    manifest: &'a Manifest,
    text: &'a str,
    files: &'a Files,
    listed: &'a BTreeSet<String>,
) -> impl Iterator<Item = FileError> + 'a {
    let besides = listed.iter().filter(|path| ![MANIFEST, APPROVALS].contains(&path.as_str()));
    let besides = besides.filter(|path| !manifest.files.contains_key(*path));
    let besides =
        besides.map(|path| FileError::at(path, "", 0, "this file is not in the manifest: take it away, or have it approved"));
    let changed = manifest.files.iter().filter_map(move |(path, approved)| {
        let what = match files.get(path) {
            None => "this file is missing",
            Some(content) if hash(content) != *approved => "this file is not the one that was approved (its SHA-256 differs)",
            Some(_) => return None,
        };
        let offset = text.find(&format!("\"{path}\"")).unwrap_or_default();
        Some(FileError::at(MANIFEST, text, offset, format!("{path}: {what}")))
    });
    besides.chain(changed)
}

/// How a folder differs from its manifest, each file where the manifest has it; nothing where there is no manifest.
///
/// # Errors
/// [`LoadError`]: the manifest, or the folder, does not read.
pub fn differences(folder: &Path) -> Result<Vec<FileError>, LoadError> {
    if std::fs::symlink_metadata(folder.join(MANIFEST)).is_err() {
        return Ok(Vec::new());
    }
    let text = text(folder, MANIFEST)?;
    let (manifest, files, listed) = (parse(&text)?, files::read(folder)?, files::list(folder)?);
    Ok(differing(&manifest, &text, &files, &listed).collect())
}

/// At least two approvals, each valid, of different persons. A line that is wrong spoils the whole: somebody meant something by it.
fn check_approvals(manifest: &str, approvals: &str, approvers: &[Approver]) -> Result<Vec<String>, FileError> {
    let mut persons = BTreeSet::new();
    let mut names = Vec::new();
    let mut offset = 0_usize;
    for line in approvals.lines() {
        let at = |message: String| FileError::at(APPROVALS, approvals, offset, message);
        let (signature, name) =
            line.split_once("  ").ok_or_else(|| at("a line is a signature, two spaces, a name".to_owned()))?;
        let known = approvers.iter().find(|one| one.name == name);
        let person = known.ok_or_else(|| at(format!("{name} is not an approver of this gateway ([[policy.approvers]])")))?;
        let signature = base64::decode_url(signature).map_err(|_| at("the signature is not base64url".to_owned()))?;
        let signed = person.key.verify(signed(manifest).as_bytes(), &signature);
        signed.map_err(|_| at(format!("the signature of {name} is not valid for this manifest")))?;
        if !persons.insert(person.public) {
            return Err(at(format!("{name} has approved already: the other approval is another person's")));
        }
        names.push(name.to_owned());
        offset = offset.saturating_add(line.len()).saturating_add(1);
    }
    if persons.len() < APPROVALS_NEEDED {
        let message = format!("approved by {}: {APPROVALS_NEEDED} persons approve", persons.len());
        return Err(FileError::at(APPROVALS, approvals, approvals.len(), message));
    }
    Ok(names)
}

fn hash(content: &str) -> String {
    hex::encode(&digest::sha256(content.as_bytes()))
}

fn signed(manifest: &str) -> String {
    format!("{CONTEXT}{manifest}")
}

/// What can be said of a folder's manifest without the approvers' keys: whose names stand under which version; nothing where there is no manifest.
///
/// # Errors
/// [`LoadError`] with file and line: a file that differs from it, fewer than two approvals, one name or one signature twice.
pub fn named(folder: &Path) -> Result<Option<(String, Vec<String>)>, LoadError> {
    if [MANIFEST, APPROVALS].iter().all(|name| std::fs::symlink_metadata(folder.join(name)).is_err()) {
        return Ok(None);
    }
    let (manifest_text, approvals) = (text(folder, MANIFEST)?, text(folder, APPROVALS)?);
    let manifest = parse(&manifest_text)?;
    check_files(&manifest, &manifest_text, &files::read(folder)?, &files::list(folder)?)?;
    let (mut names, mut signatures, mut offset) = (Vec::new(), BTreeSet::new(), 0_usize);
    for line in approvals.lines() {
        let at = |message: String| FileError::at(APPROVALS, &approvals, offset, message);
        let (signature, name) =
            line.split_once("  ").ok_or_else(|| at("a line is a signature, two spaces, a name".to_owned()))?;
        let bytes = base64::decode_url(signature).ok().filter(|bytes| bytes.len() == 64);
        let bytes = bytes.ok_or_else(|| at("the signature is not 64 bytes, base64url".to_owned()))?;
        if names.iter().any(|other| other == name) || !signatures.insert(bytes) {
            return Err(at(format!("{name} has approved already: the other approval is another person's")).into());
        }
        names.push(name.to_owned());
        offset = offset.saturating_add(line.len()).saturating_add(1);
    }
    if names.len() < APPROVALS_NEEDED {
        let message = format!("approved by {}: {APPROVALS_NEEDED} persons approve", names.len());
        return Err(FileError::at(APPROVALS, &approvals, approvals.len(), message).into());
    }
    Ok(Some((manifest.version, names)))
}

/// A person's approval of the folder as it is. `proposal` proposes it anew, with this approval as the first; without it the manifest that is
/// there is approved. Returns who have approved now.
///
/// # Errors
/// [`LoadError`]: the folder is no sound bundle, or not what the manifest says; a key or name that cannot approve, or has already.
pub fn approve(folder: &Path, proposal: Option<&Proposal<'_>>, name: &str, key: &PrivateJwk) -> Result<Vec<String>, LoadError> {
    let fault = |message: String| LoadError::from(NotApproved(message));
    check_name(name)?;
    let PublicKey::Ed25519(_) = key.public().key() else {
        return Err(fault("an approver's key is an Ed25519 key".to_owned()));
    };
    let files = files::read(folder)?;
    Bundle::from_files(files.clone())?;
    let (manifest, mut approvals) = match proposal {
        Some(Proposal { version, replaces }) => {
            check_version(version)?;
            let hashes = files.iter().map(|(path, content)| (path.clone(), hash(content))).collect();
            let manifest = Manifest { version: (*version).to_owned(), replaces: replaces.clone(), files: hashes };
            (serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n", String::new())
        }
        None => (text(folder, MANIFEST)?, text(folder, APPROVALS)?),
    };
    check_files(&parse(&manifest)?, &manifest, &files, &files::list(folder)?)?;
    let own = VerifyingKey::from_jwk(key.public()).map_err(|error| fault(error.to_string()))?;
    let message = signed(&manifest);
    let is_own = |line: &str| {
        let signature = line.split_once("  ").and_then(|(signature, _)| base64::decode_url(signature).ok());
        signature.is_some_and(|signature| own.verify(message.as_bytes(), &signature).is_ok())
    };
    for line in approvals.lines() {
        let other = line.split_once("  ").map_or("", |(_, other)| other);
        if other == name {
            return Err(fault(format!("{name} has approved already: the other approval is another person's")));
        }
        if is_own(line) {
            return Err(fault(format!("{other} has approved already with this key: {name} approves with a key of her own")));
        }
    }
    let signature = SigningKey::from_jwk(key).ok().and_then(|key| key.sign(message.as_bytes()).ok());
    let signature = signature.ok_or_else(|| fault("the key does not sign".to_owned()))?;
    approvals.extend([&base64::encode_url(&signature), "  ", name, "\n"]);
    if proposal.is_some() {
        // First away with what was approved before: in between nothing counts.
        files::replace(folder, APPROVALS, "")?;
        files::replace(folder, MANIFEST, &manifest)?;
    }
    files::replace(folder, APPROVALS, &approvals)?;
    Ok(approvals.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name.to_owned()).collect())
}

#[cfg(test)]
mod tests;
