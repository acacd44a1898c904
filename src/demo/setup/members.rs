//! One organisation: its part of the kit, and, if it is a source, its connector's folder.

use std::path::Path;

use super::files::{self, SetupError};
use super::gateway::MadeGateway;
use super::{GATEWAY_OIN, Layout, oin, ports};
use crate::app::gateway::Outside;
use crate::client::OrganisationInfo;
use crate::connector::local_api::LocalToken;
use crate::crypto::digest;
use crate::crypto::keys::{
    Algorithm, EncryptionKeyKind, KeyId, PrivateJwk, SigningKey, generate_encryption_key, generate_signing_key,
};
use crate::demo::authority::{Authority, Issued};
use crate::demo::organisations::{DemoOrganisation, EncryptionAlgorithm, SignatureAlgorithm, Slug};
use crate::organisation::people::Role;

/// The professionals of each source who release summaries and make overrides: two, because of four eyes.
pub const PROFESSIONALS: [&str; 2] = ["pro-1", "pro-2"];

/// The privacy officer (FG) of each source, who reviews what one professional did alone.
pub const PRIVACY_OFFICER: &str = "fg-1";

/// The registration of somebody of a demo organisation.
pub fn registration(slug: Slug, reference: &str) -> String {
    format!("{}-{reference}", slug.code())
}

/// What must be registered of an organisation.
pub struct Member {
    /// The organisation.
    pub organisation: DemoOrganisation,
    /// SHA-256 of the DER of each of its certificates.
    pub certificates: Vec<[u8; 32]>,
    /// Its public signing keys, each with its RFC 9421 algorithm.
    pub signing: Vec<PrivateJwk>,
    /// Its public encryption key.
    pub encryption: Option<PrivateJwk>,
    /// The keys of its people: who releases and overrides, and who reviews.
    pub people: Vec<(Role, PrivateJwk)>,
    /// Where its connector answers.
    pub connector: Option<String>,
}

pub(super) fn make(
    layout: &Layout,
    authority: &Authority,
    gateway: &MadeGateway,
    organisation: DemoOrganisation,
    outside: &Outside,
) -> Result<Member, SetupError> {
    let mut member = Member {
        organisation,
        certificates: Vec::new(),
        signing: Vec::new(),
        encryption: None,
        people: Vec::new(),
        connector: None,
    };
    if organisation.has_kit {
        kit(layout, authority, &mut member)?;
    }
    if organisation.is_source {
        connector(layout, authority, gateway, &mut member, outside)?;
    }
    Ok(member)
}

fn kit(layout: &Layout, authority: &Authority, member: &mut Member) -> Result<(), SetupError> {
    let organisation = member.organisation;
    let folder = layout.kit_of(organisation.slug);
    files::folder(&folder)?;
    let oin = oin(&organisation)?;
    let issued = authority.issue(organisation.name, Some(&oin))?;
    files::tls(&folder, &issued)?;
    let slug = organisation.slug.code();
    let signing = signing_key(&folder, &format!("{slug}-sig-1"), organisation.signature)?;
    files::private(&folder.join("signing.jwk"), signing.to_json().as_bytes())?;
    let encryption = encryption_key(&folder, &format!("{slug}-enc-1"), organisation.encryption)?;
    files::private(&folder.join("encryption.jwk"), encryption.to_json().as_bytes())?;
    let info = OrganisationInfo {
        oin,
        name: organisation.name.to_owned(),
        kind: organisation.kind,
        keyid: format!("{slug}-sig-1"),
        alg: organisation.signature.code().to_owned(),
        bsn_authority: organisation.bsn_authority,
    };
    files::write(&folder.join("organisation.json"), &files::json(&info)?)?;
    member.certificates.push(fingerprint(&issued));
    member.signing.push(signing);
    member.encryption = Some(encryption);
    Ok(())
}

