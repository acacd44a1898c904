//! The catalogue's minimisation, as the connector uses it.

use serde_json::Value;

use crate::catalogue::{Category, Form, FormError, Secrecy, minimise_at_source};
use crate::connector::{MinimiseError, Minimiser};

/// Minimises by the typed forms of the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogueMinimiser;

impl Minimiser for CatalogueMinimiser {
    fn minimise_at_source(
        &self,
        category: Category,
        form: Form,
        exact_record: &Value,
        transform: &[String],
        secrecy: Secrecy,
        today: &str,
    ) -> Result<Value, MinimiseError> {
        minimise_at_source(category, form, exact_record, transform, secrecy, today)
            .map_err(|error: FormError| MinimiseError(error.to_string()))
    }
}
