//! Padding of an entry's body, so that the size of its ciphertext says little about it.

use zeroize::Zeroizing;

/// Bodies are padded to a multiple of this.
pub const STEP: usize = 512;

/// The longest body, 1 MiB: far above what a disclosure of every category from every source makes.
pub const MAX_BODY: usize = 1 << 20;

/// A body as it is sealed: its length in four bytes, big-endian; the body; zeros up to the next multiple of [`STEP`]. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct PaddedBody(Zeroizing<Vec<u8>>);

impl PaddedBody {
    /// Pads a body.
    ///
    /// # Errors
    /// [`InvalidPadding::TooLong`] above [`MAX_BODY`].
    pub fn pad(body: &[u8]) -> Result<Self, InvalidPadding> {
        let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_BODY).ok_or(InvalidPadding::TooLong)?;
        let size = (4 + body.len()).next_multiple_of(STEP);
        // The room for the tag of the cipher is there from the start, so that sealing copies no plaintext around.
        let mut padded = Zeroizing::new(Vec::with_capacity(size + 16));
        padded.extend_from_slice(&length.to_be_bytes());
        padded.extend_from_slice(body);
        padded.resize(size, 0);
        Ok(Self(padded))
    }

    /// Takes in the bytes that a seal was opened to.
    ///
    /// # Errors
    /// [`InvalidPadding`] when [`Self::pad`] cannot have made them.
    pub fn from_bytes(padded: Zeroizing<Vec<u8>>) -> Result<Self, InvalidPadding> {
        let (length, rest) = padded.split_first_chunk::<4>().ok_or(InvalidPadding::Malformed)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| InvalidPadding::TooLong)?;
        if length > MAX_BODY {
            return Err(InvalidPadding::TooLong);
        }
        let zeros = rest.get(length..).ok_or(InvalidPadding::Malformed)?;
        let canonical = padded.len() == (4 + length).next_multiple_of(STEP) && zeros.iter().all(|&byte| byte == 0);
        canonical.then_some(Self(padded)).ok_or(InvalidPadding::Malformed)
    }

    /// The body without its padding.
    pub fn body(&self) -> &[u8] {
        let (length, rest) = self.0.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(0);
        rest.get(..length).unwrap_or_default()
    }

    /// All bytes, padding included.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for PaddedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaddedBody({} bytes)", self.0.len())
    }
}

/// A body cannot be padded, or bytes are no padded body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPadding {
    /// More than [`MAX_BODY`].
    #[error("an entry's body is at most {MAX_BODY} bytes")]
    TooLong,
    /// Length and zeros do not fit each other.
    #[error("an entry's body is not padded as it should be: the entry was not written by this software")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_that_could_not_have_been_made_is_refused() {
        let good = PaddedBody::pad(b"body").expect("short");
        let altered = |alter: fn(&mut Vec<u8>)| {
            let mut bytes = good.bytes().to_vec();
            alter(&mut bytes);
            PaddedBody::from_bytes(Zeroizing::new(bytes))
        };
        assert_eq!(altered(|_| ()), Ok(good.clone()));
        assert_eq!(altered(|bytes| bytes[511] = 1), Err(InvalidPadding::Malformed));
        assert_eq!(altered(|bytes| bytes[3] = 3), Err(InvalidPadding::Malformed));
        assert_eq!(altered(|bytes| bytes.truncate(511)), Err(InvalidPadding::Malformed));
        assert_eq!(altered(|bytes| bytes.extend([0; 512])), Err(InvalidPadding::Malformed));
        assert_eq!(altered(|bytes| bytes[0] = 0xff), Err(InvalidPadding::TooLong));
        assert_eq!(altered(Vec::clear), Err(InvalidPadding::Malformed));
        assert_eq!(PaddedBody::pad(&vec![0; MAX_BODY + 1]), Err(InvalidPadding::TooLong));
    }

    #[test]
    fn bodies_come_in_steps_of_512_and_back_out_whole() {
        for (length, size) in [(0, 512), (508, 512), (509, 1024), (1020, 1024), (1021, 1536)] {
            let padded = PaddedBody::pad(&vec![7; length]).expect("short");
            assert_eq!(padded.bytes().len(), size);
            assert_eq!(padded.body(), vec![7; length]);
        }
    }
}
