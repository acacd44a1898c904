//! The command `sluis`: arguments to exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluis::cli::main()
}
