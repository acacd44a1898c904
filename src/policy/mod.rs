//! Who may receive what: the only place that knows Cedar.
