//! Waiting until standbys have what was committed. PostgreSQL waits for its synchronous standbys by itself, but says that it committed also when that wait
//! was cancelled, with a warning only: so it is looked at.

use std::time::Duration;

use super::super::sql::{Connection, query};
use crate::store::StoreError;

/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Up to where this server has synced its log: the last commit of this connection is in it, and whatever it has seen of others.
const SYNCED: &str = "SELECT CAST(pg_current_wal_flush_lsn() AS TEXT)";

/// How many standbys have synced it up to there.
const FOLLOWING: &str = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')
    AND flush_lsn >= CAST($1 AS pg_lsn)";

/// Waits until `standbys` have synced what was committed, or seen, on this connection.
///
/// # Errors
/// [`StoreError::UnknownOutcome`].
pub(super) async fn wait(connection: &mut Connection, standbys: u32) -> Result<(), StoreError> {
    if let Ok(looked) = tokio::time::timeout(PATIENCE, looked(connection, standbys)).await {
        return looked.map_err(|error| match error {
            StoreError::Unavailable(why) => StoreError::UnknownOutcome(why),
            other => StoreError::UnknownOutcome(other.to_string()),
        });
    }
    connection.give_up();
    Err(StoreError::UnknownOutcome(format!(
        "{standbys} standbys did not have it in time\n  do: see pg_stat_replication: so many must stream, with sync_state sync or quorum (synchronous_standby_names), \
         and the gateway's user needs pg_monitor to see it"
    )))
}

async fn looked(connection: &mut Connection, standbys: u32) -> Result<(), StoreError> {
    let synced: String = query(SYNCED).one(connection).await?.get(0)?;
    loop {
        let following: i64 = query(FOLLOWING).bind(synced.as_str()).one(connection).await?.get(0)?;
        if following >= i64::from(standbys) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
