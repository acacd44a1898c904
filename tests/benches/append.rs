//! The log alone: what group commit gains over one commit per entry, with 64 writers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::app::gateway::Outside;
use sluis::keystore::Key;
use sluis::keystore::file::FileKeyStore;
use sluis::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome as EntryOutcome, Status};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::token::SearchKey;
use sluis::organisation::Oin;
use sluis::secret::Secret;
use sluis::store::journal::Journal;
use sluis::store::postgres::{Cluster, PostgresStore};
use sluis::store::scribe::TreeScribe;
use sluis::store::sequencer::Sequencer;
use sluis::store::sqlite::SqliteStore;
use sluis::store::{Append, EntryRow, Scribe, Store};
use tokio::sync::Mutex;

use crate::figures::Figures;
use crate::{Outcome, databases};

const WRITERS: usize = 64;
const TIME: Duration = Duration::from_secs(4);

/// Appends both ways, each to a log of its own.
pub(crate) async fn gain(folder: &Path, server: Option<&str>, outside: &Outside, figures: &mut Figures) -> Outcome<()> {
    let row = row(folder, outside)?;
    let grouped = {
        let store = store(folder, server, "grouped").await?;
        let scribe: Arc<dyn Scribe> = Arc::new(scribe()?);
        let sequencer = Sequencer::start(store, scribe, Arc::clone(&outside.clock));
        writers(
            move |append| {
                let sequencer = sequencer.clone();
                async move { Ok(sequencer.append(append).await.map(drop)?) }
            },
            &row,
        )
        .await?
    };
    let single = {
        let store = Arc::new(Mutex::new((store(folder, server, "single").await?, scribe()?)));
        let clock = Arc::clone(&outside.clock);
        writers(
            move |append| {
                let (store, now) = (Arc::clone(&store), clock.now());
                async move {
                    let store = store.lock().await;
                    let committed = store.0.commit(&[append], &store.1, now).await?;
                    committed.into_iter().try_for_each(|one| one.map(drop))?;
                    Ok(())
                }
            },
            &row,
        )
        .await?
    };
    figures.beside("append, group commit, entries per second", grouped);
    figures.beside("append, one commit per entry, entries per second", single);
    figures.set("append_gain", grouped / single);
    Ok(())
}

/// So many writers append the same row for a while: rows per second.
async fn writers<F, Appended>(append: F, row: &EntryRow) -> Outcome<f64>
where
    F: Fn(Append) -> Appended + Clone + Send + Sync + 'static,
    Appended: Future<Output = Outcome<()>> + Send,
{
    let begun = Instant::now();
    let tasks = (0..WRITERS).map(|_| {
        let (append, row) = (append.clone(), row.clone());
        tokio::spawn(async move {
            let mut count = 0_u32;
            while begun.elapsed() < TIME {
                append(Append { entries: vec![row.clone()], ..Append::default() }).await?;
                count += 1;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(count)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

async fn store(folder: &Path, server: Option<&str>, name: &str) -> Outcome<Arc<dyn Store>> {
    let key: Key = Secret::new([7; 32]);
    if let Some(server) = server {
        let url = databases::made(server, &format!("append_{name}")).await?;
        return Ok(Arc::new(PostgresStore::open(&Cluster::at(&url, 0)?, key).await?));
    }
    let path = folder.join(format!("append-{name}.sqlite"));
    std::fs::remove_file(&path).ok();
    Ok(Arc::new(SqliteStore::open(&path, key).await?))
}

fn scribe() -> Outcome<TreeScribe> {
    let key = SigningKey::from_seed("sluis.example/bench".parse()?, KeyKind::Note, &Secret::new([9; 32]))?;
    Ok(TreeScribe::new(NoteSigner::new(key)?))
}

/// An entry of the usual size.
fn row(folder: &Path, outside: &Outside) -> Outcome<EntryRow> {
    let keys = FileKeyStore::create(&folder.join("append-keys"), Secret::new([8; 32]), Arc::clone(&outside.entropy))?;
    let journal = Journal::new(Arc::new(keys), Arc::clone(&outside.entropy), SearchKey::new(Secret::new([6; 32])));
    let party: Oin = "00000099000000002000".parse()?;
    let (now, trace) = (outside.clock.now(), journal.trace()?);
    let operation = Operation {
        trace_id: trace,
        span_id: journal.span()?,
        parent_span_id: None,
        name: "x".repeat(1200),
        status: Status::Unset,
        started_at: now,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let clear = Clear {
        kind: EntryKind::Ask,
        time: now,
        party: party.clone(),
        source: None,
        recipient: Some(party.clone()),
        purpose: None,
        categories: [].into(),
        outcome: EntryOutcome::Pending,
        overridden: false,
        subject: None,
        actor: None,
        case: None,
        trace,
    };
    Ok(journal.write(clear, Body::new(EntryKind::Ask, now, party, operation), None, 5)?.row)
}
