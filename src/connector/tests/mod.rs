//! The rules of the connector, each with a real source database.
use std::path::{Path, PathBuf};

/// A folder that goes away with the test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        let name = crate::connector::encoding::random_id(&crate::entropy::SystemEntropy::default()).unwrap();
        let path = std::env::temp_dir().join(format!("sluis-{name}"));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
