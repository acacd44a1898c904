//! Transcripts of the built program, against a demo in a process of its own.

mod cases;
mod consents;
mod demo;
mod erasure;
mod keys_at_rest;
mod log_embargo;
mod log_keys;
mod log_reconcile;
mod log_search;
mod log_verify;
mod log_views;
mod mistakes;
mod moving_up;
mod offers;
mod operators;
mod policies;
mod policy;
mod professionals;
#[cfg(feature = "prove")]
mod proofs;
mod receipts;
mod request;
mod resume;
mod schema;
mod second_verifier;
#[cfg(not(feature = "prove"))]
mod unproved;
mod witnesses;
