//! Whose turn it is in the outbox: which message may be tried now, what became of it, and when it or another comes next.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::delivery::{Deliveries, Delivery};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::exchange::pace::{Pace, Pauses};

/// A release is worth something for as long as its disclosure is open: the longest pause stays well below that.
const PACE: Pace = Pace { first: Duration::from_millis(500), most: Duration::from_secs(30) };

/// How often what the gateway does not know is tried at that pace: some minutes, in which every source has answered or was given up.
const SOON: u32 = 12;

/// How long each pause is at least after that: every attempt is a refusal in the gateway's log.
const RARELY: Duration = Duration::from_mins(15);

/// What became of a message.
#[derive(Debug)]
pub(super) enum Sent {
    /// The gateway has it.
    Taken,
    /// It may pass later; not before this time, if the gateway said so.
    Later {
        /// The gateway's words.
        reason: String,
        /// How long it is not to be tried.
        not_before: Duration,
    },
    /// The gateway knows nothing that it belongs to: not yet, or never.
    Unknown(String),
    /// Nobody who can be trusted answered. Either no message passes, or this one ends every connection that it is sent on: both pause.
    NoWay(String),
    /// It will never pass.
    Never(String),
}

/// The pauses of the messages, and of the way that they share.
pub(super) struct Turns {
    way: Pauses<()>,
    messages: Pauses<String>,
}

/// Where it is told what became of a message.
pub(super) struct Told<'a> {
    /// For the source's own screens.
    pub(super) deliveries: &'a Deliveries,
    /// The time, for what is shown.
    pub(super) clock: &'a dyn Clock,
    /// Randomness, for the pauses.
    pub(super) entropy: &'a dyn Entropy,
}

impl Turns {
    /// Nothing has been tried yet.
    pub(super) const fn new() -> Self {
        Self { way: Pauses::new(PACE), messages: Pauses::new(PACE) }
    }

    /// Forgets the messages that no longer wait: those that were taken, and those whose time has passed before.
    pub(super) fn retain(&mut self, waiting: &BTreeSet<String>, deliveries: &Deliveries) {
        self.messages.retain(|key| waiting.contains(key));
        deliveries.retain(|key| waiting.contains(key));
    }

    /// Puts who was tried least first: a message that ends every connection then holds up no other.
    pub(super) fn order<T>(messages: &mut [(String, T)], deliveries: &Deliveries) {
        messages.sort_by_cached_key(|(key, _)| deliveries.attempts(key));
    }

    /// Whether a message may be tried.
    pub(super) fn may(&self, key: &String, deliveries: &Deliveries, now: Instant) -> bool {
        let refused = matches!(deliveries.of(key), Delivery::Refused { .. });
        !refused && self.messages.may(key, now) && self.way.may(&(), now)
    }

