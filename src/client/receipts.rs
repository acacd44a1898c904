//! Keeping receipts.

use std::io;
use std::path::{Path, PathBuf};

use super::Disclosed;

impl Disclosed {
    /// Keeps each receipt, with the statement that it proves, in `folder`: it proves the disclosure also when the log's content is gone. A
    /// receipt is named by its place in the log, so that none takes the place of another. Gives the files of the receipts.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_receipts(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder)?;
        let keep = |delivery: &super::OpenedDelivery| {
            let name = format!("{}-{}", self.id, delivery.log_index);
            let receipt = folder.join(format!("{name}.tlog-proof"));
            std::fs::write(&receipt, &delivery.receipt)?;
            std::fs::write(folder.join(format!("{name}.statement.json")), &delivery.statement)?;
            Ok(receipt)
        };
        self.deliveries.iter().map(keep).collect()
    }
}
