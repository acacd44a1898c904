//! What the columns of one entry are held to say: the canonical JSON that is digested under the leaf, and whether what can be erased is there.

use crate::crypto::hex;
use crate::ledger::audit::{Erasable, StoredBody, StoredLine};
use crate::ledger::entry::{Beside, TokenSalt, TokensDigest};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::store::StoreError;

/// More bytes than any text beside an entry has. What is longer is not kept in memory: whoever can write the database decides how long it is.
const LONGEST: usize = 64 * 1024;

/// A value as it stands in a column.
#[derive(Clone, Copy)]
pub(in crate::store) enum Value<'r> {
    /// None.
    Null,
    /// A number; a truth value is 0 or 1.
    Integer(i64),
    /// A text.
    Text(&'r [u8]),
    /// What stands in no column of an entry.
    Other,
}

/// A row of `entry`, with the sources that were asked.
pub(in crate::store) struct Columns<'r> {
    /// `idx`
    pub(in crate::store) index: i64,
    /// `leaf`
    pub(in crate::store) leaf: Option<&'r [u8]>,
    /// `tokens`
    pub(in crate::store) tokens: Option<&'r [u8]>,
    /// `token_salt`
    pub(in crate::store) salt: Option<&'r [u8]>,
    /// The tokens of subject, actor and case.
    pub(in crate::store) person: [Option<&'r [u8]>; 3],
    /// Whether there is no wrapped key.
    pub(in crate::store) is_keyless: bool,
    /// `held_by`
    pub(in crate::store) held_by: Value<'r>,
    /// `body`
    pub(in crate::store) body: Option<&'r [u8]>,
    /// Kind, time, party, source, recipient, purpose, categories, outcome, overridden: before the digest of the tokens, as [`Beside::of_columns`] has them.
    pub(in crate::store) before: [Value<'r>; 9],
    /// `trace`
    pub(in crate::store) trace: Value<'r>,
    /// `key_class`
    pub(in crate::store) class: Value<'r>,
    /// `erases`
    pub(in crate::store) erases: Value<'r>,
    /// Of `entry_asked`.
    pub(in crate::store) asked: &'r Sources,
}

impl Columns<'_> {
    /// The entry; `json` is room for its columns, of whatever is in it now.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what stands in no column, or is longer than any.
    pub(in crate::store) fn line(&self, json: &mut Vec<u8>) -> Result<StoredLine, StoreError> {
        let named = |column| StoreError::Corrupt { table: "entry", column, row: self.index.to_string() };
        let body = match self.body {
            Some(body) => {
                self.write(json).ok_or_else(|| named("columns"))?;
                Some(StoredBody::of(Beside::of_columns(json), body))
            }
            None => None,
        };
        let text = |value: Value<'_>, column| value.text().ok_or_else(|| named(column));
        let held_by = text(self.held_by, "held_by")?;
        let erasable = match self.salt {
            Some(salt) => self.there(salt),
            None if self.is_keyless && self.person.iter().all(Option::is_none) => {
                Erasable::Gone { class: text(self.class, "key_class")?.unwrap_or_default(), held_by }
            }
            None => Erasable::Changed,
        };
        // One of another length is none.
        let leaf = self.leaf.filter(|leaf| leaf.len() == Leaf::LENGTH).unwrap_or_default().to_vec();
        Ok(StoredLine { index: self.index, leaf, body, erasable, sources: self.asked.count })
    }

    /// Writes the columns as the canonical JSON that the digest is of; `None` where a value is none of theirs.
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        json.clear();
        json.push(b'[');
        for value in self.before {
            value.write(json)?;
            json.push(b',');
        }
        string(hex::encode(self.tokens.unwrap_or_default()).as_bytes(), json)?;
        for value in [self.trace, self.class, Value::Text(self.asked.joined.as_bytes()), self.erases] {
            json.push(b',');
            value.write(json)?;
        }
        json.push(b']');
        Some(())
    }

    /// Whether tokens that are there are those of their digest. A token of another length is none.
    fn there(&self, salt: &[u8]) -> Erasable {
        let token = |token: Option<&[u8]>| token.map(|bytes| bytes.try_into().map(SearchToken::from_bytes)).transpose();
        let [subject, actor, case] = self.person.map(token);
        match (salt.try_into(), subject, actor, case) {
            (Ok(salt), Ok(subject), Ok(actor), Ok(case)) if !self.is_keyless => {
                let own = TokensDigest::of_tokens(&TokenSalt::from_bytes(salt), [subject, actor, case]);
                if self.tokens == Some(own.bytes()) { Erasable::There } else { Erasable::Changed }
            }
            _ => Erasable::Changed,
        }
    }
}

impl Value<'_> {
    fn write(self, json: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Null => json.extend_from_slice(b"null"),
            Self::Integer(number) => serde_json::to_writer(json, &number).ok()?,
            Self::Text(text) => string(text, json)?,
            Self::Other => return None,
        }
        Some(())
    }

    /// The text, where there is one; `None` outside where something else stands there, or more than any text has.
    #[expect(clippy::option_option, reason = "a value that is NULL is not one of another type")]
    fn text(self) -> Option<Option<String>> {
        match self {
            Self::Null => Some(None),
            Self::Text(text) if text.len() <= LONGEST => Some(Some(str::from_utf8(text).ok()?.to_owned())),
            Self::Text(_) | Self::Integer(_) | Self::Other => None,
        }
    }
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

/// The sources that were asked, of one entry.
#[derive(Debug, Default)]
pub(in crate::store) struct Sources {
    /// All that is written, with a space between.
    joined: String,
    /// How many can be sources.
    count: u64,
    /// What stands before the next one.
    between: &'static str,
}

impl Sources {
    /// Of an entry that asked nobody.
    pub(in crate::store) const NONE: Self = Self { joined: String::new(), count: 0, between: "" };

    /// Takes the next one; `index` is that of the entry.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is more than any entry has.
    pub(in crate::store) fn add(&mut self, source: &str, index: i64) -> Result<(), StoreError> {
        if self.joined.len().saturating_add(source.len()) > LONGEST {
            return Err(StoreError::Corrupt { table: "entry_asked", column: "source", row: index.to_string() });
        }
        self.joined.push_str(self.between);
        self.joined.push_str(source);
        self.between = " ";
        self.count = self.count.saturating_add(u64::from(source.len() == 20 && source.bytes().all(|byte| byte.is_ascii_digit())));
        Ok(())
    }
}
