//! A log of ten million leaves and their tiles, without bodies: how fast is the proof of any of its entries?

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sluis::app::gateway::Outside;
use sluis::entropy::random;
use sluis::ledger::entry::{Clear, EntryKind, Outcome as EntryOutcome, TokenSalt, TokensDigest};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::seal::Leaf;
use sluis::ledger::tree::verify_inclusion;
use sluis::ledger::wrap::WrappedKey;
use sluis::secret::Secret;
use sluis::store::scribe::TreeScribe;
use sluis::store::sqlite::SqliteStore;
use sluis::store::{Append, EntryRow, Erasable, Store as _, proofs};

use crate::cache::Cached;
use crate::figures::{Figures, millis, percentile};
use crate::{Outcome, progress};

/// How many leaves.
const LEAVES: u64 = 10_000_000;

/// Leaves of one commit.
const BATCH: u64 = 16_384;

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
        fill(&open(&cached).await?, outside).await?;
        cached.finish()?;
    }
    let store = open(&cached).await?;
    let head = store.head().await?;
    let mut times = Vec::new();
    for number in 0..PROOFS {
        let index = u64::from_be_bytes(random(&*outside.entropy)?) % head.size;
        let begun = Instant::now();
        let leaf = store.public_leaves(index, 1).await?;
        let path = proofs::inclusion(&store, index, head.size).await?;
        let took = begun.elapsed();
        let leaf = leaf.first().ok_or("no leaf")?;
        verify_inclusion(&leaf.hash(), index, head.size, &path, &head.root)?;
        // The first ones open the file's pages.
        if number >= PROOFS / 10 {
            times.push(took);
        }
    }
    figures.set("proof_10m_ms", millis(percentile(&mut times, 99)));
    figures.beside("proof of any entry at 10 M leaves, p50, ms", millis(percentile(&mut times, 50)));
    figures.beside(
        "proof of any entry at 10 M leaves, mean, ms",
        millis(times.iter().sum::<Duration>() / u32::try_from(times.len())?),
    );
    figures.condition("leaves of the log of which proofs are made", head.size);
    Ok(())
}

async fn open(cached: &Cached) -> Outcome<SqliteStore> {
    Ok(SqliteStore::open(&cached.folder.join("leaves.sqlite"), Secret::new([7; 32])).await?)
}

/// Leaves of random bytes: to the tree one is like another.
async fn fill(store: &SqliteStore, outside: &Outside) -> Outcome<()> {
    let key = SigningKey::from_seed("sluis.example/bench".parse()?, KeyKind::Note, &Secret::new([9; 32]))?;
    let scribe = TreeScribe::new(NoteSigner::new(key)?);
    let mut size = store.head().await?.size;
    while size < LEAVES {
        let until = LEAVES.min(size + BATCH);
        let entries = (size..until).map(|number| row(number, outside)).collect::<Outcome<Vec<_>>>()?;
        let batch = [Append { entries, ..Append::default() }];
        store.commit(&batch, &scribe, outside.clock.now()).await?.into_iter().try_for_each(|one| one.map(drop))?;
        size = until;
        if size % (BATCH * 30) < BATCH {
            progress(&format!("{size} of {LEAVES} leaves"));
        }
    }
    Ok(())
}

fn row(number: u64, outside: &Outside) -> Outcome<EntryRow> {
    let mut leaf = [1; Leaf::LENGTH];
    leaf.get_mut(1..).ok_or("a short leaf")?.copy_from_slice(&random::<96>(&*outside.entropy)?);
    let clear = Clear {
        kind: EntryKind::Ask,
        time: outside.clock.now(),
        party: "00000099000000002000".parse()?,
        source: None,
        recipient: None,
        purpose: None,
        categories: BTreeSet::new(),
        outcome: EntryOutcome::Pending,
        overridden: false,
        subject: None,
        actor: None,
        case: None,
        trace: format!("{:032x}", number + 1).parse()?,
    };
    let salt = TokenSalt::from_bytes([0; TokenSalt::LENGTH]);
    let tokens = TokensDigest::of(&salt, &clear);
    let erasable = Some(Erasable { wrapped_key: WrappedKey::from_bytes([0; WrappedKey::LENGTH]), salt });
    let (leaf, key_class) = (Leaf::from_bytes(&leaf)?, "none".to_owned());
    Ok(EntryRow { clear, leaf, body: Vec::new(), tokens, erasable, key_class, held_by: None, asked: Vec::new(), erases: None })
}
