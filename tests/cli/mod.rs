//! Transcripts of the built program, against a demo in a process of its own.

mod consents;
mod demo;
mod mistakes;
mod operators;
mod professionals;
mod receipts;
mod request;
mod resume;
mod schema;
