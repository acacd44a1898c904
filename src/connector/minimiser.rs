//! The port through which an exact record becomes the form that is asked, before it leaves the source.

use serde_json::Value;

use crate::catalogue::{Category, Form, Secrecy};

/// Makes the data of a form from the exact record of a category.
pub trait Minimiser: Send + Sync {
    /// The typed data of `form`, holding at most the fields of `transform`.
    ///
    /// For [`Form::Summary`] the exact record also holds the professional's draft under its own name (`summary`). For a [`Form::Signal`] that
    /// is to say `no`, it is the record without content: `{"list":[]}`, `{"wrap":null}` or `{}`, as the mapping shapes the category.
    ///
    /// # Errors
    /// [`MinimiseError`] when the record does not fit the category or the form does not exist for it.
    fn minimise_at_source(
        &self,
        category: Category,
        form: Form,
        exact_record: &Value,
        transform: &[String],
        secrecy: Secrecy,
        today: &str,
    ) -> Result<Value, MinimiseError>;
}

/// The record cannot be brought into the form. Says where and what, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MinimiseError(pub String);
