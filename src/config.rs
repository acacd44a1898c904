//! File and environment to a valid configuration. The only place that reads the environment.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::consent::authority::{Authority, AuthorityTable};
use crate::http::tls::{Identity, Trust};
use crate::organisation::Oin;
use crate::policy::manifest::{Approver, NotApproved};

/// The prefix of environment variables that override a setting: `SLUIS_API__LISTEN` overrides `listen` in `[api]`; an underscore
/// stands for the hyphen of a setting, as in `SLUIS_LIMITS__IN_FLIGHT`.
const PREFIX: &str = "SLUIS_";

/// The gateway's configuration: `sluis.toml`, annotated in `deploy/sluis.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Development or production.
    pub mode: Mode,
    /// Who this gateway is.
    pub gateway: GatewaySection,
    /// The listener for organisations: mTLS.
    pub api: ApiSection,
    /// The listener for people: TLS without client certificate, or plain HTTP on loopback.
    pub web: WebSection,
    /// The listener for operators.
    pub operations: OperationsSection,
    /// The calls to sources.
    pub sources: SourcesSection,
    /// Where everything is kept.
    pub store: StoreSection,
    /// Keys.
    pub keys: KeysSection,
    /// The disclosure log.
    pub log: LogSection,
    /// The policies.
    #[serde(default)]
    pub policy: PolicySection,
    /// Who may give consent, and for how long.
    #[serde(default)]
    pub consent: AuthorityTable,
    /// How long registers keep what has ended.
    #[serde(default)]
    pub retention: RetentionSection,
    /// What one organisation may ask.
    #[serde(default)]
    pub limits: LimitsSection,
    /// The flow of a disclosure.
    #[serde(default)]
    pub exchange: ExchangeSection,
}

/// How strict the configuration is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// File keys are accepted.
    Development,
    /// File keys are refused.
    Production,
}

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
    /// Whether checkpoint and tiles of the log are shown without client certificate.
    #[serde(default)]
    pub log: bool,
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

/// `[store]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite:<path>`.
    pub url: String,
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
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// The log's origin (C2SP tlog-checkpoint): a schema-less URL.
    pub origin: String,
    /// The seed of the Ed25519 key that signs checkpoints, 32 bytes.
    pub key: PathBuf,
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

    fn judge(&self, mode: Mode) -> Result<(), String> {
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
    /// Requests in flight on this node; beyond them the answer is rate-limited at once.
    pub in_flight: usize,
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
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            requests_per_second: 5000.0,
            burst: 10_000.0,
            in_flight: 4096,
            connections: 2048,
            per_address: 1024,
            per_organisation: 512,
            handshaking: 512,
            first_byte_ms: 2000,
            handshake_ms: 5000,
            head_ms: 10_000,
            body_ms: 10_000,
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

/// What is wrong with a configuration: file, line, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct ConfigError {
    file: String,
    reason: String,
}

impl ConfigError {
    /// What is wrong with `file`.
    pub fn new(file: &Path, reason: impl ToString) -> Self {
        Self { file: file.display().to_string(), reason: reason.to_string().trim_end().to_owned() }
    }
}

