//! The form of an override (`domain.md` §7) as a professional fills it in: TOML, every field required.

use crate::source::overrides::OverrideContent;

/// The empty form, each field explained.
pub const TEMPLATE: &str = include_str!("override_form.toml");

/// Reads a filled form.
///
/// # Errors
/// [`FormError`], which names line and field, never a value.
pub fn read(text: &str) -> Result<OverrideContent, FormError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count();
        let field = text.lines().nth(line).and_then(|line| line.split_once('=')).map(|(field, _)| field.trim());
        let reason = match field {
            Some("expiresAt") => "expiresAt: write an instant such as \"2026-11-25T12:00:00Z\"".to_owned(),
            _ => without_values(error.message()),
        };
        FormError { line: line + 1, reason }
    })
}

/// What is said of names of fields and of codes is kept; what would quote a value is cut down to what was expected.
fn without_values(message: &str) -> String {
    if ["missing field", "unknown field"].iter().any(|safe| message.starts_with(safe)) {
        return message.to_owned();
    }
    let expected = message.find("expected").and_then(|start| message.get(start..));
    expected.map_or_else(|| "this is not valid here".to_owned(), |expected| format!("wrong value: {expected}"))
}

/// The form cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {reason}\n  expected: every field of the form, filled\n  do: compare with `sluis connector override create --template`"
)]
pub struct FormError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template is a form: with its dates filled in it is read, and each of its fields is needed.
    #[test]
    fn the_template_is_a_form_and_every_field_is_required() {
        let filled = TEMPLATE.replace("YYYY-MM-DDThh:mm:ssZ", "2026-11-25T12:00:00Z");
        assert_eq!(read(&filled).unwrap().categories.len(), 2);
        let fields: Vec<&str> = filled.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).collect();
        assert_eq!(fields.len(), 15, "{fields:?}");
        for field in fields {
            assert!(read(&filled.replace(field, "")).is_err(), "{field}");
        }
    }

    /// Broken on purpose to see it fail: without the arm for `expiresAt`.
    #[test]
    fn the_template_as_it_is_says_what_to_write() {
        let error = read(TEMPLATE).unwrap_err();
        let line = TEMPLATE.lines().position(|line| line.starts_with("expiresAt")).unwrap() + 1;
        assert_eq!((error.line, error.reason.contains("write an instant such as")), (line, true), "{error}");
    }

    #[test]
    fn a_fault_names_the_line_and_no_value() {
        let filled = TEMPLATE.replace("YYYY-MM-DDThh:mm:ssZ", "2026-11-25T12:00:00Z");
        let number = filled.lines().position(|line| line.starts_with("value = ")).unwrap() + 1;
        let (value, _) = filled.split_once("value = ").unwrap();
        let unquoted = format!("{value}value = 999990019\n{}", filled.lines().skip(number).collect::<Vec<_>>().join("\n"));
        let error = read(&unquoted).unwrap_err();
        assert_eq!(error.line, number);
        assert!(error.reason.contains("expected a string") && !error.to_string().contains("999990019"), "{error}");
        let more = format!("harmful = \"999990019\"\n{filled}");
        let error = read(&more).unwrap_err().to_string();
        assert!(error.contains("unknown field `harmful`") && !error.contains("999990019"), "{error}");
    }
}
