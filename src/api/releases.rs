//! `POST /v1/releases`: a source brings a summary that its professional released.

use super::Api;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::release;
use crate::http::reply::Reply;
use crate::source::RecordsAnswer;

/// Takes a release.
pub(super) async fn take(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let answer: RecordsAnswer = body(authenticated)?;
    release::release(&api.gateway, authenticated, answer).await?;
    Ok(Reply::json(br#"{"status":"accepted"}"#.to_vec()))
}

/// The body of a message between gateway and source.
pub(super) fn body<T: serde::de::DeserializeOwned>(authenticated: &Authenticated) -> Result<T, Refusal> {
    let body = &authenticated.request().body;
    serde_json::from_slice(body).map_err(|error| {
        // serde's own words can quote a value: only the place is told.
        let place = format!("not this message, line {} column {}", error.line(), error.column());
        Refusal::new(if error.is_data() { ProblemType::SchemaInvalid } else { ProblemType::MalformedRequest }, place)
    })
}
