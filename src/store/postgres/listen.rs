//! Hearing of other nodes' changes: whoever moves the facts tells so with the commit (NOTIFY), and every node listens on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// The channel, of this database alone.
const CHANNEL: &str = "sluis_facts";

/// Tells everybody who listens, when the transaction commits.
pub(super) const TELL: &str = "SELECT pg_notify('sluis_facts', '')";

/// After how long somebody looks who has heard nothing: a lost connection is found out of only when it is used.
const SILENCE: Duration = Duration::from_millis(900);

/// How long it is waited before listening is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// What is heard. The task that listens ends with this value.
pub(super) struct Changes {
    heard: Arc<Notify>,
    silence: Duration,
    task: AbortHandle,
}

impl Changes {
    /// Starts to listen.
    pub(super) fn start(options: PgConnectOptions) -> Self {
        Self::with_silence(options, SILENCE)
    }

    fn with_silence(options: PgConnectOptions, silence: Duration) -> Self {
        let heard = Arc::new(Notify::new());
        Self { task: tokio::spawn(listen(options, Arc::clone(&heard))).abort_handle(), heard, silence }
    }

    /// Returns when something was heard since the last call, or after a while.
    pub(super) async fn heard(&self) {
        tokio::time::timeout(self.silence, self.heard.notified()).await.ok();
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(options: PgConnectOptions, heard: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    loop {
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            heard.notify_one();
            // Without a connection nothing is heard: what was told meanwhile is looked for.
            while let Ok(Some(_)) = listener.try_recv().await {
                heard.notify_one();
            }
            heard.notify_one();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use sqlx::{ConnectOptions as _, Executor as _};

    use super::*;

    /// Broken on purpose to see it fail: `TELL` on another channel.
    #[expect(clippy::disallowed_methods, reason = "which server the tests have is told by tests/run")]
    #[tokio::test]
    async fn what_is_told_is_heard_without_anybody_looking() {
        let url = std::env::var("SLUIS_TEST_POSTGRES").expect("a server of its own: tests/run starts one");
        let options = PgConnectOptions::from_str(&url).expect("a URL");
        let mut other = options.clone().connect().await.expect("a server");
        let changes = Changes::with_silence(options.application_name("sluis-listens"), Duration::from_hours(1));
        let heard = async || tokio::time::timeout(Duration::from_mins(1), changes.heard()).await.expect("heard");
        heard().await;
        for _ in 0..3 {
            other.execute(TELL).await.expect("told");
            heard().await;
        }
        // A connection that is lost is made again: what was told meanwhile is looked for.
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluis-listens'";
        other.execute(cut).await.expect("cut");
        heard().await;
        heard().await;
        other.execute(TELL).await.expect("told");
        heard().await;
    }
}
