//! The connector's configuration file (TOML). Unknown keys are refused; relative paths count from the file's own folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::organisation::{Kind, Oin};

/// `sluis connector --config F`. Keys are spelled with hyphens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The source organisation's OIN.
    pub oin: Oin,
    /// Its name, for officers.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Where the gateway-facing side listens (mTLS).
    pub listen: SocketAddr,
    /// Under which authorities the gateway calls it, beside `localhost` and the address itself: `host:port`, lower case.
    #[serde(default)]
    pub authorities: Vec<String>,
    /// The organisation's own system.
    pub source: SourceSection,
    /// The connector's own state.
    pub state: StateSection,
    /// The gateway-facing certificate.
    pub tls: TlsSection,
    /// The gateway that may ask.
    pub gateway: GatewaySection,
    /// The file with the connector's private signing key (JWK).
    pub signing_key: PathBuf,
    /// The disclosure log's verifier key (C2SP signed-note vkey), for receipts.
    pub log_vkey: String,
    /// The witnesses and their quorum (C2SP tlog-policy): with it, only receipts under a head that the quorum cosigned are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_policy: Option<PathBuf>,
    /// The API for the organisation's own professionals.
    pub local_api: LocalApiSection,
}

/// `[source]`: the database that is read, never written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourceSection {
    /// The SQLite database of the organisation's own system.
    pub database: PathBuf,
    /// The mapping onto our categories.
    pub mapping: PathBuf,
    /// The source's own ceiling.
    pub ceiling: PathBuf,
    /// After how many milliseconds the statements of one answer are interrupted.
    #[serde(default = "default_time_limit")]
    pub time_limit_ms: u64,
    /// How many rows one query may give; more is an error, never a cut.
    #[serde(default = "default_max_rows")]
    pub max_rows: usize,
}

/// `[state]`: the connector's own database and the key that seals it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StateSection {
    /// The SQLite database; made when there is none.
    pub database: PathBuf,
    /// The key file, mode 0600; made when there is none. Back it up apart from the database.
    pub key: PathBuf,
}

/// `[tls]`: PEM files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TlsSection {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The roots that the gateway's certificate must come from.
    pub ca: PathBuf,
    /// Certificate revocation lists. When there is one, every certificate of the gateway must be covered by a list that has not expired.
    /// All files of this section are read again when they change.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
}

/// `[gateway]`: who may ask, and where releases and overrides go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GatewaySection {
    /// The gateway's API, `https://…`.
    pub url: String,
    /// The OIN in the gateway's certificate.
    pub oin: Oin,
    /// The gateway's public signing keys (JWK set).
    pub signing_keys: PathBuf,
}

/// `[local-api]`: loopback only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LocalApiSection {
    /// A loopback address.
    pub listen: SocketAddr,
    /// The file with the digest of the bearer token (`sha256:` and 64 hex digits).
    pub token: PathBuf,
}

fn default_time_limit() -> u64 {
    2_000
}

fn default_max_rows() -> usize {
    500
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError`] naming the file and, for TOML, the line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder).map_err(|error| error.in_file(path))
    }

    /// Parses the text of a configuration file that stands in `folder`.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] saying what to change.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| ConfigError::invalid(error.to_string()))?;
        config.resolve(folder);
        config.refuse_unsafe()?;
        Ok(config)
    }

    /// The limits on reading the source.
    pub fn limits(&self) -> super::store::Limits {
        super::store::Limits { time: Duration::from_millis(self.source.time_limit_ms), rows: self.source.max_rows }
    }

    fn resolve(&mut self, folder: &Path) {
        let paths = [
            &mut self.source.database,
            &mut self.source.mapping,
            &mut self.source.ceiling,
            &mut self.state.database,
            &mut self.state.key,
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.ca,
            &mut self.gateway.signing_keys,
            &mut self.signing_key,
            &mut self.local_api.token,
        ];
        for path in paths.into_iter().chain(&mut self.tls.crls).chain(&mut self.witness_policy) {
            *path = folder.join(&*path);
        }
    }

    fn refuse_unsafe(&self) -> Result<(), ConfigError> {
        if !self.local_api.listen.ip().is_loopback() {
            return Err(ConfigError::invalid("local-api.listen must be a loopback address such as 127.0.0.1:8090".to_owned()));
        }
        if !self.gateway.url.starts_with("https://") {
            return Err(ConfigError::invalid("gateway.url must begin with https://".to_owned()));
        }
        if self.source.database == self.state.database {
            return Err(ConfigError::invalid("state.database must be another file than source.database".to_owned()));
        }
        if self.source.time_limit_ms == 0 || self.source.max_rows == 0 {
            return Err(ConfigError::invalid("source.time-limit-ms and source.max-rows must be above zero".to_owned()));
        }
        Ok(())
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: the configuration cannot be read: {source}\n  do: give its path")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its content is wrong.
    #[error("{path}: {problem}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl ConfigError {
    fn invalid(problem: String) -> Self {
        Self::Invalid { path: PathBuf::from("connector configuration"), problem }
    }

    fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Invalid { problem, .. } => Self::Invalid { path: file.to_owned(), problem },
            unreadable @ Self::Unreadable { .. } => unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        oin = "00000099000000002000"
        name = "Politie Zeeland"
        kind = "police"
        listen = "127.0.0.1:8543"
        signing-key = "signing.jwk"
        log-vkey = "sluis.example+1234abcd+AAAA"
        [source]
        database = "records.db"
        mapping = "mapping.toml"
        ceiling = "ceiling.toml"
        [state]
        database = "state.db"
        key = "state.key"
        [tls]
        certificate = "tls.pem"
        key = "tls.key"
        ca = "/etc/sluis/ca.pem"
        crls = ["crl.pem"]
        [gateway]
        url = "https://localhost:8443"
        oin = "00000099000000001000"
        signing-keys = "gateway.jwks"
        [local-api]
        listen = "127.0.0.1:8090"
        token = "local-api.token"
    "#;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/srv/connector")).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_count_from_the_file() {
        let config = parse(SAMPLE).unwrap();
        assert_eq!(config.source.database, Path::new("/srv/connector/records.db"));
        assert_eq!(config.tls.ca, Path::new("/etc/sluis/ca.pem"));
        assert_eq!(config.tls.crls, [Path::new("/srv/connector/crl.pem")]);
        assert_eq!(config.source.max_rows, 500);
        let written = toml::to_string(&config).unwrap();
        assert_eq!(parse(&written).unwrap().state.key, config.state.key);
    }

    #[test]
    fn unsafe_settings_are_refused() {
        for (from, to, problem) in [
            ("127.0.0.1:8090", "0.0.0.0:8090", "loopback"),
            ("https://localhost", "http://localhost", "https"),
            ("\"state.db\"", "\"records.db\"", "another file"),
            ("name =", "nmae =", "line 3"),
            ("\"police\"", "\"polis\"", "line 4"),
            ("00000099000000002000", "99", "line 2"),
        ] {
            let error = parse(&SAMPLE.replace(from, to)).unwrap_err();
            assert!(error.contains(problem), "{from} → {to}: {error}");
        }
    }
}
