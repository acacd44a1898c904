//! Cedar text cut into its statements, so that every error can name file and line.

use crate::catalogue::purpose::FileError;

/// One statement with its annotations, up to and with its semicolon.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'t> {
    /// The text of the whole file.
    file: &'t str,
    name: &'t str,
    start: usize,
    /// The statement.
    pub text: &'t str,
}

impl<'t> Statement<'t> {
    /// An error at the statement's first line.
    pub fn error(&self, message: impl Into<String>) -> FileError {
        self.error_at(0, message)
    }

    /// An error at an offset within the statement.
    pub fn error_at(&self, offset: usize, message: impl Into<String>) -> FileError {
        FileError::at(self.name, self.file, self.start.saturating_add(offset), message)
    }

    /// The ids of the entities of a type that the statement names, such as `Category`, with their offsets.
    pub fn named(&self, entity_type: &str) -> Vec<(usize, &'t str)> {
        let opening = format!("Sluis::{entity_type}::\"");
        let found = self.text.match_indices(&opening);
        let id = |(at, opening): (usize, &str)| {
            let rest = self.text.get(at.saturating_add(opening.len())..)?;
            rest.split_once('"').map(|(id, _)| (at, id))
        };
        found.filter_map(id).collect()
    }
}

/// The statements of a file. Comments between them are left out.
///
/// # Errors
/// [`FileError`] when the last statement has no semicolon.
pub fn statements<'t>(name: &'t str, file: &'t str) -> Result<Vec<Statement<'t>>, FileError> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, character) in code(file) {
        if character == ';' {
            let from = start.take().unwrap_or(at);
            found.push(Statement { file, name, start: from, text: file.get(from..=at).unwrap_or_default() });
        } else if start.is_none() && !character.is_whitespace() {
            start = Some(at);
        }
    }
    match start {
        Some(from) => Err(FileError::at(name, file, from, "a statement ends with a semicolon")),
        None => Ok(found),
    }
}

/// The characters of Cedar text outside strings and comments, with their offsets; of a string its quotes.
pub fn code(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut in_text, mut in_comment, mut previous) = (false, false, '\0');
    text.char_indices().filter(move |(at, character)| {
        let within = in_text || in_comment;
        match character {
            '\n' => in_comment = false,
            _ if in_comment => {}
            '"' if previous != '\\' => in_text = !in_text,
            '/' if !in_text && text.get(*at..).is_some_and(|rest| rest.starts_with("//")) => in_comment = true,
            _ => {}
        }
        previous = if previous == '\\' { '\0' } else { *character };
        !in_comment && (!within || *character == '"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_texts_and_comments_end_nothing() {
        let file = "// one; two\n\n@why(\"a; \\\"b\")\npermit (a, b, c); // end;\nforbid (a, b, c);\n";
        let found = statements("f", file).expect("two statements");
        let texts: Vec<&str> = found.iter().map(|statement| statement.text).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].starts_with("@why") && texts[1].starts_with("forbid"));
        assert_eq!((found[0].error("x").line, found[1].error("x").line), (3, 5));
        assert_eq!(statements("f", "permit (principal").expect_err("open").line, 1);
    }
}
