//! Who is at the pages: signing in, staying, signing out, being signed out.

mod link;

use std::time::Duration;

use super::officer::expected;
use super::{ActionError, Desk, people};
use crate::clock::Timestamp;
use crate::crypto::digest::KeyedDigest;
use crate::ledger::entry::{Body, Change as Changed, Clear, Client, EntryKind, Reference};
use crate::organisation::people::Person;
use crate::organisation::session::{Limits, Over, Session, SessionId, SessionSecret, Visitor};
use crate::organisation::{Oin, Status};
use crate::store::sequencer::AppendError;
use crate::store::sessions::MOST_OF_A_PERSON;
use crate::store::{Append, Change, Conflict, Expected, Registered, Registration};

use self::link::Link;

/// How long a one-time link may be good.
pub const LONGEST_LINK: Duration = Duration::from_hours(72);

/// How people come in to the pages, and how long they stay.
pub struct Entrance {
    /// Vouches for one-time links to sign in.
    pub links: KeyedDigest,
    /// How long sessions last.
    pub limits: Limits,
}

/// Somebody who is signed in: made by [`Desk::visiting`] alone.
#[derive(Clone, Debug)]
pub struct Visiting {
    session: Session,
    /// How long it still stands if nothing more is done.
    left: Duration,
    /// Her organisation and her enrolment are what they were when they were looked at.
    expected: Expected,
}

/// Why somebody is not signed in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// There is no such session, or nobody by that enrolment (any more).
    #[error("nobody is signed in")]
    Nobody,
    /// It is over.
    #[error("the session is over")]
    Over(Over),
    /// The link was used before.
    #[error("the link was used before")]
    Used,
    /// It cannot be told, or not be done, now.
    #[error(transparent)]
    Unknown(#[from] ActionError),
}

impl Visiting {
    /// Who.
    pub const fn visitor(&self) -> &Visitor {
        &self.session.visitor
    }

    /// Her session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// How long it still stands if nothing more is done.
    pub const fn left(&self) -> Duration {
        self.left
    }

    /// What is expected by whatever is committed for her.
    pub(super) fn while_signed_in(&self) -> (Expected, Change) {
        (self.expected.clone(), Change::SignedIn(Box::new(self.session.clone())))
    }

    /// How she is known to be who she is, for the log.
    pub(super) fn client(&self) -> Client {
        Client { authentication: "session".to_owned(), key_id: Some(self.session.visitor.keyid.clone()), ..Client::default() }
    }
}

/// What a session is, in the references of an entry.
pub(super) fn reference(session: &SessionId) -> Reference {
    Reference { object: "session".to_owned(), id: session.as_str().to_owned() }
}

impl Desk {
    /// The secret of a one-time link by which somebody enrolled signs in, good until `until`.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] for a link that would be good for too long; [`ActionError::NotFound`] when nobody is enrolled by `keyid`.
    pub async fn sign_in_link(&self, organisation: &Oin, keyid: &str, until: Timestamp) -> Result<String, ActionError> {
        let now = self.clock.now();
        if until <= now || until > now.plus(LONGEST_LINK) {
            return Err(ActionError::Invalid("a link to sign in is good for at most 72 hours from now".to_owned()));
        }
        let registered = self.store.registered().await?;
        enrolled(&registered, organisation, keyid, now).ok_or(ActionError::NotFound)?;
        self.new_link(keyid, until)
    }

