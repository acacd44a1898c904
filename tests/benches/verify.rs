//! Verification of the whole log as the run has left it: every sealed body against its leaf, every leaf into the tree, the tree against the
//! signed head.

use sluis::config::GatewayConfig;
use sluis::keystore::KeyStore as _;
use sluis::keystore::file::{FileKeyStore, root_key};
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::tree::RightEdge;
use sluis::store::Store as _;
use sluis::store::sqlite::SqliteStore;

use crate::Outcome;
use crate::figures::Figures;
use crate::process::own_processor;
use crate::world::World;

/// Entries read at once.
const PAGE: u32 = 2048;

/// Verifies, and says how fast.
pub(crate) async fn log(world: &World, figures: &mut Figures) -> Outcome<()> {
    let config = GatewayConfig::load(&world.layout.configuration())?;
    let entropy = crate::connector::outside().entropy;
    let keys = FileKeyStore::create(&config.keys.store, root_key(&config.keys.root)?.ok_or("no root key")?, entropy)?;
    let path = config.store.url.strip_prefix("sqlite:").ok_or("not SQLite")?;
    let store = SqliteStore::open(std::path::Path::new(path), keys.wrapping_key("registers")?).await?;
    let head = store.head().await?;
    let before = own_processor()?;
    let mut edge = RightEdge::empty();
    while edge.size() < head.size {
        let leaves = store.leaves(edge.size(), PAGE).await?;
        for stored in &leaves {
            if stored.body.as_ref().is_none_or(|body| !stored.leaf.holds(body)) {
                return Err(format!("entry {} is not what its leaf commits to", stored.index).into());
            }
        }
        let hashes: Vec<_> = leaves.iter().map(|stored| stored.leaf.hash()).collect();
        if hashes.is_empty() {
            return Err("entries are missing".into());
        }
        edge.append(&hashes)?;
    }
    let used = own_processor()?.saturating_sub(before);
    let signed = SignedCheckpoint::parse(&head.checkpoint)?;
    if edge.root() != head.root || signed.checkpoint().root() != head.root {
        return Err("the entries do not give the signed root".into());
    }
    let count = f64::from(u32::try_from(head.size)?);
    figures.set("log_entries", count);
    figures.set("verify_entries_per_s", count / used.as_secs_f64());
    Ok(())
}
