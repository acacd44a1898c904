//! Acts of a privacy officer (functionaris gegevensbescherming, FG): signed with a key of her own that the gateway's operator enrolled, so that neither
//! her organisation's systems nor a colleague looks, judges, holds or erases in her name.

use std::time::Duration;

use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::crypto::{base64, digest};
use crate::ledger::entry::{Body, Clear, Client, EntryKind, Signed};
use crate::notice::OwnSignature;
use crate::organisation::Oin;
use crate::organisation::people::{PersonalKey, Role};
use crate::source::digest::canonical_json;
use crate::store::NonceClaim;

/// How old a signature may be: what was signed is not kept in a drawer.
const MAX_AGE: Duration = Duration::from_mins(15);
/// How far the clock of who signs may be ahead.
const AHEAD: Duration = Duration::from_mins(1);

const OFFICER: &str =
    "a privacy officer (FG) of the organisation, by the reference with which the gateway's operator enrolled her";
const SIGNATURE: &str = "a signature by the privacy officer's enrolled key over the canonical JSON of what she asks";
const FRESH: &str = "an instant of the last 15 minutes";

/// What a privacy officer asks of the log. Nothing in it is believed before [`Desk::officer`] has looked at it.
#[derive(Clone, Debug)]
pub struct OfficersRequest {
    /// Of which organisation she says to be: that of the certificate.
    pub organisation: Oin,
    /// Her reference.
    pub by: String,
    /// What is to be done, as in the path: `queries`, `holds` and so on.
    pub action: &'static str,
    /// What she asks, as she sent it.
    pub request: Value,
    /// Her signature over action and request.
    pub signed: OwnSignature,
    /// How her organisation's system was authenticated.
    pub client: Client,
    /// The nonce of its request.
    pub nonce: NonceClaim,
}

/// A privacy officer whose signature was verified: made by [`Desk::officer`] alone.
#[derive(Clone, Debug)]
pub struct Officer {
    organisation: Oin,
    signed: Signed,
    client: Client,
    nonce: NonceClaim,
}

impl Officer {
    /// Her organisation: only its side of the log is hers to see.
    pub const fn organisation(&self) -> &Oin {
        &self.organisation
    }

    /// Her reference.
    pub fn reference(&self) -> &str {
        &self.signed.professional
    }

    /// The nonce of the request, to be claimed with its first entry.
    pub const fn nonce(&self) -> &NonceClaim {
        &self.nonce
    }
}

/// What she signs: the canonical JSON (RFC 8785) of `{"action":"log-…","professional":…,"request":…,"signedAt":…}`.
pub fn statement(action: &str, request: &Value, by: &str, signed_at: Timestamp) -> Vec<u8> {
    canonical_json(&serde_json::json!({
        "action": step(action), "professional": by, "request": request, "signedAt": signed_at,
    }))
}

fn step(action: &str) -> String {
    format!("log-{action}")
}

impl Desk {
    /// Who asks, when it is who she says.
    ///
    /// # Errors
    /// [`ActionError::Member`] at `/by` when the organisation has no such officer, at `/signed/…` when the signature is not hers over this, or too old.
    pub async fn officer(&self, asked: OfficersRequest) -> Result<Officer, ActionError> {
        let OfficersRequest { organisation, by, action, request, signed, client, nonce } = asked;
        let over = |by: &str| statement(action, &request, by, signed.signed_at);
        let signed = self.signed_by_officer(&organisation, &by, &signed, &step(action), over).await?;
        Ok(Officer { organisation, signed, client, nonce })
    }

    /// An entry of an officer's act, to be completed: clear columns and body, with her as its actor and her signature in it.
    pub(super) fn officers_draft(&self, kind: EntryKind, officer: &Officer, name: &str) -> Result<(Clear, Body), ActionError> {
        let (mut clear, mut body) = self.draft(kind, &officer.organisation, name)?;
        self.acted(&mut clear, &mut body, &officer.organisation, &officer.signed.professional);
        if let Some(actor) = &mut body.actor {
            actor.role = Some(Role::PrivacyOfficer.code().to_owned());
        }
        body.client = Some(officer.client.clone());
        body.signed = vec![officer.signed.clone()];
        Ok((clear, body))
    }

    /// The signature of a privacy officer of `organisation` under a statement, as the log keeps it: made just now, by the key enrolled for `by`.
    pub(super) async fn signed_by_officer(
        &self,
        organisation: &Oin,
        by: &str,
        signed: &OwnSignature,
        step: &str,
        statement: impl FnOnce(&str) -> Vec<u8>,
    ) -> Result<Signed, ActionError> {
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        let officers = self.enrolled(organisation, Role::PrivacyOfficer).await?;
        let officer = officers.into_iter().find(|officer| officer.key.kid == by);
        let key = officer.ok_or_else(|| member("/by", OFFICER))?.key;
        let now = self.clock.now();
        if signed.signed_at > now.plus(AHEAD) || signed.signed_at.plus(MAX_AGE) < now {
            return Err(member("/signed/signedAt", FRESH));
        }
        let statement = statement(&key.kid);
        if !holds(&key, signed, &statement) {
            return Err(member("/signed/signature", SIGNATURE));
        }
        Ok(evidence(key, signed, step, &statement))
    }
}

fn holds(key: &PersonalKey, signed: &OwnSignature, statement: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (base64::decode_url_array::<32>(&key.x), base64::decode_url_array::<64>(&signed.signature))
    else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).is_ok()
}

fn evidence(key: PersonalKey, signed: &OwnSignature, step: &str, statement: &[u8]) -> Signed {
    Signed {
        step: step.to_owned(),
        professional: key.kid,
        registration: None,
        public_key: key.x,
        signed_at: signed.signed_at,
        signature: signed.signature.clone(),
        statement: base64::encode_url(&digest::sha256(statement)),
    }
}
