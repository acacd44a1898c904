//! The receipts of contributions, kept as proof that what was given stands in the log.

use super::state::{State, StateError};
use crate::clock::Timestamp;
use crate::connector::seal::Place;
use crate::source::ContributionReceipt;

impl State {
    /// Keeps a verified receipt; keeping it again changes nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn keep_receipt(&self, receipt: &ContributionReceipt, at: Timestamp) -> Result<(), StateError> {
        let fingerprint = self.digest("receipt", receipt.receipt.as_bytes());
        let row = row_key(&fingerprint);
        let statement = "INSERT INTO receipt (fingerprint, decision, at, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(statement).bind(fingerprint.as_slice()).bind(&receipt.disclosure).bind(at.millis());
        insert.bind(self.seal(place(&row), receipt)?).execute(&self.pool).await?;
        Ok(())
    }

    /// The receipts of one decision, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn receipts(&self, decision: &str) -> Result<Vec<ContributionReceipt>, StateError> {
        let query = "SELECT fingerprint, sealed FROM receipt WHERE decision = ?1 ORDER BY rowid";
        let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(query).bind(decision).fetch_all(&self.pool).await?;
        rows.into_iter().map(|(fingerprint, sealed)| self.open_sealed(place(&row_key(&fingerprint)), &sealed)).collect()
    }
}

fn row_key(fingerprint: &[u8]) -> String {
    crate::connector::encoding::base64url(fingerprint)
}

fn place(row: &str) -> Place<'_> {
    Place { table: "receipt", column: "sealed", row }
}
