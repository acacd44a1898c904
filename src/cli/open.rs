//! `sluis open`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::output::{EXIT_CODES, Failure, UNVERIFIED, finish};
use super::{input, say};
use crate::client::{Names, Readable, read_jwk, sealed_messages};
use crate::crypto::envelope::DecryptionKey;

const ABOUT: &str = "Opening shows that the message was sealed to your key and was not changed since. It does not show who sealed it: that is \
    what the signature of the answer and the receipt are for (`sluis verify receipt`).";

/// Open a sealed payload (compact JWE).
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Open {
    /// Your private encryption key (JWK).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print the content as JSON, as it was sealed.
    #[arg(long)]
    json: bool,
    /// A compact JWE, or the whole answer of the gateway (`-`: standard input).
    #[arg(value_name = "FILE")]
    message: PathBuf,
}

impl Open {
    pub(super) fn run(self) -> ExitCode {
        finish(self.open())
    }

    fn open(&self) -> Result<(), Failure> {
        let key = read_jwk(&self.key).map_err(Failure::usage)?;
        let key = DecryptionKey::from_jwk(&key).map_err(|error| {
            let advice = "do: give the private encryption key, encryption.jwk in the kit";
            Failure::usage(format!("{}: this key does not open messages: {error}\n  {advice}", self.key.display()))
        })?;
        let text = input::text(&self.message)?;
        for sealed in sealed_messages(&text) {
            let unopened = |reason: &dyn std::fmt::Display| {
                let advice = "expected: a compact JWE that was sealed to this key\n  do: check that the text is whole, and that the key is \
                    the one that was registered when it was sealed";
                Failure::new(UNVERIFIED, format!("{}: the message does not open: {reason}\n  {advice}", self.message.display()))
            };
            let opened = key.open(&sealed).map_err(|error| unopened(&error))?;
            let content: Value =
                serde_json::from_slice(opened.plaintext.expose()).map_err(|_| unopened(&"its content is not JSON"))?;
            if self.json || content.get("obligations").is_none() {
                say(&serde_json::to_string_pretty(&content).map_err(Failure::usage)?);
            } else {
                say(&format!(
                    "disclosure   {}",
                    opened.header.disclosure.as_deref().map(crate::client::plain).unwrap_or_default()
                ));
                say(&Readable { payload: &content, names: &Names::default() }.to_string());
            }
        }
        Ok(())
    }
}
