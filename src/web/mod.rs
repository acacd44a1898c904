//! The web listener: what anyone may read, without client certificate. Nothing about persons is served here.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};

use crate::exchange::Gateway;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::public::Public;
use crate::http::reply::{Asked, Reply, bare, method_not_allowed, unsigned};

/// The listener's router.
pub fn router(gateway: Arc<Gateway>, public: Arc<Public>) -> Router {
    Router::new().fallback(answer).with_state((gateway, public))
}

async fn answer(State((gateway, public)): State<(Arc<Gateway>, Arc<Public>)>, request: Request) -> Response {
    let Ok(id) = gateway.new_id() else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asked = Asked { method: method.as_str().to_owned(), path: path.clone(), signature: None, id: id.to_string() };
    let not_found = || Reply::problem(&Refusal::new(ProblemType::NotFound, "no such page"), &asked.id);
    let reply = match public.reply(&gateway, &path, &asked.id).await {
        Some(reply) if method == Method::GET => reply,
        Some(_) => method_not_allowed("GET", &asked.id),
        None => not_found(),
    };
    unsigned(reply, &asked)
}
