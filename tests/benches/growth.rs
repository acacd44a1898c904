//! How the cost of a disclosure grows: with the log, with connections, with sources.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::figures::{Store, rounded, shown};
use crate::measured::Measured;

/// Along what it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// Entries in the log, 64 connections.
    Entries,
    /// Connections that ask at the same time.
    Connections,
    /// Sources asked in one disclosure, 16 connections.
    Sources,
}

impl Along {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Entries, Self::Connections, Self::Sources];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries in the log",
            Self::Connections => "connections",
            Self::Sources => "sources asked",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Connections => "connections",
            Self::Sources => "sources",
        }
    }
}

/// The figures of a point, with their names in the table.
const COLUMNS: [(&str, &str); 6] = [
    (RATE, "per second"),
    (CPU, "CPU, µs"),
    ("p50_ms", "p50, ms"),
    ("p99_ms", "p99, ms"),
    ("verify_entries_per_s", "verified/s"),
    ("search_p95_ms", "search p95, ms"),
];

/// Disclosures per second.
pub(crate) const RATE: &str = "disclosures_per_s";

/// The gateway's processor time of a disclosure.
pub(crate) const CPU: &str = "cpu_us";

/// One measurement.
pub(crate) struct Point {
    /// On which store.
    pub(crate) store: Store,
    /// Along what.
    pub(crate) along: Along,
    /// How many entries, connections or sources.
    pub(crate) at: f64,
    figures: Map<String, Value>,
}

impl Point {
    /// What a load gave there.
    pub(crate) fn of(store: Store, along: Along, at: impl Counted, load: &Measured) -> Self {
        let figures = [(RATE, load.rate), (CPU, load.cpu), ("p50_ms", load.p50), ("p99_ms", load.p99)];
        let figures = figures.into_iter().map(|(key, value)| (key.to_owned(), rounded(value))).collect();
        Self { store, along, at: at.counted(), figures }
    }

    /// One figure more.
    pub(crate) fn with(mut self, key: &str, value: Option<f64>) -> Self {
        if let Some(value) = value {
            self.figures.insert(key.to_owned(), rounded(value));
        }
        self
    }

    /// One of its figures.
    pub(crate) fn value(&self, key: &str) -> Option<f64> {
        self.figures.get(key)?.as_f64()
    }
}

/// A number of things.
pub(crate) trait Counted {
    /// As a figure.
    fn counted(self) -> f64;
}

impl Counted for f64 {
    fn counted(self) -> f64 {
        self
    }
}

impl Counted for usize {
    fn counted(self) -> f64 {
        u32::try_from(self).map_or(f64::MAX, f64::from)
    }
}

/// For people.
pub(crate) fn table(points: &[Point]) -> String {
    let mut text = String::new();
    for along in Along::ALL {
        let of: Vec<_> = points.iter().filter(|point| point.along == along).collect();
        let columns: Vec<_> = COLUMNS.iter().filter(|(key, _)| of.iter().any(|point| point.value(key).is_some())).collect();
        if of.is_empty() {
            continue;
        }
        write!(text, "\n{:<24}{:<12}", format!("by {}", along.name()), "store").ok();
        for (_, name) in &columns {
            write!(text, "{name:>16}").ok();
        }
        for point in of {
            write!(text, "\n{:<24}{:<12}", point.at, point.store.name()).ok();
            for (key, _) in &columns {
                write!(text, "{:>16}", point.value(key).map_or_else(|| "-".to_owned(), shown)).ok();
            }
        }
        text.push('\n');
    }
    text
}

/// For programs.
pub(crate) fn json(points: &[Point]) -> Value {
    let one = |point: &Point| {
        let mut object =
            Map::from_iter([("store".to_owned(), json!(point.store.name())), (point.along.key().to_owned(), rounded(point.at))]);
        object.extend(point.figures.clone());
        Value::Object(object)
    };
    points.iter().map(one).collect()
}
