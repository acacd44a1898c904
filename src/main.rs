//! The command `sluis`: arguments to exit code.

use std::process::ExitCode;

/// A disclosure makes and drops some thousand small values on several threads, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sluis::cli::main()
}
