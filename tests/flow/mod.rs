//! The gateway over real TLS sockets: one module per family of cases.

mod bodies;
mod certificates;
mod framing;
mod freshness;
mod idempotency;
mod limits;
mod mutations;
mod ordinary;
mod resources;
mod signatures;
mod slowness;
mod subjects;
mod tampering;
