//! The log as its officer sees it: her organisation's side, the newest first, and each entry opened. Every page of it is an entry itself before it is shown.

mod entry;
mod words;

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use self::entry::{Entry, Fact, ItemRow};
use self::words::Words;
use super::form::queried;
use super::moment::Moment;
use super::page::{Page, Visit, answer};
use super::{Web, sign_in, trouble};
use crate::actions::ActionError;
use crate::actions::log::{Asked, LineView, Query};
use crate::actions::officer::Officer;

/// How many lines a page shows.
const LINES: u32 = 50;

/// Where the log begins.
pub(super) const PATH: &str = "/log";

/// Below this are the entries, by their index.
pub(super) const ENTRIES: &str = "/log/entries/";

#[derive(Template)]
#[template(path = "log.html", config = "src/web/askama.toml")]
struct Log<'a> {
    page: Page<'a>,
    lines: Vec<Row>,
    /// The size of the log that this looks at.
    as_of: String,
    /// Where the next page is.
    older: Option<String>,
    /// Whether this is not the first page.
    is_further: bool,
}

/// A line as it is shown.
struct Row {
    href: String,
    time: Moment,
    kind: String,
    source: String,
    recipient: String,
    purpose: String,
    categories: String,
    outcome: String,
    overridden: bool,
}

#[derive(Template)]
#[template(path = "entry.html", config = "src/web/askama.toml")]
struct Opened<'a> {
    page: Page<'a>,
    title: String,
    time: Moment,
    facts: Vec<Fact>,
    items: Vec<ItemRow>,
    erased: bool,
    embargoed: bool,
}

/// A page of the log, the newest entries first; `query` is what stands behind `?`: nothing, or the place behind which it goes on, which tells of no person.
pub(super) async fn page(web: &Web, visit: &Visit, query: Option<&str>) -> Response {
    let officer = match officer(visit) {
        Ok(officer) => officer,
        Err(nobody) => return nobody.page(web, visit),
    };
    let cursor = queried(query, "behind");
    let is_further = cursor.is_some();
    let shown = async {
        let words = Words::of(web, visit.language).await?;
        let asked = Query { filter: Asked::default(), limit: LINES, cursor };
        Ok::<_, ActionError>((words, web.desk.query_log(&officer, &asked).await?))
    };
    match shown.await {
        Ok((words, found)) => {
            let lines = found.lines.iter().map(|line| row(&words, visit, line)).collect();
            let older = found.cursor.map(|cursor| format!("{PATH}?behind={cursor}"));
            let as_of = found.as_of.to_string();
            answer(StatusCode::OK, &Log { page: Page::new(web, visit), lines, as_of, older, is_further })
        }
        Err(error) => failed(web, visit, &error),
    }
}

/// One entry, opened. Another organisation's is like one that does not exist.
pub(super) async fn open(web: &Web, visit: &Visit, index: &str) -> Response {
    let officer = match officer(visit) {
        Ok(officer) => officer,
        Err(nobody) => return nobody.page(web, visit),
    };
    // As it stands in our own links: one entry has one address.
    let Some(number) = index.parse::<u64>().ok().filter(|number| number.to_string() == index) else {
        return trouble::page(web, visit, StatusCode::NOT_FOUND);
    };
    let shown = async {
        let words = Words::of(web, visit.language).await?;
        let opened = web.desk.open_log(&officer, &BTreeSet::from([number])).await?;
        Ok::<_, ActionError>((words, opened.lines.into_iter().next()))
    };
    match shown.await {
        Ok((words, Some(line))) => {
            let Entry { facts, items } = Entry::of(&words, &line);
            let title = words.kind(line.kind);
            let time = Moment::of(line.time, visit.language);
            let (erased, embargoed) = (line.erased, line.embargoed);
            answer(StatusCode::OK, &Opened { page: Page::new(web, visit), title, time, facts, items, erased, embargoed })
        }
        Ok((_, None)) => trouble::page(web, visit, StatusCode::NOT_FOUND),
        Err(error) => failed(web, visit, &error),
    }
}

/// Why somebody is shown nothing.
enum NoOfficer {
    /// Nobody is signed in.
    Nobody,
    /// To who is no officer these pages do not exist.
    Other,
}

impl NoOfficer {
    fn page(&self, web: &Web, visit: &Visit) -> Response {
        match self {
            Self::Nobody => sign_in::page(web, visit, StatusCode::FORBIDDEN, None),
            Self::Other => trouble::page(web, visit, StatusCode::NOT_FOUND),
        }
    }
}

/// The officer who looks.
fn officer(visit: &Visit) -> Result<Officer, NoOfficer> {
    let signed_in = visit.signed_in.as_ref().ok_or(NoOfficer::Nobody)?;
    Officer::signed_in(&signed_in.visiting).ok_or(NoOfficer::Other)
}

fn row(words: &Words<'_>, visit: &Visit, line: &LineView) -> Row {
    let named = |oin: &Option<_>| oin.as_ref().map_or_else(String::new, |oin| words.organisation(oin));
    Row {
        href: format!("{ENTRIES}{}", line.index),
        time: Moment::of(line.time, visit.language),
        kind: words.kind(line.kind),
        source: named(&line.source),
        recipient: named(&line.recipient),
        purpose: line.purpose.as_ref().map_or_else(String::new, |purpose| words.purpose(purpose)),
        categories: words.categories(&line.categories),
        outcome: words.outcome(line.outcome),
        overridden: line.overridden,
    }
}

fn failed(web: &Web, visit: &Visit, error: &ActionError) -> Response {
    match error {
        // A place that is not of this log, or of another officer's.
        ActionError::Member { .. } => trouble::page(web, visit, StatusCode::NOT_FOUND),
        error => {
            tracing::warn!(%error, "the log cannot be shown");
            trouble::failed(web, visit, error)
        }
    }
}
