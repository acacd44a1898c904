//! Trace and span ids (W3C Trace Context), which join entries, decisions and the lines of other parties' logs.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::entropy::{Entropy, EntropyUnavailable, random};

/// A trace id: 16 bytes, not all zero; written as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId([u8; 16]);

/// A span id: 8 bytes, not all zero; written as 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpanId([u8; 8]);

macro_rules! trace_identifier {
    ($name:ident, $length:literal) => {
        impl $name {
            /// A fresh id.
            ///
            /// # Errors
            /// [`EntropyUnavailable`] when the system gives no randomness.
            pub fn fresh(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
                let bytes: [u8; $length] = random(entropy)?;
                Self::from_bytes(bytes).ok_or(EntropyUnavailable)
            }

            /// From its bytes; `None` when all are zero, which Trace Context forbids.
            pub fn from_bytes(bytes: [u8; $length]) -> Option<Self> {
                bytes.iter().any(|&byte| byte != 0).then_some(Self(bytes))
            }

            /// Its bytes.
            pub const fn bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidTrace;

            fn from_str(text: &str) -> Result<Self, InvalidTrace> {
                let mut bytes = [0; $length];
                let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(InvalidTrace) };
                if pairs.len() != bytes.len() {
                    return Err(InvalidTrace);
                }
                for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
                    *byte = digit(*high)? << 4 | digit(*low)?;
                }
                Self::from_bytes(bytes).ok_or(InvalidTrace)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidTrace;

            fn try_from(text: String) -> Result<Self, InvalidTrace> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::with_capacity(2 * $length);
                for byte in self.0 {
                    write!(text, "{byte:02x}")?;
                }
                f.write_str(&text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

trace_identifier!(TraceId, 16);
trace_identifier!(SpanId, 8);

fn digit(hex: u8) -> Result<u8, InvalidTrace> {
    match hex {
        b'0'..=b'9' => Ok(hex - b'0'),
        b'a'..=b'f' => Ok(hex - b'a' + 10),
        _ => Err(InvalidTrace),
    }
}

/// The text is no trace or span id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trace id is 32 lower-case hex digits, a span id 16, not all zero (W3C Trace Context)")]
pub struct InvalidTrace;
