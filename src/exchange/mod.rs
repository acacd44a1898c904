//! The flow of a disclosure, one step per file.

pub mod authenticate;
pub mod nonces;
pub mod rates;
pub mod refusal;
pub mod registry;
pub mod request;
pub mod signed;
pub mod vault;

use std::sync::Arc;
use crate::clock::Clock;

/// x
pub struct Gateway { pub clock: Arc<dyn Clock>, pub registry: registry::LiveRegistry, pub nonces: nonces::Nonces, pub rates: rates::Rates }
