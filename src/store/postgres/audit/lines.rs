//! Entries for who verifies a whole log, by COPY: as rows of a query they would take longer to read than all that is hashed of them.

use sqlx::postgres::PgConnection;

use super::copy::{self, Fields, boolean};
use super::corrupt;
use crate::ledger::audit::StoredLine;
use crate::store::StoreError;
use crate::store::audit::{Columns, Sources, Value};

/// The sources that were asked, of one entry after the other.
type Asked = Vec<(i64, Sources)>;

/// All that is verified of an entry, in the order of [`line()`].
const ENTRY: &str = "idx, leaf, tokens, token_salt, subject_token, actor_token, case_token, wrapped_key IS NULL, held_by, body, kind, time, party, source, recipient, purpose,
    categories, outcome, overridden, trace, key_class, erases";

pub(super) async fn read(connection: &mut PgConnection, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
    // What stands twice under one index is not parted: where no key forbids that, nothing would be left of it for the next page. Quoted, as the smallest
    // number is none for PostgreSQL without its sign.
    let page = format!("FROM entry WHERE idx >= BIGINT '{first}' ORDER BY idx FETCH FIRST {limit} ROWS WITH TIES");
    let asked = asked(connection, first, &page).await?;
    let mut asked = asked.iter().peekable();
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let (mut lines, mut json) = (Vec::new(), Vec::new());
    let each = |row: &Fields<'_, 22>| {
        // The first that is too many tells enough.
        if lines.len() < most {
            lines.push(line(row, &mut asked, &mut json)?);
        }
        Ok(())
    };
    copy::rows(connection, &format!("SELECT {ENTRY} {page}"), each).await?;
    Ok(lines)
}

/// The sources that were asked, of all entries of a page.
async fn asked(connection: &mut PgConnection, first: i64, page: &str) -> Result<Asked, StoreError> {
    let query = format!(
        "SELECT idx, source FROM entry_asked WHERE idx >= BIGINT '{first}' AND idx <= (SELECT max(idx) FROM (SELECT idx {page}) AS page)
         ORDER BY idx, source"
    );
    let mut asked = Asked::new();
    let each = |[index, source]: &Fields<'_, 2>| {
        let named = || corrupt("entry_asked", "source", "?");
        let index = index.and_then(copy::integer).ok_or_else(named)?;
        let source = source.and_then(|source| str::from_utf8(source).ok()).ok_or_else(named)?;
        match asked.last_mut() {
            Some((last, sources)) if *last == index => sources.add(source, index),
            _ => {
                let mut sources = Sources::NONE;
                sources.add(source, index)?;
                asked.push((index, sources));
                Ok(())
            }
        }
    };
    copy::rows(connection, &query, each).await?;
    Ok(asked)
}

fn line<'a>(
    row: &Fields<'_, 22>,
    asked: &mut std::iter::Peekable<impl Iterator<Item = &'a (i64, Sources)>>,
    json: &mut Vec<u8>,
) -> Result<StoredLine, StoreError> {
    let [index, leaf, tokens, salt, subject, actor, case, is_keyless, held_by, body, columns @ ..] = *row;
    let [kind, time, party, source, recipient, purpose, categories, outcome, overridden, trace, class, erases] = columns;
    let index = index.and_then(copy::integer).ok_or_else(|| corrupt("entry", "idx", "?"))?;
    let is_keyless = is_keyless.and_then(boolean).ok_or_else(|| corrupt("entry", "wrapped_key", &index.to_string()))?;
    // Those of no entry are passed over.
    while asked.next_if(|(at, _)| *at < index).is_some() {}
    let nobody = Sources::NONE;
    let before = [
        text(kind),
        number(time),
        text(party),
        text(source),
        text(recipient),
        text(purpose),
        text(categories),
        text(outcome),
        truth(overridden),
    ];
    let columns = Columns {
        index,
        leaf,
        tokens,
        salt,
        person: [subject, actor, case],
        is_keyless,
        held_by: text(held_by),
        body,
        before,
        trace: text(trace),
        class: text(class),
        erases: text(erases),
        asked: asked.peek().filter(|(at, _)| *at == index).map_or(&nobody, |(_, sources)| sources),
    };
    columns.line(json)
}

fn text(field: Option<&[u8]>) -> Value<'_> {
    field.map_or(Value::Null, Value::Text)
}

fn number(field: Option<&[u8]>) -> Value<'_> {
    field.map_or(Value::Null, |bytes| copy::integer(bytes).map_or(Value::Other, Value::Integer))
}

/// In the digest it is 0 or 1.
fn truth(field: Option<&[u8]>) -> Value<'_> {
    field.map_or(Value::Null, |bytes| boolean(bytes).map_or(Value::Other, |truth| Value::Integer(truth.into())))
}
