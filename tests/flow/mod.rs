//! The gateway over real TLS sockets: one module per family of cases.

mod bodies;
mod certificates;
mod framing;
mod freshness;
mod ordinary;
mod signatures;
mod tampering;
