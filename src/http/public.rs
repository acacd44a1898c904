//! What anyone with access to a listener may read: keys, the OpenAPI document, the log's checkpoint and tiles.

use axum::http::header::{self, HeaderName, HeaderValue};

use crate::exchange::Gateway;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::ledger::tree::{TILE_WIDTH, TileId, TilePath, bundle};
use crate::store::StoreError;

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

async fn checkpoint(gateway: &Gateway) -> Result<Reply, Refusal> {
    let head = gateway.store.head().await?;
    if head.size == 0 {
        return Err(Refusal::new(ProblemType::NotFound, "the log is empty"));
    }
    // The same head with the lines of its witnesses, once they are there; readers verify them, and so is what the store gives back.
    let cosigned = gateway
        .store
        .newest_cosigned()
        .await?
        .filter(|cosigned| cosigned.verify(&gateway.log).is_ok_and(|one| one.size() == head.size && one.root() == head.root));
    let text = cosigned.map_or(head.checkpoint, |cosigned| cosigned.to_string());
    Ok(Reply::of(200, "text/plain; charset=utf-8", text.into_bytes()))
}

/// A tile or an entry bundle (C2SP tlog-tiles). Full ones never change.
async fn tile(gateway: &Gateway, path: &str) -> Result<Reply, Refusal> {
    let not_found = || Refusal::new(ProblemType::NotFound, "no such tile");
    let wanted = TilePath::parse(path.trim_start_matches("/log/")).map_err(|_| not_found())?;
    let id = match wanted {
        TilePath::Hashes(id) | TilePath::Entries(id) => id,
    };
    if !id.is_in(gateway.store.head().await?.size) {
        return Err(not_found());
    }
    let bytes = match wanted {
        TilePath::Hashes(id) => hashes(gateway, id).await?.ok_or_else(not_found)?,
        TilePath::Entries(id) => leaves(gateway, id).await?,
    };
    let reply = Reply::of(200, "application/octet-stream", bytes);
    let full = id.width() == TILE_WIDTH;
    let forever = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    let (name, value): (HeaderName, HeaderValue) = forever;
    Ok(if full { reply.with(name, value) } else { reply })
}

/// A narrower tile is the beginning of a wider one.
async fn hashes(gateway: &Gateway, id: TileId) -> Result<Option<Vec<u8>>, Refusal> {
    let stored = gateway.store.tile(id.level(), id.index()).await?;
    Ok(stored.and_then(|bytes| bytes.get(..usize::from(id.width()) * 32).map(<[u8]>::to_vec)))
}

/// The public leaves; nothing of the bodies.
async fn leaves(gateway: &Gateway, id: TileId) -> Result<Vec<u8>, Refusal> {
    let first = id.index().saturating_mul(u64::from(TILE_WIDTH));
    let stored = gateway.store.leaves(first, u32::from(id.width())).await?;
    let leaves: Vec<_> = stored.iter().map(|stored| stored.leaf.bytes()).collect();
    let corrupt = |_| StoreError::Corrupt { table: "entry", column: "leaf", row: first.to_string() };
    Ok(bundle(&leaves).map_err(corrupt)?)
}
