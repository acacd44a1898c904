//! An integrator's kit as the demo writes it: `kit/gateway.json`, `kit/ca.pem`, `kit/<slug>/…` (`design.md` §9).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::crypto::keys::{Jwk, PrivateJwk};
use crate::http::tls::{Identity, Trust};
use crate::ledger::quorum::{InvalidPolicy, Policy};
use crate::notice::Addressed;
use crate::organisation::{Kind, Oin};

/// `kit/gateway.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayInfo {
    /// Its OIN: what a privacy officer signs, she signs for this gateway alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oin: Option<Oin>,
    /// The API, `https://localhost:…`.
    pub api: String,
    /// The web listener.
    pub web: String,
    /// The operations listener.
    pub operations: String,
    /// The log's origin.
    pub log_origin: String,
    /// The log's key (C2SP vkey).
    pub log_vkey: String,
    /// The keys that sign responses.
    pub signing_keys: Vec<Jwk>,
    /// The witnesses' keys (C2SP vkeys).
    pub witnesses: Vec<String>,
}

/// `kit/<slug>/organisation.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationInfo {
    /// Its OIN.
    pub oin: Oin,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The id of its signing key.
    pub keyid: String,
    /// The RFC 9421 name of the signing key's algorithm.
    pub alg: String,
    /// Whether it may use the citizen number (BSN).
    pub bsn_authority: bool,
}

/// One entry of `kit/organisations.json`: everybody who takes part, with a folder in the kit or without.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedOrganisation {
    /// The name that the kit uses for it.
    pub slug: String,
    /// Its OIN.
    pub oin: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether it may use the citizen number.
    pub bsn_authority: bool,
    /// Whether it can be asked.
    pub source: bool,
}

/// A file of a kit cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KitError(String);

impl KitError {
    /// Why.
    pub fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// One organisation's part of a kit.
#[derive(Clone, Debug)]
pub struct Kit {
    folder: PathBuf,
    /// The gateway.
    pub gateway: GatewayInfo,
    /// The organisation.
    pub organisation: OrganisationInfo,
}

impl Kit {
    /// Opens `folder`, the organisation's own folder in a kit; the gateway's files stand in its parent.
    ///
    /// # Errors
    /// [`KitError`] names the file.
    pub fn open(folder: &Path) -> Result<Self, KitError> {
        if !folder.join("organisation.json").exists() {
            return Err(KitError(format!(
                "{}: there is no organisation.json in this folder\n  expected: the folder of your own organisation in the kit\n  do: give --kit KIT/ORGANISATION, such as demo/kit/veilig-thuis",
                folder.display()
            )));
        }
        let organisation = read_json(&folder.join("organisation.json"))?;
        let gateway = read_json(&folder.join("../gateway.json"))?;
        Ok(Self { folder: folder.to_owned(), gateway, organisation })
    }

    /// For which gateway, and of which organisation, a privacy officer signs.
    ///
    /// # Errors
    /// [`KitError`] when the kit does not say which gateway it is of.
    pub fn addressed(&self) -> Result<Addressed<'_>, KitError> {
        let missing = || {
            let file = self.folder.join("../gateway.json");
            KitError(format!("{}: \"oin\" is missing\n  do: ask the gateway's operator for its OIN and add it", file.display()))
        };
        Ok(Addressed { gateway: self.gateway.oin.as_ref().ok_or_else(missing)?, organisation: &self.organisation.oin })
    }

    /// A file by its path from the organisation's folder.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Where receipts are kept unless told otherwise.
    pub fn receipts(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Every organisation of the kit with the name of its folder, in order of the names.
    pub fn organisations(&self) -> Vec<(String, OrganisationInfo)> {
        let folders = std::fs::read_dir(self.folder.join("..")).into_iter().flatten().flatten();
        let read = |entry: std::fs::DirEntry| {
            let slug = entry.file_name().into_string().ok()?;
            Some((slug, read_json(&entry.path().join("organisation.json")).ok()?))
        };
        let mut organisations: Vec<_> = folders.filter_map(read).collect();
        organisations.sort_by(|(left, _), (right, _)| left.cmp(right));
        organisations
    }

    /// The OIN of an organisation that is named by its folder in the kit or by its OIN.
    ///
    /// # Errors
    /// [`KitError`] names the organisations that there are.
    pub fn oin(&self, name: &str) -> Result<Oin, KitError> {
        if let Ok(oin) = name.parse() {
            return Ok(oin);
        }
        let organisations = self.organisations();
        if let Some((_, organisation)) = organisations.iter().find(|(slug, _)| slug == name) {
            return Ok(organisation.oin.clone());
        }
        let listed: Vec<ListedOrganisation> = read_json(&self.folder.join("../organisations.json")).unwrap_or_default();
        if let Some(oin) = listed.iter().find(|listed| listed.slug == name).and_then(|listed| listed.oin.parse().ok()) {
            return Ok(oin);
        }
        let mut slugs: Vec<_> = organisations.into_iter().map(|(slug, _)| slug).collect();
        slugs.extend(listed.into_iter().map(|listed| listed.slug));
        slugs.sort();
        slugs.dedup();
        Err(KitError(format!(
            "{name} is no organisation of this kit\n  expected: one of {}, or an OIN of 20 digits",
            slugs.join(", ")
        )))
    }

    /// The witnesses of the log and their quorum, when the kit has a policy.
    ///
    /// # Errors
    /// [`KitError`] names the file and the line.
    pub fn policy(&self) -> Result<Option<Policy>, KitError> {
        let path = self.folder.join("../witnesses.policy");
        if !path.exists() {
            return Ok(None);
        }
        let wrong = |error: InvalidPolicy| KitError(format!("{}: {error}", path.display()));
        Policy::parse(&read(&path)?).map(Some).map_err(wrong)
    }

    /// The TLS identity.
    pub fn identity(&self) -> Identity {
        Identity { certificate: self.folder.join("tls.pem"), key: self.folder.join("tls.key") }
    }

    /// The roots.
    pub fn trust(&self) -> Trust {
        Trust { roots: self.folder.join("../ca.pem"), crls: Vec::new() }
    }

    /// The private signing key.
    ///
    /// # Errors
    /// [`KitError`].
    pub fn signing_key(&self) -> Result<PrivateJwk, KitError> {
        read_jwk(&self.folder.join("signing.jwk"))
    }

    /// The private encryption key.
    ///
    /// # Errors
    /// [`KitError`].
    pub fn encryption_key(&self) -> Result<PrivateJwk, KitError> {
        read_jwk(&self.folder.join("encryption.jwk"))
    }
}

/// A file, wiped from memory after use.
fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, KitError> {
    std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| KitError(format!("{}: {error}", path.display())))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, KitError> {
    serde_json::from_slice(&read(path)?).map_err(|error| KitError(format!("{}: {error}", path.display())))
}

/// Reads a private JWK.
///
/// # Errors
/// [`KitError`] names the file.
pub fn read_jwk(path: &Path) -> Result<PrivateJwk, KitError> {
    PrivateJwk::from_json(&read(path)?).map_err(|error| KitError(format!("{}: {error}", path.display())))
}
