//! The gateway over real TLS sockets: one module per family of cases.

mod ordinary;
