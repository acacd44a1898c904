//! What the operators' commands share: the gateway's own registers, opened beside a gateway that may be running. No more than these, so that a
//! broken policy or certificate keeps nobody from suspending an organisation.

use std::path::PathBuf;

use clap::Args;

use super::output::{Failure, REFUSED, USAGE};
use crate::actions::operator::Operator;
use crate::actions::{ActionError, Desk};
use crate::app::gateway::Outside;
use crate::app::{policies, registers};
use crate::clock::Timestamp;
use crate::config::GatewayConfig;
use crate::policy::Bundle;

/// For `--help`.
pub(super) const IN_FORCE: &str = "A running gateway follows a suspension or revocation from the very next request on, and what admits (an organisation, a certificate, a key, a readmission) within a second. Each change is an entry in the disclosure log, under the name of who made it (--by).";

/// The gateway.
#[derive(Args)]
pub(super) struct Gateway {
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Gateway {
    /// Opens its registers.
    pub(super) async fn desk(&self, outside: Outside) -> Result<Desk, Failure> {
        registers::desk(&self.config()?, outside).await.map_err(Failure::usage)
    }

    fn config(&self) -> Result<GatewayConfig, Failure> {
        GatewayConfig::load(&self.config).map_err(Failure::usage)
    }
}

/// Who acts on the registers.
#[derive(Args)]
pub(super) struct By {
    #[command(flatten)]
    gateway: Gateway,
    /// Who does this, for the log: a user name or staff number [default: the user of the system who runs the command].
    #[arg(long, value_name = "REFERENCE")]
    by: Option<Operator>,
}

impl By {
    /// Opens the gateway's registers for her.
    pub(super) async fn desk(&self, outside: Outside) -> Result<Desk, Failure> {
        let operator = match &self.by {
            Some(operator) => operator.clone(),
            None => crate::config::system_user().parse().map_err(|error| Failure::usage(format!("--by: {error}")))?,
        };
        Ok(self.gateway.desk(outside).await?.operated_by(operator))
    }

    /// The gateway's policies.
    pub(super) fn policies(&self) -> Result<Bundle, Failure> {
        policies::load(&self.gateway.config()?).map_err(Failure::usage)
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        let code = if matches!(error, ActionError::Store(_)) { USAGE } else { REFUSED };
        Self::new(code, error)
    }
}

/// An instant as RFC 3339, or a day, which begins at midnight UTC.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text).or_else(|_| day()).map_err(|_| "expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ".to_owned())
}