impl GatewayConfig {
    /// Reads the file, lets the environment override it, and judges the result. Relative paths are relative to the file.
    ///
    /// # Errors
    /// [`ConfigError`]: unreadable, an unknown key or wrong value (with its line), or a setting that is not allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = load(path)?;
        config.anchor(path.parent().unwrap_or(Path::new(".")));
        config.judge().map_err(|reason| ConfigError::new(path, reason))?;
        Ok(config)
    }

    fn anchor(&mut self, folder: &Path) {
        let web = self.web.identity.iter_mut().flat_map(|identity| [&mut identity.certificate, &mut identity.key]);
        let mut paths: Vec<&mut PathBuf> = web.collect();
        paths.extend([&mut self.api.identity.certificate, &mut self.api.identity.key, &mut self.api.clients.roots]);
        paths.extend(self.api.clients.crls.iter_mut().chain(&mut self.sources.servers.crls));
        paths.extend([&mut self.sources.identity.certificate, &mut self.sources.identity.key, &mut self.sources.servers.roots]);
        paths.extend([&mut self.keys.root, &mut self.keys.store, &mut self.keys.signing, &mut self.log.key]);
        paths.extend(self.policy.folder.iter_mut());
        for path in paths {
            *path = folder.join(&*path);
        }
        if let Some(relative) = self.store.url.strip_prefix("sqlite:") {
            self.store.url = format!("sqlite:{}", folder.join(relative).display());
        }
    }

    /// The rules that types do not carry.
    fn judge(&self) -> Result<(), String> {
        self.policy.judge(self.mode)?;
        if self.mode == Mode::Production {
            return Err("mode = \"production\" needs a key provider other than files; this version has none".to_owned());
        }
        if self.gateway.authorities.is_empty() {
            return Err("[gateway] authorities: name at least one authority, such as \"gateway.example:8443\"".to_owned());
        }
        if let Some(wrong) =
            self.gateway.authorities.iter().find(|name| name.to_ascii_lowercase() != **name || name.contains('/'))
        {
            return Err(format!("[gateway] authorities: {wrong}: write host:port in lower case"));
        }
        if self.web.identity.is_none() && !self.web.listen.ip().is_loopback() {
            return Err("[web] listen: plain HTTP is for loopback only; give [web.identity]".to_owned());
        }
        if !self.operations.listen.ip().is_loopback() && !self.operations.beyond_loopback {
            return Err("[operations] listen: beyond loopback only with beyond-loopback = true".to_owned());
        }
        if self.limits.requests_per_second <= 0.0 || self.limits.burst < 1.0 || self.limits.in_flight == 0 {
            return Err("[limits]: a rate above 0, a burst of at least 1 and in-flight of at least 1 are needed".to_owned());
        }
        let LimitsSection { connections, per_address, per_organisation, handshaking, .. } = self.limits;
        if [connections, per_address, per_organisation, handshaking].contains(&0) {
            return Err("[limits]: connections, per-address, per-organisation and handshaking must be at least 1".to_owned());
        }
        if !(5..=30).contains(&self.retention.consent_years) || !(1..=30).contains(&self.retention.task_years) {
            return Err("[retention]: consent-years from 5 (the log's own term) to 30, task-years from 1 to 30".to_owned());
        }
        Authority::try_from(&self.consent).map_err(|reason| reason.trim().to_owned())?;
        if !self.store.url.starts_with("sqlite:") {
            return Err("[store] url: this version knows sqlite:<path>".to_owned());
        }
        Ok(())
    }
}

/// Reads a TOML file into `T`; an unknown key is refused with its line, an environment variable that fits no setting by its name.
///
/// # Errors
/// [`ConfigError`].
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let unread =
        |error| format!("the configuration cannot be read: {error}\n  do: give its path; deploy/sluis.toml shows one, explained");
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, unread(error)))?;
    // Read once as it stands, so that faults come with their line.
    let config: T = toml::from_str(&text).map_err(|error| ConfigError::new(path, error))?;
    let overrides = environment();
    if overrides.is_empty() {
        return Ok(config);
    }
    let mut table: Table = toml::from_str(&text).map_err(|error| ConfigError::new(path, error))?;
    for (variable, value) in &overrides {
        set(&mut table, variable, value);
    }
    let names: Vec<_> = overrides.iter().map(|(variable, _)| variable.as_str()).collect();
    let wrong = |error: toml::de::Error| {
        ConfigError::new(path, format!("with {} from the environment: {}", names.join(", "), error.message()))
    };
    table.try_into().map_err(wrong)
}

/// The overriding variables: those with two underscores between section and setting.
fn environment() -> Vec<(String, String)> {
    let nested = |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains("__"));
    let mut overrides: Vec<_> = std::env::vars().filter(|(name, _)| nested(name)).collect();
    overrides.sort();
    overrides
}

/// The user of the system who runs the program: who called `sudo`, where that was used, or the name of the process's user.
pub fn system_user() -> String {
    let uid = std::fs::metadata("/proc/self").map_or(u32::MAX, |own| own.uid());
    let behind = if uid == 0 { std::env::vars().find(|(name, _)| name == "SUDO_USER").map(|(_, user)| user) } else { None };
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = behind.filter(|user| !user.trim().is_empty()).or_else(|| user_of(&passwd, uid));
    named.unwrap_or_else(|| format!("uid {uid}"))
}

