//! The log for the officers of its parties: finding entries, opening them, overviews, reports to subjects, exports, embargoes. What an officer is told of
//! her own organisation's entries, and nothing of another's.

mod asked;
mod cursor;
mod embargo;
pub mod export;
#[cfg(test)]
mod fixture;
mod keep;
mod left;
mod lines;
pub mod overview;
mod query;
pub mod report;
mod shown;
mod told;
mod view;

pub use asked::{Asked, terms};
pub use embargo::{EmbargoView, Embargoing, Placing};
pub use keep::keep;
pub use lines::{Line, Lines, Walk};
pub use query::{MOST_OPENED, Query};
pub use shown::{OverviewAnswer, Reporting};
pub use view::{LineView, Opened, Page};
