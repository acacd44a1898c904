//! The handlers of the local API: body in, one call of the connector, JSON out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Api, Problem};
use crate::connector::Connector;
use crate::connector::delivery::Delivery;
use crate::connector::inbox::{Edit, InboxRow, Shown};
use crate::connector::overrides::{OverrideRecord, OverrideState};
use crate::connector::professionals::Signed;
use crate::connector::store::OverrideRow;
use crate::source::overrides::OverrideContent;

type Shared = State<Arc<Api>>;
type Body = Result<Bytes, BytesRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(default)]
    edits: Vec<Edit>,
    signed: Signed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuse {
    reason: String,
    signed: Signed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOverride {
    id: String,
    content: OverrideContent,
    signed: Signed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    signed: Signed,
}

/// An override as the local API shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownOverride {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: OverrideState,
    /// How far its standing is on its way to the gateway; none when the gateway knows it, or need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What it opens and why, and who took which step.
    #[serde(flatten)]
    pub record: OverrideRecord,
}

impl ShownOverride {
    fn of(connector: &Connector, row: OverrideRow) -> Self {
        Self { delivery: connector.override_delivery(&row), id: row.id, state: row.state, record: row.record }
    }
}

/// `GET /inbox`
pub(super) async fn inbox(State(api): Shared) -> Result<Json<Vec<InboxRow>>, Problem> {
    Ok(Json(api.connector.inbox().await?))
}

/// `GET /inbox/{id}`
pub(super) async fn entry(State(api): Shared, Path(id): Path<String>) -> Result<Json<Shown>, Problem> {
    let mut shown = api.connector.show(&id).await?;
    for part in shown.content.iter_mut().flat_map(|content| &mut content.parts) {
        // The numbers of the others in the household serve the gateway, not the reader.
        part.persons.clear();
    }
    Ok(Json(shown))
}

/// `POST /inbox/{id}/release`
pub(super) async fn release(
    State(api): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let Release { edits, signed } = parse(&headers, body)?;
    api.connector.release(&id, &edits, &signed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /inbox/{id}/refuse`
pub(super) async fn refuse(
    State(api): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let Refuse { reason, signed } = parse(&headers, body)?;
    api.connector.refuse(&id, &reason, &signed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /overrides`
pub(super) async fn overrides(State(api): Shared) -> Result<Json<Vec<ShownOverride>>, Problem> {
    let rows = api.connector.overrides().await?;
    Ok(Json(rows.into_iter().map(|row| ShownOverride::of(&api.connector, row)).collect()))
}

/// `POST /overrides`
pub(super) async fn create_override(State(api): Shared, headers: HeaderMap, body: Body) -> Result<impl IntoResponse, Problem> {
    let NewOverride { id, content, signed } = parse(&headers, body)?;
    let created = api.connector.create_override(&id, content, &signed).await?;
    Ok((StatusCode::CREATED, Json(ShownOverride::of(&api.connector, created))))
}

/// `POST /overrides/{id}/approve`
pub(super) async fn approve_override(
    State(api): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ShownOverride>, Problem> {
    let Step { signed } = parse(&headers, body)?;
    Ok(Json(ShownOverride::of(&api.connector, api.connector.approve_override(&id, &signed).await?)))
}

/// `POST /overrides/{id}/revoke`
pub(super) async fn revoke_override(
    State(api): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ShownOverride>, Problem> {
    let Step { signed } = parse(&headers, body)?;
    Ok(Json(ShownOverride::of(&api.connector, api.connector.revoke_override(&id, &signed).await?)))
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).map(str::trim);
    if essence != Some("application/json") {
        return Err(Problem::media_type());
    }
    let body = body.map_err(|_| Problem::body())?;
    serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::schema(error.line(), error.column()),
        _ => Problem::malformed(),
    })
}

/// A JSON response.
pub(super) struct Json<T>(T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
