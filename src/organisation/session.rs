//! Somebody's time at the gateway's pages: from signing in until it ends, by itself or by somebody.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Oin;
use super::people::Role;
use crate::clock::Timestamp;
use crate::crypto::{base64, digest};
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;

/// What the cookie holds: 256 random bits. Whoever has it has the session.
pub struct SessionSecret(Secret<[u8; 32]>);

impl SessionSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn new(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        random(entropy).map(|bytes| Self(Secret::new(bytes)))
    }

    /// The one that a cookie's value spells, if it spells one.
    pub fn from_cookie(value: &str) -> Option<Self> {
        base64::decode_url_array(value).ok().map(|bytes| Self(Secret::new(bytes)))
    }

    /// The cookie's value.
    pub fn cookie(&self) -> String {
        base64::encode_url(self.0.expose())
    }

    /// What each form of the session's pages must bring back: who cannot read them does not know it.
    pub fn form_token(&self) -> String {
        base64::encode_url(&digest::sha256_of(&[b"sluis/v1/form-token", self.0.expose()]))
    }

    /// What the session is known by.
    pub fn id(&self) -> SessionId {
        SessionId(base64::encode_url(&digest::sha256(self.0.expose())))
    }
}

/// What a session is known by: the SHA-256 of its secret, base64url, so that nobody takes over a session by reading the store or a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As somebody writes it who ends a session from a list.
    pub fn from_text(text: &str) -> Option<Self> {
        base64::decode_url_array::<32>(text).ok().map(|bytes| Self(base64::encode_url(&bytes)))
    }
}

/// Who signed in, as what, for which organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visitor {
    /// Her organisation: only its side is hers to see.
    pub organisation: Oin,
    /// As what. A session has one role; another role is another session.
    pub role: Role,
    /// The person, by the organisation's own reference.
    pub reference: String,
    /// The enrolment by which she signed in. When that is withdrawn, the session is worth nothing.
    pub keyid: String,
}

/// A session in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// By what it is known.
    pub id: SessionId,
    /// 1 for the first; each later one replaces the one before.
    pub version: u32,
    /// Whose.
    pub visitor: Visitor,
    /// When she signed in.
    pub began: Timestamp,
    /// When she was last seen to do something, to [`SEEN_TO`].
    pub seen: Timestamp,
    /// When she last proved with a passkey that it is she, if she did.
    pub proved: Option<Timestamp>,
    /// How it was ended, if it was.
    pub ended: Option<Ended>,
}

/// The end of a session that somebody ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// By whom, by her organisation's reference.
    pub by: String,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without anything being done.
    pub idle: Duration,
    /// From signing in, whatever is done.
    pub absolute: Duration,
    /// How long a proof by passkey is good for what needs one.
    pub proof: Duration,
}

impl Default for Limits {
    /// A quarter of an hour, a working day, five minutes (OWASP Session Management: 15 to 30 minutes idle and 4 to 8 hours for office work).
    fn default() -> Self {
        Self { idle: Duration::from_mins(15), absolute: Duration::from_hours(8), proof: Duration::from_mins(5) }
    }
}

/// The longest that [`Limits::absolute`] may be: behind it no session is kept.
pub const LONGEST: Duration = Duration::from_hours(24);

/// How exactly it is kept when somebody was last seen: not every page is a write.
pub const SEEN_TO: Duration = Duration::from_mins(1);

/// Why a session is worth nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Somebody ended it.
    Ended,
    /// Nothing was done for too long.
    Idle,
    /// It lasted as long as one may.
    Expired,
    /// It began, or was used, later than now: a clock is wrong, and nobody knows how old it is.
    FromTheFuture,
}

impl Session {
    /// A new one.
    pub const fn begun(id: SessionId, visitor: Visitor, now: Timestamp) -> Self {
        Self { id, version: 1, visitor, began: now, seen: now, proved: None, ended: None }
    }

    /// When it ends if nothing more is done.
    pub fn ends(&self, limits: Limits) -> Timestamp {
        self.seen.plus(limits.idle).min(self.last_end(limits))
    }

    /// When it ends whatever is done.
    pub fn last_end(&self, limits: Limits) -> Timestamp {
        self.began.plus(limits.absolute)
    }

    /// How long it still stands if nothing more is done.
    ///
    /// # Errors
    /// [`Over`]: it does not stand.
    pub fn left(&self, now: Timestamp, limits: Limits) -> Result<Duration, Over> {
        if self.ended.is_some() {
            return Err(Over::Ended);
        }
        // Clocks of nodes differ a little; what is written may be of a node that is ahead.
        if self.began.max(self.seen) > now.plus(SEEN_TO) {
            return Err(Over::FromTheFuture);
        }
        if now >= self.last_end(limits) {
            return Err(Over::Expired);
        }
        if now >= self.ends(limits) {
            return Err(Over::Idle);
        }
        Ok(self.ends(limits).since(now))
    }

