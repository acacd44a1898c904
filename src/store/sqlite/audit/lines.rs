//! Entries for who verifies a whole log. A page of them comes as one value: a row of its own for each, with a value for each column, costs more than all
//! that is hashed of it.

use std::borrow::Cow;

use serde::Deserialize;

use super::corrupt;
use crate::crypto::hex;
use crate::ledger::audit::{Erasable, StoredLine};
use crate::ledger::entry::{Beside, TokenSalt, TokensDigest};
use crate::ledger::token::SearchToken;
use crate::store::StoreError;

/// Each entry is three lines of JSON, in which no line break can stand, and then what is binary, as long as the first line says. The other two are the
/// columns before and behind the digest of the tokens: see [`Beside::of_columns`].
pub(super) const PACKED: &str = "SELECT CAST(group_concat(line, '') AS BLOB) FROM (
    SELECT json_array(idx, octet_length(leaf), octet_length(body), octet_length(tokens), octet_length(token_salt), octet_length(subject_token),
                      octet_length(actor_token), octet_length(case_token), wrapped_key IS NULL,
                      CASE WHEN token_salt IS NULL THEN key_class END, held_by)
           || char(10) || json_array(kind, time, party, source, recipient, purpose, categories, outcome, overridden)
           || char(10) || json_array(trace, key_class,
                  coalesce((SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx), ''), erases)
           || char(10) || coalesce(leaf, x'') || coalesce(body, x'') || coalesce(tokens, x'') || coalesce(token_salt, x'')
           || coalesce(subject_token, x'') || coalesce(actor_token, x'') || coalesce(case_token, x'') AS line
    FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?)";

/// A page of entries as they were read; their bytes are copied no more.
pub struct Lines(Vec<u8>);

impl Lines {
    pub(super) const fn new(packed: Vec<u8>) -> Self {
        Self(packed)
    }

    /// The entries, for verifying.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], when a column holds what no column of its kind does.
    pub fn get(&self) -> Result<Vec<StoredLine<&[u8]>>, StoreError> {
        let (mut rest, mut lines) = (Packed(&self.0), Vec::new());
        while !rest.0.is_empty() {
            lines.push(line(&mut rest)?);
        }
        Ok(lines)
    }
}

/// The first line: the index; the lengths of leaf, body, digest of the tokens, salt and the three tokens; whether the key is gone; by what it was kept.
#[derive(Deserialize)]
struct Header<'a>(
    i64,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    u8,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Option<Cow<'a, str>>,
);

/// What is not read yet.
struct Packed<'a>(&'a [u8]);

impl<'a> Packed<'a> {
    /// The next line.
    fn line(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|&byte| byte == b'\n')?;
        let line = self.bytes(Some(end))??;
        self.bytes(Some(1))?;
        Some(line)
    }

    /// The next bytes; `None` where there is nothing to be read, and outside where they are not there.
    #[expect(clippy::option_option, reason = "a value that is NULL is not one that is cut off")]
    fn bytes(&mut self, length: Option<usize>) -> Option<Option<&'a [u8]>> {
        let Some(length) = length else { return Some(None) };
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(bytes))
    }
}

fn line<'a>(packed: &mut Packed<'a>) -> Result<StoredLine<&'a [u8]>, StoreError> {
    let cut_off = || corrupt("entry", "columns", "?");
    let header = packed.line().ok_or_else(cut_off)?;
    let Header(index, leaf, body, tokens, salt, subject, actor, case, is_keyless, class, held_by) =
        serde_json::from_slice(header).map_err(|_| cut_off())?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let text = |packed: &mut Packed<'a>| packed.line().and_then(|line| str::from_utf8(line).ok()).ok_or_else(|| named("columns"));
    let (before, behind) = (text(packed)?, text(packed)?);
    let mut next = |length, column| packed.bytes(length).ok_or_else(|| named(column));
    let (leaf, body) = (next(leaf, "leaf")?.unwrap_or_default(), next(body, "body")?);
    let (tokens, salt) = (next(tokens, "tokens")?, next(salt, "token_salt")?);
    let person = [next(subject, "subject_token")?, next(actor, "actor_token")?, next(case, "case_token")?];
    let body = body.map(|body| (beside(before, tokens.unwrap_or_default(), behind), body));
    let erasable = match salt {
        Some(salt) => there(tokens, salt, person, is_keyless != 0),
        None if is_keyless != 0 && person.iter().all(Option::is_none) => {
            Erasable::Gone { class: class.unwrap_or_default().into_owned(), held_by: held_by.map(Cow::into_owned) }
        }
        None => Erasable::Changed,
    };
    Ok(StoredLine { index, leaf, body, erasable })
}

/// The digest of the columns: the two arrays become one, with the tokens' digest between them.
fn beside(before: &str, tokens: &[u8], behind: &str) -> Beside {
    let before = before.strip_suffix(']').unwrap_or_default();
    let behind = behind.strip_prefix('[').unwrap_or_default();
    Beside::of_columns(&[before, ",\"", &hex::encode(tokens), "\",", behind].concat())
}

/// Whether tokens that are there are those of their digest. A token of another length is none.
fn there(digest: Option<&[u8]>, salt: &[u8], tokens: [Option<&[u8]>; 3], is_keyless: bool) -> Erasable {
    let token = |token: Option<&[u8]>| token.map(|bytes| bytes.try_into().map(SearchToken::from_bytes)).transpose();
    let [subject, actor, case] = tokens.map(token);
    match (salt.try_into(), subject, actor, case) {
        (Ok(salt), Ok(subject), Ok(actor), Ok(case)) if !is_keyless => {
            let own = TokensDigest::of_tokens(&TokenSalt::from_bytes(salt), [subject, actor, case]);
            if digest == Some(own.bytes()) { Erasable::There } else { Erasable::Changed }
        }
        _ => Erasable::Changed,
    }
}
