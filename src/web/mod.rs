//! The web listener: pages for people, and what anyone may read, without client certificate.

mod assets;
mod cookie;
mod form;
mod guard;
mod headers;
mod language;
mod log;
mod moment;
pub mod origin;
mod page;
mod session;
mod sessions;
mod sign_in;
mod start;
mod texts;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};

use self::assets::Assets;
use self::form::Form;
use self::headers::Nonce;
use self::origin::Origin;
use self::page::{Visit, see_other};
use self::session::SessionTrouble;
use self::texts::{Texts, TextsError};
use crate::actions::Desk;
use crate::exchange::Gateway;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::public::Public;
use crate::http::reply::{Asked, Reply, bare, method_not_allowed, unsigned};

/// What the listener works with.
pub struct Web {
    gateway: Arc<Gateway>,
    desk: Arc<Desk>,
    public: Arc<Public>,
    /// Where people see the pages; without it there are none.
    origin: Option<Origin>,
    /// How long a form may take.
    body_time: Duration,
    texts: Texts,
    assets: Assets,
}

impl Web {
    /// With pages under `origin`, if there is one.
    ///
    /// # Errors
    /// The texts in this program are wrong, which its tests see.
    pub fn new(
        (gateway, desk): (Arc<Gateway>, Arc<Desk>),
        public: Arc<Public>,
        origin: Option<Origin>,
        body_time: Duration,
    ) -> Result<Self, Unusable> {
        let texts = Texts::embedded()?;
        Ok(Self { gateway, desk, public, origin, body_time, texts, assets: Assets::embedded() })
    }
}

/// The pages cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Unusable(#[from] TextsError);

/// The listener's router.
pub fn router(web: Arc<Web>) -> Router {
    Router::new().fallback(answer).with_state(web)
}

/// What anyone may read has its own fields and no language; everything else is a page.
async fn answer(State(web): State<Arc<Web>>, request: Request) -> Response {
    let Ok(id) = web.gateway.new_id() else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asked = Asked { method: method.as_str().to_owned(), path: path.clone(), signature: None, id: id.to_string() };
    match (web.public.reply(&web.gateway, &path, &asked.id).await, &web.origin) {
        (Some(reply), _) if method == Method::GET => unsigned(reply, &asked),
        (Some(_), _) => unsigned(method_not_allowed("GET", &asked.id), &asked),
        (None, Some(origin)) => visited(&web, origin, request, asked.id).await,
        (None, None) => unsigned(Reply::problem(&Refusal::new(ProblemType::NotFound, "no such page"), &asked.id), &asked),
    }
}

/// One request of a browser.
async fn visited(web: &Web, origin: &Origin, request: Request, id: String) -> Response {
    let Ok(nonce) = Nonce::new(&*web.gateway.entropy) else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let path = request.uri().path().to_owned();
    let signs_in = request.method() == Method::POST && path == "/sign-in";
    let mut visit = Visit { signed_in: None, language: language::chosen(origin, request.headers()), nonce, path, id };
    let mut response = match guard::judge(origin, request.method(), request.headers()) {
        Ok(()) if visit.path.starts_with("/assets/") => shown(web, origin, &visit, request).await,
        Ok(()) => match session::of(web, origin, request.headers()).await {
            Ok(signed_in) => {
                visit.signed_in = signed_in;
                shown(web, origin, &visit, request).await
            }
            // Whoever signs in again need not be told that she was signed out.
            Err(SessionTrouble::Over(_)) if signs_in => shown(web, origin, &visit, request).await,
            Err(trouble) => trouble.page(web, origin, &visit),
        },
        Err(turned) => trouble::page(web, &visit, turned.status()),
    };
    headers::set(response.headers_mut(), origin, &visit.nonce);
    if let Ok(id) = HeaderValue::from_str(&visit.id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// The pages, by path.
async fn shown(web: &Web, origin: &Origin, visit: &Visit, request: Request) -> Response {
    let method = request.method().clone();
    let reads = [Method::GET, Method::HEAD].contains(&method);
    match visit.path.as_str() {
        "/" if reads => start::page(web, visit),
        "/language" if method == Method::POST => choose_language(web, origin, visit, request).await,
        "/sign-in" if reads => sign_in::page(web, visit, StatusCode::OK, None),
        "/sign-in" if method == Method::POST => sign_in::sign_in(web, origin, visit, request).await,
        "/sign-out" if method == Method::POST => sessions::sign_out(web, origin, visit, request).await,
        "/sessions" if reads => sessions::page(web, visit).await,
        "/sessions" if method == Method::POST => sessions::end(web, origin, visit, request).await,
        log::PATH if reads => log::page(web, visit, request.uri().query()).await,
        path if reads && path.starts_with(log::ENTRIES) => log::open(web, visit, &path[log::ENTRIES.len()..]).await,
        path if path.starts_with("/assets/") && reads => {
            web.assets.answer(path).unwrap_or_else(|| trouble::page(web, visit, StatusCode::NOT_FOUND))
        }
        path => match allowed(path) {
            Some(methods) => not_allowed(web, visit, methods),
            None => trouble::page(web, visit, StatusCode::NOT_FOUND),
        },
    }
}

/// The methods of a page.
fn allowed(path: &str) -> Option<&'static str> {
    match path {
        "/" | log::PATH => Some("GET, HEAD"),
        "/language" | "/sign-out" => Some("POST"),
        "/sign-in" | "/sessions" => Some("GET, HEAD, POST"),
        path if path.starts_with(log::ENTRIES) => Some("GET, HEAD"),
        _ => None,
    }
}

fn not_allowed(web: &Web, visit: &Visit, allowed: &'static str) -> Response {
    let mut response = trouble::page(web, visit, StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Remembers the language, and goes back to the page on which it was chosen.
async fn choose_language(web: &Web, origin: &Origin, visit: &Visit, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let form = match Form::read(&head.headers, body, web.body_time).await {
        Ok(form) => form,
        Err(status) => return trouble::page(web, visit, status),
    };
    let Some(language) = form.field("language").and_then(language::of) else {
        return trouble::page(web, visit, StatusCode::BAD_REQUEST);
    };
    // Only a path of ours: two slashes, or a backslash that a browser takes for one, would lead elsewhere.
    let is_ours = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    let back = form.field("back").filter(is_ours).unwrap_or("/");
    see_other(back, Some(&language::cookie(origin, language)))
}
