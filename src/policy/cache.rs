//! Decisions remembered by all their facts, each for as long as none of its facts changes. One bundle, one cache.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{PoisonError, RwLock};

use super::decision::Decision;
use super::question::Question;
use crate::clock::Timestamp;

const SHARDS: usize = 16;
const MOST_PER_SHARD: usize = 2048;

struct Remembered {
    question: Question,
    from: Timestamp,
    until: Timestamp,
    decision: Decision,
}

/// One for each hash: of two questions that had one in common, the later would be remembered.
type Shard = HashMap<u64, Remembered>;

/// The cache. Two questions share a decision only when every fact is equal and both moments lie between the same changes.
pub struct DecisionCache {
    hasher: RandomState,
    shards: [RwLock<Shard>; SHARDS],
}

impl Default for DecisionCache {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl DecisionCache {
    /// The remembered decision, or the one that `decide` makes now.
    pub fn get_or(&self, question: &Question, decide: impl FnOnce() -> Decision) -> Decision {
        let key = self.hasher.hash_one(Facts(question));
        let index = usize::try_from(key % 16).unwrap_or(0);
        let Some(shard) = self.shards.get(index) else { return decide() };
        if let Some(decision) = find(&shard.read().unwrap_or_else(PoisonError::into_inner), key, question) {
            return decision;
        }
        let decision = decide();
        let (from, until) = window(question);
        let remembered = Remembered { question: question.clone(), from, until, decision: decision.clone() };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST_PER_SHARD {
            shard.clear();
        }
        shard.insert(key, remembered);
        decision
    }
}

fn find(shard: &Shard, key: u64, question: &Question) -> Option<Decision> {
    let known = shard.get(&key)?;
    let holds = known.from <= question.now && question.now < known.until && same_facts(&known.question, question);
    holds.then(|| known.decision.clone())
}

/// From the last moment at which a fact changed to the first at which one will. The only facts that change by themselves are the
/// terms of consent and override; a policy that looked at the clock in another way would have to be named here.
fn window(question: &Question) -> (Timestamp, Timestamp) {
    let consent = question.consent.iter().flat_map(|consent| [consent.valid_from, consent.not_after]);
    let derogation = question.derogation.iter().flat_map(|derogation| [derogation.valid_from, derogation.not_after]);
    let (mut from, mut until) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    for change in consent.chain(derogation) {
        if change <= question.now {
            from = from.max(change);
        } else {
            until = until.min(change);
        }
    }
    (from, until)
}

/// Everything of a question but its moment.
struct Facts<'q>(&'q Question);

impl Hash for Facts<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Question { purpose, recipient, asker, source, category, finest, now: _, consent, derogation, case, facts } = self.0;
        (purpose, recipient, asker, source, category, finest).hash(state);
        (consent, derogation, case, facts).hash(state);
    }
}

fn same_facts(one: &Question, other: &Question) -> bool {
    let Question { purpose, recipient, asker, source, category, finest, now: _, consent, derogation, case, facts } = one;
    (category, finest, facts) == (&other.category, &other.finest, &other.facts)
        && (purpose, recipient, asker, source) == (&other.purpose, &other.recipient, &other.asker, &other.source)
        && (consent, derogation, case) == (&other.consent, &other.derogation, &other.case)
}
