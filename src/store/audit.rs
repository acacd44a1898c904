//! A log as it is stored, for who verifies it: read only, without any key, as of one moment, and as it is, not as it should be. Both databases give it, each in
//! its own way; what is made of the columns stands here.

mod columns;
mod exchanged;

use std::collections::BTreeSet;

pub(in crate::store) use columns::{Columns, Sources, Value};
pub use exchanged::ExchangeLine;

use super::StoreError;
use crate::ledger::audit::{StoredHead, StoredLine};
use crate::ledger::entry::Erases;

/// A log that was opened for verifying: what is appended meanwhile is not seen.
pub trait StoredLog: Send {
    /// The head as it is stored: size, root and the signed checkpoint, which is empty for an empty log.
    fn head(&mut self) -> impl Future<Output = Result<StoredHead, StoreError>> + Send;

    /// At most `limit` of the kept checkpoints with their witnesses' lines, each with the size under which it is kept, the largest of those below `below`
    /// first; nothing in them is verified. A store from before witnesses has none.
    fn cosigned(&mut self, below: i64, limit: u32) -> impl Future<Output = Result<Vec<(i64, String)>, StoreError>> + Send;

    /// What the entries say was erased of the log. Nothing of it is verified: that their columns are what their leaves say shows when all are read.
    fn erasures(&mut self) -> impl Future<Output = Result<BTreeSet<Erases>, StoreError>> + Send;

    /// The stored leaf at this index, whatever stands there.
    fn leaf(&mut self, index: u64) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// The stored tile at this place.
    fn tile(&mut self, level: u8, index: u64) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// At most `limit` entries from index `first` on, and beyond that any that stand under the last one's index too.
    fn lines(&mut self, first: i64, limit: u32) -> impl Future<Output = Result<Vec<StoredLine>, StoreError>> + Send;

    /// What the columns say of the entry at this index.
    fn exchange(&mut self, index: u64) -> impl Future<Output = Result<Option<ExchangeLine>, StoreError>> + Send;

    /// At most `limit` entries behind index `after` that tell of something given: disclosures, contributions, redeliveries, and what was not delivered.
    fn exchanges(&mut self, after: Option<u64>, limit: u32)
    -> impl Future<Output = Result<Vec<ExchangeLine>, StoreError>> + Send;

    /// At most `limit` receipts that the store keeps in `place`, behind the one that stands at `after`.
    fn receipts(
        &mut self,
        place: Keeping,
        after: Option<&KeptAt>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<KeptReceipt>, StoreError>> + Send;

    /// Level and index of the first stored tile that no log of `size` has.
    fn stray_tile(&mut self, size: u64) -> impl Future<Output = Result<Option<(i64, i64)>, StoreError>> + Send;

    /// How many sources that were asked are written, beside whatever entry.
    fn sources(&mut self) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The first index under which a source that was asked is written, and none could be; and whether there is such an entry.
    fn stray_source(&mut self) -> impl Future<Output = Result<Option<(i64, bool)>, StoreError>> + Send;
}

/// Where a store keeps receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// With the deliveries, for their recipients.
    Deliveries,
    /// Until the sources have taken them.
    Contributions,
}

impl Keeping {
    /// Both places.
    pub const ALL: [Self; 2] = [Self::Deliveries, Self::Contributions];

    /// The table.
    pub(in crate::store) const fn table(self) -> &'static str {
        match self {
            Self::Deliveries => "delivery",
            Self::Contributions => "contribution_receipt",
        }
    }
}

/// A receipt that a store keeps.
#[derive(Clone, Debug)]
pub struct KeptReceipt {
    /// Where it stands among those of its place.
    pub at: KeptAt,
    /// Of which disclosure at which entry, or of which disclosure for which source.
    pub about: String,
    /// At which entry it must be, where the store says so.
    pub index: Option<i64>,
    /// Its text.
    pub receipt: String,
}

/// Where a receipt stands among those of its place; what it is made of is the database's own.
#[derive(Clone, Debug)]
pub struct KeptAt(pub(in crate::store) String, pub(in crate::store) i64);

/// What these texts erase. What is no erasure erases nothing.
pub(in crate::store) fn erasures<'t>(texts: impl IntoIterator<Item = &'t str>) -> BTreeSet<Erases> {
    texts.into_iter().filter_map(|text| text.parse().ok()).collect()
}
