//! Signing in by a one-time link. Its secret stands behind `#`, which no browser sends: the page posts it, so that it is in no log of addresses.

use askama::Template;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;

use super::form::Form;
use super::origin::Origin;
use super::page::{Page, Visit, answer, see_other};
use super::{Web, cookie, trouble};
use crate::actions::sessions::NotSignedIn;

#[derive(Template)]
#[template(path = "sign-in.html", config = "src/web/askama.toml")]
struct SignIn<'a> {
    page: Page<'a>,
    /// What became of the session, or of the try before.
    told: Option<&'static str>,
}

/// The page on which people sign in.
pub(super) fn page(web: &Web, visit: &Visit, status: StatusCode, told: Option<&'static str>) -> Response {
    answer(status, &SignIn { page: Page::new(web, visit), told })
}

/// Signs in by what was posted.
pub(super) async fn sign_in(web: &Web, origin: &Origin, visit: &Visit, request: Request) -> Response {
    // Else whoever has a link of her own could have somebody work under it unseen.
    if visit.signed_in.is_some() {
        return page(web, visit, StatusCode::CONFLICT, Some("sign-in-already"));
    }
    let (head, body) = request.into_parts();
    let form = match Form::read(&head.headers, body, web.body_time).await {
        Ok(form) => form,
        Err(status) => return trouble::page(web, visit, status),
    };
    // Whole links are taken too: that is what people copy.
    let given = form.field("code").unwrap_or_default().trim();
    let secret = given.rsplit_once('#').map_or(given, |(_, secret)| secret);
    match web.desk.sign_in_by_link(secret).await {
        Ok(secret) => see_other("/", Some(&cookie::SESSION.set(origin, &secret.cookie(), None))),
        Err(NotSignedIn::Nobody | NotSignedIn::Over(_)) => page(web, visit, StatusCode::FORBIDDEN, Some("link-unknown")),
        Err(NotSignedIn::Used) => page(web, visit, StatusCode::FORBIDDEN, Some("link-used")),
        Err(NotSignedIn::Unknown(error)) => {
            tracing::warn!(%error, "nobody can sign in");
            trouble::failed(web, visit, &error)
        }
    }
}
