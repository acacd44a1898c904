//! `POST /v1/log/exports`: the one answer that is not held in memory.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use super::filter::{Coded, filter, may_name};
use super::{Act, officer};
use crate::actions::log::export::{Format, Piece};
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::{BrokenOff, Reply, Streamed};

/// How many pieces may wait for the reader.
const WAITING: usize = 2;

/// Export your organisation's side of the log.
///
/// For a privacy officer (FG), under her own signature, as `csv`, `jsonl`, `nen7513`, `ldv` (OTLP, no users) or `adl`. The first record tells filter, size of
/// the log, count and the SHA-256 of all that follows. The export is an entry of the log before its first byte. A file that breaks off is not whole: its
/// length and Content-Digest are signed. One that is taken too slowly (less than 1 MiB a second, beyond five minutes) is broken off.
#[utoipa::path(
    post,
    path = "/log/exports",
    operation_id = "exportLog",
    tag = "Log",
    request_body(content = crate::api::openapi::LogExport, description = "What, as what, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The file", content((String = "application/jsonl"), (String = "text/csv"))),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 409, description = "state-conflict: entries were erased meanwhile"),
        (status = 429, description = "rate-limited: your organisation, or this node, makes as many as it may"),
    )
)]
pub(in crate::api) async fn export(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, (format, asked)) = officer(api, authenticated, Act::Exports, |request| {
        let format = request.required("format", "csv, jsonl, nen7513, ldv or adl").map(|Coded(format): Coded<Format>| format);
        let asked = filter(request);
        Some((format?, asked))
    })
    .await?;
    may_name(authenticated, asked.subject.as_ref())?;
    let place = api.walks.take(authenticated.caller().oin())?;
    let making = api.desk.export(&officer, &asked, format).await.map_err(refusal)?;
    let (to, from) = mpsc::channel::<Piece>(WAITING);
    let (sha256, length, desk) = (making.sha256, making.length, Arc::clone(&api.desk));
    tokio::spawn(async move {
        making.send(&desk, to).await;
        drop(place);
    });
    let pieces = stream::unfold(from, async |mut from| {
        let piece = from.recv().await?;
        Some((piece.map(Bytes::from).map_err(|_| BrokenOff), from))
    });
    Ok(Reply::streamed(format.media_type(), Streamed { sha256, length, bytes: Box::pin(pieces) }))
}
