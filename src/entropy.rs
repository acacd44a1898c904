//! Randomness, passed in: keys, nonces and pseudonyms are drawn from an [`Entropy`]; the only one that ships is the system's.

/// A source of cryptographic randomness.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random bytes.
    ///
    /// # Errors
    /// [`EntropyUnavailable`] when the system cannot supply them; nothing may go on without.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

/// `N` random bytes.
///
/// # Errors
/// [`EntropyUnavailable`], as [`Entropy::fill`].
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyUnavailable> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// The operating system's random generator, asked each time: two machines that go on from one image draw differently.
#[derive(Clone, Debug, Default)]
pub struct SystemEntropy(());

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        getrandom::fill(buffer).map_err(|_| EntropyUnavailable)
    }
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyUnavailable;
