//! What the API, the web and the connectors share: TLS, the server and its limits, problem documents, the one outbound client.

pub mod admission;
pub mod client;
pub mod cosigners;
pub mod incoming;
pub mod peer;
pub mod problem;
pub mod public;
pub mod reload;
pub mod reply;
pub mod server;
pub mod tls;
