//! Tracing set-up. Never personal data.
