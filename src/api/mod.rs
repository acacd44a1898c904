//! The JSON API. No business rules.
