//! The log for the officers of its parties: finding entries, opening them. What an officer is told of her own organisation's entries, and nothing of another's.

mod lines;
mod told;

pub use lines::{Line, Lines, Walk};
