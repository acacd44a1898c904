//! A set of forms.

use std::fmt;

use crate::catalogue::Form;

/// A set of forms, in one byte.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FormSet(u8);

impl FormSet {
    /// No form.
    pub const NONE: Self = Self(0);

    const fn bit(form: Form) -> u8 {
        match form {
            Form::Signal => 1,
            Form::Reduced => 2,
            Form::Exact => 4,
            Form::Summary => 8,
        }
    }

    /// This set and `form`.
    #[must_use]
    pub const fn with(self, form: Form) -> Self {
        Self(self.0 | Self::bit(form))
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `form` is in it.
    pub const fn contains(self, form: Form) -> bool {
        self.0 & Self::bit(form) != 0
    }

    /// Whether it holds nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The forms, the finest first, the summary last.
    pub fn iter(self) -> impl Iterator<Item = Form> {
        [Form::Exact, Form::Reduced, Form::Signal, Form::Summary].into_iter().filter(move |form| self.contains(*form))
    }

    /// The finest of `exact`, `reduced` and `signal` in it.
    pub fn finest(self) -> Option<Form> {
        self.iter().find(|form| *form != Form::Summary)
    }
}

impl FromIterator<Form> for FormSet {
    fn from_iter<I: IntoIterator<Item = Form>>(forms: I) -> Self {
        forms.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for FormSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
