//! Who is signed in, by the cookie of a request.

use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};

use super::form::Form;
use super::origin::Origin;
use super::page::Visit;
use super::{Web, cookie, sign_in, trouble};
use crate::actions::sessions::{NotSignedIn, Visiting};
use crate::crypto::digest;
use crate::organisation::people::Role;
use crate::organisation::session::{Over, SessionSecret};

/// Somebody whose session stands.
pub(super) struct SignedIn {
    pub(super) visiting: Visiting,
    /// What her forms bring back.
    pub(super) token: String,
}

impl SignedIn {
    /// Whether a form is of one of her pages.
    pub(super) fn sent(&self, form: &Form) -> bool {
        form.field("token").is_some_and(|token| digest::equal(token.as_bytes(), self.token.as_bytes()))
    }
}

/// Why a request that brings a session is not answered as one of nobody.
pub(super) enum SessionTrouble {
    /// It is over, which she is to know.
    Over(Over),
    /// Nobody knows now.
    Unknown,
}

impl SessionTrouble {
    /// The page that says so; a session that is over is forgotten.
    pub(super) fn page(&self, web: &Web, origin: &Origin, visit: &Visit) -> Response {
        match self {
            Self::Over(over) => {
                let told = match over {
                    Over::Idle => "session-idle",
                    Over::Expired => "session-expired",
                    Over::Ended => "session-ended",
                    Over::FromTheFuture => "session-clock",
                };
                forgotten(origin, sign_in::page(web, visit, StatusCode::FORBIDDEN, Some(told)))
            }
            Self::Unknown => trouble::page(web, visit, StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

/// Who is signed in. A cookie that is nobody's counts as none.
pub(super) async fn of(web: &Web, origin: &Origin, headers: &HeaderMap) -> Result<Option<SignedIn>, SessionTrouble> {
    let mut secrets = cookie::SESSION.values(origin, headers).filter_map(SessionSecret::from_cookie);
    let (Some(secret), None) = (secrets.next(), secrets.next()) else { return Ok(None) };
    match web.desk.visiting(&secret).await {
        Ok(visiting) => Ok(Some(SignedIn { visiting, token: secret.form_token() })),
        Err(NotSignedIn::Nobody | NotSignedIn::Used) => Ok(None),
        Err(NotSignedIn::Over(over)) => Err(SessionTrouble::Over(over)),
        Err(NotSignedIn::Unknown(error)) => {
            tracing::warn!(%error, "nobody knows whether a session stands");
            Err(SessionTrouble::Unknown)
        }
    }
}

/// An answer by which the browser forgets its session.
pub(super) fn forgotten(origin: &Origin, response: Response) -> Response {
    with_cookie(response, &cookie::SESSION.set(origin, "", Some(0)))
}

/// An answer with a cookie.
pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The name of the text that names a role.
pub(super) const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Professional => "role-professional",
        Role::PrivacyOfficer => "role-privacy-officer",
    }
}
