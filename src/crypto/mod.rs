//! Signatures, digests, sealing. No domain words, no input or output.
