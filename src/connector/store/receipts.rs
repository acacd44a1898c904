//! The receipts of contributions, kept as proof that what was given stands in the log.

use super::state::{State, StateError};
use super::writer::{SealedReceipt, Work};
use crate::clock::Timestamp;
use crate::connector::seal::Place;
use crate::source::ContributionReceipt;

impl State {
    /// Keeps verified receipts in one transaction; keeping one again changes nothing.
    ///
    /// # Errors
    /// [`StateError`]: none is kept then.
    pub async fn keep_receipts(&self, receipts: &[ContributionReceipt], at: Timestamp) -> Result<(), StateError> {
        let mut sealed = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let fingerprint = self.digest("receipt", receipt.receipt.as_bytes());
            let row = self.seal(place(&row_key(&fingerprint)), receipt)?;
            sealed.push(SealedReceipt { fingerprint, decision: receipt.disclosure.clone(), at: at.millis(), sealed: row });
        }
        self.writer.write(Work::Receipts(sealed)).await
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

    /// How many receipts are kept.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn receipt_count(&self) -> Result<u64, StateError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM receipt").fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// At most `limit` receipts behind the one of number `after`, each with its number.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn receipts_behind(&self, after: i64, limit: u32) -> Result<Vec<(i64, ContributionReceipt)>, StateError> {
        let query = "SELECT rowid, fingerprint, sealed FROM receipt WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(query).bind(after).bind(limit).fetch_all(&self.pool).await?;
        let open = |(number, fingerprint, sealed): (i64, Vec<u8>, Vec<u8>)| {
            Ok((number, self.open_sealed(place(&row_key(&fingerprint)), &sealed)?))
        };
        rows.into_iter().map(open).collect()
    }
}

fn row_key(fingerprint: &[u8]) -> String {
    crate::crypto::base64::encode_url(fingerprint)
}

fn place(row: &str) -> Place<'_> {
    Place { table: "receipt", column: "sealed", row }
}
