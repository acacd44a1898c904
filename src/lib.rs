//! Sluis: a privacy-preserving data-exchange gateway around severe domestic violence. Two doors that are never open at once: *policy and
//! consent*, and *the disclosure log*. Nothing passes unless both have closed behind it.
//!
//! # The map
//!
//! A module may import from its own tier, further left in the same line, and from the tiers above it in this list;
//! `tests/architecture.rs` holds the code to it.
//!
//! | tier | modules |
//! |---|---|
//! | 1 ground | [`json`], [`clock`], [`entropy`], [`secret`], [`crypto`], [`sqlite`] |
//! | 2 domain | [`organisation`] → [`subject`] → [`catalogue`] → [`consent`] → [`notice`] → [`pseudonym`], [`ledger`] → [`case_room`] → [`policy`] |
//! | 3 ports | [`keystore`], [`source`], [`cosigners`], [`store`] |
//! | 4 flow | [`exchange`], [`actions`] |
//! | 5 edges | [`http`], [`api`], [`web`], [`connector`], [`witness`], [`client`], and the adapters `store/sql` with `store/sqlite` and `store/postgres`, `source/http.rs` |
//! | 6 shell | [`app`], [`config`], [`telemetry`], [`demo`], [`cli`] |
//!
//! # The flow of a disclosure
//!
//! [`exchange`]: bytes → `SignedRequest` → `Authenticated` → `Authorised` → `Announced` → `Collected` → `Rechecked` → `Minimised` →
//! `Pseudonymised` → `Sealed` → `Recorded` → `Delivered`, or a refusal from any step. Each step is one file.
//!
//! # Longer texts
//!
//! [`manual::threat_model`], [`manual::operations`].

pub mod actions;
pub mod api;
pub mod app;
pub mod case_room;
pub mod catalogue;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod connector;
pub mod consent;
pub mod cosigners;
pub mod crypto;
pub mod demo;
pub mod entropy;
pub mod exchange;
pub mod http;
pub mod json;
pub mod keystore;
pub mod ledger;
pub mod manual;
pub mod notice;
pub mod organisation;
pub mod policy;
pub mod pseudonym;
pub mod secret;
pub mod source;
pub mod sqlite;
pub mod store;
pub mod subject;
pub mod telemetry;
pub mod web;
pub mod witness;
