//! The three listeners: API (mTLS), web, operations.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::gateway::{Addresses, StartError};
use crate::api::{self, Api};
use crate::config::{GatewayConfig, LimitsSection};
use crate::exchange::Gateway;
use crate::http::public::Public;
use crate::http::reload::Watched;
use crate::http::server::{Limits, Server};
use crate::web::{self, Web};

/// Bound listeners.
pub(super) struct Listeners {
    pub(super) addresses: Addresses,
    api: Server,
    web: Server,
    operations: Server,
    /// What is read again when a file of it changes.
    watched: Vec<Watched>,
}

pub(super) async fn bind(
    config: &GatewayConfig,
    api: &Arc<Api>,
    gateway: &Arc<Gateway>,
    public: Arc<Public>,
    outbound: Watched,
) -> Result<Listeners, StartError> {
    let (api_tls, watched) = Watched::listener(&config.api.identity, Some(&config.api.clients)).map_err(StartError::new)?;
    let mut watched = vec![outbound, watched];
    let web_tls = match &config.web.identity {
        Some(identity) => {
            let (tls, files) = Watched::listener(identity, None).map_err(StartError::new)?;
            watched.push(files);
            Some(tls)
        }
        None => None,
    };
    let limits = limits(&config.limits);
    let server = async |section, address, tls, router| {
        let listener = TcpListener::bind(address).await.map_err(|error| StartError::taken(section, address, &error))?;
        Ok::<_, StartError>(Server { listener, tls, router, limits })
    };
    let body_time = Duration::from_millis(config.limits.body_ms);
    let desk = Arc::clone(&api.desk);
    let web = Web::new((Arc::clone(gateway), desk), public, config.web.origin.clone(), body_time).map_err(StartError::new)?;
    let web = web::router(Arc::new(web));
    let operations = Router::new().fallback(operations).with_state(Arc::clone(gateway));
    let api = server("[api] listen", config.api.listen, Some(api_tls), api::router(Arc::clone(api))).await?;
    let web = server("[web] listen", config.web.listen, web_tls, web).await?;
    let operations = server("[operations] listen", config.operations.listen, None, operations).await?;
    let address = |server: &Server| server.listener.local_addr().map_err(StartError::new);
    let addresses = Addresses { api: address(&api)?, web: address(&web)?, operations: address(&operations)? };
    Ok(Listeners { addresses, api, web, operations, watched })
}

/// Reads the TLS files of the listeners.
pub(super) fn check(config: &GatewayConfig) -> Result<(), StartError> {
    Watched::listener(&config.api.identity, Some(&config.api.clients)).map_err(StartError::new)?;
    let web = config.web.identity.as_ref().map(|identity| Watched::listener(identity, None));
    web.transpose().map(drop).map_err(StartError::new)
}

const fn limits(section: &LimitsSection) -> Limits {
    Limits {
        first_byte: Duration::from_millis(section.first_byte_ms),
        handshake: Duration::from_millis(section.handshake_ms),
        head: Duration::from_millis(section.head_ms),
        write: Duration::from_millis(section.write_ms),
        connections: section.connections,
        per_address: section.per_address,
        per_organisation: section.per_organisation,
        handshaking: section.handshaking,
        drain: Duration::from_secs(20),
    }
}

impl Listeners {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let watching = futures_util::future::join_all(self.watched.into_iter().map(Watched::watch));
        let watching = tokio::spawn(watching);
        tokio::join!(self.api.run(shutdown.clone()), self.web.run(shutdown.clone()), self.operations.run(shutdown));
        watching.abort();
    }
}

