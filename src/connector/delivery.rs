//! How far what a professional decided is on its way to the gateway, for the source's own screens.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::source::overrides::OverrideStanding;

/// How far a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Delivery {
    /// On its way; not tried yet since the connector was started.
    Underway,
    /// Tried in vain; it is tried again.
    Delayed {
        /// How often it was tried.
        attempts: u32,
        /// What was in the way the last time.
        reason: String,
        /// When it is tried again.
        again_at: Timestamp,
    },
    /// The gateway has taken it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// The gateway has refused it for good. It is not sent again before the connector is started again.
    Refused {
        /// When.
        at: Timestamp,
        /// The gateway's words.
        reason: String,
    },
    /// Its time has passed before the gateway took it.
    TooLate,
}

impl std::fmt::Display for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Underway => write!(f, "on its way to the gateway"),
            Self::Delayed { attempts, reason, again_at } => {
                write!(f, "not taken by the gateway yet, {attempts} attempt(s): {reason}; tried again at {again_at}")
            }
            Self::Delivered { at } => write!(f, "taken by the gateway at {at}"),
            Self::Refused { at, reason } => write!(f, "NOT DELIVERED: refused by the gateway for good at {at}: {reason}"),
            Self::TooLate => write!(f, "NOT DELIVERED: its time has passed before the gateway took it"),
        }
    }
}

/// By which an override's standing is known here: its end must not wait for what became of its beginning.
pub fn override_key(id: &str, standing: OverrideStanding) -> String {
    match standing {
        OverrideStanding::Active => format!("{id} active"),
        OverrideStanding::Revoked => format!("{id} revoked"),
    }
}

/// What is delayed or refused, by entry or override. Kept in memory: after a restart everything that waits is tried once more, which is also
/// the operator's way to send again what was refused once its cause is gone.
#[derive(Debug, Default)]
pub struct Deliveries(Mutex<BTreeMap<String, Delivery>>);

impl Deliveries {
    /// How far a message that the gateway has not acknowledged is.
    pub fn of(&self, id: &str) -> Delivery {
        self.inside().get(id).cloned().unwrap_or(Delivery::Underway)
    }

    /// How often a message was tried in vain.
    pub fn attempts(&self, id: &str) -> u32 {
        match self.inside().get(id) {
            Some(Delivery::Delayed { attempts, .. }) => *attempts,
            _ => 0,
        }
    }

    /// Notes what became of an attempt.
    pub fn note(&self, id: &str, delivery: Delivery) {
        self.inside().insert(id.to_owned(), delivery);
    }

    /// It was taken.
    pub fn done(&self, id: &str) {
        self.inside().remove(id);
    }

    /// Forgets the messages that no longer wait, taken or not.
    pub fn retain(&self, still: impl Fn(&str) -> bool) {
        self.inside().retain(|id, _| still(id));
    }

    fn inside(&self) -> MutexGuard<'_, BTreeMap<String, Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
