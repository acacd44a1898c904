//! What people do: load, decide, change, log, save. Called by the API and the command line; never HTTP.

pub mod case;
pub mod consents;
pub mod credentials;
pub mod earlier_policies;
mod evidence;
pub mod explain;
pub mod log;
pub mod lost;
pub mod notices;
pub mod offers;
pub mod officer;
pub mod once;
pub mod operator;
pub mod organisation;
pub mod overrides;
pub mod own_keys;
pub mod people;
pub mod policy;
pub mod replay;
pub mod retention;
pub mod sessions;
pub mod terms;

use std::sync::Arc;

pub use self::consents::Unread;

use self::earlier_policies::EarlierPolicies;
use self::operator::Operator;
use self::sessions::Entrance;
use self::terms::Terms;
use crate::clock::{Believed, Clock};
use crate::consent::Authority;
use crate::crypto::digest::KeyedDigest;
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::json::Fault;
use crate::ledger::entry::{Actor, Body, Clear, EntryKind, Operation, Outcome, Status};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::journal::{DEFAULT_YEARS, Journal, JournalError};
use crate::store::retention::SettleError;
use crate::store::search::Search;
use crate::store::sequencer::{AppendError, Sequencer};
use crate::store::{Append, Change, NonceClaim, Store, StoreError, SubjectIndex};
use crate::subject::SubjectId;

/// What the actions work with.
#[derive(Clone)]
pub struct Desk {
    /// The gateway's own OIN: the organisation of its operators.
    pub oin: Oin,
    /// Which of its operators acts, if one does.
    pub operator: Option<Operator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The time that has surely come.
    pub believed: Arc<Believed>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The way into the log.
    pub sequencer: Sequencer,
    /// Log entries.
    pub journal: Arc<Journal>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// Who must agree before a consent counts.
    pub authority: Arc<Authority>,
    /// How long registers keep what has ended.
    pub terms: Terms,
    /// Finds consents and overrides about a person.
    pub subject_index: KeyedDigest,
    /// Finds entries of the log.
    pub search: Arc<dyn Search>,
    /// Vouches for where a page of the log ends.
    pub cursors: KeyedDigest,
    /// How people come in to the pages, and how long they stay.
    pub entrance: Arc<Entrance>,
    /// What decided before the policies in force did.
    pub earlier_policies: Arc<EarlierPolicies>,
}

/// Why an action was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActionError {
    /// What was given is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// A member of the message that was given is not acceptable.
    #[error("{pointer}: {expected}")]
    Member {
        /// Where, as a JSON Pointer.
        pointer: &'static str,
        /// What is expected there.
        expected: String,
    },
    /// Members of what was given are not acceptable: every fault.
    #[error("{} fault(s)", .0.len())]
    Faults(Vec<Fault>),
    /// There is none, or it is another's.
    #[error("there is none, or it is not yours")]
    NotFound,
    /// It is not in the state for this.
    #[error("{0}")]
    State(String),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// It was not committed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The entry could not be made.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SettleError> for ActionError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::KeyStore(error) => Self::Journal(error.into()),
            SettleError::Store(error) => Self::Store(error),
        }
    }
}

impl Desk {
    /// The index under which consents and overrides about `subject` are kept.
    pub fn subject_index(&self, subject: &Personal<SubjectId>) -> SubjectIndex {
        SubjectIndex(subject.keyed_digest(&self.subject_index))
    }

    /// A new `UUIDv7` (RFC 9562) of this moment.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn new_id(&self) -> Result<String, EntropyUnavailable> {
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>(&*self.entropy)?).into_uuid().to_string())
    }

    /// The same desk with `operator` behind it: what she does to organisations and keys is recorded as hers.
    #[must_use]
    pub fn operated_by(&self, operator: Operator) -> Self {
        Self { operator: Some(operator), ..self.clone() }
    }

    /// An entry of an operator's act on `party`.
    fn operators_draft(&self, kind: EntryKind, party: &Oin, name: &str) -> Result<(Clear, Body), ActionError> {
        let (mut clear, mut body) = self.draft(kind, party, name)?;
        if let Some(operator) = &self.operator {
            clear.actor = Some(self.journal.actor_token(&self.oin, operator.reference()));
            body.actor = Some(Actor {
                reference: operator.reference().to_owned(),
                role: Some("operator".to_owned()),
                on_behalf_of: None,
                organisation: Some(self.oin.clone()),
                acting_as: None,
            });
        }
        Ok((clear, body))
    }

    /// An entry about `party`, to be completed: clear columns and body.
    fn draft(&self, kind: EntryKind, party: &Oin, name: &str) -> Result<(Clear, Body), ActionError> {
        let now = self.clock.now();
        let trace = self.journal.trace()?;
        let operation = Operation {
            trace_id: trace,
            span_id: self.journal.span()?,
            parent_span_id: None,
            name: name.to_owned(),
            status: Status::Unset,
            started_at: now,
            ended_at: None,
            processing_activity: None,
            foreign: None,
        };
        let clear = Clear {
            kind,
            time: now,
            party: party.clone(),
            source: None,
            recipient: None,
            purpose: None,
            categories: std::collections::BTreeSet::new(),
            outcome: Outcome::Done,
            overridden: false,
            subject: None,
            actor: None,
            case: None,
            trace,
        };
        Ok((clear, Body::new(kind, now, party.clone(), operation)))
    }

    /// Commits changes with the entry that tells of them.
    fn commit(&self, clear: Clear, body: Body, changes: Vec<Change>) -> impl Future<Output = Result<(), ActionError>> {
        self.commit_asked(clear, body, changes, None)
    }

    /// The same, and the nonce of the request that asked for it.
    fn commit_asked(
        &self,
        clear: Clear,
        body: Body,
        changes: Vec<Change>,
        nonce: Option<NonceClaim>,
    ) -> impl Future<Output = Result<(), ActionError>> {
        // Sealed here: a future that held the body would be as large.
        let entries = self.journal.write(clear, body, None, DEFAULT_YEARS).map(|written| vec![written.row]);
        async move {
            self.sequencer.append(Append { nonce, entries: entries?, changes, ..Append::default() }).await?;
            Ok(())
        }
    }
}
