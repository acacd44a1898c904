//! Longer texts: what the gateway defends against, and how it is run.

/// What is defended against, what is not, and by which means.
#[doc = include_str!("threat-model.md")]
pub mod threat_model {}

/// Running a gateway and a connector: first start, keys, rotation, suspension, what to look at.
#[doc = include_str!("operations.md")]
pub mod operations {}
