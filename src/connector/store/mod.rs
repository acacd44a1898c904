//! What the connector reads and keeps; the only folder of the connector that imports sqlx and rusqlite. What every call of the gateway
//! needs goes through rusqlite, on the thread that needs it. Statements here are static text, but for the
//! mapped queries of [`SourceDatabase`], which are the operator's own file, checked by [`Query`](super::mapping::Query).

mod answers;
mod inbox;
mod overrides;
mod professionals;
mod receipts;
mod source;
mod state;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

pub use answers::{AccessEntry, AnswerRow};
pub use inbox::{InboxRow, NewEntry};
pub use overrides::{NewOverride, OverrideRow};
pub use professionals::ProfessionalRow;
pub use source::{Cell, Limits, Reading, SourceDatabase, SourceError, SourceKey, Table};
pub use state::{State, StateError};
