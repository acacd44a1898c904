//! Several writers on one file: one order, no gap, no fork, one winner.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sluis::clock::{Clock, SystemClock, Timestamp};
use sluis::ledger::entry::EntryKind;
use sluis::store::scribe::TreeScribe;
use sluis::store::sequencer::{AppendError, Sequencer};
use sluis::store::{Append, Conflict, IdempotencyClaim, Store, StoreError};

use super::fixture::{Fixture, NOW, On, nonce, oin, on_both, scribe};
use crate::support::faulty_store::{Fault, FaultyStore};

on_both!(
    two_sequencers_on_one_file_keep_one_order,
    of_many_with_one_nonce_or_key_one_wins,
    what_is_acknowledged_is_there_for_everyone,
    the_head_is_that_of_the_leaves_after_random_batches,
    patience_has_an_end
);

struct Fixed(Timestamp);

#[async_trait]
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn sequencer(store: Arc<dyn Store>) -> Sequencer {
    Sequencer::start(store, Arc::new(scribe()), Arc::new(Fixed(NOW)))
}

/// Two nodes, each with its own scribe and its own idea of the tree, write at once.
///
/// Broken on purpose to see it fail: `TreeScribe::known` without the comparison with the head.
async fn two_sequencers_on_one_file_keep_one_order(on: On) {
    let fixture = Fixture::on(on).await;
    let nodes = [sequencer(fixture.node().await), sequencer(fixture.node().await)];
    let appends = (0..300_usize).map(|number| {
        let node = &nodes[number % 2];
        let entries = (0..=number % 3).map(|_| fixture.entry(&oin(1))).collect::<Vec<_>>();
        async move {
            let leaves: Vec<_> = entries.iter().map(|entry| entry.leaf).collect();
            let committed = node.append(Append { entries, ..Append::default() }).await.expect("committed");
            (committed, leaves)
        }
    });
    let done = futures_util::future::join_all(appends).await;
    let mut indexes = BTreeSet::new();
    for (committed, leaves) in &done {
        let checkpoint =
            committed.checkpoint.as_deref().expect("a checkpoint").verify(fixture.scribe.verifier()).expect("signed");
        for (place, leaf) in leaves.iter().enumerate() {
            let index = committed.first_index + u64::try_from(place).expect("a place");
            assert!(indexes.insert(index), "{index} was given once");
            let path = &committed.paths[place];
            sluis::ledger::tree::verify_inclusion(&leaf.hash(), index, checkpoint.size(), path, &checkpoint.root())
                .expect("proved");
        }
    }
    assert_eq!((indexes.len(), indexes.last()), (600, Some(&599)), "without a gap");
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `BEGIN` instead of `BEGIN IMMEDIATE`.
async fn of_many_with_one_nonce_or_key_one_wins(on: On) {
    let fixture = Fixture::on(on).await;
    let nodes = [sequencer(fixture.node().await), sequencer(fixture.node().await), sequencer(fixture.node().await)];
    let race = async |append: &(dyn Fn(usize) -> Append + Sync)| {
        let all = (0..60).map(|number| nodes[number % 3].append(append(number)));
        futures_util::future::join_all(all).await.into_iter().map(|outcome| outcome.map(drop)).collect::<Vec<_>>()
    };
    let outcomes = race(&|_| Append { nonce: Some(nonce(1, "contested")), ..fixture.append() }).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = Err(AppendError::Conflict(Conflict::NonceReplayed));
    assert!(outcomes.iter().all(|outcome| outcome.is_ok() || *outcome == lost), "{outcomes:?}");

    let claim = |number: usize| IdempotencyClaim {
        organisation: oin(1),
        key: "a-contested-key-1".to_owned(),
        body: [1; 32],
        disclosure: format!("d{number}"),
        stale_before: NOW.minus(Duration::from_secs(30)),
        replaces: None,
    };
    let outcomes = race(&|number| Append { idempotency: Some(claim(number)), ..fixture.append() }).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = Err(AppendError::Conflict(Conflict::IdempotencyTaken));
    assert!(outcomes.iter().all(|outcome| outcome.is_ok() || *outcome == lost), "{outcomes:?}");
    assert_eq!(fixture.store.head().await.expect("the head").size, 2, "losers leave no entry");
    fixture.holds_together().await;
}

/// What was acknowledged is there for every reader, and after opening the file anew.
async fn what_is_acknowledged_is_there_for_everyone(on: On) {
    let fixture = Fixture::on(on).await;
    let (one, other) = (sequencer(fixture.node().await), fixture.node().await);
    for size in 1..=20 {
        one.append(fixture.append()).await.expect("committed");
        assert_eq!(other.head().await.expect("the head").size, size);
    }
    let again = fixture.again().await.expect("opened, and migrated a second time");
    assert_eq!(again.head().await, other.head().await);
    scribe().check(&again.head().await.expect("the head")).expect("a head of this log");
    let stranger = {
        use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
        let name = "sluis.example/test".parse().expect("a name");
        let key = SigningKey::from_seed(name, KeyKind::Note, &sluis::secret::Secret::new([6; 32])).expect("a key");
        TreeScribe::new(NoteSigner::new(key).expect("a signer"))
    };
    let refused = stranger.check(&again.head().await.expect("the head"));
    let told = matches!(&refused, Err(StoreError::Unavailable(told)) if told.contains("carries no signature of [log] key"));
    assert!(told, "another key's log is not continued: {refused:?}");
}

/// After random batches, tree, tiles and head are those of the leaves: a node that knows nothing but the tiles goes on where another stopped.
async fn the_head_is_that_of_the_leaves_after_random_batches(on: On) {
    let fixture = Fixture::on(on).await;
    // A fixed sequence (SplitMix64): the same sizes on every run, up to and past the width of a tile.
    let mut state = 42_u64;
    let mut random = |below: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    };
    let entry = fixture.entry(&oin(1));
    for round in 0..40 {
        let batch: Vec<_> = (0..=random(30))
            .map(|_| {
                let entries = vec![entry.clone(); usize::try_from(random(4)).expect("small")];
                let used = (random(4) == 0).then(|| nonce(1, &format!("{}", random(20))));
                Append { nonce: used, entries, ..Append::default() }
            })
            .collect();
        // A fresh scribe now and then: what the last one remembered is lost, as after a restart.
        let fresh = scribe();
        let scribe = if random(3) == 0 { &fresh } else { &*fixture.scribe };
        fixture.store.commit(&batch, scribe, NOW).await.expect("a commit");
        if round % 10 == 9 {
            fixture.holds_together().await;
        }
    }
    assert!(fixture.store.head().await.expect("the head").size > 512, "more than two tiles");
    let head = fixture.store.head().await.expect("the head");
    let leaves = crate::support::log::stored(&*fixture.store).await;
    for index in 0..=head.size / 256 {
        let width = u16::try_from((head.size - index * 256).min(256)).expect("a width");
        let hashes = fixture.store.tile(0, index).await.expect("read").expect("a tile");
        let first = usize::try_from(index * 256).expect("an index");
        let expected: Vec<u8> =
            leaves[first..first + usize::from(width)].iter().flat_map(|entry| *entry.row.leaf.hash().bytes()).collect();
        assert_eq!(hashes, expected, "tile {index} holds its leaves' hashes");
    }
    assert_eq!(fixture.store.tile(0, 1000).await, Ok(None));
}

