//! A log of ten million leaves and their tiles, without bodies: how fast is the proof of any of its entries?

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sluis::app::gateway::Outside;
use sluis::entropy::random;
use sluis::ledger::seal::Leaf;
use sluis::ledger::tree::{NodeHash, RightEdge, leaf_hash, verify_inclusion};
use sluis::secret::Secret;
use sluis::store::sqlite::SqliteStore;
use sluis::store::{Store as _, proofs};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::cache::Cached;
use crate::figures::{Figures, millis, percentile};
use crate::{Outcome, progress};

/// How many leaves.
const LEAVES: u64 = 10_000_000;

/// Leaves of one transaction.
const BATCH: u64 = 65_536;

/// How many proofs are made.
const PROOFS: u32 = 4000;

/// Makes proofs of entries anywhere in the log; nothing when it is not there and not to be made.
pub(crate) async fn proofs(make: bool, outside: &Outside, figures: &mut Figures) -> Outcome<()> {
    let cached = Cached::at("ten-million-leaves")?;
    if !cached.is_complete() {
        if !make {
            return Ok(());
        }
        cached.begin()?;
        let root = fill(&cached, outside).await?;
        std::fs::write(cached.folder.join("root"), root.to_string())?;
        cached.finish()?;
    }
    let root = std::fs::read_to_string(cached.folder.join("root"))?;
    let root = NodeHash::from_base64(&root).ok_or("no root")?;
    let store = open(&cached).await?;
    let mut times = Vec::new();
    for number in 0..PROOFS {
        let index = u64::from_be_bytes(random(&*outside.entropy)?) % LEAVES;
        let begun = Instant::now();
        let leaf = store.public_leaves(index, 1).await?;
        let path = proofs::inclusion(&store, index, LEAVES).await?;
        let took = begun.elapsed();
        let leaf = leaf.first().ok_or("no leaf")?;
        verify_inclusion(&leaf.hash(), index, LEAVES, &path, &root)?;
        // The first ones open the file's pages.
        if number >= PROOFS / 10 {
            times.push(took);
        }
    }
    figures.set("proof_10m_ms", millis(percentile(&mut times, 99)));
    figures.beside("proof of any entry at 10 M leaves, p50, ms", millis(percentile(&mut times, 50)));
    let mean = times.iter().sum::<Duration>() / u32::try_from(times.len())?;
    figures.beside("proof of any entry at 10 M leaves, mean, ms", millis(mean));
    Ok(())
}

fn file(cached: &Cached) -> PathBuf {
    cached.folder.join("leaves.sqlite")
}

async fn open(cached: &Cached) -> Outcome<SqliteStore> {
    Ok(SqliteStore::open(&file(cached), Secret::new([7; 32])).await?)
}

/// Leaves of random bytes, of which to the tree one is like another; written straight to the tables, so that it takes a minute. Gives the root.
async fn fill(cached: &Cached, outside: &Outside) -> Outcome<NodeHash> {
    drop(open(cached).await?);
    let options = SqliteConnectOptions::new().filename(file(cached)).synchronous(SqliteSynchronous::Off);
    let mut raw = options.disable_statement_logging().connect().await?;
    let mut edge = RightEdge::empty();
    while edge.size() < LEAVES {
        let count = BATCH.min(LEAVES - edge.size());
        let mut leaves = vec![0; usize::try_from(count)? * Leaf::LENGTH];
        outside.entropy.fill(&mut leaves)?;
        for leaf in leaves.chunks_mut(Leaf::LENGTH) {
            if let Some(version) = leaf.first_mut() {
                *version = 1;
            }
        }
        write(&mut raw, &mut edge, &leaves).await?;
        if edge.size().is_multiple_of(BATCH * 15) {
            progress(&format!("{} of {LEAVES} leaves", edge.size()));
        }
    }
    raw.close().await?;
    Ok(edge.root())
}

/// Appends leaves, one behind the other in `leaves`, in one transaction.
async fn write(raw: &mut SqliteConnection, edge: &mut RightEdge, leaves: &[u8]) -> Outcome<()> {
    let first = i64::try_from(edge.size())?;
    let hashes: Vec<NodeHash> = leaves.chunks(Leaf::LENGTH).map(leaf_hash).collect();
    let appended = edge.append(&hashes)?;
    let mut writing = raw.begin().await?;
    let insert = "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
         INSERT INTO entry (idx, kind, time, party, categories, outcome, overridden, trace, leaf, key_class, tokens)
         SELECT ?2 + i, 'ask', 0, '00000099000000002000', '', 'pending', 0, printf('%032x', ?2 + i + 1), substr(?3, i * 97 + 1, 97), '', x'' FROM n";
    sqlx::query(insert).bind(i64::try_from(hashes.len())?).bind(first).bind(leaves).execute(&mut *writing).await?;
    for tile in appended.tiles() {
        let insert = "INSERT INTO tile (level, idx, hashes) VALUES (?1, ?2, ?3) ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes";
        let insert = sqlx::query(insert).bind(tile.id.level()).bind(i64::try_from(tile.id.index())?);
        insert.bind(tile.bytes.as_slice()).execute(&mut *writing).await?;
    }
    Ok(writing.commit().await?)
}
