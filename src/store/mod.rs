//! What is kept, and the contract that each database fulfils. No SQL here, no business rules in the adapters.

mod append;
pub mod audit;
mod change;
pub mod cosigned;
pub mod duties;
pub mod embargoes;
pub mod facts;
pub mod journal;
pub mod lost;
pub mod postgres;
pub mod proofs;
pub mod retention;
mod revision;
mod rows;
pub mod scan;
pub mod scribe;
pub mod search;
pub mod sequencer;
pub mod sessions;
mod sql;
pub mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

pub use append::{Append, Committed, Conflict, EntryRow, Erasable, Expected, IdempotencyClaim, NonceClaim, Receipting};
pub use change::{Change, CredentialChange, PolicyVersion, StatusChange};
pub use revision::Revision;
pub use rows::{ContributionRow, DeliveryRow, DisclosureRow, NameIndex, OfferPage, OfferRow, PseudonymRow};
pub use sql::copy;
pub use sql::migrations::Migration;

use self::cosigned::Cosigned;
use self::duties::{KeptConsent, PastTerm, Reliance};
use self::embargoes::Embargoes;
use self::retention::Retention;
use self::scan::Scan;
use self::sessions::Sessions;
use crate::case_room::{Case, CaseId};
use crate::clock::Timestamp;
use crate::consent::{ConsentRecord, Override};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::entry::TraceId;
use crate::ledger::seal::Leaf;
use crate::ledger::tree::{NodeHash, Tile, TileId};
use crate::notice::Task;
use crate::organisation::keys::{Certificate, PublishedKey};
use crate::organisation::people::Role;
use crate::organisation::{Oin, Organisation};

/// A keyed digest of a person's identifier: how consents and overrides about someone are found without storing who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectIndex(pub [u8; 32]);

/// The log's head as last committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many leaves.
    pub size: u64,
    /// The RFC 6962 root.
    pub root: NodeHash,
    /// The signed checkpoint (C2SP tlog-checkpoint); empty for the empty log.
    pub checkpoint: String,
    /// The facts' revision at this head.
    pub revision: Revision,
}

/// All organisations with their credentials, as of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The revision this was read at.
    pub revision: Revision,
    /// The hash of the policies in force, once a gateway has served.
    pub policy: Option<String>,
    /// Each organisation with what it has registered.
    pub organisations: BTreeMap<Oin, Registration>,
}

/// One organisation with its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The organisation.
    pub organisation: Organisation,
    /// Its TLS certificates.
    pub certificates: Vec<Certificate>,
    /// Its signing keys.
    pub signing: Vec<PublishedKey>,
    /// Its encryption keys.
    pub encryption: Vec<PublishedKey>,
    /// Its people: the personal key of each.
    pub people: Vec<(Role, PublishedKey)>,
}

/// What is recorded about one person that a decision rests on, as of one revision.
#[derive(Clone, Debug)]
pub struct PersonFacts {
    /// The revision this was read at.
    pub revision: Revision,
    /// The current version of each consent.
    pub consents: Vec<ConsentRecord>,
    /// Each override in its current version.
    pub overrides: Vec<(u32, Override)>,
}

impl PersonFacts {
    /// Only what can bear on a disclosure to `recipients` by the organisations that were judged behind the first, which asks: what names one of
    /// either, and the consents that took the place of such a one. What is registered between other organisations must not show in it, not even
    /// by making an answer anew (invariant 8).
    #[must_use]
    pub fn bearing_on(mut self, recipients: &BTreeSet<Oin>, organisations: &[Oin]) -> Self {
        let Some((_, sources)) = organisations.split_first() else { return self };
        let names = |one: &ConsentRecord| {
            !one.recipients.is_disjoint(recipients) && sources.iter().any(|source| one.sources.contains(source))
        };
        let bearing: BTreeSet<String> = self.consents.iter().filter(|one| names(one)).map(|one| one.id.clone()).collect();
        self.consents.retain(|one| bearing.contains(&one.id) || one.supersedes.as_ref().is_some_and(|old| bearing.contains(old)));
        self.overrides.retain(|(_, one)| !one.recipients.is_disjoint(recipients) && sources.contains(&one.source));
        self
    }
}

/// What was promised under an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Keyed digest of the body that came with it.
    pub body: [u8; 32],
    /// The disclosure it stands for.
    pub disclosure: String,
    /// When it was made or taken over.
    pub claimed_at: Timestamp,
    /// Whether the disclosure was answered.
    pub answered: bool,
}

/// A disclosure that can still be picked up or added to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDisclosure {
    /// What was stored when it was recorded.
    pub row: DisclosureRow,
    /// The deliveries, oldest first.
    pub deliveries: Vec<StoredDelivery>,
}

