//! Everything on one machine: certificates, organisations, synthetic households, a scripted run, the integrator's kit.

pub mod authority;
pub mod households;
pub mod kit;
pub mod organisations;
pub mod running;
pub mod script;
pub mod setup;
pub mod sources;
