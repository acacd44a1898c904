//! The HTTP interface of a witness: `POST /add-checkpoint`, and `GET /<origin hash>/checkpoint` for monitors.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{NotCosigned, Witness};
use crate::http::reply::standard_fields;
use crate::ledger::witness::{ADD_CHECKPOINT, MAX_REQUEST, SIZE_TYPE, WitnessRefusal, monitoring_path};

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";

/// Answers for a witness. Both of its prefixes are the root of the listener.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new().fallback(answer).with_state(witness)
}

async fn answer(State(witness): State<Arc<Witness>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match (path.as_str(), method) {
        (ADD_CHECKPOINT, Method::POST) => add_checkpoint(&witness, request.into_body()).await,
        (ADD_CHECKPOINT, _) => with_allowed(reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "use POST\n"), "POST"),
        (path, Method::GET) => latest(&witness, path).await,
        _ => not_found(),
    }
}

async fn add_checkpoint(witness: &Witness, body: Body) -> Response {
    let body = match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_REQUEST).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return reply(StatusCode::PAYLOAD_TOO_LARGE, TEXT, format!("a request is at most {MAX_REQUEST} bytes\n"));
        }
        Ok(Err(_)) | Err(_) => return reply(StatusCode::REQUEST_TIMEOUT, TEXT, "the body did not come in time\n"),
    };
    match witness.add_checkpoint(&body).await {
        Ok(cosignature) => reply(StatusCode::OK, TEXT, format!("{cosignature}\n")),
        Err(NotCosigned::Refused(WitnessRefusal::Conflict(size))) => reply(StatusCode::CONFLICT, SIZE_TYPE, format!("{size}\n")),
        Err(NotCosigned::Refused(refusal)) => {
            if refusal == WitnessRefusal::Inconsistent {
                // Signed by the log, and yet not an extension of what it showed before: this is what a witness is for.
                tracing::error!(request = %String::from_utf8_lossy(&body), "a log showed a head that does not follow from its last");
            }
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            reply(status, TEXT, format!("{refusal}\n"))
        }
        Err(NotCosigned::State(error)) => {
            tracing::error!(%error, "no cosignature");
            reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n"))
        }
    }
}

async fn latest(witness: &Witness, path: &str) -> Response {
    let log = witness.logs.iter().find(|log| monitoring_path(log.name().as_str()) == path);
    let Some(log) = log else { return not_found() };
    match witness.state.checkpoint(log.name().as_str()).await {
        Ok(Some(checkpoint)) => reply(StatusCode::OK, TEXT, checkpoint),
        Ok(None) => not_found(),
        Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

fn not_found() -> Response {
    reply(StatusCode::NOT_FOUND, TEXT, "not found\n")
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    standard_fields(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn with_allowed(mut response: Response, allowed: &'static str) -> Response {
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
