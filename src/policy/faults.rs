//! What is wrong with the files of a version. Reading goes on where it can, so that its author learns of all at once; what was broken on purpose or
//! by accident is no version all the same.

use crate::catalogue::purpose::FileError;

/// The faults found, in the order of reading.
#[derive(Debug, Default)]
pub struct Faults(Vec<FileError>);

impl Faults {
    /// One more.
    pub fn add(&mut self, fault: FileError) {
        self.0.push(fault);
    }

    /// What could be read; a fault is kept.
    pub fn keep<T>(&mut self, read: Result<T, FileError>) -> Option<T> {
        read.map_err(|fault| self.add(fault)).ok()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// That there are none, or the first.
    ///
    /// # Errors
    /// The first.
    pub fn none(self) -> Result<(), FileError> {
        self.0.into_iter().next().map_or(Ok(()), Err)
    }

    /// All of them by file and line, each once.
    pub fn into_sorted(mut self) -> Vec<FileError> {
        self.0.sort_by(|one, other| (&one.file, one.line, &one.message).cmp(&(&other.file, other.line, &other.message)));
        self.0.dedup();
        self.0
    }
}
