//! Acts of a privacy officer (functionaris gegevensbescherming, FG): signed with a key of her own that the gateway's operator enrolled, so that neither
//! her organisation's systems nor a colleague looks, judges, holds or erases in her name. Who is signed in to the pages looks; whatever changes something, or
//! takes the log away, needs more than a session.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

use super::sessions::{self, Visiting};
use super::{ActionError, Desk, people};
use crate::clock::Timestamp;
use crate::crypto::{base64, digest};
use crate::ledger::entry::{Body, Clear, Client, EntryKind, Signed};
use crate::notice::{Addressed, OwnSignature};
use crate::organisation::people::{Person, PersonalKey, Role};
use crate::organisation::session::Visitor;
use crate::organisation::{Oin, Status};
use crate::source::digest::canonical_json;
use crate::store::facts::{facts_digest, registration_digest};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Committed, Conflict, EntryRow, Expected, NonceClaim, Registered, Registration};

/// How old a signature may be: what was signed is not kept in a drawer.
const MAX_AGE: Duration = Duration::from_mins(15);
/// How far the clock of who signs may be ahead.
const AHEAD: Duration = Duration::from_mins(1);

const OFFICER: &str =
    "a privacy officer (FG) of the organisation, by the reference with which the gateway's operator enrolled her";
const SIGNATURE: &str = "a signature by the privacy officer's enrolled key over the canonical JSON of what she asks: this one is by another key, or over something else";
const FRESH: &str = "an instant of the last 15 minutes";
const UNSIGNED: &str = "this needs the privacy officer's own signature: being signed in is enough to look, and for nothing else";
const USED: &str = "a signature that was not used before: it is good for one request";

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

/// A privacy officer who is known to be she: made by [`Desk::officer`] and [`Officer::signed_in`] alone.
#[derive(Clone, Debug)]
pub struct Officer {
    organisation: Oin,
    reference: String,
    client: Client,
    proof: Proof,
}

/// By what she is known.
#[derive(Clone, Debug)]
enum Proof {
    /// By her signature under what she asks, and the nonce of the request that brought it.
    Signature { vouched: Box<Vouched>, nonce: NonceClaim },
    /// She is signed in: enough to look.
    Session(Box<Visiting>),
}

/// A privacy officer's signature that holds, with what is claimed and expected by whatever is committed on it.
#[derive(Clone, Debug)]
pub(super) struct Vouched {
    /// As the log keeps it.
    pub(super) signed: Signed,
    /// It is used up.
    pub(super) claim: NonceClaim,
    /// Her organisation and her enrolment are still what they were when it was looked at.
    pub(super) expected: Expected,
}

impl Officer {
    /// Who is signed in, when she is a privacy officer.
    pub fn signed_in(visiting: &Visiting) -> Option<Self> {
        let Visitor { organisation, role, reference, .. } = visiting.visitor().clone();
        let proof = Proof::Session(Box::new(visiting.clone()));
        (role == Role::PrivacyOfficer).then(|| Self { organisation, reference, client: visiting.client(), proof })
    }

    /// Her organisation: only its side of the log is hers to see.
    pub const fn organisation(&self) -> &Oin {
        &self.organisation
    }

