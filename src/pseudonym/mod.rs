//! Names that do not join up: random pseudonyms, one per domain, found again by a blind index, their identities sealed. No SQL.

mod code;
mod domain;
mod vault;

pub use code::{InvalidPseudonym, Pseudonym};
pub use domain::{Domain, Scope};
pub use vault::{ScopeKey, VaultError};

#[cfg(test)]
mod tests;
