//! The id of a case: opaque, and the only thing of it that others keep.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{Entropy, EntropyUnavailable, random};

/// A `UUIDv7` (RFC 9562) as printed: 36 characters in lower case. One case has one spelling, for pseudonyms are made from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId(String);

impl CaseId {
    /// A new one.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn draw(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        Ok(Self(uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>(entropy)?).into_uuid().to_string()))
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaseId {
    type Err = InvalidCaseId;

    fn from_str(text: &str) -> Result<Self, InvalidCaseId> {
        let printed = uuid::Uuid::parse_str(text).map_err(|_| InvalidCaseId)?.to_string();
        if printed == text { Ok(Self(printed)) } else { Err(InvalidCaseId) }
    }
}

impl TryFrom<String> for CaseId {
    type Error = InvalidCaseId;

    fn try_from(text: String) -> Result<Self, InvalidCaseId> {
        text.parse()
    }
}

impl From<CaseId> for String {
    fn from(id: CaseId) -> Self {
        id.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the id of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case id is a UUID in lower case, as `sluis case open` prints it")]
pub struct InvalidCaseId;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_case_has_one_spelling() {
        let id = CaseId::draw(Timestamp::from_seconds(1_795_262_400), &SystemEntropy::default()).expect("an id");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        let spellings = [id.as_str().to_uppercase(), id.as_str().replace('-', ""), format!("{{{id}}}"), format!("{id} ")];
        for other in spellings.into_iter().chain([String::new(), "1".to_owned()]) {
            assert_eq!(other.parse::<CaseId>(), Err(InvalidCaseId), "{other}");
        }
    }
}