    /// Signs in by the secret of a one-time link, which is used up.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn sign_in_by_link(&self, secret: &str) -> Result<SessionSecret, NotSignedIn> {
        let now = self.clock.now();
        let link = self.link(secret).filter(|link| now < link.until).ok_or(NotSignedIn::Nobody)?;
        let registered = self.store.registered().await.map_err(ActionError::from)?;
        let organisation =
            registered.organisations.values().find(|one| has_person(one, &link.keyid)).ok_or(NotSignedIn::Nobody)?;
        self.signed_in(&registered, organisation, &link).await
    }

    async fn signed_in(
        &self,
        registered: &Registered,
        registration: &Registration,
        link: &Link,
    ) -> Result<SessionSecret, NotSignedIn> {
        let now = self.clock.now();
        let organisation = &registration.organisation.oin;
        let person = enrolled(registered, organisation, &link.keyid, now).ok_or(NotSignedIn::Nobody)?;
        let secret = SessionSecret::new(&*self.entropy).map_err(ActionError::from)?;
        let visitor = Visitor {
            organisation: organisation.clone(),
            role: person.role,
            reference: person.key.kid.clone(),
            keyid: person.keyid.clone(),
        };
        let session = Session::begun(secret.id(), visitor, now);
        let expected = Expected { void_at: person.validity.until.min(link.until), ..expected(registered, registration, &person) };
        let client =
            Client { authentication: "one-time-link".to_owned(), key_id: Some(person.keyid.clone()), ..Client::default() };
        let (clear, mut body) = self.session_entry(&session, "signed-in")?;
        body.client = Some(client);
        body.references.insert(link.reference());
        let mut changes = self.too_many(&session, now).await?;
        changes.push(Change::Session(Box::new(session.clone())));
        let append = Append {
            signature: Some(link.claim(organisation)),
            expected: Some(expected),
            entries: vec![self.entry((clear, body))?],
            changes,
            ..Append::default()
        };
        match self.sequencer.append(append).await {
            Ok(_) => Ok(secret),
            Err(AppendError::Conflict(Conflict::SignatureUsed)) => {
                tracing::warn!(link = link.id(), "a one-time link was tried again that signed somebody in before");
                Err(NotSignedIn::Used)
            }
            Err(error) => Err(ActionError::from(error).into()),
        }
    }

    /// The oldest sessions of a person, those that are over first, end when she has as many as one may have: who cannot sign out elsewhere can still sign in here.
    async fn too_many(&self, new: &Session, now: Timestamp) -> Result<Vec<Change>, ActionError> {
        let visitor = &new.visitor;
        let all = self.store.sessions_of(&visitor.organisation).await?;
        let hers = all.into_iter().filter(|one| one.ended.is_none() && one.visitor.reference == visitor.reference);
        let (mut hers, over): (Vec<_>, Vec<_>) = hers.partition(|one| one.left(now, self.entrance.limits).is_ok());
        hers.extend(over);
        let surplus = hers.into_iter().skip(MOST_OF_A_PERSON.saturating_sub(1));
        Ok(surplus.map(|one| Change::Session(Box::new(one.ended_by(&visitor.reference, now)))).collect())
    }

    /// Who has the session of this secret.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn visiting(&self, secret: &SessionSecret) -> Result<Visiting, NotSignedIn> {
        let now = self.clock.now();
        let session = self.store.session(&secret.id()).await.map_err(ActionError::from)?.ok_or(NotSignedIn::Nobody)?;
        session.left(now, self.entrance.limits).map_err(NotSignedIn::Over)?;
        let registered = self.store.registered().await.map_err(ActionError::from)?;
        let Visitor { organisation, keyid, role, reference } = &session.visitor;
        let is_hers = |person: &Person| person.role == *role && person.key.kid == *reference;
        let person = enrolled(&registered, organisation, keyid, now).filter(is_hers).ok_or(NotSignedIn::Nobody)?;
        let registration = registered.organisations.get(organisation).ok_or(NotSignedIn::Nobody)?;
        let expected = Expected {
            void_at: person.validity.until.min(session.last_end(self.entrance.limits)),
            ..expected(&registered, registration, &person)
        };
        let session = self.seen(session, now).await?;
        let left = session.left(now, self.entrance.limits).map_err(NotSignedIn::Over)?;
        Ok(Visiting { session, left, expected })
    }

    /// The session, kept as used now when what is kept of that is old.
    async fn seen(&self, session: Session, now: Timestamp) -> Result<Session, NotSignedIn> {
        let Some(next) = session.seen_at(now) else { return Ok(session) };
        let append = Append { changes: vec![Change::Session(Box::new(next.clone()))], ..Append::default() };
        match self.sequencer.append(append).await {
            Ok(_) => Ok(next),
            // Another page of hers was first, or somebody has ended it: what is kept tells.
            Err(AppendError::Conflict(Conflict::StateChanged)) => {
                let kept = self.store.session(&session.id).await.map_err(ActionError::from)?;
                kept.filter(|kept| kept.visitor == session.visitor).ok_or(NotSignedIn::Nobody)
            }
            Err(error) => Err(ActionError::from(error).into()),
        }
    }

    /// The sessions of this person that stand, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn own_sessions(&self, visiting: &Visiting) -> Result<Vec<Session>, ActionError> {
        let (now, visitor) = (self.clock.now(), visiting.visitor());
        let all = self.store.sessions_of(&visitor.organisation).await?;
        let hers = |one: &Session| one.visitor.reference == visitor.reference && one.left(now, self.entrance.limits).is_ok();
        Ok(all.into_iter().filter(hers).collect())
    }

    /// Ends one of her own sessions: this one, or one on another machine.
    ///
    /// # Errors
    /// [`ActionError::NotFound`]: it is not hers, or is over; [`ActionError::Append`].
    pub async fn end_session(&self, visiting: &Visiting, id: &SessionId) -> Result<(), ActionError> {
        let now = self.clock.now();
        let kept = self.store.session(id).await?;
        let hers = |one: &Session| {
            let (theirs, own) = (&one.visitor, visiting.visitor());
            theirs.organisation == own.organisation && theirs.reference == own.reference
        };
        let session = kept.filter(hers).filter(|one| one.ended.is_none()).ok_or(ActionError::NotFound)?;
        let (clear, mut body) = self.session_entry(&session, "signed-out")?;
        body.client = Some(visiting.client());
        let ended = session.ended_by(&visiting.visitor().reference, now);
        let (expected, signed_in) = visiting.while_signed_in();
        let append = Append {
            expected: Some(expected),
            entries: vec![self.entry((clear, body))?],
            changes: vec![signed_in, Change::Session(Box::new(ended))],
            ..Append::default()
        };
        self.sequencer.append(append).await?;
        Ok(())
    }

    /// What happened to a session, to be completed.
    fn session_entry(&self, session: &Session, event: &str) -> Result<(Clear, Body), ActionError> {
        let Visitor { organisation, role, reference: by, .. } = &session.visitor;
        let (mut clear, mut body) = self.draft(EntryKind::Session, organisation, &format!("session {event}"))?;
        self.acted(&mut clear, &mut body, organisation, by);
        if let Some(actor) = &mut body.actor {
            actor.role = Some(role.code().to_owned());
        }
        body.references.insert(reference(&session.id));
        body.change = Some(Changed { event: event.to_owned(), ..Changed::default() });
        Ok((clear, body))
    }
}

/// Who is enrolled by `keyid` in an organisation that takes part.
fn enrolled(registered: &Registered, organisation: &Oin, keyid: &str, now: Timestamp) -> Option<Person> {
    let active = |one: &&Registration| one.organisation.status == Status::Active;
    let registration = registered.organisations.get(organisation).filter(active)?;
    people::all_counting(registration, now).find(|person| person.keyid == keyid)
}

fn has_person(registration: &Registration, keyid: &str) -> bool {
    registration.people.iter().any(|(_, key)| key.keyid == keyid)
}
