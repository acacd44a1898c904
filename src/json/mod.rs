//! Strict JSON: no duplicate keys, at most 16 levels, and every fault of a body found in one reading, each by JSON Pointer (RFC 6901) and
//! never with the value.

mod reader;
mod text;
mod value;

pub use reader::{Array, Fault, Faults, NO_SUCH_MEMBER, Object};
pub use text::{Text, is_text};
pub use value::{NotJson, parse};

/// The deepest nesting that is read; the body itself is level 1.
pub const DEPTH: usize = 16;

#[cfg(test)]
mod tests;
