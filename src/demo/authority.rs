//! The demo's certificate authority: a root made per run, leaves with an OIN in `subject.serialNumber`, a revocation list.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use crate::clock::Timestamp;
use crate::organisation::Oin;

/// `subject.serialNumber` (2.5.4.5), where Dutch government certificates carry the OIN.
const SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];

/// How long the demo's certificates are valid.
const DAYS: i64 = 365;

/// A certificate authority could not make something.
#[derive(Debug, thiserror::Error)]
#[error("certificate authority: {0}")]
pub struct AuthorityError(String);

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for AuthorityError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A root that issues certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    now: OffsetDateTime,
}

/// An issued certificate with its key.
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its DER.
    pub der: Vec<u8>,
    /// Its private key, PKCS#8 PEM.
    pub key: zeroize::Zeroizing<String>,
    serial: SerialNumber,
}

impl Authority {
    /// A new root, called `name`.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn new(name: &str, now: Timestamp) -> Result<Self, AuthorityError> {
        let now = instant(now)?;
        let mut params = params(name, now);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?, now })
    }

    /// The root's certificate, PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `name` with `oin`, for client and server use, valid for `localhost` and the loopback addresses.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn issue(&self, name: &str, oin: Option<&Oin>) -> Result<Issued, AuthorityError> {
        self.issue_until(name, oin, self.now + time::Duration::days(DAYS))
    }

    /// The same, expired a day ago.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn issue_expired(&self, name: &str, oin: Option<&Oin>) -> Result<Issued, AuthorityError> {
        self.issue_until(name, oin, self.now - time::Duration::days(1))
    }

    fn issue_until(&self, name: &str, oin: Option<&Oin>, until: OffsetDateTime) -> Result<Issued, AuthorityError> {
        let mut params = params(name, self.now);
        params.not_after = until;
        if let Some(oin) = oin {
            params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), oin.as_str());
        }
        params.subject_alt_names = vec![
            rcgen::SanType::DnsName("localhost".try_into()?),
            rcgen::SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()),
            rcgen::SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let serial = serial_of(&key);
        params.serial_number = Some(serial.clone());
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate: certificate.pem(),
            der: certificate.der().to_vec(),
            key: zeroize::Zeroizing::new(key.serialize_pem()),
            serial,
        })
    }

    /// A revocation list that names `revoked`, valid for as long as the certificates.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn revocation_list(&self, revoked: &[&Issued], number: u64) -> Result<String, AuthorityError> {
        let revoked_certs = revoked.iter().map(|issued| RevokedCertParams {
            serial_number: issued.serial.clone(),
            revocation_time: self.now,
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: self.now - time::Duration::hours(1),
            next_update: self.now + time::Duration::days(DAYS),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.pem()?)
    }
}

fn instant(now: Timestamp) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::from_unix_timestamp(now.seconds()).map_err(|error| AuthorityError(error.to_string()))
}

fn params(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, name);
    params.distinguished_name.push(DnType::CountryName, "NL");
    params.not_before = now - time::Duration::hours(1);
    params.not_after = now + time::Duration::days(DAYS);
    params
}

/// A serial number from the public key: unique, and without a state to keep.
fn serial_of(key: &KeyPair) -> SerialNumber {
    let digest = crate::crypto::digest::sha256(key.public_key_raw());
    let mut bytes: Vec<u8> = digest.into_iter().take(16).collect();
    if let Some(first) = bytes.first_mut() {
        *first &= 0x7f;
    }
    SerialNumber::from(bytes)
}

/// Writes a private file: mode 0600, never over an existing one.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
