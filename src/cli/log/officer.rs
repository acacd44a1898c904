//! What the privacy officers' commands share: the organisation's kit for the connection, and her own key under what she asks.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::actions::officer::statement;
use crate::app::gateway::Outside;
use crate::cli::consent::KitFolder;
use crate::cli::output::Failure;
use crate::cli::own_key::hand;
use crate::client::Kit;

/// The privacy officer (FG) who asks.
#[derive(Args)]
pub(super) struct Officer {
    #[command(flatten)]
    kit: KitFolder,
    /// The reference by which the gateway's operator enrolled you.
    #[arg(long, value_name = "REF")]
    by: String,
    /// Your own private key (JWK, Ed25519), such as `sluis keys make` makes.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Officer {
    /// Her organisation's kit.
    pub(super) fn kit(&self) -> Result<Kit, Failure> {
        self.kit.open()
    }

    /// Asks for an act at `/v1/log/{action}` under her signature.
    pub(super) async fn ask(&self, outside: Outside, action: &str, request: &Value) -> Result<Value, Failure> {
        let (kit, client) = self.kit.client(&outside)?;
        let body = self.body(&kit, outside, action, request)?;
        Ok(client.post(&format!("/v1/log/{action}"), body.to_string().as_bytes(), None).await?)
    }

    /// The same for a file: hands its bytes on. They are worth nothing before this has returned.
    pub(super) async fn download(
        &self,
        outside: Outside,
        action: &str,
        request: &Value,
        keep: impl FnMut(&[u8]) -> std::io::Result<()> + Send,
    ) -> Result<(), Failure> {
        let (kit, client) = self.kit.client(&outside)?;
        let body = self.body(&kit, outside, action, request)?;
        Ok(client.download(&format!("/v1/log/{action}"), body.to_string().as_bytes(), keep).await?)
    }

    /// The body of such a request: `by`, `request`, and her signature over both.
    fn body(&self, kit: &Kit, outside: Outside, action: &str, request: &Value) -> Result<Value, Failure> {
        let (to, hand) = (kit.addressed().map_err(Failure::usage)?, hand(&self.by, &self.key, outside)?);
        let signed =
            hand.sign(|step| statement(to, action, request, &step.professional, step.signed_at)).map_err(Failure::usage)?;
        Ok(json!({
            "by": self.by, "request": request, "signed": {"signedAt": signed.signed_at, "signature": signed.signature},
        }))
    }
}
