//! An embargo (embargo, opsporingsbelang): what a privacy officer holds back from reports to subjects, on what ground, until when.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::entry::{Clear, TraceId};
use super::token::SearchToken;
use crate::clock::Timestamp;
use crate::crypto::hex;
use crate::organisation::Oin;

/// What is held back, of one organisation's side of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Everything about a person.
    Subject(#[serde(serialize_with = "write_token", deserialize_with = "read_token")] SearchToken),
    /// Everything in a case.
    Case(#[serde(serialize_with = "write_token", deserialize_with = "read_token")] SearchToken),
    /// Everything of one request.
    Trace(TraceId),
}

impl Target {
    /// What it is, by its code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Subject(_) => "subject",
            Self::Case(_) => "case",
            Self::Trace(_) => "trace",
        }
    }

    /// The token or trace, as the log writes it.
    pub fn value(&self) -> String {
        match self {
            Self::Subject(token) | Self::Case(token) => hex::encode(token.bytes()),
            Self::Trace(trace) => trace.to_string(),
        }
    }

    fn takes(&self, clear: &Clear) -> bool {
        match self {
            Self::Subject(token) => clear.subject.as_ref() == Some(token),
            Self::Case(token) => clear.case.as_ref() == Some(token),
            Self::Trace(trace) => clear.trace == *trace,
        }
    }
}

/// One embargo in its newest version.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Embargo {
    /// Its id (`UUIDv7`).
    pub id: String,
    /// 1 when it is placed, 2 when it is lifted before its time.
    pub version: u32,
    /// Whose side of the log.
    pub party: Oin,
    /// What is held back.
    pub target: Target,
    /// On what ground.
    pub ground: String,
    /// Who placed it, by reference.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
    /// From when on it is told all the same.
    pub until: Timestamp,
    /// Its end before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Lifted>,
}

/// The end of an embargo before its time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifted {
    /// When.
    pub at: Timestamp,
    /// By whom, by reference.
    pub by: String,
    /// On what ground.
    pub ground: String,
}

impl Embargo {
    /// Whether it stands. The date lifts it by a time that has surely come ([`None`]: nobody knows): what was told for a wrong clock stays told.
    pub fn stands(&self, sure: Option<Timestamp>) -> bool {
        self.lifted.is_none() && sure.is_none_or(|now| now < self.until)
    }

    /// When it ends, or ended: what it held back is told from then on.
    pub fn end(&self) -> Timestamp {
        self.lifted.as_ref().map_or(self.until, |lifted| lifted.at.min(self.until))
    }

    /// Whether it holds an entry back.
    pub fn holds_back(&self, clear: &Clear, sure: Option<Timestamp>) -> bool {
        self.party == clear.party && self.stands(sure) && self.target.takes(clear)
    }
}

impl std::fmt::Debug for Embargo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Embargo({}/{}, …)", self.id, self.version)
    }
}

impl std::fmt::Debug for Lifted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lifted(…)")
    }
}

/// A token as an officer reads it in the log: 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct TokenText(pub SearchToken);

impl FromStr for TokenText {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = hex::decode_array(text).filter(|bytes| hex::encode(bytes) == text).ok_or(())?;
        Ok(Self(SearchToken::from_bytes(bytes)))
    }
}

fn write_token<S: Serializer>(token: &SearchToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(token.bytes()))
}

fn read_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SearchToken, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(|TokenText(token)| token).map_err(|()| serde::de::Error::custom("no token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: an unknown time counts as past.
    #[test]
    fn it_stands_until_its_time_has_surely_come() {
        let at = Timestamp::from_seconds;
        let embargo = Embargo {
            id: "e".to_owned(),
            version: 1,
            party: "00000099000000001000".parse().expect("an OIN"),
            target: Target::Case(SearchToken::from_bytes([7; 16])),
            ground: "investigation".to_owned(),
            placed_by: "fg-1".to_owned(),
            placed_at: at(0),
            until: at(100),
            lifted: None,
        };
        assert!(embargo.stands(None) && embargo.stands(Some(at(99))));
        assert!(!embargo.stands(Some(at(100))));
        let end = Lifted { at: at(5), by: "fg-1".to_owned(), ground: "arrested".to_owned() };
        let lifted = Embargo { lifted: Some(end), version: 2, ..embargo.clone() };
        assert!(!lifted.stands(None));
        assert_eq!((embargo.end(), lifted.end()), (at(100), at(5)));
        for one in [embargo, lifted] {
            let text = serde_json::to_string(&one).expect("JSON");
            assert_eq!(serde_json::from_str::<Embargo>(&text).expect("an embargo"), one);
        }
    }
}
