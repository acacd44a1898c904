//! The text of one mapped query, checked to be a single read-only SELECT with at most the parameter `?1`.

use std::sync::Arc;

/// A checked SQL text. It comes from the operator's own mapping file, never from a caller; the person's key is bound, never written into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Arc<str>);

/// Words that no SELECT needs and that change something or reach outside the database.
const FORBIDDEN: [&str; 16] = [
    "alter",
    "analyze",
    "attach",
    "begin",
    "commit",
    "create",
    "delete",
    "detach",
    "drop",
    "insert",
    "pragma",
    "reindex",
    "rollback",
    "savepoint",
    "update",
    "vacuum",
];

impl Query {
    /// Checks the text.
    ///
    /// # Errors
    /// [`QueryError`] saying what to change.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let tokens = tokens(text)?;
        match tokens.first() {
            Some(Token::Word(first)) if first == "select" || first == "with" => {}
            _ => return Err(QueryError::NotSelect),
        }
        let trailing = tokens.last() == Some(&Token::Semicolon);
        let body = if trailing { tokens.get(..tokens.len().saturating_sub(1)).unwrap_or_default() } else { &tokens };
        for token in body {
            match token {
                Token::Semicolon => return Err(QueryError::SeveralStatements),
                Token::Parameter(name) if name != "?1" => return Err(QueryError::OtherParameter(name.clone())),
                Token::Word(word) if FORBIDDEN.contains(&word.as_str()) => return Err(QueryError::Forbidden(word.clone())),
                Token::Word(_) | Token::Parameter(_) => {}
            }
        }
        Ok(Self(text.trim().into()))
    }

    /// The text, to be prepared.
    pub fn text(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A bare word, in lower case.
    Word(String),
    Parameter(String),
    Semicolon,
}

/// The words, parameters and semicolons outside strings, quoted names and comments.
fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => quoted(rest, first).ok_or(QueryError::Unclosed(first))?,
            '[' => rest.find(']').map(|end| end + 1).ok_or(QueryError::Unclosed('['))?,
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2).ok_or(QueryError::Unclosed('/'))?,
            ';' => {
                tokens.push(Token::Semicolon);
                1
            }
            '?' | ':' | '@' | '$' => {
                let length = 1 + word_length(rest.get(1..).unwrap_or_default());
                tokens.push(Token::Parameter(rest.get(..length).unwrap_or_default().to_owned()));
                length
            }
            _ => match word_length(rest) {
                0 => first.len_utf8(),
                length => {
                    tokens.push(Token::Word(rest.get(..length).unwrap_or_default().to_ascii_lowercase()));
                    length
                }
            },
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

fn word_length(text: &str) -> usize {
    text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len())
}

/// The length of a quoted run that begins with `quote`; a doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// A mapped query is not a single read-only SELECT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It begins otherwise.
    #[error("a query begins with SELECT or WITH")]
    NotSelect,
    /// A `;` in the middle.
    #[error("a query is one statement: remove what follows the first `;`")]
    SeveralStatements,
    /// A parameter other than `?1`.
    #[error("the only parameter is ?1 (the person's key), not {0}")]
    OtherParameter(String),
    /// A word that changes something.
    #[error("a query only reads: `{0}` has no place in it (quote it if it is a column's name)")]
    Forbidden(String),
    /// A string, name or comment that does not end.
    #[error("what begins with {0} does not end")]
    Unclosed(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_reading_statements_pass() {
        for (text, error) in [
            ("", QueryError::NotSelect),
            ("DELETE FROM person", QueryError::NotSelect),
            ("PRAGMA query_only = 0", QueryError::NotSelect),
            ("SELECT 1; DELETE FROM person", QueryError::SeveralStatements),
            ("SELECT 1;;", QueryError::SeveralStatements),
            ("WITH x AS (SELECT 1) DELETE FROM person", QueryError::Forbidden("delete".into())),
            ("WITH x AS (SELECT 1) Insert INTO person SELECT * FROM x", QueryError::Forbidden("insert".into())),
            ("SELECT * FROM person WHERE id = ?", QueryError::OtherParameter("?".into())),
            ("SELECT * FROM person WHERE id = ?2", QueryError::OtherParameter("?2".into())),
            ("SELECT * FROM person WHERE id = :id", QueryError::OtherParameter(":id".into())),
            ("SELECT 'open", QueryError::Unclosed('\'')),
            ("SELECT 1 /* open", QueryError::Unclosed('/')),
        ] {
            assert_eq!(Query::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn quoted_text_is_left_alone() {
        for text in [
            "SELECT id FROM person WHERE bsn = ?1",
            "SELECT i.wpg AS \"fact:wpgArticle\", 'it''s; DROP ?2' AS \"a:b\" FROM i -- delete\n WHERE id = ?1 ;",
            "select [update] /* ; insert */ from t where id = ?1",
            "WITH t AS (SELECT 1) SELECT replace('a', 'b', 'c') FROM t",
        ] {
            assert!(Query::parse(text).is_ok(), "{text}");
        }
    }
}
