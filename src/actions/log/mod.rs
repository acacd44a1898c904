//! The log for the officers of its parties: finding entries, opening them. What an officer is told of her own organisation's entries, and nothing of another's.

mod asked;
mod cursor;
mod keep;
mod lines;
mod query;
mod told;
mod view;

pub use asked::{Asked, terms};
pub use keep::keep;
pub use lines::{Line, Lines, Walk};
pub use query::{MOST_OPENED, Query};
pub use view::{LineView, Opened, Page};