    /// Her reference.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// What she signs: the canonical JSON (RFC 8785) of
/// `{"action":"log-…","gateway":…,"organisation":…,"professional":…,"request":…,"signedAt":…}`, gateway and organisation by their OINs: it is good for no
/// other.
pub fn statement(to: Addressed<'_>, action: &str, request: &Value, by: &str, signed_at: Timestamp) -> Vec<u8> {
    canonical_json(&serde_json::json!({
        "action": step(action), "gateway": to.gateway, "organisation": to.organisation, "professional": by, "request": request,
        "signedAt": signed_at,
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
        let to = Addressed { gateway: &self.oin, organisation: &organisation };
        let over = |by: &str| statement(to, action, &request, by, signed.signed_at);
        let vouched = self.signed_by_officer(&organisation, &by, &signed, &step(action), over).await?;
        let reference = vouched.signed.professional.clone();
        Ok(Officer { organisation, reference, client, proof: Proof::Signature { vouched: Box::new(vouched), nonce } })
    }

    /// Commits an act that an officer signed, with the nonce of her request: her signature is used up, and her organisation and her enrolment are what they were
    /// when it was looked at, or nothing is committed.
    ///
    /// # Errors
    /// [`ActionError::State`] when nothing but a session says that it is she; [`ActionError::Member`] at `/signed/signature` when the signature was used before;
    /// [`ActionError::Append`].
    pub(super) async fn commit_for(
        &self,
        officer: &Officer,
        entries: Vec<EntryRow>,
        changes: Vec<Change>,
    ) -> Result<Committed, ActionError> {
        match &officer.proof {
            Proof::Signature { .. } => self.commit_look(officer, entries, changes).await,
            Proof::Session(_) => Err(ActionError::State(UNSIGNED.to_owned())),
        }
    }

    /// Commits that an officer looked: as [`Self::commit_for`], and for who is signed in while her session stands.
    ///
    /// # Errors
    /// [`ActionError::Member`] at `/signed/signature` when the signature was used before; [`ActionError::Append`].
    pub(super) async fn commit_look(
        &self,
        officer: &Officer,
        entries: Vec<EntryRow>,
        changes: Vec<Change>,
    ) -> Result<Committed, ActionError> {
        let append = match &officer.proof {
            Proof::Signature { vouched, nonce } => Append {
                nonce: Some(nonce.clone()),
                signature: Some(vouched.claim.clone()),
                expected: Some(vouched.expected.clone()),
                entries,
                changes,
                ..Append::default()
            },
            Proof::Session(visiting) => {
                let (expected, stands) = visiting.while_signed_in();
                let changes = std::iter::once(stands).chain(changes).collect();
                Append { expected: Some(expected), entries, changes, ..Append::default() }
            }
        };
        self.sequencer.append(append).await.map_err(used)
    }

    /// An entry of an officer's act, to be completed: clear columns and body, with her as its actor, and her signature or her session in it.
    pub(super) fn officers_draft(&self, kind: EntryKind, officer: &Officer, name: &str) -> Result<(Clear, Body), ActionError> {
        let (mut clear, mut body) = self.draft(kind, &officer.organisation, name)?;
        self.acted(&mut clear, &mut body, &officer.organisation, &officer.reference);
        if let Some(actor) = &mut body.actor {
            actor.role = Some(Role::PrivacyOfficer.code().to_owned());
        }
        body.client = Some(officer.client.clone());
        match &officer.proof {
            Proof::Signature { vouched, .. } => body.signed = vec![vouched.signed.clone()],
            Proof::Session(visiting) => {
                body.references.insert(sessions::reference(&visiting.session().id));
            }
        }
        Ok((clear, body))
    }

    /// The signature of a privacy officer of `organisation` under a statement: made just now, by the key enrolled for `by`.
    pub(super) async fn signed_by_officer(
        &self,
        organisation: &Oin,
        by: &str,
        signed: &OwnSignature,
        step: &str,
        statement: impl FnOnce(&str) -> Vec<u8>,
    ) -> Result<Vouched, ActionError> {
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        let (registered, now) = (self.store.registered().await?, self.clock.now());
        let active = |one: &&Registration| one.organisation.status == Status::Active;
        let registration = registered.organisations.get(organisation).filter(active).ok_or(ActionError::NotFound)?;
        let mut officers = people::counting(registration, Role::PrivacyOfficer, now);
        let officer = officers.find(|officer| officer.key.kid == by).ok_or_else(|| member("/by", OFFICER))?;
        if signed.signed_at > now.plus(AHEAD) || signed.signed_at.plus(MAX_AGE) < now {
            return Err(member("/signed/signedAt", FRESH));
        }
        let statement = statement(&officer.key.kid);
        if !holds(&officer.key, signed, &statement) {
            return Err(member("/signed/signature", SIGNATURE));
        }
        let expected = expected(&registered, registration, &officer);
        let signed = evidence(officer.key, signed, step, &statement);
        // By what is signed: another signature under the same words is no other wish. No nonce of a request has a colon.
        let nonce = format!("signed:{}", signed.statement);
        let claim = NonceClaim { organisation: organisation.clone(), nonce, expires: signed.signed_at.plus(MAX_AGE + AHEAD) };
        Ok(Vouched { signed, claim, expected })
    }
}

/// The facts by which somebody is enrolled.
pub(super) fn expected(registered: &Registered, registration: &Registration, person: &Person) -> Expected {
    let digest = registration_digest(registration);
    Expected {
        revision: registered.revision,
        void_at: person.validity.until,
        subject: None,
        organisations: vec![registration.organisation.oin.clone()],
        recipients: BTreeSet::new(),
        case: None,
        digest: facts_digest(std::iter::once(digest), registered.policy.as_deref(), None, None),
    }
}

/// A signature that was used before, by the member that it stands in.
pub(super) fn used(error: AppendError) -> ActionError {
    match error {
        AppendError::Conflict(Conflict::SignatureUsed) => {
            ActionError::Member { pointer: "/signed/signature", expected: USED.to_owned() }
        }
        error => error.into(),
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
