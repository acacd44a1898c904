//! The gateway over real TLS sockets: one module per family of cases.

mod at_rest;
mod equality;
mod facts_re_read;
mod full_disk;
mod hostile_connectors;
mod kill;
mod log_first;
mod ordinary;
mod pseudonyms;
mod source_health;
