//! Who agreed to what: consent records and overrides (doorbreking). Never reads the clock.

pub mod authority;
pub mod derogation;
mod governing;
pub mod minors;
pub mod professional;
pub mod record;
mod scope;
pub mod team;

pub use authority::Authority;
pub use derogation::{Override, OverrideFact};
pub use governing::{ended_by, governing, nearest};
pub use professional::Professional;
pub use record::{ConsentFact, ConsentRecord, ConsentState};
pub use scope::within_ceiling;
