//! Witnesses over HTTP: TLS under named roots, or plain HTTP on loopback; bounded answers in bounded time. Nothing is signed: a checkpoint carries
//! its own signature.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::cosigners::{Answer, Cosigners, Unreached};
use crate::ledger::witness::{ADD_CHECKPOINT, AddCheckpoint, monitoring_path};

/// How long a call may take.
const TIME: Duration = Duration::from_secs(3);

/// The largest answer that is read, in bytes.
const MOST: usize = 64 * 1024;

/// A client of witnesses.
pub struct HttpCosigners(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpCosigners {
    /// One that trusts as `tls` says.
    pub fn new(mut tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(TIME));
        // ALPN is set by the connector.
        tls.alpn_protocols.clear();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let idle = Duration::from_secs(8);
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(idle).build(connector))
    }

    async fn call(&self, method: Method, prefix: &str, path: &str, body: Bytes) -> Result<Answer, Unreached> {
        let address: Uri = format!("{}{path}", prefix.trim_end_matches('/'))
            .parse()
            .map_err(|_| Unreached(format!("{prefix}: not an address")))?;
        let mut request = Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut()) = (method, address);
        let exchange = async {
            let response = self.0.request(request).await.map_err(|error| Unreached(format!("{prefix}: {error}")))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MOST).collect().await;
            let body = body.map_err(|error| Unreached(format!("{prefix}: {error}")))?;
            Ok(Answer { status, body: body.to_bytes().to_vec() })
        };
        let timed_out = |_| Unreached(format!("{prefix}: no answer within {TIME:?}"));
        tokio::time::timeout(TIME, exchange).await.map_err(timed_out)?
    }
}

#[async_trait]
impl Cosigners for HttpCosigners {
    async fn add_checkpoint(&self, prefix: &str, request: &AddCheckpoint) -> Result<Answer, Unreached> {
        self.call(Method::POST, prefix, ADD_CHECKPOINT, Bytes::from(request.to_string())).await
    }

    async fn latest(&self, prefix: &str, origin: &str) -> Result<Answer, Unreached> {
        self.call(Method::GET, prefix, &monitoring_path(origin), Bytes::new()).await
    }
}
