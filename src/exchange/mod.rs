//! The flow of a disclosure, one step per file.
