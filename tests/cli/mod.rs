//! Transcripts of the built program, against a demo in a process of its own.

mod cases;
mod demo;
mod mistakes;
mod offers;
mod operators;
mod policy;
mod professionals;
mod receipts;
mod request;
mod resume;
mod schema;
