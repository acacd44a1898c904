//! Who agreed to what: consent events and overrides. Never reads the clock.
