//! The witness's configuration file (TOML), explained in `deploy/witness.toml`. Unknown keys are refused; relative paths count from the file's own
//! folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::http::tls::Identity;

/// `sluis witness --config F`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name of its key: a URL without scheme, such as `witness.politie.example`.
    pub name: String,
    /// The seed of its Ed25519 key, 32 bytes, mode 0600; `sluis witness keygen` makes it.
    pub key: PathBuf,
    /// The SQLite file in which it remembers what it cosigned; made when there is none.
    pub store: PathBuf,
    /// Address and port.
    pub listen: SocketAddr,
    /// The server certificate; without one it speaks plain HTTP, on loopback only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The logs that it knows.
    pub logs: Vec<LogSection>,
}

/// `[[logs]]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// The verifier key of the log (C2SP signed-note vkey); its name is the log's origin.
    pub vkey: String,
}

/// What is wrong with a configuration, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct ConfigError {
    file: String,
    reason: String,
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and, for TOML, the line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |reason: &dyn std::fmt::Display| ConfigError {
            file: path.display().to_string(),
            reason: reason.to_string().trim_end().to_owned(),
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            wrong(&format!(
                "the configuration cannot be read: {error}\n  do: give its path; deploy/witness.toml shows one, explained"
            ))
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|error| wrong(&error))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let identity = config.identity.iter_mut().flat_map(|identity| [&mut identity.certificate, &mut identity.key]);
        for path in identity.chain([&mut config.key, &mut config.store]) {
            *path = folder.join(&*path);
        }
        if config.identity.is_none() && !config.listen.ip().is_loopback() {
            return Err(wrong(&"listen: plain HTTP is for loopback only; give identity"));
        }
        if config.logs.is_empty() {
            return Err(wrong(&"[[logs]]: name at least one log"));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(name: &str, change: impl Fn(&str) -> String) -> Result<Config, String> {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/witness.toml");
        let text = change(&std::fs::read_to_string(sample).expect("readable"));
        let path = std::env::temp_dir().join(format!("sluis-witness-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).expect("written");
        let loaded = Config::load(&path).map_err(|error| error.to_string());
        std::fs::remove_file(&path).expect("removed");
        loaded
    }

    #[test]
    fn the_sample_is_true_and_paths_count_from_the_file() {
        let config = load("sample", str::to_owned).expect("accepted");
        assert!(config.key.starts_with(std::env::temp_dir()), "{:?}", config.key);
        assert_eq!(config.logs.len(), 1);
    }

    #[test]
    fn what_is_unsafe_or_unknown_is_refused() {
        for (name, from, to, says) in [
            ("beyond", "127.0.0.1:8600", "0.0.0.0:8600", "loopback"),
            ("unknown", "listen =", "listens =", "line "),
            ("none", "[[logs]]", "[[logz]]", "logz"),
        ] {
            let error = load(name, |text| text.replace(from, to)).expect_err("refused");
            assert!(error.contains(says), "{name}: {error}");
        }
    }
}
