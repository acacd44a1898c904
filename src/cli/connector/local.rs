//! What the professionals' subcommands share: the way to the local API, and the key that signs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::input;
use super::super::output::{Failure, REFUSED, UNREACHED, USAGE};
use super::super::own_key::hand;
use crate::app::gateway::Outside;
use crate::connector::config::Config;
use crate::connector::hand::Hand;
use crate::connector::local_api::{LocalClient, LocalError};
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
        hand(&self.by, &self.key, outside)
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
