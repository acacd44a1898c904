//! What anyone with access to a listener may read: keys, the OpenAPI document, the log's checkpoint and tiles.

use axum::http::header::{self, HeaderValue};

use crate::exchange::Gateway;
use crate::exchange::quorum::Witnessing;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::tree::{TILE_WIDTH, TileId, TilePath, TreeError, bundle};
use crate::store::proofs::{self, ProofError};
use crate::store::{Head, StoreError};

/// The documents that do not change while the gateway runs, and whether the log is shown.
#[derive(Debug)]
pub struct Public {
    /// The JWK set of the response-signing keys.
    pub keys: Vec<u8>,
    /// The OpenAPI document.
    pub openapi: Vec<u8>,
    /// Whether `/log/…` is shown here.
    pub log: bool,
}

impl Public {
    /// The answer to a GET, if the path is public here.
    pub async fn reply(&self, gateway: &Gateway, path: &str, id: &str) -> Option<Reply> {
        let open = |reply: Reply| reply.with(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        match path {
            "/.well-known/sluis-keys.json" => Some(open(Reply::of(200, "application/jwk-set+json", self.keys.clone()))),
            "/v1/openapi.json" => Some(open(Reply::json(self.openapi.clone()))),
            "/log/checkpoint" if self.log => {
                Some(checkpoint(gateway).await.unwrap_or_else(|refusal| Reply::problem(&refusal, id)))
            }
            path if self.log && path.starts_with("/log/tile/") => {
                Some(tile(gateway, path).await.unwrap_or_else(|refusal| Reply::problem(&refusal, id)))
            }
            _ => None,
        }
    }
}

/// The newest checkpoint that the witnesses cosigned, as long as they do; otherwise the newest. When that says another tree than the store has, none is shown.
async fn checkpoint(gateway: &Gateway) -> Result<Reply, Refusal> {
    let head = gateway.store.safe_head().await?;
    if head.size == 0 {
        return Err(Refusal::new(ProblemType::NotFound, "the log is empty"));
    }
    let says = SignedCheckpoint::parse(&head.checkpoint).is_ok_and(|signed| {
        let checkpoint = signed.checkpoint();
        (checkpoint.size(), checkpoint.root()) == (head.size, head.root)
    });
    if !says {
        return Err(StoreError::Corrupt { table: "head", column: "checkpoint", row: head.size.to_string() }.into());
    }
    let text = match gateway.witnessing.as_ref().and_then(Witnessing::recent) {
        Some(size) => cosigned(gateway, size, head.size).await?.unwrap_or(head.checkpoint),
        None => head.checkpoint,
    };
    Ok(Reply::of(200, "text/plain; charset=utf-8", text.into_bytes()))
}

/// The head that the witnesses cosigned last, of `size` or, by another node, more: on a log that grows the newest is always a second short of it. Readers verify their lines.
async fn cosigned(gateway: &Gateway, size: u64, now: u64) -> Result<Option<String>, Refusal> {
    let kept = gateway.store.newest_cosigned().await?;
    let is_it = |kept: &SignedCheckpoint| kept.verify(&gateway.log).is_ok_and(|one| one.size() >= size && one.size() <= now);
    Ok(kept.filter(is_it).map(|kept| kept.to_string()))
}

/// A tile or an entry bundle (C2SP tlog-tiles), proved to be of the signed tree: torn or altered bytes go to nobody. Full ones never change.
async fn tile(gateway: &Gateway, path: &str) -> Result<Reply, Refusal> {
    let not_found = || Refusal::new(ProblemType::NotFound, "no such tile");
    let wanted = TilePath::parse(path.trim_start_matches("/log/")).map_err(|_| not_found())?;
    let id = match wanted {
        TilePath::Hashes(id) | TilePath::Entries(id) => id,
    };
    let head = gateway.store.safe_head().await?;
    if !id.is_in(head.size) {
        return Err(not_found());
    }
    let hashes = hashes(gateway, id, &head).await?;
    let bytes = match wanted {
        TilePath::Hashes(_) => hashes,
        TilePath::Entries(id) => leaves(gateway, id, &hashes).await?,
    };
    let reply = Reply::of(200, "application/octet-stream", bytes);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(if id.is_full() { reply.with(header::CACHE_CONTROL, forever) } else { reply })
}

/// The hashes of a tile of the tree with this head.
async fn hashes(gateway: &Gateway, id: TileId, head: &Head) -> Result<Vec<u8>, StoreError> {
    let corrupt = |at: TileId| StoreError::Corrupt { table: "tile", column: "hashes", row: at.to_string() };
    proofs::tile(&*gateway.store, id, head.size, head.root).await.map_err(|error| match error {
        ProofError::Store(error) => error,
        ProofError::Tiles(TreeError::Altered(at) | TreeError::Truncated(at) | TreeError::Unreadable { id: at, .. }) => {
            corrupt(at)
        }
        ProofError::Tiles(TreeError::OutOfRange(_)) | ProofError::OutOfRange(_) => corrupt(id),
    })
}

/// The public leaves, which must be those that were hashed; nothing of the bodies.
async fn leaves(gateway: &Gateway, id: TileId, hashes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let first = id.index().saturating_mul(u64::from(TILE_WIDTH));
    let leaves = gateway.store.public_leaves(first, u32::from(id.width())).await?;
    let corrupt = |index: u64| StoreError::Corrupt { table: "entry", column: "leaf", row: index.to_string() };
    let (hashes, _) = hashes.as_chunks::<32>();
    let mut stored = leaves.iter();
    for (index, hash) in (first..).zip(hashes) {
        if stored.next().is_none_or(|leaf| leaf.hash().bytes() != hash) {
            return Err(corrupt(index));
        }
    }
    bundle(&leaves).map_err(|_| corrupt(first))
}