/// Who waits too long is told that nobody knows; the others, and the store, go on. Time is measured by tokio only.
///
/// Broken on purpose to see it fail: no time-out in `Sequencer::append`.
async fn patience_has_an_end(on: On) {
    let fixture = Fixture::on(on).await;
    let faulty = FaultyStore::around(fixture.node().await);
    let sequencer = Sequencer::start(Arc::clone(&faulty) as _, Arc::new(scribe()), Arc::new(SystemClock));
    faulty.fails(EntryKind::Ask, Fault::Slow(Duration::from_millis(800)));
    let impatient = sequencer.clone().with_patience(Duration::from_millis(100)).append(fixture.append()).await;
    assert!(matches!(impatient, Err(AppendError::Store(StoreError::UnknownOutcome(_)))), "{:?}", impatient.map(drop));
    assert_eq!(sequencer.append(fixture.append()).await.expect("patient").first_index, 1, "the first is there after all");
    for (fault, there) in [(Fault::Refused, 2), (Fault::LostBefore, 2), (Fault::LostAfter, 3)] {
        faulty.fails(EntryKind::Ask, fault);
        assert!(sequencer.append(fixture.append()).await.is_err(), "{fault:?}");
        assert_eq!(fixture.store.head().await.expect("the head").size, there, "{fault:?}");
    }
    faulty.mends();
    let committed = sequencer.append(fixture.append()).await.expect("it goes on");
    assert_eq!(committed.first_index, 3, "behind what was committed unseen");
    fixture.holds_together().await;
}
