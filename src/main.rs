//! The command `sluis`: arguments to exit code.

fn main() {}
