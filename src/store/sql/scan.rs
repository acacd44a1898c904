//! Walking over entries, in the order of their table.

use std::ops::Range;

use async_trait::async_trait;

use super::statement::query;
use super::{Backend, SqlStore, integer, log};
use crate::clock::Timestamp;
use crate::ledger::token::SearchToken;
use crate::store::scan::Scan;
use crate::store::search::{Filter, Order};
use crate::store::{StoreError, StoredEntry};

#[async_trait]
impl<D: Backend> Scan for SqlStore<D> {
    async fn scan(&self, filter: &Filter, part: Range<u64>, order: Order, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let select = query(match order {
            Order::OldestFirst => log::LOWEST_FIRST,
            Order::NewestFirst => log::HIGHEST_FIRST,
        });
        let token = |token: &Option<SearchToken>| token.map(|token| token.bytes().to_vec());
        let select = select.bind(integer(part.start)).bind(integer(part.end)).bind(filter.party.as_str());
        let select = select.bind(token(&filter.subject)).bind(token(&filter.actor)).bind(token(&filter.case));
        // The period is of whole seconds: cutting the instants of entries to seconds moves none into it or out of it.
        let select =
            select.bind(filter.from.map_or(i64::MIN, Timestamp::millis)).bind(filter.until.map_or(i64::MAX, Timestamp::millis));
        select.bind(limit).all(&mut self.backend.reader().await?).await?.iter().map(log::entry).collect()
    }
}