    /// Settles an attempt; whether the gateway has taken the message.
    pub(super) fn settle(&mut self, target: &str, key: &str, sent: Sent, now: Instant, told: &Told<'_>) -> bool {
        if !matches!(sent, Sent::NoWay(_)) {
            self.way.done(&());
        }
        let (reason, not_before, way) = match sent {
            Sent::Taken => {
                self.messages.done(&key.to_owned());
                told.deliveries.done(key);
                return true;
            }
            Sent::Never(reason) => {
                self.messages.done(&key.to_owned());
                tracing::error!(
                    target,
                    id = key,
                    reason,
                    "the gateway has refused this for good; it is not sent again until the connector is restarted"
                );
                told.deliveries.note(key, Delivery::Refused { at: told.clock.now(), reason });
                return false;
            }
            Sent::Later { reason, not_before } => (reason, not_before, None),
            Sent::Unknown(reason) => {
                let rarely = told.deliveries.attempts(key) >= SOON;
                (reason, if rarely { RARELY } else { Duration::ZERO }, None)
            }
            Sent::NoWay(reason) => (reason, Duration::ZERO, Some(self.way.failed((), now, Duration::ZERO, told.entropy))),
        };
        let own = self.messages.failed(key.to_owned(), now, not_before, told.entropy);
        let until = way.map_or(own.until, |way| way.until.max(own.until));
        let again_at = told.clock.now().plus(until.saturating_duration_since(now));
        tracing::warn!(target, id = key, reason, attempts = own.failures, %again_at, "the gateway has not taken this yet; it is tried again");
        told.deliveries.note(key, Delivery::Delayed { attempts: own.failures, reason, again_at });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::entropy::SystemEntropy;

    /// Plays rounds of the outbox over `messages` for ten minutes; who passed, in order, and how often a message was tried.
    fn played(messages: &[&str], answer: impl Fn(&str) -> Sent) -> (Vec<String>, Vec<String>) {
        let (deliveries, mut turns, start) = (Deliveries::default(), Turns::new(), Instant::now());
        let entropy = SystemEntropy::default();
        let told = Told { deliveries: &deliveries, clock: &SystemClock, entropy: &entropy };
        let (mut passed, mut tried): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for round in 0..2_000 {
            let now = start + Duration::from_millis(300) * round;
            let mut waiting: Vec<(String, ())> = messages.iter().map(|&key| (key.to_owned(), ())).collect();
            waiting.retain(|(key, ())| !passed.contains(key));
            Turns::order(&mut waiting, &deliveries);
            for (key, ()) in waiting {
                if turns.may(&key, &deliveries, now) {
                    tried.push(key.clone());
                    if turns.settle("/v1/releases", &key, answer(&key), now, &told) {
                        passed.push(key);
                    }
                }
            }
        }
        (passed, tried)
    }

    #[test]
    fn a_message_that_ends_every_connection_blocks_no_other() {
        let poisoned = |key: &str| if key.starts_with("poison") { Sent::NoWay("reset".to_owned()) } else { Sent::Taken };
        let (passed, tried) = played(&["poison 1", "poison 2", "a", "b"], poisoned);
        assert_eq!(passed, ["a", "b"]);
        let attempts = tried.iter().take_while(|key| *key != "b").count();
        assert!(attempts <= 4, "the others come before it is tried again: {tried:?}");
        assert!(tried.len() < 100, "and its own pauses grow: {} attempts in ten minutes", tried.len());
    }

    #[test]
    fn when_nobody_answers_all_share_one_pace() {
        let (passed, tried) = played(&["a", "b", "c", "d"], |_| Sent::NoWay("no answer".to_owned()));
        assert!(passed.is_empty());
        assert!(tried.len() < 60, "{} attempts in ten minutes", tried.len());
        for key in ["a", "b", "c", "d"] {
            let attempts = tried.iter().filter(|tried| *tried == key).count();
            assert!(attempts.abs_diff(tried.len() / 4) <= 2, "each has its turn: {tried:?}");
        }
    }

    #[test]
    fn what_is_refused_for_good_is_tried_once() {
        let (passed, tried) = played(&["a", "b"], |key| if key == "a" { Sent::Never("no".to_owned()) } else { Sent::Taken });
        assert_eq!((passed, tried), (vec!["b".to_owned()], vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn what_the_gateway_does_not_know_is_tried_often_for_minutes_and_then_rarely() {
        let (passed, tried) = played(&["a"], |_| Sent::Unknown("404".to_owned()));
        assert_eq!((passed.len(), tried.len()), (0, 13), "in ten minutes");
    }

    #[test]
    fn what_no_longer_waits_is_forgotten() {
        let (deliveries, mut turns, now) = (Deliveries::default(), Turns::new(), Instant::now());
        let entropy = SystemEntropy::default();
        let told = Told { deliveries: &deliveries, clock: &SystemClock, entropy: &entropy };
        for (key, sent) in [("a", "late"), ("b", "never"), ("c", "late"), ("d", "never")] {
            let reason = sent.to_owned();
            let sent = if sent == "never" { Sent::Never(reason) } else { Sent::NoWay(reason) };
            assert!(!turns.settle("/v1/releases", key, sent, now, &told));
        }
        turns.retain(&["a".to_owned(), "b".to_owned()].into(), &deliveries);
        assert!(matches!(deliveries.of("a"), Delivery::Delayed { attempts: 1, .. }));
        assert!(matches!(deliveries.of("b"), Delivery::Refused { .. }), "what still waits keeps its refusal");
        assert_eq!((deliveries.of("c"), deliveries.of("d")), (Delivery::Underway, Delivery::Underway));
        assert!(!turns.messages.may(&"a".to_owned(), now) && turns.messages.may(&"c".to_owned(), now));
    }
}
