//! `sluis sign`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use http::Method;

use super::output::{Failure, finish, remark};
use super::{input, say};
use crate::app::gateway::Outside;
use crate::client::{Kit, sign};
use crate::http::client::Call;

const EXAMPLE: &str = "Example, with curl (a signature counts for one minute and one request):\n  \
    sluis sign --kit kit/veilig-thuis --method POST --path /v1/disclosures --body body.json > fields.txt\n  \
    curl --cacert kit/ca.pem --cert kit/veilig-thuis/tls.pem --key kit/veilig-thuis/tls.key \\\n    \
    -H @fields.txt --data-binary @body.json https://localhost:8443/v1/disclosures > answer.json\n  \
    sluis open --key kit/veilig-thuis/encryption.jwk answer.json\n\n\
    The address is that of gateway.json in the kit. --data-binary matters: other ways change the body, and with it its digest.";

/// Sign a request: prints the header fields to add to it (RFC 9421, RFC 9530).
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Sign {
    /// Your organisation's folder in the integrator's kit.
    #[arg(long, value_name = "DIR")]
    kit: PathBuf,
    /// The method, such as GET or POST.
    #[arg(long)]
    method: Method,
    /// The path, and the query if any, such as `/v1/disclosures`.
    #[arg(long, value_name = "PATH")]
    path: String,
    /// The JSON body as it will be sent, byte for byte (`-`: standard input).
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Cover an Idempotency-Key: 16 to 64 of A-Za-z0-9._-
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Print the signature base on standard error.
    #[arg(long)]
    explain: bool,
}

impl Sign {
    pub(super) fn run(self, outside: Outside) -> ExitCode {
        finish(self.sign(outside))
    }

    fn sign(&self, outside: Outside) -> Result<(), Failure> {
        if !self.path.starts_with('/') {
            return Err(Failure::usage("--path: expected a path that begins with /, such as /v1/disclosures"));
        }
        if self.method == Method::POST && self.body.is_none() {
            return Err(Failure::usage(
                "--body is missing: the signature of a POST covers its body\n  expected: --body FILE, or --body - for standard input",
            ));
        }
        if ![Method::GET, Method::POST].contains(&self.method) {
            return Err(Failure::usage(format!(
                "--method {}: no resource of the gateway takes it\n  expected: GET or POST",
                self.method
            )));
        }
        let kit = Kit::open(&self.kit).map_err(Failure::usage)?;
        let body = self.body.as_deref().map(input::bytes).transpose()?;
        let signer = sign::signer(&kit, outside.clock, outside.entropy).map_err(Failure::usage)?;
        let call = Call {
            method: &self.method,
            base: &kit.gateway.api,
            target: &self.path,
            body: body.as_ref().map(|body| body.as_slice()),
            idempotency_key: self.idempotency_key.as_deref(),
            most: 0,
            time: Duration::ZERO,
        };
        let prepared = signer.prepare(&call).map_err(Failure::usage)?;
        for (name, value) in prepared.headers() {
            // Host is of the address that is called; a client sets it itself.
            if name != http::header::HOST {
                say(&format!("{name}: {}", value.to_str().map_err(Failure::usage)?));
            }
        }
        if self.explain {
            remark(&format!("signature base\n{}", prepared.base()));
        }
        Ok(())
    }
}
