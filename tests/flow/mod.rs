//! The gateway over real TLS sockets: one module per family of cases.

mod facts_re_read;
mod hostile_connectors;
mod log_first;
mod ordinary;
mod pseudonyms;
mod source_health;
