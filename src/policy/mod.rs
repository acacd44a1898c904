//! Who may receive what: the only place that knows Cedar. A [`Bundle`] holds one version of the policies, answers [`Question`]s and shows
//! itself as a [matrix](Bundle::matrix).

mod bounds;
mod bundle;
mod cache;
pub mod cases;
mod changes;
mod decide;
mod decision;
mod engine;
mod explain;
mod faults;
mod files;
mod forms;
mod inventory;
pub mod manifest;
mod matrix;
#[cfg(feature = "prove")]
pub mod proof;
mod question;
mod reach;
mod reasons;
mod rules;
mod statements;
mod terms;
mod vocabulary;

pub use bundle::{Bundle, LoadError};
pub use changes::{Changes, Difference};
pub use decision::{Decision, Limit, reason};
pub use explain::Missed;
pub use forms::FormSet;
pub use inventory::{Barrier, Invariant, Inventory};
pub use matrix::{MatrixLine, Verdict};
pub use question::{Facts, Party, Question, WpgArticle};
pub use reach::Footing;
pub use reasons::{Audience, Language};
pub use rules::{Basis, Note};
pub use terms::Shift;

#[cfg(test)]
mod tests;
