//! Taking what rows have forgotten out of the table's pages and its indexes: PostgreSQL keeps old versions of rows until VACUUM removes them, and that leaves
//! what a transaction, a standby or a slot may still see.
//!
//! What VACUUM cannot reach is the write-ahead log, until its segments are used again, and backups: there the destroyed key is what erases.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::Instant;

use super::unavailable;
use crate::store::StoreError;

/// How long older transactions are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether this user is shown what others see (the role `pg_monitor` is enough).
const SHOWN: &str = "SELECT pg_has_role('pg_read_all_stats', 'USAGE')";

/// The transaction behind all that have deleted something until now.
const NOW: &str = "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS xid) AS TEXT)";

/// How many may still see what older transactions deleted.
const SEEING: &str = "SELECT count(*) FROM (
        SELECT backend_xmin AS oldest FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND (datname IS NULL OR datname = current_database())
        UNION ALL SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database()
        UNION ALL SELECT backend_xmin FROM pg_stat_replication
        UNION ALL SELECT xmin FROM pg_replication_slots
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
    ) AS holding WHERE age(oldest) > age(CAST($1 AS xid))";

/// FREEZE waits for pages that somebody is reading, where VACUUM alone would leave them out; `INDEX_CLEANUP` looks at the indexes however little there is to do.
const VACUUM: &str = "VACUUM (FREEZE, INDEX_CLEANUP ON) entry";

/// Removes old versions of entries; `false` where somebody may still see some.
///
/// # Errors
/// [`StoreError::Unavailable`], also where this user is not shown who sees what.
pub(super) async fn clean(options: &PgConnectOptions) -> Result<bool, StoreError> {
    let options = options.clone().options([("statement_timeout", "30min"), ("lock_timeout", "8s")]);
    let mut connection = options.connect().await.map_err(unavailable)?;
    let cleaned = cleaned(&mut connection).await;
    connection.close().await.ok();
    cleaned
}

async fn cleaned(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let is_shown: bool = sqlx::query_scalar(SHOWN).fetch_one(&mut *connection).await.map_err(unavailable)?;
    if !is_shown {
        return Err(StoreError::Unavailable(
            "its user is not shown who may still see what was erased\n  do: GRANT pg_monitor to the gateway's user".to_owned(),
        ));
    }
    let now: String = sqlx::query_scalar(NOW).fetch_one(&mut *connection).await.map_err(unavailable)?;
    let begun = Instant::now();
    loop {
        let seeing: i64 = sqlx::query_scalar(SEEING).bind(&now).fetch_one(&mut *connection).await.map_err(unavailable)?;
        if seeing == 0 {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
    sqlx::raw_sql(VACUUM).execute(connection).await.map_err(unavailable)?;
    Ok(true)
}
