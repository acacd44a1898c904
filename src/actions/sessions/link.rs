//! One-time links: what an enrolled person opens to sign in where no identity provider and no passkey does. Nothing is kept of one before it is used: it is vouched
//! for by a code (HMAC-SHA256), and used up by a claim that every node sees.

use std::time::Duration;

use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::crypto::{base64, digest};
use crate::entropy::random;
use crate::ledger::entry::Reference;
use crate::organisation::Oin;
use crate::store::NonceClaim;

/// The bytes of what a link says: the id, and until when it is good.
const ID: usize = 16;
const SAID: usize = ID + 8;
const CODE: usize = 32;
/// How far apart the clocks of two nodes may be: one that is ahead does not forget what another still takes.
const CLOCKS: Duration = Duration::from_mins(1);

/// What a link of ours says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    id: String,
    /// Up to, not including, this instant.
    pub(super) until: Timestamp,
    /// For whom: the enrolment.
    pub(super) keyid: String,
}

impl Link {
    /// What it is known by: of no use to who reads it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What it is in the references of an entry.
    pub(super) fn reference(&self) -> Reference {
        Reference { object: "one-time-link".to_owned(), id: self.id.clone() }
    }

    /// What is claimed with its use, so that it is used once.
    pub(super) fn claim(&self, organisation: &Oin) -> NonceClaim {
        // No nonce of a request has a colon.
        NonceClaim { organisation: organisation.clone(), nonce: format!("link:{}", self.id), expires: self.until.plus(CLOCKS) }
    }
}

impl Desk {
    /// The secret of a new link for who has this enrolment: base64url, a dot, the enrolment.
    pub(super) fn new_link(&self, keyid: &str, until: Timestamp) -> Result<String, ActionError> {
        let id: [u8; ID] = random(&*self.entropy)?;
        let said = [id.as_slice(), &until.millis().to_be_bytes()].concat();
        let code = self.entrance.links.of_parts(&[keyid.as_bytes(), &said]);
        Ok(format!("{}.{keyid}", base64::encode_url(&[said.as_slice(), &code].concat())))
    }

    /// What the secret of a link says, if it is one of ours.
    pub(super) fn link(&self, secret: &str) -> Option<Link> {
        let (said, keyid) = secret.split_once('.')?;
        let bytes = base64::decode_url_array::<{ SAID + CODE }>(said).ok()?;
        let (said, code) = bytes.split_at(SAID);
        if !digest::equal(&self.entrance.links.of_parts(&[keyid.as_bytes(), said]), code) {
            return None;
        }
        let (id, until) = said.split_at(ID);
        let until = Timestamp::from_millis(i64::from_be_bytes(until.try_into().ok()?));
        Some(Link { id: base64::encode_url(id), until, keyid: keyid.to_owned() })
    }
}
