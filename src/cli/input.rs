//! Files and standard input as arguments name them.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::output::Failure;

/// The content of a file, or of standard input for `-`; wiped from memory after use.
pub(super) fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") {
        let mut content = Zeroizing::new(Vec::new());
        std::io::stdin().lock().read_to_end(&mut content).map_err(|error| Failure::usage(format!("standard input: {error}")))?;
        return Ok(content);
    }
    std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::usage(format!("{}: {error}\n  do: check the path and who may read it", path.display())))
}

/// The same as text, without white space around it.
pub(super) fn text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let content = bytes(path)?;
    let text = std::str::from_utf8(&content).map_err(|_| Failure::usage(format!("{}: not UTF-8 text", path.display())))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
