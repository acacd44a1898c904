//! Transcripts of the built program, against a demo in a process of its own.

mod demo;
mod keys_at_rest;
mod mistakes;
mod operators;
mod professionals;
mod receipts;
mod request;
mod resume;
mod schema;
