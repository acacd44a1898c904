//! The sessions of who is signed in: seen, ended.

use askama::Template;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;

use super::form::Form;
use super::moment::Moment;
use super::origin::Origin;
use super::page::{Page, Visit, answer, see_other};
use super::session::{SignedIn, forgotten};
use super::{Web, sign_in, trouble};
use crate::actions::ActionError;
use crate::organisation::session::{Session, SessionId};

#[derive(Template)]
#[template(path = "sessions.html", config = "src/web/askama.toml")]
struct Own<'a> {
    page: Page<'a>,
    token: &'a str,
    lines: Vec<Line>,
}

/// One session.
struct Line {
    id: String,
    is_this: bool,
    began: Moment,
    seen: Moment,
}

/// Her sessions that stand.
pub(super) async fn page(web: &Web, visit: &Visit) -> Response {
    let Some(signed_in) = &visit.signed_in else { return sign_in::page(web, visit, StatusCode::FORBIDDEN, None) };
    let own = signed_in.visiting.session();
    match web.desk.own_sessions(&signed_in.visiting).await {
        Ok(sessions) => {
            let line = |one: Session| Line {
                is_this: one.id == own.id,
                began: Moment::of(one.began, visit.language),
                seen: Moment::of(one.seen, visit.language),
                id: one.id.as_str().to_owned(),
            };
            let lines = sessions.into_iter().map(line).collect();
            answer(StatusCode::OK, &Own { page: Page::new(web, visit), token: &signed_in.token, lines })
        }
        Err(error) => not_now(web, visit, &error),
    }
}

/// Ends one of her sessions, from the list.
pub(super) async fn end(web: &Web, origin: &Origin, visit: &Visit, request: Request) -> Response {
    let (signed_in, form) = match sent(web, visit, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(id) = form.field("session").and_then(SessionId::from_text) else {
        return trouble::page(web, visit, StatusCode::BAD_REQUEST);
    };
    let is_this = id == signed_in.visiting.session().id;
    match web.desk.end_session(&signed_in.visiting, &id).await {
        Ok(()) if is_this => forgotten(origin, see_other("/sign-in", None)),
        Ok(()) => see_other("/sessions", None),
        Err(ActionError::NotFound) => trouble::page(web, visit, StatusCode::NOT_FOUND),
        Err(error) => not_now(web, visit, &error),
    }
}

/// Ends this session.
pub(super) async fn sign_out(web: &Web, origin: &Origin, visit: &Visit, request: Request) -> Response {
    let (signed_in, _) = match sent(web, visit, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    match web.desk.end_session(&signed_in.visiting, &signed_in.visiting.session().id).await {
        Ok(()) | Err(ActionError::NotFound) => forgotten(origin, see_other("/sign-in", None)),
        Err(error) => not_now(web, visit, &error),
    }
}

/// A form of one of her pages.
async fn sent<'v>(web: &Web, visit: &'v Visit, request: Request) -> Result<(&'v SignedIn, Form), Response> {
    let signed_in = visit.signed_in.as_ref().ok_or_else(|| sign_in::page(web, visit, StatusCode::FORBIDDEN, None))?;
    let (head, body) = request.into_parts();
    let form = Form::read(&head.headers, body, web.body_time).await.map_err(|status| trouble::page(web, visit, status))?;
    if signed_in.sent(&form) { Ok((signed_in, form)) } else { Err(trouble::page(web, visit, StatusCode::FORBIDDEN)) }
}

fn not_now(web: &Web, visit: &Visit, error: &ActionError) -> Response {
    tracing::warn!(%error, "a session cannot be seen or ended");
    trouble::failed(web, visit, error)
}
