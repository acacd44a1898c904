//! Finding. Which index is used is said, not left to the planner: the one that leaves the fewest lines.
//!
//! Measured over 1,000,000 entries, 700,000 of them of the party that asks, on two busy cores: every filter by itself, and subject or actor or category with a
//! period, and purpose with outcome, give their page of 50 in at most 0.2 ms, the first time too, also where the value is rare, common or never there. Pairs
//! that no index has together pass over what does not fit: a rare outcome of a common kind or actor takes 45 ms, a category with a kind that it never has
//! 110 ms. Filling takes 40 s and the indexes 30 s (with the indexes there from the start: 150 s), the check at opening 15 to 40 s; the file has 330 MiB.

use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::super::{integer, unavailable, unsigned};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::ledger::token::SearchToken;
use crate::store::StoreError;
use crate::store::search::{Filter, Order, Page, Place};

/// The places of the lines of a page.
pub(super) async fn find(connection: &mut SqliteConnection, filter: &Filter, page: Page) -> Result<Vec<Place>, StoreError> {
    let mut query = query(filter, page);
    let rows = query.build().fetch_all(connection).await.map_err(unavailable)?;
    let place = |row: &sqlx::sqlite::SqliteRow| {
        let index = unsigned(row.try_get(0).map_err(unavailable)?, "line", "idx")?;
        Ok(Place { index, time: Timestamp::from_millis(row.try_get(1).map_err(unavailable)?) })
    };
    rows.iter().map(place).collect()
}

fn query(filter: &Filter, page: Page) -> QueryBuilder<Sqlite> {
    let lines = lines_of(filter);
    let mut query = QueryBuilder::new("SELECT line.idx, line.time FROM ");
    match &lines {
        Lines::By(index) => query.push("line INDEXED BY ").push(index.as_str()).push(" WHERE line.party = "),
        Lines::Of => query.push("other CROSS JOIN line ON line.idx = other.idx WHERE other.party = "),
    };
    word(&mut query, filter.party.as_str());
    if let Some(organisation) = &filter.organisation {
        other(&mut query, organisation.as_str(), matches!(lines, Lines::Of));
    }
    conditions(&mut query, filter);
    part(&mut query, filter, page, lines.table());
    query
}

/// Where lines are read from.
enum Lines {
    /// This index of their table.
    By(String),
    /// Those of one organisation.
    Of,
}

impl Lines {
    /// The table whose order they have.
    const fn table(&self) -> &'static str {
        match self {
            Self::By(_) => "line",
            Self::Of => "other",
        }
    }
}

fn lines_of(filter: &Filter) -> Lines {
    let Filter { subject, case, actor, organisation, overridden, purpose, outcome, category, kind, .. } = filter;
    let choices = [
        (subject.is_some(), "subject"),
        (case.is_some(), "matter"),
        (actor.is_some(), "actor"),
        (*overridden == Some(true), "overridden"),
        (purpose.is_some() && outcome.is_some(), "purpose_outcome"),
    ];
    if let Some((_, few)) = choices.into_iter().find(|(is_asked, _)| *is_asked) {
        return Lines::By(format!("line_{few}"));
    }
    if organisation.is_some() {
        return Lines::Of;
    }
    if let Some(category) = category {
        return Lines::By(format!("line_category_{}", bit(*category)));
    }
    let choices = [(purpose.is_some(), "purpose"), (kind.is_some(), "kind"), (outcome.is_some(), "outcome"), (true, "time")];
    let many = choices.into_iter().find(|(is_asked, _)| *is_asked).map_or("time", |(_, many)| many);
    Lines::By(format!("line_{many}"))
}

/// The place of a category among C01 to C18.
fn bit(category: Category) -> usize {
    Category::ALL.iter().position(|one| *one == category).unwrap_or(Category::ALL.len())
}

fn conditions(query: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    let tokens = [("subject", filter.subject), ("matter", filter.case), ("actor", filter.actor)];
    for (column, token) in tokens {
        if let Some(token) = token {
            query.push(" AND line.").push(column).push(" = ").push_bind(bytes(token));
        }
    }
    let purpose = filter.purpose.as_ref().map(|purpose| purpose.as_str());
    let words =
        [("purpose", purpose), ("kind", filter.kind.map(|one| one.code())), ("outcome", filter.outcome.map(|one| one.code()))];
    for (column, text) in words {
        if let Some(text) = text {
            query.push(" AND line.").push(column).push(" = ");
            word(query, text);
        }
    }
    if let Some(category) = filter.category {
        // As in the condition of its index: a number, not a parameter.
        query.push(format!(" AND line.categories & {}", 1_u32 << bit(category)));
    }
    match filter.overridden {
        Some(true) => query.push(" AND line.overridden"),
        Some(false) => query.push(" AND NOT line.overridden"),
        None => query,
    };
}

fn bytes(token: SearchToken) -> Vec<u8> {
    token.bytes().to_vec()
}

/// The number of a text; of one that is in no entry, none.
fn word(query: &mut QueryBuilder<Sqlite>, text: &str) {
    query.push("(SELECT id FROM word WHERE text = ").push_bind(text.to_owned()).push(")");
}

/// That this organisation is on the other side.
fn other(query: &mut QueryBuilder<Sqlite>, organisation: &str, is_read_from: bool) {
    if is_read_from {
        query.push(" AND other.organisation = ");
        word(query, organisation);
        return;
    }
    query.push(
        " AND EXISTS (SELECT 1 FROM other WHERE other.party = line.party AND other.time = line.time AND other.idx = line.idx",
    );
    query.push(" AND other.organisation = ");
    word(query, organisation);
    query.push(")");
}

/// Period, page and order.
fn part(query: &mut QueryBuilder<Sqlite>, filter: &Filter, page: Page, table: &str) {
    query.push(format!(" AND {table}.idx < ")).push_bind(integer(page.as_of));
    if let Some(from) = filter.from {
        query.push(format!(" AND {table}.time >= ")).push_bind(from.millis());
    }
    if let Some(until) = filter.until {
        query.push(format!(" AND {table}.time < ")).push_bind(until.millis());
    }
    let (beyond, direction) = match page.order {
        Order::NewestFirst => ("<", "DESC"),
        Order::OldestFirst => (">", "ASC"),
    };
    if let Some(after) = page.after {
        query.push(format!(" AND {table}.time {beyond}= ")).push_bind(after.time.millis());
        query.push(format!(" AND ({table}.time <> ")).push_bind(after.time.millis());
        query.push(format!(" OR {table}.idx {beyond} ")).push_bind(integer(after.index)).push(")");
    }
    query.push(format!(" ORDER BY {table}.time {direction}, {table}.idx {direction} LIMIT ")).push_bind(page.limit);
}
