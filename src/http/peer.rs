//! Who is at the other end of a TLS connection, from its certificate alone.

use rustls_pki_types::CertificateDer;
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::clock::Timestamp;
use crate::crypto::digest;
use crate::exchange::signed::Peer;
use crate::organisation::Oin;

/// Reads the certificate that TLS has verified.
pub fn peer(leaf: &CertificateDer<'_>) -> Peer {
    Peer { fingerprint: digest::sha256(leaf), oin: oin(leaf) }
}

/// Until when a certificate says that it is valid; none when it cannot be read.
pub fn not_after(leaf: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    Some(Timestamp::from_seconds(certificate.validity().not_after.timestamp()))
}

/// The one OIN in the subject; two serial numbers name nobody.
fn oin(leaf: &CertificateDer<'_>) -> Option<Oin> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let mut numbers = certificate.subject().iter_by_oid(&OID_X509_SERIALNUMBER);
    let number = numbers.next()?.as_str().ok()?;
    if numbers.next().is_some() {
        return None;
    }
    number.parse().ok()
}
