//! Where the next page of a query begins: opaque to who holds it, and good for the same filter of the same organisation only.

use super::asked;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::crypto::{base64, digest};
use crate::store::search::{Filter, Place};

/// What a cursor says, in bytes: the size of the log, the time and the index of the last line, each big-endian.
const SAID: usize = 24;

const EXPECTED: &str = "the cursor of the page before, with the filter that was asked then";

impl Desk {
    /// The cursor behind `place`, of a query that looks at the log as of `as_of`.
    pub(super) fn cursor(&self, filter: &Filter, as_of: u64, place: Place) -> String {
        let said = [as_of.to_be_bytes(), place.time.millis().to_be_bytes(), place.index.to_be_bytes()].concat();
        base64::encode_url(&[said.as_slice(), &self.code(filter, &said)].concat())
    }

    /// What a cursor of this filter says: as of which size of the log, and behind which line.
    ///
    /// # Errors
    /// [`ActionError::Member`] when it is of another filter or organisation, or of no page at all.
    pub(super) fn resumed(&self, filter: &Filter, cursor: &str) -> Result<(u64, Place), ActionError> {
        let wrong = || ActionError::Member { pointer: "/request/cursor", expected: EXPECTED.to_owned() };
        let bytes = base64::decode_url_array::<{ SAID + 32 }>(cursor).map_err(|_| wrong())?;
        let (said, code) = bytes.split_at(SAID);
        if !digest::equal(&self.code(filter, said), code) {
            return Err(wrong());
        }
        let (numbers, _) = said.as_chunks::<8>();
        let [as_of, time, index] = numbers else { return Err(wrong()) };
        let time = Timestamp::from_millis(i64::from_be_bytes(*time));
        Ok((u64::from_be_bytes(*as_of), Place { time, index: u64::from_be_bytes(*index) }))
    }

    fn code(&self, filter: &Filter, said: &[u8]) -> [u8; 32] {
        let terms = asked::terms(filter);
        let terms = terms.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let parts: Vec<&[u8]> = [filter.party.as_str().as_bytes(), said].into_iter().chain(terms).collect();
        self.cursors.of_parts(&parts)
    }
}
