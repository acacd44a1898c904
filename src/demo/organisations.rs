//! Who takes part in the demo: organisations with test OINs (prefix 00000099). Between them they use every signature algorithm
//! and every key-encryption algorithm of the wire protocol.

use crate::organisation::{InvalidOin, Kind, Oin};

/// A demo organisation by its folder name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slug {
    /// Police.
    Police,
    /// Veilig Thuis.
    VeiligThuis,
    /// Public prosecution.
    Prosecution,
    /// Probation.
    Probation,
    /// Mental-health care.
    MentalHealth,
    /// Youth protection.
    YouthProtection,
    /// The case director: asks, holds no records.
    CaseManagement,
    /// The municipality: a source without a kit.
    Municipality,
    /// The child protection board: a source without a kit.
    ChildProtectionBoard,
}

impl Slug {
    /// All organisations, in order of their OIN.
    pub const ALL: [Self; 9] = [
        Self::Police,
        Self::VeiligThuis,
        Self::Prosecution,
        Self::Probation,
        Self::MentalHealth,
        Self::YouthProtection,
        Self::CaseManagement,
        Self::Municipality,
        Self::ChildProtectionBoard,
    ];

    /// The folder name, such as `veilig-thuis`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::VeiligThuis => "veilig-thuis",
            Self::Prosecution => "prosecution",
            Self::Probation => "probation",
            Self::MentalHealth => "mental-health",
            Self::YouthProtection => "youth-protection",
            Self::CaseManagement => "case-management",
            Self::Municipality => "municipality",
            Self::ChildProtectionBoard => "child-protection-board",
        }
    }

    /// The organisation with this folder name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slug| slug.code() == code)
    }

    /// What the demo registers about it.
    pub const fn organisation(self) -> DemoOrganisation {
        use EncryptionAlgorithm as Jwe;
        use SignatureAlgorithm as Sign;
        let (oin, kind, name, signature, encryption) = match self {
            Self::Police => {
                ("00000099000000001000", Kind::Police, "Politie Eenheid Waterland", Sign::EcdsaP256Sha256, Jwe::EcdhEsP256)
            }
            Self::VeiligThuis => {
                ("00000099000000002000", Kind::VeiligThuis, "Veilig Thuis Waterland", Sign::Ed25519, Jwe::EcdhEsA256KwX25519)
            }
            Self::Prosecution => (
                "00000099000000003000",
                Kind::Prosecution,
                "Openbaar Ministerie, parket Waterland",
                Sign::RsaPssSha512,
                Jwe::RsaOaep256,
            ),
            Self::Probation => {
                ("00000099000000004000", Kind::Probation, "Reclassering Waterland", Sign::EcdsaP256Sha256, Jwe::EcdhEsA256KwP256)
            }
            Self::MentalHealth => ("00000099000000005000", Kind::MentalHealth, "GGZ De Brug", Sign::Ed25519, Jwe::EcdhEsP256),
            Self::YouthProtection => (
                "00000099000000006000",
                Kind::YouthProtection,
                "Jeugdbescherming De Dijk",
                Sign::RsaPssSha512,
                Jwe::EcdhEsA256KwP256,
            ),
            Self::CaseManagement => {
                ("00000099000000007000", Kind::CaseDirector, "Casusregie Waterland", Sign::Ed25519, Jwe::EcdhEsA256KwX25519)
            }
            Self::Municipality => {
                ("00000099000000008000", Kind::Municipality, "Gemeente Waterland", Sign::EcdsaP256Sha256, Jwe::RsaOaep256)
            }
            Self::ChildProtectionBoard => (
                "00000099000000009000",
                Kind::ChildProtectionBoard,
                "Raad voor de Kinderbescherming Waterland",
                Sign::RsaPssSha512,
                Jwe::EcdhEsP256,
            ),
        };
        let is_source = !matches!(self, Self::CaseManagement);
        let has_kit = !matches!(self, Self::Municipality | Self::ChildProtectionBoard);
        DemoOrganisation { slug: self, oin, kind, name, bsn_authority: is_source, is_source, has_kit, signature, encryption }
    }
}

/// One organisation of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoOrganisation {
    /// Its folder name.
    pub slug: Slug,
    /// Its OIN, 20 digits.
    pub oin: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// Whether the law lets it use the citizen number (BSN).
    pub bsn_authority: bool,
    /// Whether it has a source database and a connector.
    pub is_source: bool,
    /// Whether it gets a folder in the integrator's kit.
    pub has_kit: bool,
    /// The algorithm of its signing key.
    pub signature: SignatureAlgorithm,
    /// The algorithm of its encryption key.
    pub encryption: EncryptionAlgorithm,
}

impl DemoOrganisation {
    /// The OIN as the registry's type.
    ///
    /// # Errors
    /// [`InvalidOin`] never, for the organisations of this file (a test reads them all).
    pub fn parsed_oin(&self) -> Result<Oin, InvalidOin> {
        self.oin.parse()
    }
}

/// All organisations of the demo, in order of their OIN.
pub fn organisations() -> impl Iterator<Item = DemoOrganisation> {
    Slug::ALL.into_iter().map(Slug::organisation)
}

/// A signature algorithm by its RFC 9421 name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// `ed25519`.
    Ed25519,
    /// `ecdsa-p256-sha256`.
    EcdsaP256Sha256,
    /// `rsa-pss-sha512`.
    RsaPssSha512,
}

impl SignatureAlgorithm {
    /// The name as in RFC 9421 §3.3.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }
}

/// A JWE key-management algorithm (RFC 7518 §4) with the curve of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EncryptionAlgorithm {
    /// `ECDH-ES` with a P-256 key.
    EcdhEsP256,
    /// `ECDH-ES+A256KW` with a P-256 key.
    EcdhEsA256KwP256,
    /// `ECDH-ES+A256KW` with an X25519 key.
    EcdhEsA256KwX25519,
    /// `RSA-OAEP-256`.
    RsaOaep256,
}

impl EncryptionAlgorithm {
    /// The JWE `alg`.
    pub const fn alg(self) -> &'static str {
        match self {
            Self::EcdhEsP256 => "ECDH-ES",
            Self::EcdhEsA256KwP256 | Self::EcdhEsA256KwX25519 => "ECDH-ES+A256KW",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    /// The JWK `crv` of the key; `None` for RSA.
    pub const fn curve(self) -> Option<&'static str> {
        match self {
            Self::EcdhEsP256 | Self::EcdhEsA256KwP256 => Some("P-256"),
            Self::EcdhEsA256KwX25519 => Some("X25519"),
            Self::RsaOaep256 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn oins_are_valid_and_unique() {
        let oins: BTreeSet<Oin> = organisations().map(|organisation| organisation.parsed_oin().expect("20 digits")).collect();
        assert_eq!(oins.len(), Slug::ALL.len());
    }

    #[test]
    fn the_kit_uses_every_algorithm() {
        let kit: Vec<DemoOrganisation> = organisations().filter(|organisation| organisation.has_kit).collect();
        assert_eq!(kit.iter().map(|organisation| organisation.signature).collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(kit.iter().map(|organisation| organisation.encryption).collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn only_the_case_director_lacks_bsn_authority() {
        let without: Vec<Slug> = organisations().filter(|o| !o.bsn_authority).map(|o| o.slug).collect();
        assert_eq!(without, [Slug::CaseManagement]);
        assert!(Slug::ALL.into_iter().all(|slug| Slug::from_code(slug.code()) == Some(slug)));
    }
}
