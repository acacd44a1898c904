//! A client of the local API, for the command line: what a professional decides is signed here, with her own key, before it is sent.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::handlers::ShownOverride;
use crate::connector::delivery::Delivery;
use crate::connector::findings::Finding;
use crate::connector::hand::Hand;
use crate::connector::inbox::{Edit, InboxError, InboxRow, Shown, apply_edits, refuse_statement, release_statement};
use crate::crypto::keys::SignError;
use crate::secret::Secret;
use crate::source::overrides::{OverrideContent, revoke_statement};

/// The largest answer that is read.
const MOST: usize = 16 * 1024 * 1024;
/// How long a call may take.
const TIME: Duration = Duration::from_secs(30);
/// How often is looked what became of a release.
const LOOK: Duration = Duration::from_millis(200);

/// A client of one connector's local API.
pub struct LocalClient {
    http: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    token: Secret<String>,
}

impl LocalClient {
    /// For the API at `address`, a loopback address, with the bearer token.
    pub fn new(address: SocketAddr, token: Secret<String>) -> Self {
        Self { http: Client::builder(TokioExecutor::new()).build_http(), address, token }
    }

    /// All inbox entries, oldest first.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn inbox(&self) -> Result<Vec<InboxRow>, LocalError> {
        read(&self.call(Method::GET, "/inbox", None).await?)
    }

    /// One entry with its draft.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn entry(&self, id: &str) -> Result<Shown, LocalError> {
        read(&self.call(Method::GET, &format!("/inbox/{}", path_part(id)?), None).await?)
    }

    /// Releases an entry with the professional's texts. What was signed and sent is given back.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn release(&self, id: &str, edits: &[Edit], hand: &Hand) -> Result<Vec<Value>, LocalError> {
        let Shown { row, content } = self.entry(id).await?;
        let content = content.ok_or(InboxError::WrongState(row.state))?;
        let data: Vec<Value> = apply_edits(content.parts, edits)?.into_iter().map(|part| part.data).collect();
        let signed = hand.sign(|signed| release_statement(&row, &data.iter().collect::<Vec<_>>(), signed))?;
        self.call(Method::POST, &format!("/inbox/{}/release", row.id), Some(json!({"edits": edits, "signed": signed}))).await?;
        Ok(data)
    }

    /// An entry that was released, as soon as the gateway has said something of it or could not be reached; after `within` as it is then.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn settled(&self, id: &str, within: Duration) -> Result<InboxRow, LocalError> {
        let end = Instant::now() + within;
        loop {
            let row = self.entry(id).await?.row;
            if !matches!(row.delivery, None | Some(Delivery::Underway)) || Instant::now() >= end {
                return Ok(row);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// An override, as soon as the gateway has said something of its standing or could not be reached; after `within` as it is then.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn settled_override(&self, id: &str, within: Duration) -> Result<ShownOverride, LocalError> {
        let end = Instant::now() + within;
        loop {
            let shown = self.one_override(id).await?;
            if shown.delivery != Some(Delivery::Underway) || Instant::now() >= end {
                return Ok(shown);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Refuses an entry.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn refuse(&self, id: &str, reason: &str, hand: &Hand) -> Result<(), LocalError> {
        let row = self.entry(id).await?.row;
        let signed = hand.sign(|signed| refuse_statement(&row, reason, signed))?;
        let body = json!({"reason": reason, "signed": signed});
        self.call(Method::POST, &format!("/inbox/{}/refuse", row.id), Some(body)).await.map(drop)
    }

    /// All overrides, oldest first.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn overrides(&self) -> Result<Vec<ShownOverride>, LocalError> {
        read(&self.call(Method::GET, "/overrides", None).await?)
    }

    /// The override with this id.
    ///
    /// # Errors
    /// [`LocalError::NoOverride`].
    pub async fn one_override(&self, id: &str) -> Result<ShownOverride, LocalError> {
        let found = self.overrides().await?.into_iter().find(|shown| shown.id == id);
        found.ok_or_else(|| LocalError::NoOverride(id.to_owned()))
    }

    /// Enters an override under this new id.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn create_override(&self, id: &str, content: &OverrideContent, hand: &Hand) -> Result<ShownOverride, LocalError> {
        let signed = hand.sign(|signed| content.create_statement(id, &signed.professional, signed.signed_at))?;
        read(&self.call(Method::POST, "/overrides", Some(json!({"id": id, "content": content, "signed": signed}))).await?)
    }

    /// Approves an override exactly as it stands, as the second person.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn approve_override(&self, shown: &ShownOverride, hand: &Hand) -> Result<ShownOverride, LocalError> {
        let content = &shown.record.content;
        let signed = hand.sign(|signed| content.approve_statement(&shown.id, &signed.professional, signed.signed_at))?;
        self.step(&shown.id, "approve", json!({"signed": signed})).await
    }

    /// Ends an override, or takes back one that waits.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn revoke_override(&self, id: &str, hand: &Hand) -> Result<ShownOverride, LocalError> {
        let signed = hand.sign(|signed| revoke_statement(id, &signed.professional, signed.signed_at))?;
        self.step(id, "revoke", json!({"signed": signed})).await
    }

    async fn step(&self, id: &str, step: &str, body: Value) -> Result<ShownOverride, LocalError> {
        read(&self.call(Method::POST, &format!("/overrides/{}/{step}", path_part(id)?), Some(body)).await?)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Bytes, LocalError> {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose()));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(body)).map_err(|_| LocalError::Token)?;
        let unreached = |reason: &dyn std::fmt::Display| LocalError::Unreached(self.address, reason.to_string());
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| unreached(&error))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MOST).collect().await.map_err(|error| unreached(&error))?;
            Ok::<_, LocalError>((status, body.to_bytes()))
        };
        let (status, body) = tokio::time::timeout(TIME, exchange).await.map_err(|error| unreached(&error))??;
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    }
}

