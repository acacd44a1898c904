//! The JSON of a JWK: all members that any of our key types has, unknown and repeated ones refused, then sorted out by type.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::jwk::{Jwk, JwkAlgorithm, KeyUse, PrivateJwk, PrivateKey, PublicKey, RsaPrivate, coordinates};
use super::{KeyError, KeyId};
use crate::crypto::base64;
use crate::secret::Secret;

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JwkJson {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<KeyId>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<KeyUse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<JwkAlgorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    /// Web Crypto writes it; it says nothing about the key.
    #[serde(default, rename = "ext", skip_serializing)]
    _ext: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dp: Option<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dq: Option<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qi: Option<PrivateText>,
}

/// The text of a private member, wiped when it goes.
struct PrivateText(Zeroizing<String>);

impl Serialize for PrivateText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PrivateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl PrivateText {
    fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(base64::encode_url(bytes)))
    }
}

impl JwkJson {
    /// The public key it holds.
    pub(super) fn into_public(self) -> Result<Jwk, KeyError> {
        if self.private_members().any(std::option::Option::is_some) {
            return Err(KeyError::PrivateGiven);
        }
        self.public_half()
    }

    /// The private key it holds.
    pub(super) fn into_private(self) -> Result<PrivateJwk, KeyError> {
        let public = self.public_half()?;
        let private = match public.key {
            PublicKey::Rsa { .. } => PrivateKey::Rsa(Box::new(self.rsa_private()?)),
            _ => PrivateKey::Scalar(self.scalar()?),
        };
        Ok(PrivateJwk { public, private })
    }

    fn private_members(&self) -> impl Iterator<Item = &Option<PrivateText>> {
        [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi].into_iter()
    }

    fn public_half(&self) -> Result<Jwk, KeyError> {
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(self.lone_x()?),
            ("OKP", Some("X25519")) => PublicKey::X25519(self.lone_x()?),
            ("EC", Some("P-256")) => PublicKey::P256(self.point()?),
            ("RSA", None) => self.rsa_public()?,
            _ => return Err(KeyError::WrongType),
        };
        let algorithm = self.alg;
        Ok(Jwk { id: self.kid.clone(), usage: self.usage, algorithm, operations: self.key_ops.clone(), key })
    }

    fn lone_x(&self) -> Result<[u8; 32], KeyError> {
        absent(self.y.as_ref(), "y").and(self.no_rsa_members())?;
        exact(self.x.as_deref(), "x")
    }

    fn point(&self) -> Result<[u8; 65], KeyError> {
        self.no_rsa_members()?;
        let (x, y) = (exact::<32>(self.x.as_deref(), "x")?, exact::<32>(self.y.as_deref(), "y")?);
        let mut point = [4; 65];
        for (place, byte) in point.iter_mut().skip(1).zip(x.into_iter().chain(y)) {
            *place = byte;
        }
        Ok(point)
    }

    fn rsa_public(&self) -> Result<PublicKey, KeyError> {
        absent(self.x.as_ref(), "x").and(absent(self.y.as_ref(), "y"))?;
        Ok(PublicKey::Rsa { n: number(self.n.as_deref(), "n")?, e: number(self.e.as_deref(), "e")? })
    }

    fn no_rsa_members(&self) -> Result<(), KeyError> {
        absent(self.n.as_ref(), "n").and(absent(self.e.as_ref(), "e"))?;
        let spare = [&self.p, &self.q, &self.dp, &self.dq, &self.qi].into_iter().any(Option::is_some);
        if spare { Err(KeyError::Member("p")) } else { Ok(()) }
    }

    fn scalar(&self) -> Result<Secret<[u8; 32]>, KeyError> {
        let text = self.d.as_ref().ok_or(KeyError::PublicGiven)?;
        exact(Some(text.0.as_str()), "d").map(Secret::new)
    }

    fn rsa_private(&self) -> Result<RsaPrivate, KeyError> {
        if self.d.is_none() {
            return Err(KeyError::PublicGiven);
        }
        let secret = |text: &Option<PrivateText>, name| number(text.as_ref().map(|text| text.0.as_str()), name).map(Secret::new);
        Ok(RsaPrivate {
            d: secret(&self.d, "d")?,
            p: secret(&self.p, "p")?,
            q: secret(&self.q, "q")?,
            dp: secret(&self.dp, "dp")?,
            dq: secret(&self.dq, "dq")?,
            qi: secret(&self.qi, "qi")?,
        })
    }

    pub(super) fn of_public(jwk: &Jwk) -> Self {
        let url = |bytes: &[u8]| Some(base64::encode_url(bytes));
        let common = Self {
            kid: jwk.id.clone(),
            usage: jwk.usage,
            alg: jwk.algorithm,
            key_ops: jwk.operations.clone(),
            ..Self::default()
        };
        let of = |kty: &str, crv: &str| (kty.to_owned(), Some(crv.to_owned()));
        match &jwk.key {
            PublicKey::Ed25519(x) => {
                let (kty, crv) = of("OKP", "Ed25519");
                Self { kty, crv, x: url(x), ..common }
            }
            PublicKey::X25519(x) => {
                let (kty, crv) = of("OKP", "X25519");
                Self { kty, crv, x: url(x), ..common }
            }
            PublicKey::P256(point) => {
                let ((kty, crv), (x, y)) = (of("EC", "P-256"), coordinates(point));
                Self { kty, crv, x: url(&x), y: url(&y), ..common }
            }
            PublicKey::Rsa { n, e } => Self { kty: "RSA".to_owned(), n: url(n), e: url(e), ..common },
        }
    }

    pub(super) fn of_private(jwk: &PrivateJwk) -> Self {
        let public = Self::of_public(&jwk.public);
        match &jwk.private {
            PrivateKey::Scalar(d) => Self { d: Some(PrivateText::of(d.expose())), ..public },
            PrivateKey::Rsa(rsa) => Self {
                d: Some(PrivateText::of(rsa.d.expose())),
                p: Some(PrivateText::of(rsa.p.expose())),
                q: Some(PrivateText::of(rsa.q.expose())),
                dp: Some(PrivateText::of(rsa.dp.expose())),
                dq: Some(PrivateText::of(rsa.dq.expose())),
                qi: Some(PrivateText::of(rsa.qi.expose())),
                ..public
            },
        }
    }
}

fn absent<T>(member: Option<&T>, name: &'static str) -> Result<(), KeyError> {
    member.map_or(Ok(()), |_| Err(KeyError::Member(name)))
}

fn exact<const N: usize>(text: Option<&str>, name: &'static str) -> Result<[u8; N], KeyError> {
    text.and_then(|text| base64::decode_url_array(text).ok()).ok_or(KeyError::Member(name))
}

/// An RSA number. RFC 7518 §2 (`Base64urlUInt`) wants no leading zero octets; some writers add one, which must not make another key of it.
fn number(text: Option<&str>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let mut bytes = text.and_then(|text| base64::decode_url(text).ok()).ok_or(KeyError::Member(name))?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    if bytes.is_empty() || bytes.len() > 1024 { Err(KeyError::Member(name)) } else { Ok(bytes) }
}
