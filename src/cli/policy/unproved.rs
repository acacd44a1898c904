//! `sluis policy prove` and `diff` in a program built without the feature `prove`: they say what is missing.

use std::ffi::OsString;

use clap::Args;

use crate::cli::output::Failure;

/// Not in this program: it was built without the feature `prove`.
#[derive(Args)]
pub(super) struct Unproved {
    /// Whatever it would have been.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

impl Unproved {
    pub(super) fn run(self) -> Failure {
        drop(self.arguments);
        Failure::usage(
            "this program was built without the feature `prove`: it holds no proofs\n  \
             do: build it with the feature (cargo build --release --features prove; it is on by default), and install the solver cvc5 \
             (Debian: apt-get install cvc5)",
        )
    }
}
