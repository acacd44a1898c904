//! The gateway over real TLS sockets: one module per family of cases.

mod asked;
mod at_rest;
mod bodies;
mod certificates;
mod crowds;
mod equality;
mod facts_re_read;
mod framing;
mod freshness;
mod full_disk;
mod hostile_connectors;
mod idempotency;
mod kill;
mod limits;
mod log_first;
mod mutations;
mod ordinary;
mod pseudonyms;
mod resources;
mod retries;
mod revocation;
mod signatures;
mod slowness;
mod source_health;
mod subjects;
mod tampering;
