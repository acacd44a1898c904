//! Professionals of the source and their signed steps: Ed25519 over canonical JSON (RFC 8785).

use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::Connector;
pub use super::store::ProfessionalRow as Professional;
use super::store::StateError;
use crate::clock::Timestamp;
use crate::consent::professional::{is_reference, is_registration};
use crate::crypto::base64;
use crate::source::overrides::SignedStep;

/// How old a signed step may be, so that an old one is not entered later.
const MAX_AGE: Duration = Duration::from_mins(15);
/// How far the professional's clock may be ahead.
const MAX_AHEAD: Duration = Duration::from_mins(1);

/// A professional's signature under a step, as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signed {
    /// The professional's reference.
    pub professional: String,
    /// When it was signed; part of what is signed.
    pub signed_at: Timestamp,
    /// The Ed25519 signature over the step's statement, base64url without padding.
    pub signature: String,
}

impl Connector {
    /// Enters a professional, or replaces what is known under the reference.
    ///
    /// # Errors
    /// [`ProfessionalError`].
    pub async fn put_professional(&self, professional: &Professional) -> Result<(), ProfessionalError> {
        if !is_reference(&professional.reference) {
            return Err(ProfessionalError::Reference);
        }
        if professional.name.trim().is_empty() || !is_registration(&professional.registration) {
            return Err(ProfessionalError::Incomplete);
        }
        let entered = self.state.put_professional(professional).await?;
        if entered { Ok(()) } else { Err(ProfessionalError::KeyTaken) }
    }

    /// Enters a professional who is not known yet, or whose standing was ended: nobody's key is exchanged under a reference in use.
    ///
    /// # Errors
    /// [`ProfessionalError`].
    pub async fn enrol_professional(&self, professional: &Professional) -> Result<(), ProfessionalError> {
        match self.state.professional(&professional.reference).await? {
            Some(known) if known.active => Err(ProfessionalError::Known),
            _ => self.put_professional(professional).await,
        }
    }

    /// Ends a professional's standing: from now on no step of hers is accepted. What she signed before stands.
    ///
    /// # Errors
    /// [`ProfessionalError::Unknown`] when no active professional has this reference.
    pub async fn deactivate_professional(&self, reference: &str) -> Result<(), ProfessionalError> {
        let known = self.state.professional(reference).await?.filter(|known| known.active).ok_or(ProfessionalError::Unknown)?;
        self.put_professional(&Professional { active: false, ..known }).await
    }

    /// Verifies that an active professional signed `statement` just now.
    pub(super) async fn verify_step(&self, signed: &Signed, statement: &[u8]) -> Result<SignedStep, StepError> {
        let found = self.state.professional(&signed.professional).await?;
        let professional = found.filter(|professional| professional.active).ok_or(StepError::UnknownProfessional)?;
        let now = self.outside.clock.now();
        if signed.signed_at > now.plus(MAX_AHEAD) || now.since(signed.signed_at) > MAX_AGE {
            return Err(StepError::NotFresh);
        }
        let signature: [u8; 64] = base64::decode_url_array(&signed.signature).map_err(|_| StepError::Signature)?;
        let key = UnparsedPublicKey::new(&ED25519, professional.public_key);
        key.verify(statement, &signature).map_err(|_| StepError::Signature)?;
        Ok(SignedStep {
            professional: professional.reference,
            registration: professional.registration,
            public_key: base64::encode_url(&professional.public_key),
            signed_at: signed.signed_at,
            signature: signed.signature.clone(),
        })
    }
}

/// A professional cannot be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfessionalError {
    /// Not 1 to 64 visible ASCII characters.
    #[error("a professional's reference is 1 to 64 visible ASCII characters")]
    Reference,
    /// Name or registration is empty, or the registration is none.
    #[error("a professional has a name and a registration: 1 to 64 letters, digits, spaces and punctuation of ASCII")]
    Incomplete,
    /// An active professional has this reference.
    #[error("an active professional has this reference already: deactivate her first, or choose another reference")]
    Known,
    /// Nobody to deactivate.
    #[error("no active professional has this reference")]
    Unknown,
    /// Another professional has this key.
    #[error("this public key belongs to another professional: each has a key of their own")]
    KeyTaken,
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A signed step is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// No active professional has this reference.
    #[error("no active professional has this reference")]
    UnknownProfessional,
    /// Signed too long ago, or in the future.
    #[error("the step was signed more than 15 minutes ago, or lies in the future: sign it again")]
    NotFresh,
    /// The signature does not hold for this step under the professional's key.
    #[error("the signature does not hold for this step: sign its canonical JSON with the professional's own key")]
    Signature,
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}
