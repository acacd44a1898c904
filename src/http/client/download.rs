//! Answers that are too large to hold: verified by their head, handed on piece by piece, and sound only when the last piece has come.

use aws_lc_rs::digest::{Context, SHA256};
use http_body_util::{BodyExt, Limited};

use super::{Answer, CallError, Prepared, SigningClient, unconnected};
use crate::crypto::keys::VerifyingKey;

/// What came of a download.
#[derive(Debug)]
pub enum Downloaded {
    /// All of it: what was handed on has the digest that was signed.
    Whole,
    /// Another status than 200, with its answer.
    Instead(Box<Answer>),
}

impl SigningClient {
    /// Sends what was signed and hands the body of a 200 on to `keep`. Until this returns [`Downloaded::Whole`], nothing of it can be relied upon. The time
    /// of the call is that until its head has come, and that between two pieces.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn download<'k>(
        &self,
        prepared: Prepared,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send,
        mut keep: impl FnMut(&[u8]) -> std::io::Result<()> + Send,
    ) -> Result<Downloaded, CallError> {
        let Prepared { request, signed, most, time } = prepared;
        let parts = (request.method().as_str().to_owned(), request.uri().path().to_owned());
        let whom = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let late = |_| CallError::TimedOut(time);
        let connections = self.http.load_full();
        let response = tokio::time::timeout(time, connections.kept.request(request)).await.map_err(late)?;
        let (head, mut body) = response.map_err(|error| unconnected(&whom, &error))?.into_parts();
        let (bound, digest) = self.verified(&head, &parts, &signed, keys)?;
        let status = head.status.as_u16();
        let broken = |error: &dyn std::fmt::Display| CallError::Connection(format!("{whom}: {error}"));
        let other = || CallError::Unsigned { status, reason: "its body is not the one that was signed".to_owned() };
        if status != 200 {
            let body = tokio::time::timeout(time, Limited::new(body, most).collect()).await.map_err(late)?;
            let body = body.map_err(|error| broken(&error))?.to_bytes();
            let answer = Answer { status, headers: head.headers, body, bound, signed };
            return if digest.matches(&answer.body) { Ok(Downloaded::Instead(Box::new(answer))) } else { Err(other()) };
        }
        let mut hash = Context::new(&SHA256);
        while let Some(frame) = tokio::time::timeout(time, body.frame()).await.map_err(late)? {
            let frame = frame.map_err(|error| broken(&error))?;
            let Some(bytes) = frame.data_ref() else { continue };
            hash.update(bytes);
            keep(bytes).map_err(|error| CallError::Kept(error.to_string()))?;
        }
        let hash: [u8; 32] = hash.finish().as_ref().first_chunk().copied().unwrap_or_default();
        if digest.is_sha256(&hash) { Ok(Downloaded::Whole) } else { Err(other()) }
    }
}
