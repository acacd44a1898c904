//! A posted form (`application/x-www-form-urlencoded`): small, whole, each field once.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use http::header::{self, HeaderMap};
use http_body_util::{BodyExt, Limited};

/// The largest form, in bytes.
const MOST: usize = 64 * 1024;
/// The most fields.
const FIELDS: usize = 256;

/// The fields of a form.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads it whole.
    ///
    /// # Errors
    /// The status that tells what is wrong: 415, 413, 408 or 400.
    pub(super) async fn read(headers: &HeaderMap, body: Body, time: Duration) -> Result<Self, StatusCode> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let bytes = match tokio::time::timeout(time, Limited::new(body, MOST).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(_)) => return Err(StatusCode::BAD_REQUEST),
            Err(_) => return Err(StatusCode::REQUEST_TIMEOUT),
        };
        Self::parse(&bytes).ok_or(StatusCode::BAD_REQUEST)
    }

    /// `None` when a field stands there twice, or there are too many.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if fields.len() == FIELDS || fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// A field, if it was sent.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A value of what stands behind `?` in an address: nothing that tells of a person stands there.
pub(super) fn queried(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes()).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    async fn read(kind: &'static str, body: &str) -> Result<Form, StatusCode> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Form::read(&headers, Body::from(body.to_owned()), Duration::from_secs(5)).await
    }

    const OURS: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn a_form_is_read_as_browsers_write_it() {
        let form = read(OURS, "language=en&back=%2Fa%3Fb&text=een+%C3%A9%C3%A9n").await.expect("a form");
        assert_eq!((form.field("language"), form.field("back"), form.field("text")), (Some("en"), Some("/a?b"), Some("een één")));
        assert_eq!(form.field("other"), None);
        read("application/x-www-form-urlencoded; charset=utf-8", "").await.expect("an empty form");
    }

    #[tokio::test]
    async fn what_is_no_form_is_told_by_its_status() {
        for (kind, body, expected) in [
            ("text/plain", "a=b".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("multipart/form-data; boundary=x", String::new(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (OURS, "a=b&a=c".to_owned(), StatusCode::BAD_REQUEST),
            (OURS, "a".repeat(MOST + 1), StatusCode::PAYLOAD_TOO_LARGE),
            (OURS, (0..=FIELDS).map(|number| format!("f{number}=")).collect::<Vec<_>>().join("&"), StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(read(kind, &body).await.err(), Some(expected), "{kind}");
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(OURS))]);
        let never = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
        let read = Form::read(&headers, never, Duration::from_millis(20)).await;
        assert_eq!(read.err(), Some(StatusCode::REQUEST_TIMEOUT));
    }
}
