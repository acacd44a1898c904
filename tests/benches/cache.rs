//! Large logs, made once and kept outside the clone.

use std::path::PathBuf;

use crate::{Outcome, progress};

/// Grows when a log is made otherwise: older ones are made anew.
const VERSION: &str = "2";

/// The file that says that a log was made to its end.
const COMPLETE: &str = "complete";

/// A place in the cache.
pub(crate) struct Cached {
    /// Its folder.
    pub(crate) folder: PathBuf,
    name: &'static str,
}

impl Cached {
    /// In `$SLUIS_CACHE`, or the user's cache folder.
    pub(crate) fn at(name: &'static str) -> Outcome<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("sluis"));
        let cache = set("SLUIS_CACHE").or_else(user).ok_or("no cache folder: set SLUIS_CACHE")?;
        Ok(Self { folder: cache.join("benches").join(name), name })
    }

    /// Whether it was made to its end, by this version.
    pub(crate) fn is_complete(&self) -> bool {
        std::fs::read_to_string(self.folder.join(COMPLETE)).is_ok_and(|version| version == VERSION)
    }

    /// An empty folder to make it in; whatever was there goes.
    pub(crate) fn begin(&self) -> Outcome<()> {
        progress(&format!("making {} in {}: takes some minutes, once", self.name, self.folder.display()));
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        Ok(std::fs::create_dir_all(&self.folder)?)
    }

    /// It is made.
    pub(crate) fn finish(&self) -> Outcome<()> {
        Ok(std::fs::write(self.folder.join(COMPLETE), VERSION)?)
    }
}
