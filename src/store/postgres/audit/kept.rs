//! The receipts that a store keeps: of deliveries until they go, of contributions until their sources have taken them.

use sqlx::postgres::{PgConnection, PgRow};

use super::{corrupt, get};
use crate::store::StoreError;
use crate::store::audit::{Keeping, KeptAt, KeptReceipt};
use crate::store::sql::unavailable;

/// They stand in the order of their keys.
pub(super) async fn page(
    connection: &mut PgConnection,
    place: Keeping,
    after: Option<&KeptAt>,
    limit: u32,
) -> Result<Vec<KeptReceipt>, StoreError> {
    let query = match place {
        Keeping::Deliveries => {
            "SELECT disclosure, seq, disclosure || ' at ' || seq, seq, receipt FROM delivery
             WHERE (disclosure, seq) > ($1, $2) ORDER BY disclosure, seq LIMIT $3"
        }
        Keeping::Contributions => {
            "SELECT '', seq, disclosure || ' for ' || source, CAST(NULL AS BIGINT), receipt FROM contribution_receipt
             WHERE $1 = '' AND seq > $2 ORDER BY seq LIMIT $3"
        }
    };
    let (disclosure, number) = after.map_or(("", i64::MIN), |after| (after.0.as_str(), after.1));
    let query = sqlx::query(query).bind(disclosure).bind(number).bind(i64::from(limit));
    let rows = query.fetch_all(connection).await.map_err(unavailable)?;
    rows.iter().map(|row| kept(row, place.table())).collect()
}

fn kept(row: &PgRow, table: &'static str) -> Result<KeptReceipt, StoreError> {
    let number: i64 = get(row, 1).map_err(|_| corrupt(table, "seq", "?"))?;
    let text = |at: usize, column| get::<String>(row, at).map_err(|_| corrupt(table, column, &number.to_string()));
    Ok(KeptReceipt {
        at: KeptAt(text(0, "disclosure")?, number),
        about: text(2, "disclosure")?,
        index: get(row, 3).map_err(|_| corrupt(table, "seq", &number.to_string()))?,
        receipt: text(4, "receipt")?,
    })
}
