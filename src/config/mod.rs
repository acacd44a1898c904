//! File and environment to a valid configuration.

mod environment;
mod sections;
mod store;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::environment::{load, system_user};
pub use self::sections::{
    ApiSection, ApproverSection, ExchangeSection, GatewaySection, KeysSection, LimitsSection, LogSection, OperationsSection,
    PolicySection, RetentionSection, SourcesSection, WebSection,
};
pub use self::store::{StoreSection, StoreUrl};
use crate::consent::authority::{Authority, AuthorityTable};

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
        paths.extend(self.policy.folder.iter_mut().chain(&mut self.log.witnesses));
        paths
            .extend(self.log.servers.iter_mut().flat_map(|servers| std::iter::once(&mut servers.roots).chain(&mut servers.crls)));
        for path in paths {
            *path = folder.join(&*path);
        }
        if let Ok(StoreUrl::File(relative)) = self.store.place() {
            self.store.url = format!("sqlite:{}", folder.join(relative).display());
        }
    }

    /// The rules that types do not carry.
    fn judge(&self) -> Result<(), String> {
        self.policy.judge(self.mode)?;
        self.store.judge(self.mode)?;
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
        self.web.judge()?;
        if !self.operations.listen.ip().is_loopback() && !self.operations.beyond_loopback {
            return Err("[operations] listen: beyond loopback only with beyond-loopback = true".to_owned());
        }
        if self.limits.requests_per_second <= 0.0
            || self.limits.burst < 1.0
            || self.limits.in_flight == 0
            || self.limits.working == 0
        {
            return Err(
                "[limits]: a rate above 0, a burst of at least 1, in-flight and working of at least 1 are needed".to_owned()
            );
        }
        let LimitsSection { connections, per_address, per_organisation, handshaking, .. } = self.limits;
        if [connections, per_address, per_organisation, handshaking].contains(&0) {
            return Err("[limits]: connections, per-address, per-organisation and handshaking must be at least 1".to_owned());
        }
        if !(5..=30).contains(&self.retention.consent_years) || !(1..=30).contains(&self.retention.task_years) {
            return Err("[retention]: consent-years from 5 (the log's own term) to 30, task-years from 1 to 30".to_owned());
        }
        if !(1..=1440).contains(&self.log.close_after_minutes) {
            return Err("[log] close-after-minutes: from 1 to 1440".to_owned());
        }
        Authority::try_from(&self.consent).map_err(|reason| reason.trim().to_owned())?;
        Ok(())
    }
}
