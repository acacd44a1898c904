//! The log as its keeper can read it: every entry with its opened body.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluis::actions::Desk;
use sluis::clock::Timestamp;
use sluis::demo::setup::Layout;
use sluis::entropy::SystemEntropy;
use sluis::keystore::KeyStore;
use sluis::keystore::file::{FileKeyStore, root_key};
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome, Status};
use sluis::ledger::note::VerifierKey;
use sluis::ledger::tree::{NodeHash, RightEdge};
use sluis::ledger::{seal, wrap};
use sluis::organisation::Oin;
use sluis::store::{Append, EntryRow, Store, StoredEntry};

/// An entry with its body.
pub struct Opened {
    /// As stored.
    pub stored: StoredEntry,
    /// What was sealed.
    pub body: Body,
}

impl Opened {
    /// Its kind.
    pub fn kind(&self) -> EntryKind {
        self.stored.row.clear.kind
    }

    /// Whose side it is on.
    pub fn party(&self) -> &Oin {
        &self.stored.row.clear.party
    }
}

/// Every entry, oldest first.
pub async fn stored(store: &dyn Store) -> Vec<StoredEntry> {
    let mut all = Vec::new();
    loop {
        let from = u64::try_from(all.len()).expect("a count");
        let more = store.entries(from, 256).await.expect("entries");
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// Every entry opened with the keys of the gateway in `layout`, oldest first.
pub async fn opened(store: &dyn Store, layout: &Layout) -> Vec<Opened> {
    let entropy = SystemEntropy::default();
    let root = root_key(&layout.gateway().join("root.key")).expect("readable").expect("the root key");
    let keys = FileKeyStore::create(&layout.gateway().join("keys"), root, Arc::new(entropy)).expect("the key store");
    let open = |stored: StoredEntry| {
        let row = &stored.row;
        let wrapping = keys.existing_key(row.wrapping_key()).expect("the class's key");
        let erasable = row.erasable.as_ref().expect("not erased");
        let key = wrap::unwrap(&erasable.wrapped_key, &wrapping, row.leaf.bytes()).expect("the entry's key");
        let body = seal::open(&key, &row.leaf, row.beside(), &row.body).expect("the entry's body");
        let body = Body::decode(&body).expect("a body");
        Opened { stored, body }
    };
    self::stored(store).await.into_iter().map(open).collect()
}

/// The entries of one disclosure, oldest first.
pub fn of<'a>(log: &'a [Opened], disclosure: &str) -> Vec<&'a Opened> {
    log.iter().filter(|entry| entry.body.disclosure.as_deref() == Some(disclosure)).collect()
}

/// Whom the ask entries of one disclosure name.
pub fn asked(log: &[Opened], disclosure: &str) -> BTreeSet<Oin> {
    let asks = of(log, disclosure).into_iter().filter(|entry| entry.kind() == EntryKind::Ask);
    asks.flat_map(|entry| entry.body.asked.keys().cloned()).collect()
}

/// That the log holds together: indexes without gaps, each leaf commits to its ciphertext, the head's root is that of the leaves, and the
/// checkpoint says the same under the log's key.
pub async fn holds_together(store: &dyn Store, vkey: &str) {
    let head = store.head().await.expect("the head");
    let entries = stored(store).await;
    assert_eq!(u64::try_from(entries.len()).expect("a count"), head.size, "as many entries as the head says");
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(entry.index, u64::try_from(place).expect("a count"), "no gap");
        assert!(entry.row.leaf.holds(&entry.row.body), "leaf {place} commits to its ciphertext");
    }
    assert_eq!(root(&entries), head.root, "the head's root is that of the leaves");
    let verifier: VerifierKey = vkey.parse().expect("the log's key");
    let checkpoint = SignedCheckpoint::parse(&head.checkpoint).expect("a checkpoint");
    let checkpoint = checkpoint.verify(&verifier).expect("signed by the log");
    assert_eq!((checkpoint.size(), checkpoint.root()), (head.size, head.root), "the checkpoint is the head's");
}

/// The RFC 6962 root over the leaves.
pub fn root(entries: &[StoredEntry]) -> NodeHash {
    let mut edge = RightEdge::empty();
    let leaves: Vec<_> = entries.iter().map(|entry| entry.row.leaf.hash()).collect();
    edge.append(&leaves).expect("room");
    edge.root()
}

/// An entry of a kind at an instant, to be kept for five years.
pub fn row(
    desk: &Desk,
    (party, time): (&Oin, Timestamp),
    kind: EntryKind,
    change: impl FnOnce(&mut Clear),
    tell: impl FnOnce(&mut Body),
) -> EntryRow {
    let mut clear = Clear {
        kind,
        time,
        party: party.clone(),
        source: None,
        recipient: None,
        purpose: None,
        categories: BTreeSet::new(),
        outcome: Outcome::Refused,
        overridden: false,
        subject: None,
        actor: None,
        case: None,
        trace: desk.journal.trace().expect("randomness"),
    };
    change(&mut clear);
    let operation = Operation {
        trace_id: clear.trace,
        span_id: desk.journal.span().expect("randomness"),
        parent_span_id: None,
        name: "test".to_owned(),
        status: Status::Unset,
        started_at: time,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(kind, time, party.clone(), operation);
    tell(&mut body);
    desk.journal.write(clear, body, None, 5).expect("written").row
}

/// Appends so many entries of a kind on a party's side, done by `a-1`.
pub async fn fill(desk: &Desk, party: &Oin, kind: EntryKind, count: usize) {
    let actor = desk.journal.actor_token(party, "a-1");
    let by = |clear: &mut Clear| (clear.outcome, clear.actor) = (Outcome::Done, Some(actor));
    let entry = || row(desk, (party, desk.clock.now()), kind, by, |_| {});
    let mut left = count;
    while left > 0 {
        let step = left.min(250);
        let entries = std::iter::repeat_with(entry).take(step).collect();
        desk.sequencer.append(Append { entries, ..Append::default() }).await.expect("committed");
        left -= step;
    }
}
