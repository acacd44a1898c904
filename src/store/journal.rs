//! Writing for the log: a body is sealed under a fresh key, the key wrapped by the month's key of its retention class.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{EntryRow, Erasable, retention};
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::keystore::{KeyStore, KeyStoreError, Names};
use crate::ledger::entry::{Beside, Body, BodyError, Clear, Columns, SpanId, TokenSalt, TokensDigest, TraceId};
use crate::ledger::seal::{self, OpenError, PartyKey, SealError};
use crate::ledger::statement::Statement;
use crate::ledger::token::{SearchKey, SearchToken, TokenField};
use crate::ledger::wrap::{WrappedKey, unwrap, wrap};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::subject::SubjectId;

/// How long entries are kept that no purpose says more about, in years (`domain.md` §9).
pub const DEFAULT_YEARS: u32 = 5;

/// Makes entries ready to be appended.
pub struct Journal {
    key_store: Arc<dyn KeyStore>,
    entropy: Arc<dyn Entropy>,
    search: SearchKey,
    terms: ArcSwap<BTreeMap<PurposeCode, u32>>,
}

/// An entry could not be made. Nothing passes then.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// No wrapping key.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The body cannot be encoded.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The entry cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The entry was erased: its term had ended, or an officer had it erased.
    #[error("the entry was erased")]
    Erased,
}

/// An entry, and what lets its party check the statement in it.
#[derive(Debug)]
pub struct Written {
    /// The row to append.
    pub row: EntryRow,
    /// `k_party`.
    pub party_key: PartyKey,
}

impl Journal {
    /// A journal whose entry keys are wrapped by `key_store` and whose search tokens are made with `search`.
    pub fn new(key_store: Arc<dyn KeyStore>, entropy: Arc<dyn Entropy>, search: SearchKey) -> Self {
        Self { key_store, entropy, search, terms: ArcSwap::default() }
    }

    /// From now on what is about one of these purposes is kept for so many years at least.
    pub fn keep_by(&self, terms: BTreeMap<PurposeCode, u32>) {
        self.terms.store(Arc::new(terms));
    }

    /// Seals `body`; it is kept for `years`, or for as long as its purpose asks if that is longer. Processing activity and end of the operation, where
    /// the body says nothing of them, are filled in.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn write(&self, clear: Clear, body: Body, statement: Option<&Statement>, years: u32) -> Result<Written, JournalError> {
        let own = clear.purpose.as_ref().and_then(|purpose| self.terms.load().get(purpose).copied());
        let key_class = key_class(clear.time, own.unwrap_or_default().max(years));
        let wrapping = self.key_store.wrapping_key(&key_class)?;
        let asked: Vec<Oin> = body.asked.keys().cloned().collect();
        let salt = TokenSalt::fresh(&*self.entropy)?;
        let tokens = TokensDigest::of(&salt, &clear);
        let erases = body.erasure.as_ref().and_then(|erasure| erasure.erases.clone());
        let columns = Columns { clear: &clear, tokens: &tokens, key_class: &key_class, asked: &asked, erases: erases.as_ref() };
        let beside = Beside::of(columns);
        let sealed = seal::seal(&complete(&clear, body).encode()?, beside, statement, &*self.entropy)?;
        let wrapped_key = wrap(&sealed.entry_key, &wrapping, sealed.leaf.bytes(), &*self.entropy)?;
        let erasable = Some(Erasable { wrapped_key, salt });
        let (leaf, body) = (sealed.leaf, sealed.ciphertext);
        let row = EntryRow { clear, leaf, body, tokens, erasable, key_class, held_by: None, asked, erases };
        Ok(Written { row, party_key: sealed.party_key })
    }

    /// Opens an entry.
    ///
    /// # Errors
    /// [`JournalError::Erased`]; or it is not what the leaf commits to.
    pub fn open(&self, row: &EntryRow) -> Result<Body, JournalError> {
        let erasable = row.erasable.as_ref().ok_or(JournalError::Erased)?;
        // A restored backup brings rows back, and neither keys nor what was erased one by one.
        if self.key_store.is_destroyed(&retention::tombstone(&row.leaf))? {
            return Err(JournalError::Erased);
        }
        let wrapping = match self.key_store.existing_key(row.wrapping_key()) {
            Err(KeyStoreError::Destroyed(_)) => return Err(JournalError::Erased),
            other => other?,
        };
        if TokensDigest::of(&erasable.salt, &row.clear) != row.tokens {
            return Err(OpenError::Beside.into());
        }
        let key = unwrap(&erasable.wrapped_key, &wrapping, row.leaf.bytes())?;
        Ok(Body::decode(&seal::open(&key, &row.leaf, row.beside(), &row.body)?)?)
    }

    /// The same entry key, wrapped by the key called `name` instead.
    ///
    /// # Errors
    /// [`JournalError`], as for [`Journal::open`].
    pub fn wrap_anew(&self, row: &EntryRow, name: &str) -> Result<WrappedKey, JournalError> {
        let erasable = row.erasable.as_ref().ok_or(JournalError::Erased)?;
        let key = unwrap(&erasable.wrapped_key, &self.key_store.existing_key(row.wrapping_key())?, row.leaf.bytes())?;
        Ok(wrap(&key, &self.key_store.wrapping_key(name)?, row.leaf.bytes(), &*self.entropy)?)
    }

    /// Destroys the wrapping key called `name`, or makes a tombstone of that name.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub fn destroy(&self, name: &str) -> Result<(), KeyStoreError> {
        self.key_store.destroy(name)
    }

    /// Whether the wrapping key called `name` was destroyed.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub fn is_destroyed(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.key_store.is_destroyed(name)
    }

    /// The names with this prefix in the key store.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub fn names(&self, prefix: &str) -> Result<Names, KeyStoreError> {
        self.key_store.names(prefix)
    }

    /// The token by which `party`'s officer finds what concerns a person.
    pub fn subject_token(&self, party: &Oin, subject: &Personal<SubjectId>) -> SearchToken {
        self.search.token(party, TokenField::Subject, &subject.open_personal().canonical())
    }

    /// The token by which `party`'s officer finds what someone did.
    pub fn actor_token(&self, party: &Oin, reference: &str) -> SearchToken {
        self.search.token(party, TokenField::Actor, reference.as_bytes())
    }

    /// The token by which `party`'s officer finds what belongs to a case.
    pub fn case_token(&self, party: &Oin, case: &str) -> SearchToken {
        self.search.token(party, TokenField::Case, case.as_bytes())
    }

    /// A new trace id.
    ///
    /// # Errors
    /// [`JournalError::Entropy`].
    pub fn trace(&self) -> Result<TraceId, JournalError> {
        Ok(TraceId::fresh(&*self.entropy)?)
    }

    /// A new span id.
    ///
    /// # Errors
    /// [`JournalError::Entropy`].
    pub fn span(&self) -> Result<SpanId, JournalError> {
        Ok(SpanId::fresh(&*self.entropy)?)
    }
}

