//! The composition root: alone names concrete adapters. Builds a gateway, or a connector, from its configuration and runs it.

mod at_rest;
pub mod connector;
pub mod erasures;
pub mod gateway;
mod listeners;
pub mod minimiser;
pub mod moving;
mod own_keys;
pub mod policies;
pub mod registers;
pub mod witness;
mod witnesses;
