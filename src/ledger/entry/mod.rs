//! What a log entry holds: clear columns for search beside the log, and a sealed body. Field names and classes, never values of fields.

/// `Debug` for parts of a body: they tell of persons, so it says only which part it is.
macro_rules! silent_debug {
    ($($name:ident),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
use silent_debug;

mod beside;
mod body;
mod clear;
mod decision;
mod erases;
mod event;
mod kind;
mod operation;
mod tokens;
mod trace;

#[cfg(test)]
mod tests;

pub use beside::{Beside, Columns};
pub use body::{Body, BodyError};
pub use clear::{Clear, Outcome};
pub use decision::{Basis, ConsentReference, Considered, Decision, Emergency, Item, Obligations, Refusal};
pub use erases::{Erases, NotErasable};
pub use event::{Change, Erasure, Look, Reference, Reidentification, Review, Signed};
pub use kind::EntryKind;
pub use operation::{Actor, Client, Foreign, Operation, Status};
pub use tokens::{TokenSalt, TokensDigest};
pub use trace::{InvalidTrace, SpanId, TraceId};
