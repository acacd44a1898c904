//! Tracing set-up: to standard error, level by `SLUIS_LOG` (default `warn`). Never personal data: spans and events name organisations,
//! disclosures and kinds of failure, nothing else.

use tracing_subscriber::EnvFilter;

/// Starts tracing for this process.
pub fn start() {
    let filter = EnvFilter::try_from_env("SLUIS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // To say that nothing can be written it would write again, and end the task that had something to say: on a full disk, the log's.
        .log_internal_errors(false)
        .try_init();
    // A second start, in tests, keeps the first.
    drop(started);
}