/// One sealed delivery, kept for pick-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    /// The compact JWE.
    pub sealed: String,
    /// The tlog-proof text.
    pub receipt: String,
}

/// A receipt that a source is still to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingReceipt {
    /// Its number among those that wait.
    pub number: i64,
    /// The disclosure's id.
    pub disclosure: String,
    /// The source.
    pub source: Oin,
    /// The ids of its items that were delivered, in order.
    pub items: Vec<String>,
    /// The tlog-proof text.
    pub receipt: String,
}

/// One entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index in the log.
    pub index: u64,
    /// Its row.
    pub row: EntryRow,
}

/// What the tree commits to of one entry, and what is sealed under it: enough to verify the log without reading any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Its index in the log.
    pub index: u64,
    /// The leaf.
    pub leaf: Leaf,
    /// The sealed body; none when it was erased.
    pub body: Option<Vec<u8>>,
}

/// Numbers the leaves of one batch behind the head and signs the new head: the pure part of a commit, called inside its transaction.
pub trait Scribe: Send + Sync {
    /// The right-edge tiles that must be read before leaves can be put behind `head`; empty when they are known.
    fn missing_tiles(&self, head: &Head) -> Vec<TileId>;

    /// Puts `leaves` behind `head`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the tiles do not belong to the head, [`StoreError::Unavailable`] when the checkpoint cannot be signed.
    fn sequence(&self, head: &Head, tiles: Vec<Tile>, leaves: &[Leaf]) -> Result<Sequenced, StoreError>;

    /// The batch was committed: what was computed for it may be relied upon for the next one.
    fn committed(&self, sequenced: &Sequenced);
}

/// What [`Scribe::sequence`] gives: all that a commit writes beside the entries.
#[derive(Clone, Debug)]
pub struct Sequenced {
    /// The new size.
    pub size: u64,
    /// The new root.
    pub root: NodeHash,
    /// The new signed checkpoint.
    pub checkpoint: Arc<SignedCheckpoint>,
    /// The tiles that changed.
    pub tiles: Vec<Tile>,
    /// For each leaf its inclusion proof in the new tree, leaf's sibling first.
    pub paths: Vec<Vec<NodeHash>>,
}

/// A store. Whatever it acknowledges is durable: synced to disk, and on as many standbys as configured.
#[async_trait]
pub trait Store: Cosigned + Embargoes + Retention + Scan + Sessions {
    /// The head as last committed.
    async fn head(&self) -> Result<Head, StoreError>;

    /// The head as last committed, once it is as durable as what is acknowledged: only such a head is shown, cosigned or remembered, for one that is lost
    /// again would tell against the log for ever.
    async fn safe_head(&self) -> Result<Head, StoreError>;

    /// Whether a commit blocks its thread: then each runs where threads may be blocked, and otherwise all run on one thread with a runtime of its own.
    fn is_blocking(&self) -> bool {
        false
    }

    /// Commits a batch in one transaction that takes the head's lock before anything else. Each append is all or nothing and is judged
    /// in order: a later one sees what an earlier one of the same batch changed. A [`Conflict`] concerns one append only.
    ///
    /// # Errors
    /// For the whole batch: [`StoreError::UnknownOutcome`] when the COMMIT may or may not have happened; release nothing then.
    async fn commit(
        &self,
        batch: &[Append],
        scribe: &dyn Scribe,
        now: Timestamp,
    ) -> Result<Vec<Result<Committed, Conflict>>, StoreError>;

    /// Whether it takes writes now: it is there, not read-only, and nobody keeps it locked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says which.
    async fn takes_writes(&self) -> Result<(), StoreError>;

    /// Returns when somebody may have moved the facts since the last call, or after a while: who holds what was read then looks at the head. For one caller.
    async fn moved(&self);

    /// Closes what nobody uses, so that whoever opens the store next finds it whole in its file. What was committed is durable without that.
    async fn close(&self);

    /// The tile at `level` and `index`: 32 bytes per hash, up to 256 hashes.
    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Entries from `from` on, at most `limit`.
    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError>;

