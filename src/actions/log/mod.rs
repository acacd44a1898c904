//! The log for the officers of its parties: finding entries, opening them, overviews, reports to subjects, exports. What an officer is told of her own
//! organisation's entries, and nothing of another's.

pub mod export;
#[cfg(test)]
mod fixture;
mod lines;
pub mod overview;
pub mod report;
mod told;

pub use lines::{Line, Lines, Walk};
