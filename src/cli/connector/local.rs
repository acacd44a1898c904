//! What the professionals' subcommands share: the way to the local API, and the key that signs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::super::input;
use super::super::output::{Failure, REFUSED, UNREACHED, USAGE};
use crate::app::gateway::Outside;
use crate::client::read_jwk;
use crate::connector::config::Config;
use crate::connector::hand::Hand;
use crate::connector::local_api::{LocalClient, LocalError};
use crate::crypto::keys::{Algorithm, SigningKey};
use crate::secret::Secret;

/// The bearer token of the local API.
#[derive(Args)]
pub(super) struct Token {
    /// The file with the bearer token of the connector's local API (the token itself, not its digest).
    #[arg(long, value_name = "FILE")]
    pub(super) token: PathBuf,
}

impl Token {
    pub(super) fn client(&self, config: &Config) -> Result<LocalClient, Failure> {
        let token = input::text(&self.token)?;
        if token.starts_with("sha256:") {
            let advice =
                "this file holds the digest of the token, which is for the connector\n  do: give the file with the token itself";
            return Err(Failure::usage(format!("{}: {advice}", self.token.display())));
        }
        Ok(LocalClient::new(config.local_api.listen, Secret::new(token.to_string())))
    }
}

/// The professional who takes a step.
#[derive(Args)]
pub(super) struct By {
    /// The professional who decides, by her reference.
    #[arg(long, value_name = "REF")]
    pub(super) by: String,
    /// Her own private key (JWK, Ed25519): with it she signs the step.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
}

impl By {
    pub(super) fn hand(&self, outside: Outside) -> Result<Hand, Failure> {
        let wrong = |reason: &dyn std::fmt::Display| Failure::usage(format!("{}: {reason}", self.key.display()));
        let key = SigningKey::from_jwk(&read_jwk(&self.key).map_err(Failure::usage)?).map_err(|error| wrong(&error))?;
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(wrong(&"a professional signs with an Ed25519 key, such as `sluis connector professional add` makes"));
        }
        Ok(Hand::new(self.by.clone(), key, Arc::clone(&outside.clock)))
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let code = match &error {
            LocalError::Unreached(..) => UNREACHED,
            LocalError::Refused(_) | LocalError::Inbox(_) | LocalError::NoOverride(_) => REFUSED,
            LocalError::Sign(_) | LocalError::Id | LocalError::Token | LocalError::Answer(_) => USAGE,
        };
        Self::new(code, error)
    }
}

/// A text argument: the text itself, or `@FILE` for what stands in a file.
pub(super) fn text_or_file(given: &str) -> Result<String, Failure> {
    match given.strip_prefix('@') {
        Some(file) => Ok(input::text(Path::new(file))?.to_string()),
        None => Ok(given.to_owned()),
    }
}
