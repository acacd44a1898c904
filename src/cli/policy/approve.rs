//! `sluis policy approve` and `sluis policy keygen`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::cli::output::{Failure, say};
use crate::client::read_jwk;
use crate::crypto::base64;
use crate::crypto::keys::{Algorithm, PublicKey, generate_signing_key};
use crate::policy::manifest::{APPROVALS_NEEDED, Proposal, Replaces, approve};
use crate::policy::{Bundle, LoadError};

const ABOUT: &str = "With --propose and --replaces the folder as it is gets a new MANIFEST.json and this approval as the first in MANIFEST.sig; the second person \
    gives neither, and approves what the first one saw. A gateway takes a version only in the place of the one that it was approved to replace: \
    its hash is what /readyz shows. To go back to earlier policies, propose them anew, replacing those in force. A gateway that names both in [[policy.approvers]] takes the policies within seconds.";

/// Approve the policies in a folder, as one of two persons.
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(in crate::cli) struct Approve {
    /// A folder laid out as `policies/`.
    #[arg(long, value_name = "FOLDER")]
    policies: PathBuf,
    /// Your private Ed25519 key (JWK).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Your name, as in the gateway's configuration.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Propose the folder as this version.
    #[arg(long, value_name = "VERSION", requires = "replaces")]
    propose: Option<String>,
    /// The hash of the version that it replaces: the one in force; `nothing` for the first.
    #[arg(long, value_name = "HASH", requires = "propose")]
    replaces: Option<Replaces>,
    /// Prove the invariants first (cvc5 on the search path); refuses what is not proved.
    #[cfg(feature = "prove")]
    #[arg(long)]
    prove: bool,
}

impl Approve {
    pub(super) async fn run(&self) -> Result<(), Failure> {
        let key = read_jwk(&self.key).map_err(Failure::usage)?;
        let refused = |error: LoadError| Failure::refused(error.within(&self.policies));
        let bundle = Arc::new(Bundle::load(&self.policies).map_err(refused)?);
        bundle.inventory().map_err(refused)?;
        let report = bundle.run_cases().map_err(|error| refused(error.into()))?;
        let first = report.failures.first().cloned().or_else(|| Some(format!("{} decides no case", report.undecided.first()?)));
        if let Some(first) = first {
            let (failed, idle) = (report.failures.len(), report.undecided.len());
            let says =
                format!("not approved: {failed} expectations of its own tests do not hold, {idle} policies decide no case");
            return Err(Failure::refused(format!("{}: {says}; the first: {first}", self.policies.display())));
        }
        let proof = self.proof(&bundle).await?;
        let proposal = self.propose.as_deref().zip(self.replaces.clone());
        let proposal = proposal.map(|(version, replaces)| Proposal { version, replaces });
        let names = approve(&self.policies, proposal.as_ref(), &self.by, &key).map_err(refused)?;
        let missing = APPROVALS_NEEDED.saturating_sub(names.len());
        let next = if missing == 0 {
            "it can come in force at a gateway that knows each of them by this name in [[policy.approvers]]".to_owned()
        } else {
            format!("{missing} more approval is needed")
        };
        say(&format!("{}: approved by {}: {next}", self.policies.display(), names.join(" and ")));
        say(&format!("{} expectations of its own tests hold; {proof}", report.passed));
        Ok(())
    }

    /// What is known of its invariants, in words.
    #[cfg(feature = "prove")]
    async fn proof(&self, bundle: &Arc<Bundle>) -> Result<&'static str, Failure> {
        use crate::policy::proof::{SolverCommand, prove};
        if !self.prove {
            return Ok(NOT_PROVED);
        }
        let findings = prove(bundle, &SolverCommand::new("cvc5"), &[], |_| {}).await.map_err(Failure::usage)?;
        if findings.hold() {
            return Ok("its invariants are proved");
        }
        Err(Failure::refused(format!(
            "{}: not approved: it is not proved (sluis policy prove says why)",
            self.policies.display()
        )))
    }

    /// What is known of its invariants, in words.
    #[cfg(not(feature = "prove"))]
    async fn proof(&self, _bundle: &Arc<Bundle>) -> Result<&'static str, Failure> {
        Ok(NOT_PROVED)
    }
}

const NOT_PROVED: &str = "NOT PROVED by this command: sluis policy prove does that";

/// Make an approver's key; prints the public key for the gateway's configuration.
#[derive(Args)]
pub(in crate::cli) struct Keygen {
    /// Where to put the private key (JWK); must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Keygen {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let id = "policy-approver".parse().map_err(Failure::usage)?;
        let key = generate_signing_key(Algorithm::Ed25519, id).map_err(Failure::usage)?;
        let PublicKey::Ed25519(public) = key.public().key() else { return Err(Failure::usage("not an Ed25519 key")) };
        write_new(&self.out, key.to_json().as_bytes())
            .map_err(|error| Failure::usage(format!("{}: {error}", self.out.display())))?;
        say(&base64::encode_url(public));
        Ok(())
    }
}

/// A new file that only its owner reads.
fn write_new(path: &std::path::Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