/// The name of a user in the text of `/etc/passwd` (`name:password:uid:…`).
fn user_of(passwd: &str, uid: u32) -> Option<String> {
    let named = passwd.lines().find(|line| line.split(':').nth(2).and_then(|number| number.parse().ok()) == Some(uid));
    named.and_then(|line| line.split(':').next()).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn set(table: &mut Table, variable: &str, value: &str) {
    let path: Vec<String> =
        variable.trim_start_matches(PREFIX).split("__").map(|name| name.to_ascii_lowercase().replace('_', "-")).collect();
    let Some((last, sections)) = path.split_last() else { return };
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else { return };
        table = inner;
    }
    // A value that reads as TOML (a number, a list, true) is taken as such, anything else as text.
    let parsed = toml::from_str::<Table>(&format!("v = {value}")).ok().and_then(|mut parsed| parsed.remove("v"));
    table.insert(last.clone(), parsed.unwrap_or_else(|| Value::String(value.to_owned())));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sluis.toml")
    }

    fn refused(change: impl Fn(&str) -> String, name: &str) -> String {
        let text = change(&std::fs::read_to_string(sample()).expect("readable"));
        let path = std::env::temp_dir().join(format!("sluis-config-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).expect("written");
        let error = GatewayConfig::load(&path).expect_err("must be refused").to_string();
        std::fs::remove_file(&path).expect("removed");
        error
    }

    #[test]
    fn the_sample_is_true() {
        let config = GatewayConfig::load(&sample()).expect("accepted");
        assert!(config.keys.root.ends_with("deploy/root.key"), "paths are relative to the file");
        let limits = LimitsSection::default();
        let kept = RetentionSection::default();
        assert_eq!((config.retention.consent_years, config.retention.task_years), (kept.consent_years, kept.task_years));
        assert_eq!(config.consent.longest_days, AuthorityTable::default().longest_days);
        assert_eq!((config.limits.in_flight, config.limits.body_ms), (limits.in_flight, limits.body_ms), "it shows the defaults");
        let places =
            |limits: &LimitsSection| (limits.connections, limits.per_address, limits.per_organisation, limits.handshaking);
        assert_eq!(places(&config.limits), places(&limits));
        assert_eq!(config.limits.first_byte_ms, limits.first_byte_ms);
    }

    #[test]
    fn users_are_found_by_number() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:\nmeijer:x:1000:1000::/home/meijer:/bin/sh\n:x:7:7::/:";
        let names = [0, 1000, 7, 42].map(|uid| user_of(passwd, uid));
        assert_eq!(names, [Some("root".to_owned()), Some("meijer".to_owned()), None, None]);
        assert!(!system_user().trim().is_empty());
    }

    #[test]
    fn the_environment_spells_hyphens_as_underscores() {
        let mut table = Table::new();
        set(&mut table, "SLUIS_LIMITS__IN_FLIGHT", "7");
        set(&mut table, "SLUIS_API__LISTEN", "0.0.0.0:1");
        assert_eq!(table["limits"]["in-flight"].as_integer(), Some(7));
        assert_eq!(table["api"]["listen"].as_str(), Some("0.0.0.0:1"));
    }

    /// As in connector.toml: with hyphens.
    #[test]
    fn settings_are_spelt_one_way() {
        let error = refused(|text| text.replace("in-flight", "in_flight"), "spelling");
        assert!(error.contains("in_flight") && error.contains("in-flight"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = refused(|text| text.replace("[web]", "[web]\nlogg = true"), "unknown");
        assert!(error.contains("line ") && error.contains("logg"), "{error}");
    }

    #[test]
    fn what_is_unsafe_is_refused() {
        let error = refused(|text| text.replace("127.0.0.1:8080", "0.0.0.0:8080"), "web");
        assert!(error.contains("[web] listen"), "{error}");
        let error = refused(|text| text.replace("127.0.0.1:9090", "0.0.0.0:9090"), "operations");
        assert!(error.contains("[operations] listen"), "{error}");
        let error = refused(|text| text.replace("mode = \"development\"", "mode = \"production\""), "production");
        assert!(error.contains("[[policy.approvers]]"), "{error}");
        let approved = |mode: &str, keys: [&str; 2]| {
            let [one, other] = keys;
            let approvers = format!(
                "\n[[policy.approvers]]\nname = \"A\"\nkey = \"{one}\"\n\n[[policy.approvers]]\nname = \"B\"\nkey = \"{other}\"\n"
            );
            let (mode, text) = (mode.to_owned(), approvers);
            move |sample: &str| {
                let sample =
                    sample.replace("mode = \"development\"", &mode).replace("# folder = \"policies\"", "folder = \"policies\"");
                sample + &text
            }
        };
        // Ed25519 public keys of RFC 8032, 7.1: tests 1 and 2.
        let keys = ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"];
        let error = refused(approved("mode = \"production\"", keys), "key-provider");
        assert!(error.contains("key provider"), "{error}");
        let error = refused(approved("mode = \"development\"", [keys[0], keys[0]]), "one-key");
        assert!(error.contains("a key of her own"), "{error}");
        let error = refused(approved("mode = \"development\"", [keys[0], "AAAA"]), "no-key");
        assert!(error.contains("Ed25519"), "{error}");
        let error = refused(|text| text.replace("consent-years = 5", "consent-years = 1"), "retention");
        assert!(error.contains("[retention]"), "{error}");
        let lax = "[consent.regimes.avg]\nfrom-12 = [[\"self\"]]\n[limits]";
        let error = refused(|text| text.replace("[limits]", lax), "consent");
        assert!(error.contains("laxer-because"), "{error}");
        let error = refused(|text| text.replace("gateway.example:8443", "Gateway.Example:8443"), "authority");
        assert!(error.contains("lower case"), "{error}");
    }
}