    /// At most `limit` leaves from index `from` on: what of the entries is public.
    async fn public_leaves(&self, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError>;

    /// At most `limit` leaves from index `from` on, with their sealed bodies.
    async fn leaves(&self, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError>;

    /// The entries of one trace, oldest first.
    async fn entries_of(&self, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError>;

    /// The entries with these indexes, lowest first; those that there are not are left out.
    async fn entries_at(&self, indexes: &BTreeSet<u64>) -> Result<Vec<StoredEntry>, StoreError>;

    /// The texts of a version of the policies that was in force, as its archive holds them.
    async fn policy_texts(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The whole registry.
    async fn registered(&self) -> Result<Registered, StoreError>;

    /// What is recorded about one person.
    async fn person_facts(&self, subject: SubjectIndex) -> Result<PersonFacts, StoreError>;

    /// The person whom the override with this id is about; `None` when there is no such override.
    async fn subject_of_override(&self, id: &str) -> Result<Option<SubjectIndex>, StoreError>;

    /// All that is recorded about the person to whom a row of `consent`, `override_record` or `person_register` belongs, named as in an alarm, whether it
    /// can be read or not; `None` when there is no such row.
    async fn unreadable(&self, table: &str, row: &str) -> Result<Option<lost::Unreadable>, StoreError>;

    /// The current version of a case, with the facts' revision of the same moment; `None` when there is no such case.
    async fn case(&self, id: &CaseId) -> Result<Option<(Revision, Case)>, StoreError>;

    /// The current version of every case, by id: oldest first.
    async fn cases(&self) -> Result<Vec<Case>, StoreError>;

    /// The offer with this id, if it still names the person to its recipient at `now`.
    async fn offer(&self, id: &str, now: Timestamp) -> Result<Option<OfferRow>, StoreError>;

    /// Id and term of an offer like this one (same source, recipient, purpose, kind and person) that waits at `now`.
    async fn offer_like(&self, offer: &OfferRow, now: Timestamp) -> Result<Option<(String, Timestamp)>, StoreError>;

    /// What waits for `recipient` at `now`, newest first.
    async fn offers_waiting(&self, recipient: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError>;

    /// What `source` made and still names a person at `now`, collected or not, newest first.
    async fn offers_made(&self, source: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError>;

    /// A consent with every version.
    async fn consent(&self, id: &str) -> Result<Option<KeptConsent>, StoreError>;

    /// The newest versions of the consents that an organisation recorded, by id, of those behind `after` at most `limit`.
    async fn consents_of(&self, recorder: &Oin, after: &str, limit: u32) -> Result<Vec<ConsentRecord>, StoreError>;

    /// Consents in their newest version that still stand as given or requested though their term ended by `now`.
    async fn lapsed_consents(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptConsent>, StoreError>;

    /// The disclosures that rested on a consent, oldest first.
    async fn reliances(&self, consent: &str) -> Result<Vec<Reliance>, StoreError>;

    /// A task.
    async fn task(&self, id: &str) -> Result<Option<Task>, StoreError>;

    /// Tasks of `owner` (or of all) that are open and due by `due_by`, the most urgent first.
    async fn open_tasks(&self, owner: Option<&Oin>, due_by: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError>;

    /// At most `limit` each of the consents and overrides whose term ended by `consents_before`, the cases that were closed by then, and the tasks
    /// that were closed by `tasks_before`; of embargoes nothing ([`Embargoes::ended_embargoes`]).
    async fn past_term(&self, consents_before: Timestamp, tasks_before: Timestamp, limit: u32) -> Result<PastTerm, StoreError>;

    /// The claim under this organisation's Idempotency-Key, if it has not lapsed at `now`.
    async fn claim(&self, organisation: &Oin, key: &str, now: Timestamp) -> Result<Option<Claim>, StoreError>;

    /// A disclosure that can still be picked up at `now`.
    async fn disclosure(&self, id: &str, now: Timestamp) -> Result<Option<StoredDisclosure>, StoreError>;

    /// The sealed key of a pseudonym scope, if there is one. It is kept in memory: like the pseudonyms, it is told once it is as durable as what is acknowledged.
    async fn scope_key(&self, scope: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The pseudonyms of `scope` under these blind indexes, in their order, once they are as durable as what is acknowledged: one that is lost again would be kept
    /// in memory, and the person be given another elsewhere.
    async fn pseudonyms(&self, scope: &str, indexes: &[[u8; 32]]) -> Result<Vec<Option<String>>, StoreError>;

    /// Scope, blind index and sealed identity behind a pseudonym.
    async fn identity(&self, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError>;

    /// Receipts that sources are still to get, oldest first, at most `limit` of each: one that takes none does not hold up the others.
    async fn contribution_receipts(&self, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError>;

    /// Removes what is past its term: nonces, claims, sealed deliveries, offers, sessions. Never log entries.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;
}

impl StoreError {
    /// Whether it is about something in this table.
    pub fn is_of(&self, name: &str) -> bool {
        matches!(self, Self::Corrupt { table, .. } if *table == name)
    }
}

/// Why a store did not do it. Never holds a value that was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is full, or refuses.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The COMMIT may or may not have happened.
    #[error("the outcome of a commit is unknown: {0}")]
    UnknownOutcome(String),
    /// Something stored is not what it must be.
    #[error("corrupt: table {table}, column {column}, row {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's number or public key.
        row: String,
    },
}
