//! The sections of `sluis.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::Mode;
use crate::http::tls::{Identity, Trust};
use crate::organisation::Oin;
use crate::policy::manifest::{Approver, NotApproved};
use crate::web::origin::Origin;

/// `[gateway]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySection {
    /// The gateway's own OIN, as in its certificates.
    pub oin: Oin,
    /// The authorities under which it is called, such as `localhost:8443`, lower case.
    pub authorities: Vec<String>,
}

/// `[api]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// The server certificate.
    pub identity: Identity,
    /// Whose client certificates are accepted.
    pub clients: Trust,
}

/// `[web]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// The server certificate; without one the listener speaks plain HTTP, on loopback only.
    pub identity: Option<Identity>,
    /// Under which origin people open the pages; without one there are none.
    pub origin: Option<Origin>,
    /// Whether checkpoint and tiles of the log are shown without client certificate.
    #[serde(default)]
    pub log: bool,
}

impl WebSection {
    pub(super) fn judge(&self) -> Result<(), String> {
        let Some(origin) = self.origin.as_ref().filter(|origin| !origin.is_secure()) else { return Ok(()) };
        if self.identity.is_some() {
            return Err(format!("[web] origin: {origin}: the listener speaks TLS, so write https://"));
        }
        if !origin.is_loopback() {
            return Err(format!(
                "[web] origin: {origin}: plain http is for http://localhost only; give [web.identity], or a proxy with TLS, and write https://"
            ));
        }
        Ok(())
    }
}

/// `[operations]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OperationsSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// Needed to listen elsewhere than on loopback.
    #[serde(default)]
    pub beyond_loopback: bool,
}

/// `[sources]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcesSection {
    /// The client certificate shown to sources.
    pub identity: Identity,
    /// Whose server certificates are accepted.
    pub servers: Trust,
}

/// `[keys]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysSection {
    /// The root key, 32 bytes; made on first start in development.
    pub root: PathBuf,
    /// The folder of wrapping keys, outside the store and its backups.
    pub store: PathBuf,
    /// The key that signs responses and calls to sources, a private JWK.
    pub signing: PathBuf,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogSection {
    /// The log's origin (C2SP tlog-checkpoint): a schema-less URL.
    pub origin: String,
    /// The seed of the Ed25519 key that signs checkpoints, 32 bytes.
    pub key: PathBuf,
    /// The witnesses and their quorum (C2SP tlog-policy, with their addresses); without one the log has no witnesses.
    pub witnesses: Option<PathBuf>,
    /// Whose server certificates are accepted of witnesses.
    pub servers: Option<Trust>,
    /// After how many minutes without a quorum nothing is disclosed any more, but in an emergency.
    #[serde(default = "close_after_minutes")]
    pub close_after_minutes: u32,
}

const fn close_after_minutes() -> u32 {
    15
}

/// `[policy]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySection {
    /// A folder laid out as `policies/`; without one the policies in the program itself count.
    pub folder: Option<PathBuf>,
    /// Who may approve what stands in the folder. When any are named, it counts only with the approval of two of them.
    #[serde(default)]
    pub approvers: Vec<ApproverSection>,
}

/// `[[policy.approvers]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverSection {
    /// Who, as in the log.
    pub name: String,
    /// Her Ed25519 public key, base64url, as `sluis policy keygen` prints it.
    pub key: String,
}

impl PolicySection {
    /// The approvers.
    ///
    /// # Errors
    /// [`NotApproved`]: a key that is none, one approver alone, a name or key twice.
    pub fn approvers(&self) -> Result<Vec<Approver>, NotApproved> {
        let approvers = self.approvers.iter().map(|one| Approver::new(&one.name, &one.key)).collect::<Result<Vec<_>, _>>()?;
        if !approvers.is_empty() {
            Approver::check_together(&approvers)?;
        }
        Ok(approvers)
    }

    pub(super) fn judge(&self, mode: Mode) -> Result<(), String> {
        let approvers = self.approvers().map_err(|error| format!("[[policy.approvers]]: {error}"))?;
        match (&self.folder, approvers.is_empty(), mode) {
            (None, false, _) => Err("[policy] approvers approve what stands in a folder: give folder".to_owned()),
            (None, _, Mode::Production) | (_, true, Mode::Production) => Err(
                "[policy] mode = \"production\" decides by policies in a folder that two persons approved: give folder and [[policy.approvers]]".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

/// `[retention]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RetentionSection {
    /// Years that a consent or override is kept after its validity, and a case after it was closed; not shorter than the longest `log_years` of a
    /// purpose.
    pub consent_years: u32,
    /// Years that a task is kept after it was closed.
    pub task_years: u32,
}

impl Default for RetentionSection {
    fn default() -> Self {
        Self { consent_years: 5, task_years: 5 }
    }
}

/// `[limits]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Requests per second of one organisation, in the long run.
    pub requests_per_second: f64,
    /// Requests of one organisation at once, after a pause.
    pub burst: f64,
    /// Requests in flight on this node, those that wait included; beyond them the answer is rate-limited at once.
    pub in_flight: usize,
    /// Of them those that are worked on at a time: they wait for no source, and not for the instant at which their answer leaves. Beyond them the answer is
    /// rate-limited at once, and for one organisation beyond three in four, so that what was taken is answered in time.
    pub working: usize,
    /// Connections served at a time, per listener.
    pub connections: usize,
    /// How many of them may come from one address (of IPv6: one /64).
    pub per_address: usize,
    /// How many of them may show certificates of one organisation.
    pub per_organisation: usize,
    /// Connections beside them that have not finished their handshake, per listener; when there are more, the longest-waiting of the address
    /// that has most of them is closed.
    pub handshaking: usize,
    /// Milliseconds until a connection's first byte.
    pub first_byte_ms: u64,
    /// Milliseconds for a TLS handshake.
    pub handshake_ms: u64,
    /// Milliseconds for a request's head.
    pub head_ms: u64,
    /// Milliseconds for a request's body.
    pub body_ms: u64,
    /// Milliseconds in which a client must take something of its response.
    pub write_ms: u64,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            requests_per_second: 5000.0,
            burst: 10_000.0,
            in_flight: 4096,
            working: 512,
            connections: 2048,
            per_address: 1024,
            per_organisation: 512,
            handshaking: 512,
            first_byte_ms: 2000,
            handshake_ms: 5000,
            head_ms: 10_000,
            body_ms: 10_000,
            write_ms: 10_000,
        }
    }
}

/// `[exchange]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ExchangeSection {
    /// Whether answers leave at the purpose's fixed instant, so that their time tells nothing (invariant 8). Off only for benchmarks.
    pub answer_at: bool,
    /// Milliseconds a source gets when `answer_at` is off.
    pub source_ms: u64,
}

impl Default for ExchangeSection {
    fn default() -> Self {
        Self { answer_at: true, source_ms: 5000 }
    }
}
