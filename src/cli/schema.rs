//! `sluis schema`

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use super::output::{Failure, finish};
use super::say;
use crate::catalogue::{Category, Form, schema};

/// Print the JSON Schema of what is given: of one category and form, of all forms of one, or of all.
#[derive(Args)]
#[command(
    after_help = "Without a form, the schemas come as an object by form; without a category, as an object by category and form."
)]
pub(super) struct Schema {
    /// The category, such as `identity`.
    category: Option<String>,
    /// The form: `exact`, `reduced`, `signal` or `summary`.
    form: Option<String>,
}

impl Schema {
    pub(super) fn run(self) -> ExitCode {
        finish(self.print())
    }

    fn print(&self) -> Result<(), Failure> {
        let category = self.category.as_deref().map(category).transpose()?;
        let form = self.form.as_deref().map(form).transpose()?;
        let printed = match (category, form) {
            (Some(category), Some(form)) => schema(category, form).ok_or_else(|| {
                let forms: Vec<_> = forms(category).into_iter().map(|(form, _)| form).collect();
                let forms = if forms.is_empty() { "none: it is never given".to_owned() } else { forms.join(", ") };
                Failure::usage(format!("{category} is not given in the form {form}\n  expected: {forms}"))
            })?,
            (Some(category), None) => Value::Object(forms(category)),
            (None, _) => {
                let all = Category::ALL.into_iter().map(|category| (category.code().to_owned(), Value::Object(forms(category))));
                Value::Object(all.collect())
            }
        };
        say(&serde_json::to_string_pretty(&printed).map_err(Failure::usage)?);
        Ok(())
    }
}

fn forms(category: Category) -> Map<String, Value> {
    Form::ALL.into_iter().filter_map(|form| Some((form.code().to_owned(), schema(category, form)?))).collect()
}

fn category(code: &str) -> Result<Category, Failure> {
    let all = || Category::ALL.map(Category::code).join(", ");
    Category::from_code(code).ok_or_else(|| Failure::usage(format!("{code} is no category\n  expected: one of {}", all())))
}

fn form(code: &str) -> Result<Form, Failure> {
    let all = || Form::ALL.map(Form::code).join(", ");
    Form::from_code(code).ok_or_else(|| Failure::usage(format!("{code} is no form\n  expected: one of {}", all())))
}
