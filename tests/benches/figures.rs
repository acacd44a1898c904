//! The table, and the same as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::growth::{self, Point};

/// The figures of `design.md` §10 with what is asked of them, in its order.
pub(crate) const PROMISED: [(&str, &str, &str, &str); 15] = [
    ("cpu_us_per_disclosure", "gateway CPU per full disclosure, µs", "≤ 900", "≤ 450"),
    ("cpu_ratio_to_nginx", "the same ÷ CPU of the nginx mTLS proxy per request", "≤ 30", "≤ 15"),
    ("disclosures_per_s", "disclosures per second, everything on this machine (PostgreSQL: ≥ 400)", "≥ 600", "≥ 1500"),
    ("added_p50_ms", "added latency at 300/s, p50, ms", "≤ 10", "≤ 3"),
    ("added_p99_ms", "added latency at 300/s, p99, ms", "≤ 40", "≤ 15"),
    ("append_gain", "log append, group commit ÷ one commit per entry, 64 writers", "≥ 8", "≥ 20"),
    ("verify_entries_per_s", "full log verification, entries/s/core", "≥ 100000", "≥ 300000"),
    ("proof_10m_ms", "proof of any entry, log of 10 M leaves, p99, ms", "≤ 1", ""),
    ("decisions60_cold_ms", "60 policy decisions, cold, ms", "≤ 4", "≤ 1.5"),
    ("decisions60_warm_us", "60 policy decisions, cached, µs", "≤ 200", "≤ 60"),
    ("deid_chars_per_s", "de-identification, characters/s/core", "≥ 1000000", "≥ 5000000"),
    ("search_p95_ms", "filtered log search page at 1 M entries, p95, ms", "≤ 100", "≤ 30"),
    ("rss_mib", "resident memory under load, MiB", "≤ 256", "≤ 100"),
    ("start_s", "start to ready, s", "≤ 2", "≤ 0.5"),
    ("log_entries", "  … with so many entries in the log (asked: 1 M)", "", ""),
];

/// Where a gateway keeps its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Store {
    /// In a SQLite file.
    #[default]
    Sqlite,
    /// In a PostgreSQL database.
    Postgres,
}

impl Store {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What was measured.
#[derive(Default)]
pub(crate) struct Figures {
    store: Store,
    values: BTreeMap<Store, Map<String, Value>>,
    beside: Vec<(String, f64)>,
    stages: Vec<(String, f64)>,
    conditions: Map<String, Value>,
    points: Vec<Point>,
    reasons: BTreeMap<(&'static str, Store), String>,
}

impl Figures {
    /// What comes now is measured on this store.
    pub(crate) const fn on(&mut self, store: Store) {
        self.store = store;
    }

    /// One of the promised figures.
    pub(crate) fn set(&mut self, key: &str, value: f64) {
        self.values.entry(self.store).or_default().insert(key.to_owned(), rounded(value));
    }

    /// One that is the same on whichever store.
    pub(crate) fn set_on_both(&mut self, key: &str, value: f64) {
        for store in [Store::Sqlite, Store::Postgres] {
            self.values.entry(store).or_default().insert(key.to_owned(), rounded(value));
        }
    }

    /// A figure that explains another.
    pub(crate) fn beside(&mut self, name: impl Into<String>, value: f64) {
        let name = match self.store {
            Store::Sqlite => name.into(),
            Store::Postgres => format!("PostgreSQL: {}", name.into()),
        };
        self.beside.push((name, value));
    }

    /// What one stage of a disclosure needs, in µs.
    pub(crate) fn stage(&mut self, name: &str, micros: f64) {
        self.stages.push((name.to_owned(), micros));
    }

    /// Under what it was measured.
    pub(crate) fn condition(&mut self, name: &str, value: impl Into<Value>) {
        self.conditions.insert(name.to_owned(), value.into());
    }

    /// How a cost has grown at one point.
    pub(crate) fn point(&mut self, point: Point) {
        self.points.push(point);
    }

    /// The points at which it was measured.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    /// Why a figure is not there, on this store.
    pub(crate) fn later(&mut self, key: &'static str, reason: impl Into<String>) {
        self.reasons.entry((key, self.store)).or_insert_with(|| reason.into());
    }

    /// The same of all that is not there.
    pub(crate) fn later_all(&mut self, reason: &str) {
        for (key, ..) in PROMISED {
            self.later(key, reason);
        }
    }

    /// What is measured now is on this store.
    pub(crate) const fn store(&self) -> Store {
        self.store
    }

    /// A figure that was measured on this store.
    pub(crate) fn value(&self, key: &str) -> Option<f64> {
        self.value_on(self.store, key)
    }

    /// The same on another.
    pub(crate) fn value_on(&self, store: Store, key: &str) -> Option<f64> {
        self.values.get(&store)?.get(key)?.as_f64()
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.conditions {
            writeln!(text, "{name:<28} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)).ok();
        }
        let [sqlite, postgres] = [Store::Sqlite, Store::Postgres].map(Store::name);
        writeln!(text, "\n{:<70}{sqlite:>12}{postgres:>12}  {:<10}{:<12}key", "figure", "must", "aim").ok();
        for (key, name, must, aim) in PROMISED {
            let [sqlite, postgres] =
                [Store::Sqlite, Store::Postgres].map(|store| self.value_on(store, key).map_or_else(|| "later".to_owned(), shown));
            writeln!(text, "{name:<70}{sqlite:>12}{postgres:>12}  {must:<10}{aim:<12}{key}").ok();
        }
        text.push_str(&self.missing());
        text.push_str(&growth::table(&self.points));
        if !self.beside.is_empty() {
            writeln!(text, "\nfloors, and what the figures come from").ok();
        }
        for (name, value) in &self.beside {
            writeln!(text, "{name:<70}{:>12}", shown(*value)).ok();
        }
        if !self.stages.is_empty() {
            writeln!(text, "\nCPU of one disclosure by stage, in-process, all threads, µs").ok();
        }
        for (name, micros) in &self.stages {
            writeln!(text, "{name:<64}{:>12}", shown(*micros)).ok();
        }
        text
    }

    /// Why figures are not there.
    fn missing(&self) -> String {
        let mut text = String::new();
        for (key, ..) in PROMISED {
            let missing = [Store::Sqlite, Store::Postgres].into_iter().filter(|store| self.value_on(*store, key).is_none());
            for store in missing {
                let reason = self.reasons.get(&(key, store)).map_or("its part was not run", String::as_str);
                writeln!(text, "later: {key} on {}: {reason}", store.name()).ok();
            }
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        let pairs =
            |list: &[(String, f64)]| list.iter().map(|(name, value)| (name.clone(), rounded(*value))).collect::<Map<_, _>>();
        let all = serde_json::json!({
            "sqlite": self.values.get(&Store::Sqlite),
            "postgres": self.values.get(&Store::Postgres),
            "floors": pairs(&self.beside),
            "stages_us": pairs(&self.stages),
            "growth": growth::json(&self.points),
            "conditions": self.conditions,
        });
        format!("{all:#}\n")
    }
}

/// To what is worth telling.
pub(crate) fn rounded(value: f64) -> Value {
    let step = if value.abs() >= 100.0 { 1.0 } else { 1000.0 };
    serde_json::json!((value * step).round() / step)
}

/// As it stands in the table.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middling if middling >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// The median.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    percentile(times, 50)
}

/// The smallest time that so many per cent do not exceed.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Microseconds.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
