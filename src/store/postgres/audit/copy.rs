//! What COPY gives in its binary format (PostgreSQL documentation, "COPY", "Binary Format"), message by message: each that comes from the server is one row.

use futures_util::StreamExt as _;
use sqlx::postgres::PgConnection;

use crate::store::StoreError;
use crate::store::sql::unavailable;

/// What stands before the first row: the signature, no flags, and no bytes of an extension.
const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What stands behind the last row.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// The fields of a row, each with its bytes or NULL.
pub(super) type Fields<'m, const N: usize> = [Option<&'m [u8]>; N];

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
enum Message<'m, const N: usize> {
    Row(Fields<'m, N>),
    /// The header by itself.
    Nothing,
    End,
}

/// Runs a query of `N` columns, and hands each row to `each`. An error is the first one; all that comes is read even then, for the connection to be usable.
///
/// # Errors
/// Those of `each`; [`StoreError::Unavailable`] when the database refuses, or sends what is no such row.
pub(super) async fn rows<const N: usize>(
    connection: &mut PgConnection,
    query: &str,
    mut each: impl FnMut(&Fields<'_, N>) -> Result<(), StoreError> + Send,
) -> Result<(), StoreError> {
    let statement = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let mut messages = connection.copy_out_raw(&statement).await.map_err(unavailable)?;
    let (mut outcome, mut is_first, mut has_ended) = (Ok(()), true, false);
    while let Some(bytes) = messages.next().await {
        let bytes = bytes.map_err(unavailable)?;
        if outcome.is_ok() {
            outcome = match message(&bytes, is_first) {
                Some(Message::Row(fields)) if !has_ended => each(&fields),
                Some(Message::Nothing) => Ok(()),
                Some(Message::End) if !has_ended => {
                    has_ended = true;
                    Ok(())
                }
                _ => Err(no_row()),
            };
        }
        is_first = false;
    }
    outcome?;
    if has_ended { Ok(()) } else { Err(no_row()) }
}

fn no_row() -> StoreError {
    StoreError::Unavailable("PostgreSQL sent what is no row of COPY".to_owned())
}

/// `None` for what is none.
fn message<const N: usize>(bytes: &[u8], is_first: bool) -> Option<Message<'_, N>> {
    let mut rest = bytes;
    if is_first {
        rest = rest.strip_prefix(&HEADER)?;
        if rest.is_empty() {
            return Some(Message::Nothing);
        }
    }
    let count = taken::<2>(&mut rest)?;
    if count == TRAILER {
        return rest.is_empty().then_some(Message::End);
    }
    if usize::try_from(i16::from_be_bytes(count)) != Ok(N) {
        return None;
    }
    let mut fields = [None; N];
    for field in &mut fields {
        let length = i32::from_be_bytes(taken(&mut rest)?);
        if length != -1 {
            let (own, others) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (*field, rest) = (Some(own), others);
        }
    }
    rest.is_empty().then_some(Message::Row(fields))
}

/// The next bytes.
fn taken<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(*taken)
}

/// A BIGINT.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

/// A BOOLEAN.
pub(super) const fn boolean(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &[u8] = b"\0\x02\0\0\0\x03abc\xff\xff\xff\xff";

    #[test]
    fn a_row_is_read_where_it_stands() {
        let first = [HEADER.as_slice(), ROW].concat();
        assert_eq!(message::<2>(&first, true), Some(Message::Row([Some(b"abc".as_slice()), None])));
        assert_eq!(message::<2>(ROW, false), Some(Message::Row([Some(b"abc".as_slice()), None])));
        assert_eq!(message::<2>(&HEADER, true), Some(Message::Nothing));
        assert_eq!(message::<2>(&[HEADER.as_slice(), &TRAILER].concat(), true), Some(Message::End));
        assert_eq!(message::<2>(&TRAILER, false), Some(Message::End));
    }

    /// Broken on purpose to see it fail: without the look at what stands behind the last field.
    #[test]
    fn what_is_no_row_is_none() {
        for at in 0..ROW.len() {
            assert_eq!(message::<2>(&ROW[..at], false), None, "cut off at {at}");
        }
        assert_eq!(message::<2>(&[ROW, b"\0"].concat(), false), None, "more behind it");
        assert_eq!((message::<1>(ROW, false), message::<3>(ROW, false)), (None, None), "another number of fields");
        assert_eq!(message::<2>(ROW, true), None, "without a header");
        assert_eq!(message::<1>(b"\0\x01\xff\xff\xff\xfe", false), None, "another negative length");
        assert_eq!(message::<1>(b"\0\x01\x7f\xff\xff\xffabc", false), None, "a length beyond its end");
        assert_eq!(message::<2>(b"", false), None);
        let mut other = HEADER;
        other[14] = 1;
        assert_eq!(message::<2>(&other, true), None, "other flags");
        assert_eq!((integer(b"1234567"), boolean(&[2]), boolean(&[])), (None, None, None));
    }
}