/// `/livez`, `/readyz`, `/metrics`: no personal data.
async fn operations(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (status, text) = match request.uri().path() {
        "/livez" => (StatusCode::OK, "alive\n".to_owned()),
        "/readyz" => match (gateway.gate.closed(), usable(&gateway)) {
            (None, Ok(())) => (StatusCode::OK, ready(&gateway)),
            (Some(how), _) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: nothing more is signed: {how}\n")),
            (None, Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
        },
        "/metrics" => metrics(&gateway).await,
        _ => (StatusCode::NOT_FOUND, "not found\n".to_owned()),
    };
    let mut response = Response::new(axum::body::Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    crate::http::reply::standard_fields(headers);
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response
}

/// Whether the store can be read and written, the last entries could be committed, and this node has the policies that are in force.
fn usable(gateway: &Gateway) -> Result<(), String> {
    gateway.readiness.now().map_err(|error| error.to_string())?;
    gateway.sequencer.trouble().map_or(Ok(()), |error| Err(error.to_string()))?;
    let told = |why| Err(format!("nothing is decided here without the policies that are in force: {why}"));
    gateway.policy.unusable().map_or(Ok(()), told)
}

/// What is in force, and what stands in the files but is not.
fn ready(gateway: &Gateway) -> String {
    let bundle = gateway.policy.load_full();
    let version = bundle.version().map(|version| format!(" version {version}")).unwrap_or_default();
    let refused =
        gateway.policy.refused().map(|error| format!("policies in the folder are refused: {error}\n")).unwrap_or_default();
    format!("ready\npolicies {}{version}\n{refused}{}", bundle.hash(), witnessed(gateway))
}

/// What a quorum of witnesses cosigned last. A lock that they closed is still ready: emergencies pass, and withdrawals are taken.
fn witnessed(gateway: &Gateway) -> String {
    let Some(witnessing) = &gateway.witnessing else { return String::new() };
    let closed = if witnessing.is_closed() { "; THE LOCK IS CLOSED, but for emergencies" } else { "" };
    match witnessing.newest() {
        Some(newest) => format!("witnessed {} entries, {} s ago{closed}\n", newest.size, newest.at.elapsed().as_secs()),
        None => format!("witnessed nothing yet{closed}\n"),
    }
}

/// The metrics of the witnesses, where there are any.
fn witness_metrics(gateway: &Gateway) -> String {
    let Some(witnessing) = &gateway.witnessing else { return String::new() };
    let newest = witnessing.newest();
    let lines = [
        (
            "sluis_log_cosigned_size",
            "Entries in the log that a quorum of witnesses cosigned last.",
            newest.map_or(0, |one| one.size),
        ),
        (
            "sluis_log_seconds_since_quorum",
            "Seconds since a quorum of witnesses cosigned; no line before the first.",
            newest.map_or(0, |one| one.at.elapsed().as_secs()),
        ),
        ("sluis_lock_closed", "Whether nothing passes but emergencies, for want of a quorum.", u64::from(witnessing.is_closed())),
    ];
    let shown = lines.into_iter().filter(|(name, ..)| newest.is_some() || *name != "sluis_log_seconds_since_quorum");
    let mut text = shown
        .map(|(name, help, value)| format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"))
        .collect::<Vec<_>>()
        .concat();
    text.push_str(
        "# HELP sluis_witness_failures Calls to a witness that brought no cosignature.\n# TYPE sluis_witness_failures counter\n",
    );
    for (witness, count) in witnessing.failures() {
        let witness = witness.replace(['\\', '"'], "_");
        text.push_str(&["sluis_witness_failures{witness=\"", &witness, "\"} ", &count.to_string(), "\n"].concat());
    }
    text
}

/// Prometheus text format.
async fn metrics(gateway: &Gateway) -> (StatusCode, String) {
    let Ok(head) = gateway.store.head().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "store unavailable\n".to_owned());
    };
    let registry = gateway.registry.current();
    let sources: Vec<_> = registry.members().filter(|member| member.organisation.connector.is_some()).collect();
    let poor = sources.iter().filter(|member| gateway.health.is_poor(&member.organisation.oin)).count();
    let lines = [
        ("sluis_log_entries", "counter", "Entries in the disclosure log.", head.size.to_string()),
        ("sluis_facts_revision", "counter", "Changes of facts that decisions rest on.", head.revision.0.to_string()),
        ("sluis_sources", "gauge", "Registered sources.", sources.len().to_string()),
        ("sluis_sources_poor", "gauge", "Sources in poor health.", poor.to_string()),
        (
            "sluis_policies_refused",
            "gauge",
            "Whether the policies in the folder are refused, and others in force.",
            u8::from(gateway.policy.refused().is_some()).to_string(),
        ),
    ];
    let text = lines.map(|(name, kind, help, value)| format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"));
    (StatusCode::OK, text.concat() + &witness_metrics(gateway))
}