fn connector(
    layout: &Layout,
    authority: &Authority,
    gateway: &MadeGateway,
    member: &mut Member,
    outside: &Outside,
) -> Result<(), SetupError> {
    let organisation = member.organisation;
    let folder = layout.source(organisation.slug);
    let oin = oin(&organisation)?;
    let issued = authority.issue(&format!("{} connector", organisation.name), Some(&oin))?;
    files::tls(&folder, &issued)?;
    files::trust(&folder, authority)?;
    files::write(&folder.join("gateway-keys.json"), &files::json(&serde_json::json!({ "keys": [gateway.signing] }))?)?;
    let signing =
        signing_key(&folder, &format!("{}-connector-1", organisation.slug.code()), SignatureAlgorithm::EcdsaP256Sha256)?;
    files::private(&folder.join("signing.jwk"), signing.to_json().as_bytes())?;
    let (token, digest) = LocalToken::issue(&*outside.entropy).map_err(|error| SetupError::new(&folder, error))?;
    files::private(&folder.join("local-token"), token.expose().as_bytes())?;
    files::private(&folder.join("local-token.sha256"), digest.to_line().as_bytes())?;
    let professionals = PROFESSIONALS.map(|reference| (Role::Professional, reference));
    for (role, reference) in professionals.into_iter().chain([(Role::PrivacyOfficer, PRIVACY_OFFICER)]) {
        let key = signing_key(&folder, reference, SignatureAlgorithm::Ed25519)?;
        files::private(&folder.join(format!("{reference}.jwk")), key.to_json().as_bytes())?;
        member.people.push((role, key));
    }
    let held = [None, None].map(ports::choose).into_iter().collect::<Result<Vec<_>, _>>()?;
    let numbers = held.iter().map(ports::number).collect::<Result<Vec<_>, _>>()?;
    let [listen, local] = numbers.as_slice() else { return Err(SetupError::new(&folder, "no ports")) };
    files::write(&folder.join("connector.toml"), configuration(&organisation, gateway, *listen, *local).as_bytes())?;
    gateway.held.borrow_mut().extend(held);
    member.certificates.push(fingerprint(&issued));
    member.signing.push(signing);
    member.connector = Some(format!("https://localhost:{listen}"));
    Ok(())
}

fn configuration(organisation: &DemoOrganisation, gateway: &MadeGateway, listen: u16, local: u16) -> String {
    let DemoOrganisation { oin, name, kind, .. } = organisation;
    let MadeGateway { api, log_vkey, .. } = gateway;
    let witnesses = if gateway.witnessed { "witness-policy = \"../../kit/witnesses.policy\"\n" } else { "" };
    format!(
        r#"# Made by `sluis demo`.
oin = "{oin}"
name = "{name}"
kind = "{kind}"
listen = "127.0.0.1:{listen}"
signing-key = "signing.jwk"
log-vkey = "{log_vkey}"
{witnesses}
[source]
database = "source.sqlite"
mapping = "mapping.toml"
ceiling = "ceiling.toml"

[state]
database = "connector.sqlite"
key = "state.key"

[tls]
certificate = "tls.pem"
key = "tls.key"
ca = "ca.pem"
crls = ["crl.pem"]

[gateway]
url = "{api}"
oin = "{GATEWAY_OIN}"
signing-keys = "gateway-keys.json"

[local-api]
listen = "127.0.0.1:{local}"
token = "local-token.sha256"
"#
    )
}

fn fingerprint(issued: &Issued) -> [u8; 32] {
    digest::sha256(&issued.der)
}

fn key_id(folder: &Path, id: &str) -> Result<KeyId, SetupError> {
    id.parse().map_err(|error| SetupError::new(folder, error))
}

fn signing_key(folder: &Path, id: &str, algorithm: SignatureAlgorithm) -> Result<PrivateJwk, SetupError> {
    let algorithm = match algorithm {
        SignatureAlgorithm::Ed25519 => Algorithm::Ed25519,
        SignatureAlgorithm::EcdsaP256Sha256 => Algorithm::EcdsaP256Sha256,
        SignatureAlgorithm::RsaPssSha512 => Algorithm::RsaPssSha512,
    };
    generate_signing_key(algorithm, key_id(folder, id)?).map_err(|error| SetupError::new(folder, error))
}

fn encryption_key(folder: &Path, id: &str, algorithm: EncryptionAlgorithm) -> Result<PrivateJwk, SetupError> {
    let kind = match algorithm {
        EncryptionAlgorithm::EcdhEsP256 => EncryptionKeyKind::P256,
        EncryptionAlgorithm::EcdhEsA256KwP256 => EncryptionKeyKind::P256A256Kw,
        EncryptionAlgorithm::EcdhEsA256KwX25519 => EncryptionKeyKind::X25519A256Kw,
        EncryptionAlgorithm::RsaOaep256 => EncryptionKeyKind::Rsa3072,
    };
    generate_encryption_key(kind, key_id(folder, id)?).map_err(|error| SetupError::new(folder, error))
}

/// The RFC 9421 algorithm of a registered signing key.
pub(super) fn algorithm(key: &PrivateJwk) -> Result<&'static str, SetupError> {
    SigningKey::from_jwk(key).map(|key| key.algorithm().name()).map_err(|error| SetupError::new(Path::new("signing key"), error))
}
