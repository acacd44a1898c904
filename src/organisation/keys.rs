//! Published keys of organisations and their validity. No private keys.
