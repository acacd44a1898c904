//! The program beside a source: maps its database to our categories, minimises under the source's own ceiling, holds the release inbox.
//!
//! No HTTP towards the gateway here: [`Connector`] offers the handlers ([`Connector::answer`], [`Connector::accept_receipts`]) and the
//! outboxes ([`Connector::pending_releases`], [`Connector::pending_overrides`]); [`local_api`] is for the source's own professionals.

pub mod answer;
pub mod ceiling;
pub mod config;
pub mod delivery;
pub mod findings;
pub mod gather;
pub mod hand;
pub mod household;
pub mod ids;
pub mod inbox;
pub mod local_api;
pub mod mapping;
pub mod minimiser;
pub mod outbox;
mod outcome;
pub mod override_form;
pub mod overrides;
pub mod professionals;
pub mod receipts;
pub mod record;
pub mod seal;
pub mod service;
pub mod store;
mod turns;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ceiling::{Ceiling, CeilingError};
use config::Config;
use delivery::Deliveries;
use mapping::{Mapping, MappingError, Query};
pub use minimiser::{MinimiseError, Minimiser};
use seal::{StateKey, StateKeyError};
use store::{SourceDatabase, SourceError, State, StateError};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::organisation::Oin;

/// A running connector, without its listeners.
pub struct Connector {
    oin: Oin,
    mapping: Mapping,
    ceiling: Ceiling,
    source: SourceDatabase,
    state: State,
    deliveries: Deliveries,
    outside: Outside,
}

/// What is passed in: the minimising functions, the time, the randomness.
#[derive(Clone)]
pub struct Outside {
    /// Makes forms of records.
    pub minimiser: Arc<dyn Minimiser>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Connector {
    /// Opens everything that the configuration names and checks it: also what `sluis connector --check` runs. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`] naming what cannot be used and what to do.
    pub async fn open(config: &Config, outside: Outside) -> Result<Self, OpenError> {
        let in_mapping = |source| OpenError::Mapping { path: config.source.mapping.clone(), source };
        let mapping = Mapping::parse(&read(&config.source.mapping)?).map_err(in_mapping)?;
        let ceiling = Ceiling::parse(&read(&config.source.ceiling)?)
            .map_err(|source| OpenError::Ceiling { path: config.source.ceiling.clone(), source })?;
        let source = SourceDatabase::open(&config.source.database, config.limits())
            .map_err(|source| OpenError::Source { path: config.source.database.clone(), source })?;
        let key = StateKey::load_or_create(&config.state.key, &*outside.entropy)?;
        let state = State::open(&config.state.database, key, Arc::clone(&outside.entropy))
            .await
            .map_err(|source| OpenError::State { path: config.state.database.clone(), source })?;
        let connector =
            Self { oin: config.oin.clone(), mapping, ceiling, source, state, deliveries: Deliveries::default(), outside };
        connector.check().await.map_err(in_mapping)?;
        Ok(connector)
    }

    /// Prepares every query of the mapping against the source's database and checks its columns.
    ///
    /// # Errors
    /// [`MappingError::Database`] naming the query.
    pub async fn check(&self) -> Result<(), MappingError> {
        let person = &self.mapping.person;
        let household: &[&str] = &["id", "scheme", "value", "letter", "birthDate", "names", "secretAddress"];
        let contact: &[&str] = &["street", "houseNumber", "postcode", "city", "phone", "email"];
        let checks: [(&str, Option<&Query>, &[&str]); 7] = [
            ("person.bsn", person.bsn.as_ref(), &["id"]),
            ("person.v-number", person.v_number.as_ref(), &["id"]),
            ("person.local", person.local.as_ref(), &["id"]),
            ("person.about", Some(&person.about), &["birthDate", "secretAddress", "professional", "names"]),
            ("person.contact", Some(&person.contact), contact),
            ("person.household", person.household.as_ref(), household),
            ("person.protected", person.protected.as_ref(), &["personId", "scheme", "value"]),
        ];
        for (name, query, needed) in checks {
            let Some(query) = query else { continue };
            let columns = self.prepared(name, query).await?;
            if let Some(missing) = needed.iter().find(|column| !columns.iter().any(|there| there == *column)) {
                return Err(database(name, format!("the column `{missing}` is missing")));
            }
        }
        for query in &self.mapping.categories {
            let name = format!("line {}, category {}", query.line, query.category);
            let columns = self.prepared(&name, &query.query).await?;
            record::check_columns(query, &columns).map_err(|problem| database(&name, problem))?;
        }
        Ok(())
    }

    /// The source's own state, for its access log.
    pub fn state(&self) -> &State {
        &self.state
    }

    async fn prepared(&self, name: &str, query: &Query) -> Result<Vec<String>, MappingError> {
        let (columns, parameters) = self.source.prepare(query).await.map_err(|problem| database(name, problem))?;
        if parameters == 1 { Ok(columns) } else { Err(database(name, "it must use ?1, the person's key".to_owned())) }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connector({})", self.oin)
    }
}

fn database(query: &str, problem: String) -> MappingError {
    MappingError::Database { query: query.to_owned(), problem }
}

fn read(path: &Path) -> Result<String, OpenError> {
    std::fs::read_to_string(path).map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })
}

/// The connector cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The mapping or ceiling file cannot be read.
    #[error("cannot read {path}: {source}\n  do: check the path in [source], and who may read the file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The mapping is wrong.
    #[error("{path}: {source}")]
    Mapping {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MappingError,
    },
    /// The ceiling is wrong.
    #[error("{path}: {source}")]
    Ceiling {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CeilingError,
    },
    /// The source's database cannot be opened.
    #[error("{path}: {source}\n  do: check [source] database, and who may read the file")]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SourceError,
    },
    /// The state key cannot be used.
    #[error(transparent)]
    Key(#[from] StateKeyError),
    /// The connector's own state cannot be opened.
    #[error("{path}: {source}")]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
}

#[cfg(test)]
pub(crate) mod tests;
