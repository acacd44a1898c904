//! Entries for who verifies a whole log, each read once, where it stands.

use rusqlite::types::ValueRef;
use rusqlite::{Row, Rows};

use super::{LogFile, corrupt, get, unavailable};
use crate::crypto::hex;
use crate::ledger::audit::{Erasable, StoredBody, StoredLine};
use crate::ledger::entry::{Beside, TokenSalt, TokensDigest};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::store::StoreError;

/// The columns before and behind the digest of the tokens, as [`Beside::of_columns`] has them, and then all others.
const ENTRIES: &str =
    "SELECT kind, time, party, source, recipient, purpose, categories, outcome, overridden, trace, key_class, erases,
            idx, leaf, tokens, token_salt, subject_token, actor_token, case_token, wrapped_key IS NULL, held_by, body
     FROM entry WHERE idx >= ?1 ORDER BY idx LIMIT ?2";

/// The sources that were asked, of many entries in their order.
const ASKED: &str = "SELECT idx, source FROM entry_asked WHERE idx >= ?1 ORDER BY idx, source";

/// More bytes than any text beside an entry has. What is longer is not kept in memory: whoever can write the file decides how long it is.
const LONGEST: usize = 64 * 1024;

impl LogFile {
    /// At most `limit` entries from index `first` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lines(&self, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
        let mut asked = self.connection.prepare(ASKED).map_err(unavailable)?;
        let mut asked = Asked { rows: asked.query((first,)).map_err(unavailable)?, next: None };
        asked.go_on()?;
        let mut entries = self.connection.prepare(ENTRIES).map_err(unavailable)?;
        let mut rows = entries.query((first, limit)).map_err(unavailable)?;
        let (mut lines, mut json) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next().map_err(unavailable)? {
            lines.push(line(row, &mut asked, &mut json)?);
        }
        Ok(lines)
    }
}

/// The sources that were asked, beside the entries.
struct Asked<'s> {
    rows: Rows<'s>,
    next: Option<(i64, String)>,
}

impl Asked<'_> {
    fn go_on(&mut self) -> Result<(), StoreError> {
        let named = |_| corrupt("entry_asked", "source", "?");
        let row = self.rows.next().map_err(unavailable)?;
        self.next = row.map(|row| Ok((get(row, 0).map_err(named)?, get(row, 1).map_err(named)?))).transpose()?;
        Ok(())
    }

    /// Those of the entry with this index, with a space between, and how many of them can be sources; those of no entry are passed over.
    fn of(&mut self, index: i64) -> Result<(String, u64), StoreError> {
        let (mut joined, mut count, mut between) = (String::new(), 0_u64, "");
        while let Some((at, source)) = self.next.take_if(|(at, _)| *at <= index) {
            if at == index {
                joined.push_str(between);
                joined.push_str(&source);
                between = " ";
                if joined.len() > LONGEST {
                    return Err(corrupt("entry_asked", "source", &index.to_string()));
                }
                count = count.saturating_add(u64::from(source.len() == 20 && source.bytes().all(|byte| byte.is_ascii_digit())));
            }
            self.go_on()?;
        }
        Ok((joined, count))
    }
}

fn line(row: &Row<'_>, asked: &mut Asked<'_>, json: &mut Vec<u8>) -> Result<StoredLine, StoreError> {
    let index: i64 = get(row, 12).map_err(|_| corrupt("entry", "idx", "?"))?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let bytes = |at, column| blob(row, at).ok_or_else(|| named(column));
    let (leaf, tokens, salt) = (bytes(13, "leaf")?, bytes(14, "tokens")?, bytes(15, "token_salt")?);
    let person = [bytes(16, "subject_token")?, bytes(17, "actor_token")?, bytes(18, "case_token")?];
    let is_keyless: bool = get(row, 19).map_err(|_| named("wrapped_key"))?;
    let (asked, sources) = asked.of(index)?;
    let body = match bytes(21, "body")? {
        Some(body) => {
            columns(row, tokens.unwrap_or_default(), &asked, json).ok_or_else(|| named("columns"))?;
            Some(StoredBody::of(Beside::of_columns(json), body))
        }
        None => None,
    };
    let text = |at, column| match get::<Option<String>>(row, at) {
        Ok(text) if text.as_ref().is_none_or(|text| text.len() <= LONGEST) => Ok(text),
        _ => Err(named(column)),
    };
    let held_by = text(20, "held_by")?;
    let erasable = match salt {
        Some(salt) => there(tokens, salt, person, is_keyless),
        None if is_keyless && person.iter().all(Option::is_none) => {
            Erasable::Gone { class: text(10, "key_class")?.unwrap_or_default(), held_by }
        }
        None => Erasable::Changed,
    };
    // One of another length is none.
    let leaf = leaf.filter(|leaf| leaf.len() == Leaf::LENGTH).unwrap_or_default().to_vec();
    Ok(StoredLine { index, leaf, body, erasable, sources })
}

/// The bytes of a column, where there are any; `None` outside where something else stands there.
#[expect(clippy::option_option, reason = "a value that is NULL is not one of another type")]
fn blob<'r>(row: &'r Row<'_>, at: usize) -> Option<Option<&'r [u8]>> {
    row.get_ref(at).ok()?.as_blob_or_null().ok()
}

/// Writes the columns as the canonical JSON that the digest is of; `None` where a value is none of theirs.
fn columns(row: &Row<'_>, tokens: &[u8], asked: &str, json: &mut Vec<u8>) -> Option<()> {
    json.clear();
    json.push(b'[');
    for at in 0..9 {
        value(row, at, json)?;
        json.push(b',');
    }
    string(hex::encode(tokens).as_bytes(), json)?;
    for at in 9..11 {
        json.push(b',');
        value(row, at, json)?;
    }
    json.push(b',');
    string(asked.as_bytes(), json)?;
    json.push(b',');
    value(row, 11, json)?;
    json.push(b']');
    Some(())
}

fn value(row: &Row<'_>, at: usize, json: &mut Vec<u8>) -> Option<()> {
    match row.get_ref(at).ok()? {
        ValueRef::Null => json.extend_from_slice(b"null"),
        ValueRef::Integer(number) => serde_json::to_writer(json, &number).ok()?,
        ValueRef::Text(text) => string(text, json)?,
        ValueRef::Real(_) | ValueRef::Blob(_) => return None,
    }
    Some(())
}

/// Writes a text as JSON. Those that a gateway writes have nothing to be escaped, and to look for it byte by byte would take as long as reading the columns.
fn string(text: &[u8], json: &mut Vec<u8>) -> Option<()> {
    // Counted, and not searched: so the compiler looks at many bytes at once.
    let others = text.iter().filter(|byte| !matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')).count();
    if others == 0 {
        json.push(b'"');
        json.extend_from_slice(text);
        json.push(b'"');
        return Some(());
    }
    serde_json::to_writer(json, str::from_utf8(text).ok()?).ok()
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
