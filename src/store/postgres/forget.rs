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

/// How long all of it may take.
const LONGEST: Duration = Duration::from_mins(31);

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether this user is shown what others see (the role `pg_monitor` is enough), and may VACUUM: of who may not it is skipped with a warning.
const MAY: &str = "SELECT pg_has_role('pg_read_all_stats', 'USAGE')
    AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = CAST('entry' AS regclass)), 'USAGE')";

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
    // The server's own limit is of no use where it does not answer any more.
    let all = async {
        let mut connection = options.connect().await.map_err(unavailable)?;
        let cleaned = cleaned(&mut connection).await;
        connection.close().await.ok();
        cleaned
    };
    let late = |_| StoreError::Unavailable("VACUUM did not end in time".to_owned());
    tokio::time::timeout(LONGEST, all).await.map_err(late)?
}

async fn cleaned(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let may: bool = sqlx::query_scalar(MAY).fetch_one(&mut *connection).await.map_err(unavailable)?;
    if !may {
        return Err(StoreError::Unavailable(
            "what was erased cannot be removed from its pages\n  do: make the gateway's user the owner of its tables, and GRANT pg_monitor to it".to_owned(),
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
            tracing::warn!(
                seeing,
                "what was erased may still be seen by transactions, standbys, slots or prepared transactions: tried again in a minute"
            );
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
    sqlx::raw_sql(VACUUM).execute(connection).await.map_err(unavailable)?;
    Ok(true)
}
