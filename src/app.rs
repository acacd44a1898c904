//! The composition root: alone names concrete adapters.