/// The body with what the Logboek Dataverwerkingen asks of every line: the processing activity, and when the operation ended, which is no later than
/// its entry.
fn complete(clear: &Clear, mut body: Body) -> Body {
    let ended = clear.time.max(body.operation.started_at);
    body.operation.ended_at.get_or_insert(ended);
    body.operation.processing_activity.get_or_insert_with(|| activity(clear));
    body
}

/// The processing activity of an entry: what serves a purpose is that purpose's, what the gateway does to account for itself has one of its own.
fn activity(clear: &Clear) -> String {
    match &clear.purpose {
        Some(purpose) => format!("urn:sluis:purpose:{purpose}"),
        None => format!("urn:sluis:activity:{}", clear.kind),
    }
}

/// One wrapping key per retention class and month: destroyed as a whole when the last of its entries is past its term.
fn key_class(time: Timestamp, years: u32) -> String {
    let month: String = time.to_string().chars().take(7).collect();
    format!("entries-{years}y-{month}")
}

/// When the term of a retention class has passed for all of its entries; `None` when this is not the name of one.
pub fn class_end(key_class: &str) -> Option<Timestamp> {
    let (years, month) = key_class.strip_prefix("entries-")?.split_once("y-")?;
    let (year, month) = month.split_once('-')?;
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    let (year, month) = if month == 12 { (year.checked_add(1)?, 1) } else { (year, month.checked_add(1)?) };
    let year = year.checked_add(years.parse().ok()?)?;
    Timestamp::parse(&format!("{year:04}-{month:02}-01T00:00:00Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_per_class_and_month() {
        let at = |text| Timestamp::parse(text).expect("an instant");
        assert_eq!(key_class(at("2026-11-21T23:59:59Z"), 5), "entries-5y-2026-11");
        assert_ne!(key_class(at("2026-11-30T23:59:59Z"), 5), key_class(at("2026-12-01T00:00:00Z"), 5));
    }

    #[test]
    fn a_class_ends_when_its_last_entry_has_been_kept_for_its_term() {
        let at = |text| Timestamp::parse(text).ok();
        assert_eq!(class_end("entries-5y-2026-11"), at("2031-12-01T00:00:00Z"));
        assert_eq!(class_end("entries-15y-2026-12"), at("2042-01-01T00:00:00Z"));
        assert_eq!(class_end(&key_class(Timestamp::from_millis(0), 5)), at("1975-02-01T00:00:00Z"));
        for other in ["hold-1", "entries-y-2026-11", "entries-5y-2026", "entries-5y-2026-13", "entries-5y-20261101", "registers"]
        {
            assert_eq!(class_end(other), None, "{other}");
        }
    }
}
