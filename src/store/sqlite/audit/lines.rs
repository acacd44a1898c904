//! Entries for who verifies a whole log, each read once, where it stands.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows};

use super::{corrupt, get, unavailable};
use crate::ledger::audit::StoredLine;
use crate::store::StoreError;
use crate::store::audit::{Columns, Sources, Value};

/// The columns before and behind the digest of the tokens, and then all others.
const ENTRIES: &str =
    "SELECT kind, time, party, source, recipient, purpose, categories, outcome, overridden, trace, key_class, erases,
            idx, leaf, tokens, token_salt, subject_token, actor_token, case_token, wrapped_key IS NULL, held_by, body
     FROM entry WHERE idx >= ?1 ORDER BY idx LIMIT ?2";

/// The sources that were asked, of many entries in their order.
const ASKED: &str = "SELECT idx, source FROM entry_asked WHERE idx >= ?1 ORDER BY idx, source";

pub(super) fn read(connection: &Connection, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
    let mut asked = connection.prepare(ASKED).map_err(unavailable)?;
    let mut asked = Asked { rows: asked.query((first,)).map_err(unavailable)?, next: None };
    asked.go_on()?;
    let mut entries = connection.prepare(ENTRIES).map_err(unavailable)?;
    let mut rows = entries.query((first, limit)).map_err(unavailable)?;
    let (mut lines, mut json) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(unavailable)? {
        lines.push(line(row, &mut asked, &mut json)?);
    }
    Ok(lines)
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

    /// Those of the entry with this index; those of no entry are passed over.
    fn of(&mut self, index: i64) -> Result<Sources, StoreError> {
        let mut sources = Sources::NONE;
        while let Some((at, source)) = self.next.take_if(|(at, _)| *at <= index) {
            if at == index {
                sources.add(&source, index)?;
            }
            self.go_on()?;
        }
        Ok(sources)
    }
}

fn line(row: &Row<'_>, asked: &mut Asked<'_>, json: &mut Vec<u8>) -> Result<StoredLine, StoreError> {
    let index: i64 = get(row, 12).map_err(|_| corrupt("entry", "idx", "?"))?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let bytes = |at, column| blob(row, at).ok_or_else(|| named(column));
    let mut before = [Value::Null; 9];
    for (at, column) in (0..).zip(&mut before) {
        *column = value(row, at);
    }
    let columns = Columns {
        index,
        leaf: bytes(13, "leaf")?,
        tokens: bytes(14, "tokens")?,
        salt: bytes(15, "token_salt")?,
        person: [bytes(16, "subject_token")?, bytes(17, "actor_token")?, bytes(18, "case_token")?],
        is_keyless: get(row, 19).map_err(|_| named("wrapped_key"))?,
        held_by: value(row, 20),
        body: bytes(21, "body")?,
        before,
        trace: value(row, 9),
        class: value(row, 10),
        erases: value(row, 11),
        asked: &asked.of(index)?,
    };
    columns.line(json)
}

/// The bytes of a column, where there are any; `None` outside where something else stands there.
#[expect(clippy::option_option, reason = "a value that is NULL is not one of another type")]
fn blob<'r>(row: &'r Row<'_>, at: usize) -> Option<Option<&'r [u8]>> {
    row.get_ref(at).ok()?.as_blob_or_null().ok()
}

fn value<'r>(row: &'r Row<'_>, at: usize) -> Value<'r> {
    match row.get_ref(at) {
        Ok(ValueRef::Null) => Value::Null,
        Ok(ValueRef::Integer(number)) => Value::Integer(number),
        Ok(ValueRef::Text(text)) => Value::Text(text),
        Ok(ValueRef::Real(_) | ValueRef::Blob(_)) | Err(_) => Value::Other,
    }
}
