//! Base 64 in the two alphabets of RFC 4648, read strictly: canonical trailing bits; padding required in the standard form, refused in
//! the URL form.

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Standard alphabet, padded.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// As [`encode`], appended to `text`.
pub fn encode_onto(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// Reads the standard alphabet with its padding.
///
/// # Errors
/// [`InvalidBase64`] for any other text, also one with wrong padding or stray trailing bits.
pub fn decode(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    STANDARD.decode(text).map_err(|_| InvalidBase64)
}

/// URL alphabet, no padding.
pub fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As [`encode_url`], appended to `text`.
pub fn encode_url_onto(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Reads the URL alphabet without padding.
///
/// # Errors
/// [`InvalidBase64`] for any other text, also a padded one.
pub fn decode_url(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidBase64)
}

/// Reads the URL alphabet without padding into exactly `N` bytes.
///
/// # Errors
/// [`InvalidBase64`], also for another length.
pub fn decode_url_array<const N: usize>(text: &str) -> Result<[u8; N], InvalidBase64> {
    decode_url(text)?.try_into().map_err(|_| InvalidBase64)
}

/// The text is not base 64 in the expected form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base 64 in the expected alphabet, padding and length")]
pub struct InvalidBase64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_canonical() {
        for text in ["AA", "AA=", "AB==", "A", "AA==\n", "_-8=", "AAAA=", "A A="] {
            assert_eq!(decode(text), Err(InvalidBase64), "{text:?}");
        }
        for text in ["AA==", "AB", "A", "AA ", "+/8", "AA\n", "AAAA="] {
            assert_eq!(decode_url(text), Err(InvalidBase64), "{text:?}");
        }
        assert_eq!(decode_url_array::<2>("AAAA"), Err(InvalidBase64));
    }

    #[test]
    fn reads_what_it_writes() {
        let bytes = [0xfb, 0xff, 0, 1];
        assert_eq!(encode(&bytes), "+/8AAQ==");
        assert_eq!(encode_url(&bytes), "-_8AAQ");
        assert_eq!(decode("+/8AAQ==").unwrap(), bytes);
        assert_eq!(decode_url_array::<4>("-_8AAQ").unwrap(), bytes);
        let (mut standard, mut url) = (String::from("x"), String::from("y"));
        encode_onto(&bytes, &mut standard);
        encode_url_onto(&bytes, &mut url);
        assert_eq!((standard.as_str(), url.as_str()), ("x+/8AAQ==", "y-_8AAQ"));
    }
}
