//! The API for the source's own professionals: loopback only, bearer token, JSON. No person stands in a URL.

mod client;
pub mod drafts;
mod handlers;
mod problem;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub use client::{LocalClient, LocalError, Refusal};
pub use handlers::ShownOverride;
pub use problem::Problem;
pub use token::{LocalToken, TokenError};

use super::Connector;

const MAX_BODY: usize = 64 * 1024;

/// What the handlers share.
struct Api {
    connector: Arc<Connector>,
    token: LocalToken,
}

/// The routes. Serve them on a loopback address only: the configuration refuses others.
pub fn router(connector: Arc<Connector>, token: LocalToken) -> Router {
    let api = Arc::new(Api { connector, token });
    Router::new()
        .route("/inbox", get(handlers::inbox))
        .route("/inbox/{id}", get(handlers::entry))
        .route("/inbox/{id}/release", post(handlers::release))
        .route("/inbox/{id}/refuse", post(handlers::refuse))
        .route("/overrides", get(handlers::overrides).post(handlers::create_override))
        .route("/overrides/{id}/approve", post(handlers::approve_override))
        .route("/overrides/{id}/revoke", post(handlers::revoke_override))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&api), guard))
        .with_state(api)
}

/// Nobody comes past without the token; nothing is kept by anybody on the way.
async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let presented = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = presented.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| api.token.matches(token));
    let mut response = if known { next.run(request).await } else { Problem::unauthorized().into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