/// An id as part of a path; one of another form names nothing.
fn path_part(id: &str) -> Result<&str, LocalError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !id.is_empty() && id.bytes().all(allowed) { Ok(id) } else { Err(LocalError::Id) }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, LocalError> {
    serde_json::from_slice(body).map_err(|error| LocalError::Answer(error.line()))
}

fn refusal(status: StatusCode, body: &Bytes) -> LocalError {
    let problem = serde_json::from_slice(body).unwrap_or_else(|_| Refusal {
        kind: "about:blank".to_owned(),
        title: status.to_string(),
        detail: String::new(),
        findings: Vec::new(),
    });
    LocalError::Refused(problem)
}

/// A problem document of the local API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// The type's URN.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is.
    pub title: String,
    /// What exactly.
    #[serde(default)]
    pub detail: String,
    /// Where a release is blocked.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.title, self.kind)?;
        if !self.detail.is_empty() {
            write!(f, "\n  {}", self.detail)?;
        }
        self.findings.iter().try_for_each(|Finding { part, field, kind, from, until }| {
            write!(f, "\n  at {part}:{field}, characters {from} to {until}: {}", kind.describe())
        })
    }
}

/// The local API did not do it. Says where, never what a text holds.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Nobody answers there.
    #[error(
        "no connector answers at {0}: {1}\n  expected: a running `sluis connector --config …` with this configuration\n  do: start it"
    )]
    Unreached(SocketAddr, String),
    /// The connector refuses.
    #[error("{0}")]
    Refused(Refusal),
    /// The step does not fit the entry.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// The step could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No such override.
    #[error("there is no override {0}\n  do: `sluis connector override list` shows them")]
    NoOverride(String),
    /// The text cannot be an id.
    #[error("this is no id: letters, digits, `-` and `_` only")]
    Id,
    /// The token cannot be sent.
    #[error("the token cannot be sent: it must be one line of visible ASCII")]
    Token,
    /// Not what this version sends.
    #[error(
        "the connector's answer cannot be read (line {0})\n  do: use the `sluis` of the same version as the running connector"
    )]
    Answer(usize),
}
