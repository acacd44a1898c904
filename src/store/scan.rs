//! Walking over the log itself. What states something over the log (an overview, a report to a subject, an export) goes by the entries, which leaf, tree
//! and head vouch for, and not by what [`super::search`] derives from them: that one can be altered by whoever can write a file.

use std::ops::Range;

use async_trait::async_trait;

use super::search::{Filter, Order};
use super::{StoreError, StoredEntry};

/// Walks over entries.
#[async_trait]
pub trait Scan: Send + Sync {
    /// Of the entries with an index in `part` those that the party, the tokens and the period of `filter` take in: at most `limit`, by index in `order`. What
    /// else the filter asks is the caller's to look at.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn scan(&self, filter: &Filter, part: Range<u64>, order: Order, limit: u32) -> Result<Vec<StoredEntry>, StoreError>;
}
