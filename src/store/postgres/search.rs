//! Search in PostgreSQL: over the entries themselves, by indexes of what their columns tell. Whether few or many entries have a label, and which index
//! therefore leaves the fewest, PostgreSQL knows by its statistics: each search is planned for its own values.

use async_trait::async_trait;

use super::super::sql::connection::postgres::{Link, Pool};
use super::super::sql::{Connection, Statement, build, integer, query, unsigned};
use crate::clock::Timestamp;
use crate::ledger::token::SearchToken;
use crate::store::StoreError;
use crate::store::search::{Filter, Order, Page, Place, Search};

/// Search in the store itself.
pub struct PostgresSearch {
    pub(super) readers: Pool,
}

impl PostgresSearch {
    async fn reader(&self) -> Result<Connection, StoreError> {
        Link::of(&self.readers).await.map(Connection::Postgres)
    }
}

#[async_trait]
impl Search for PostgresSearch {
    /// What was committed is there.
    async fn catch_up(&self) -> Result<u64, StoreError> {
        let row = query("SELECT size FROM head").one(&mut self.reader().await?).await?;
        unsigned(row.get(0)?, "head", "size")
    }

    async fn find(&self, filter: &Filter, page: Page) -> Result<Vec<Place>, StoreError> {
        // How many entries a filter finds decides how it is best done: planned for its own values.
        let begin = "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan";
        let mut reading = Link::within(&self.readers, begin).await.map(|(link, _)| Connection::Postgres(link))?;
        let rows = statement(filter, page).all(&mut reading).await;
        let rows = reading.ended(rows).await?;
        let place = |row: &super::super::sql::Row| {
            let index = unsigned(row.get(0)?, "entry", "idx")?;
            Ok(Place { index, time: Timestamp::from_millis(row.get(1)?) })
        };
        rows.iter().map(place).collect()
    }

    /// Its indexes are PostgreSQL's own.
    async fn discard(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// An entry's labels, as the index has them.
const LABELS: &str = "labels(kind, party, source, recipient, purpose, categories, outcome, overridden)";

fn statement(filter: &Filter, page: Page) -> Statement {
    let mut statement = build("SELECT idx, time - time % 1000 FROM entry WHERE party = ").value(filter.party.as_str());
    statement = statement.push(" AND idx < ").value(integer(page.as_of));
    let tokens =
        [(" AND subject_token = ", filter.subject), (" AND actor_token = ", filter.actor), (" AND case_token = ", filter.case)];
    for (condition, token) in tokens {
        if let Some(token) = token {
            statement = statement.push(condition).value(bytes(token));
        }
    }
    let labels = labels(filter);
    if !labels.is_empty() {
        statement = statement.push(" AND ").push(LABELS).push(" @> ").value(labels);
    }
    if filter.overridden == Some(false) {
        statement = statement.push(" AND NOT ").push(LABELS).push(" @> ARRAY['overridden']");
    }
    for (condition, instant) in [(" AND time - time % 1000 >= ", filter.from), (" AND time - time % 1000 < ", filter.until)] {
        if let Some(instant) = instant {
            statement = statement.push(condition).value(instant.millis());
        }
    }
    let (behind, order) = match page.order {
        Order::NewestFirst => (" AND (time - time % 1000, idx) < (", " ORDER BY time - time % 1000 DESC, idx DESC LIMIT "),
        Order::OldestFirst => (" AND (time - time % 1000, idx) > (", " ORDER BY time - time % 1000, idx LIMIT "),
    };
    if let Some(after) = page.after {
        let place = [after.time.millis().into(), integer(after.index).into()];
        statement = statement.push(behind).list(place).push(")");
    }
    statement.push(order).value(page.limit).planned_anew()
}

/// What labels an entry must have to be taken in.
fn labels(filter: &Filter) -> Vec<String> {
    let mut labels = Vec::new();
    labels.extend(filter.kind.map(|kind| format!("kind:{kind}")));
    labels.extend(filter.outcome.map(|outcome| format!("outcome:{}", outcome.code())));
    labels.extend(filter.purpose.as_ref().map(|purpose| format!("purpose:{purpose}")));
    labels.extend(filter.category.map(|category| format!("category:{category}")));
    labels.extend(filter.organisation.as_ref().map(|organisation| format!("other:{organisation}")));
    labels.extend(filter.overridden.filter(|overridden| *overridden).map(|_| "overridden".to_owned()));
    labels
}

fn bytes(token: SearchToken) -> Vec<u8> {
    token.bytes().to_vec()
}
