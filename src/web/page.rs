//! What every page has: its language, its texts, its nonce, its way back.

use std::borrow::Cow;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderValue};

use super::assets::{SIGN_IN, STYLES};
use super::headers::Nonce;
use super::session::SignedIn;
use super::{Web, language, session};
use crate::organisation::people::Role;
use crate::policy::Language;

/// One request of a browser that may go on.
pub(super) struct Visit {
    /// Who is signed in.
    pub(super) signed_in: Option<SignedIn>,
    pub(super) language: Language,
    pub(super) nonce: Nonce,
    /// The path that was asked for, to come back to.
    pub(super) path: String,
    /// The id in `X-Request-Id`, by which an operator finds what went wrong.
    pub(super) id: String,
}

/// What the layout shows.
pub(super) struct Page<'a> {
    web: &'a Web,
    visit: &'a Visit,
}

impl<'a> Page<'a> {
    pub(super) const fn new(web: &'a Web, visit: &'a Visit) -> Self {
        Self { web, visit }
    }

    /// A text in the page's language.
    pub(super) fn text(&self, name: &'a str) -> Cow<'a, str> {
        self.text_with(name, &[])
    }

    /// A text with values in it.
    pub(super) fn text_with(&self, name: &'a str, values: &[(&str, &str)]) -> Cow<'a, str> {
        self.web.texts.text(self.visit.language, name, values)
    }

    pub(super) fn lang(&self) -> &'static str {
        language::code(self.visit.language)
    }

    pub(super) fn other_lang(&self) -> &'static str {
        language::code(self.other())
    }

    const fn other(&self) -> Language {
        match self.visit.language {
            Language::Nl => Language::En,
            Language::En => Language::Nl,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.visit.path
    }

    pub(super) fn id(&self) -> &str {
        &self.visit.id
    }

    pub(super) fn oin(&self) -> String {
        self.web.gateway.oin.to_string()
    }

    /// Who is signed in, as the banner of every page says it.
    pub(super) fn banner(&self) -> Option<Banner<'_>> {
        let signed_in = self.visit.signed_in.as_ref()?;
        let visitor = signed_in.visiting.visitor();
        let registry = self.web.gateway.registry.current();
        let name = registry.member(&visitor.organisation).map(|member| member.organisation.name.clone());
        Some(Banner {
            organisation: name.unwrap_or_else(|| visitor.organisation.to_string()),
            role: self.text(session::role_text(visitor.role)),
            person: &visitor.reference,
            minutes: (signed_in.visiting.left().as_secs() / 60).to_string(),
            token: &signed_in.token,
            sees_log: visitor.role == Role::PrivacyOfficer,
        })
    }

    pub(super) fn nonce(&self) -> &str {
        self.visit.nonce.as_str()
    }

    pub(super) fn sign_in_script(&self) -> &str {
        self.web.assets.path(SIGN_IN)
    }

    pub(super) fn styles(&self) -> &str {
        self.web.assets.path(STYLES)
    }

    pub(super) fn icon(&self) -> &str {
        self.web.assets.path("icon.svg")
    }
}

/// Who is signed in.
pub(super) struct Banner<'a> {
    pub(super) organisation: String,
    pub(super) role: Cow<'a, str>,
    pub(super) person: &'a str,
    /// How long the session stands if nothing more is done.
    pub(super) minutes: String,
    /// What a form must bring back.
    pub(super) token: &'a str,
    /// Whether the log's pages are there for her.
    pub(super) sees_log: bool,
}

/// A page as an answer; one that cannot be rendered is told to the operator, and nothing of why to the reader.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Response {
    let Ok(html) = page.render() else {
        tracing::error!("a page could not be rendered");
        return crate::http::reply::bare(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// To another page of ours (RFC 9110 §15.4.4), with a cookie if there is one to set.
pub(super) fn see_other(path: &str, cookie: Option<&str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let target = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, target);
    if let Some(cookie) = cookie.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
