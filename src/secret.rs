//! Values that must not be seen: [`Secret`] keys and [`Personal`] data. Neither can be printed or serialised.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Key material: no `Display`, a `Debug` that says nothing, wiped from memory on drop.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself, for the cryptographic operation that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Data about a person. It opens only where the flow must look inside: collecting (the identifier, to the source), minimising,
/// pseudonymising and sealing; `tests/architecture.rs` holds the list.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each caller of this stands in the list of `tests/architecture.rs`.
    pub const fn open_personal(&self) -> &T {
        &self.0
    }

    /// The value itself, by move.
    pub fn into_personal(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}