    /// The next version in which she was seen now; `None` while the one that is kept says so nearly enough.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Option<Self> {
        (now >= self.seen.plus(SEEN_TO)).then(|| Self { seen: now, ..self.next() })
    }

    /// The next version in which she has proved that it is she.
    #[must_use]
    pub fn proved_at(&self, now: Timestamp) -> Self {
        Self { proved: Some(now), seen: now, ..self.next() }
    }

    /// Whether she has just proved that it is she.
    pub fn is_proved(&self, now: Timestamp, limits: Limits) -> bool {
        self.proved.is_some_and(|proved| proved <= now.plus(SEEN_TO) && now < proved.plus(limits.proof))
    }

    /// The next version, which is ended.
    #[must_use]
    pub fn ended_by(&self, by: &str, at: Timestamp) -> Self {
        Self { ended: Some(Ended { at, by: by.to_owned() }), ..self.next() }
    }

    fn next(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const LIMITS: Limits =
        Limits { idle: Duration::from_mins(15), absolute: Duration::from_hours(8), proof: Duration::from_mins(5) };

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_262_400 + minutes * 60)
    }

    fn session() -> Session {
        let secret = SessionSecret::new(&SystemEntropy::default()).expect("randomness");
        let visitor = Visitor {
            organisation: "00000099000000001000".parse().expect("an OIN"),
            role: Role::PrivacyOfficer,
            reference: "fg-1".to_owned(),
            keyid: "k-1".to_owned(),
        };
        Session::begun(secret.id(), visitor, minute(0))
    }

    #[test]
    fn it_ends_when_nothing_is_done() {
        let session = session();
        assert_eq!(session.left(minute(0), LIMITS), Ok(LIMITS.idle));
        assert_eq!(session.left(minute(14), LIMITS), Ok(Duration::from_mins(1)));
        assert_eq!(session.left(minute(15), LIMITS), Err(Over::Idle));
        assert_eq!(session.seen_at(minute(0)), None, "not every page is a write");
        let seen = session.seen_at(minute(14)).expect("worth a write");
        assert_eq!((seen.version, seen.left(minute(15), LIMITS)), (2, Ok(Duration::from_mins(14))));
    }

    #[test]
    fn it_ends_whatever_is_done() {
        let mut session = session();
        for at in (0..8 * 60).step_by(10) {
            session = session.seen_at(minute(at)).unwrap_or(session);
        }
        assert_eq!(
            session.left(minute(8 * 60 - 1), LIMITS),
            Ok(Duration::from_mins(1)),
            "not the quarter of an hour of one who is busy"
        );
        assert_eq!(session.left(minute(8 * 60), LIMITS), Err(Over::Expired));
    }

    #[test]
    fn it_ends_when_somebody_ends_it() {
        let ended = session().ended_by("fg-1", minute(1));
        assert_eq!((ended.version, ended.left(minute(1), LIMITS)), (2, Err(Over::Ended)));
    }

    #[test]
    fn one_from_the_future_is_worth_nothing() {
        assert_eq!(session().left(minute(-1), LIMITS), Ok(Duration::from_mins(16)), "clocks of nodes differ a little");
        assert_eq!(session().left(minute(-2), LIMITS), Err(Over::FromTheFuture));
    }

    #[test]
    fn a_proof_is_good_for_a_while() {
        let session = session();
        assert!(!session.is_proved(minute(0), LIMITS));
        let proved = session.proved_at(minute(3));
        assert!(proved.is_proved(minute(3), LIMITS) && proved.is_proved(minute(7), LIMITS));
        assert!(!proved.is_proved(minute(8), LIMITS) && !proved.is_proved(minute(1), LIMITS));
    }

    #[test]
    fn the_cookie_is_not_what_is_kept() {
        let secret = SessionSecret::new(&SystemEntropy::default()).expect("randomness");
        let cookie = secret.cookie();
        assert_eq!(cookie.len(), 43);
        assert_ne!(cookie, secret.id().as_str());
        assert_eq!(SessionSecret::from_cookie(&cookie).expect("ours").id(), secret.id());
        for wrong in ["", "x", &cookie[1..], &format!("{cookie}A"), &format!("{cookie}=")] {
            assert!(SessionSecret::from_cookie(wrong).is_none(), "{wrong}");
        }
        assert_eq!(SessionId::from_text(secret.id().as_str()), Some(secret.id()));
        assert_eq!(SessionId::from_text("../x"), None);
    }
}
