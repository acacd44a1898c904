//! What `sluis request` is told.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use uuid::Uuid;

use super::super::input;
use super::super::output::{EXIT_CODES, Failure};
use crate::catalogue::{Category, Form, PurposeCode};
use crate::client::{Kit, Question, Whom};
use crate::pseudonym::Pseudonym;
use crate::subject::{Bsn, LocalNumber, SubjectId};

const EXAMPLE: &str = "Example:\n  sluis request --kit demo/kit/veilig-thuis --purpose safety-assessment --person P22 \\\n    \
    --source police --category identity --category measures --necessity \"a report came in\" --explain\n\n\
    The answer is verified before anything of it is shown: the gateway's signature, the envelope, and the receipt, which proves that the \
    disclosure is in the log. Receipts are kept.";

/// Ask a gateway for information about a person.
#[derive(Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
#[command(group = ArgGroup::new("subject").required(true).multiple(false)
    .args(["person", "bsn", "bsn_file", "local", "v_number_file", "pseudonym", "offer", "body"]))]
pub(in crate::cli) struct Request {
    /// Your organisation's folder in the integrator's kit.
    #[arg(long, value_name = "DIR")]
    pub(super) kit: PathBuf,
    /// For which purpose, such as `safety-assessment`.
    #[arg(long, required_unless_present = "body")]
    purpose: Option<PurposeCode>,
    /// About a test person of the kit by id, such as `P07`; the number is looked up in persons.json beside the folder.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// About the person whose citizen number (BSN) stands on standard input: give `-`. A number itself is refused here, because the list of
    /// processes shows the arguments of a program to everybody on the machine.
    #[arg(long, value_name = "-")]
    bsn: Option<String>,
    /// About the person whose citizen number (BSN) stands in this file.
    #[arg(long, value_name = "FILE")]
    bsn_file: Option<PathBuf>,
    /// About a person by a source's own number. The source: a folder of the kit, or its OIN.
    #[arg(long, value_name = "OIN:NUMBER")]
    local: Option<String>,
    /// About the person whose V-number (vreemdelingennummer) stands in this file.
    #[arg(long, value_name = "FILE")]
    v_number_file: Option<PathBuf>,
    /// About a person by the pseudonym that you were given earlier, for the same purpose and case.
    #[arg(long, value_name = "p1_…")]
    pseudonym: Option<Pseudonym>,
    /// About the person of whom an offer to you is, by its id as `sluis offer list` prints it. The source that made it is asked. It can be collected again
    /// until what it collected is no longer kept.
    #[arg(long, value_name = "ID")]
    offer: Option<Uuid>,
    /// Whom to ask: a name of organisations.json in the kit, or an OIN. May be repeated. Without it, the purpose's default holds, where it has one.
    #[arg(long, value_name = "SLUG-OR-OIN", num_args = 1..)]
    source: Vec<String>,
    /// What to ask for, such as `identity`. May be repeated; `sluis schema` lists them.
    #[arg(long, value_name = "CATEGORY", num_args = 1.., required_unless_present = "body", value_parser = category)]
    category: Vec<Category>,
    /// The finest form wanted.
    #[arg(long, default_value = "exact", value_parser = ["exact", "reduced", "signal"])]
    form: String,
    /// Why this is needed: for the log and for the source. Name nobody.
    #[arg(long, value_name = "TEXT", required_unless_present = "body")]
    necessity: Option<String>,
    /// Your own reference of the person who asks; opaque to all others.
    #[arg(long, value_name = "REF", default_value = "command-line")]
    actor: String,
    /// That person's role.
    #[arg(long, default_value = "integrator")]
    role: String,
    /// The responsible user on whose behalf she asks, if another.
    #[arg(long, value_name = "REF")]
    on_behalf_of: Option<String>,
    /// The case, by its id.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Ask as the case's team or director.
    #[arg(long, value_parser = ["expertise-team", "case-director"])]
    acting_as: Option<String>,
    /// Makes a repeat of the same request the same disclosure: 16 to 64 of A-Za-z0-9._-
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(super) idempotency_key: Option<String>,
    /// Pick up what came for a disclosure that you asked for before, instead of asking anew: its id, with all else as it was asked, because the
    /// receipt proves the answer to that very question.
    #[arg(long, value_name = "ID", conflicts_with = "idempotency_key")]
    pub(super) disclosure: Option<uuid::Uuid>,
    /// While the disclosure is open, ask after it for so many seconds at most; stops at the first new delivery.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) wait: u64,
    /// Print the signature base and each check with its result.
    #[arg(long)]
    pub(super) explain: bool,
    /// Print the opened payloads as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Where receipts are kept [default: `receipts` in the kit folder].
    #[arg(long, value_name = "DIR")]
    pub(super) receipts: Option<PathBuf>,
    /// Send exactly the body in this file, whatever it holds (`-`: standard input).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["purpose", "source", "category", "necessity", "on_behalf_of", "case", "acting_as"])]
    pub(super) body: Option<PathBuf>,
}

impl Request {
    /// What is asked, with every name resolved.
    pub(super) fn question(&self, kit: &Kit) -> Result<Question, Failure> {
        let missing = |name: &str| Failure::usage(format!("--{name} is missing"));
        let sources = self.source.iter().map(|name| kit.oin(name)).collect::<Result<_, _>>().map_err(Failure::usage)?;
        Ok(Question {
            purpose: self.purpose.clone().ok_or_else(|| missing("purpose"))?,
            case: self.case.clone(),
            acting_as: self.acting_as.clone(),
            whom: self.whom(kit)?,
            categories: self.category.clone(),
            sources,
            form: Form::from_code(&self.form).ok_or_else(|| missing("form"))?,
            necessity: self.necessity.clone().ok_or_else(|| missing("necessity"))?,
            actor: self.actor.clone(),
            role: self.role.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
        })
    }

    fn whom(&self, kit: &Kit) -> Result<Whom, Failure> {
        if let Some(pseudonym) = self.pseudonym {
            return Ok(Whom::Pseudonym(pseudonym));
        }
        if let Some(offer) = self.offer {
            return Ok(Whom::Offer(offer));
        }
        let identifier = if let Some(id) = &self.person {
            kit.person(id).map_err(Failure::usage)?
        } else if let Some(given) = &self.bsn {
            if given != "-" {
                return Err(Failure::usage(BSN_SHOWN));
            }
            bsn(Path::new("-"))?
        } else if let Some(file) = &self.bsn_file {
            bsn(file)?
        } else if let Some(file) = &self.v_number_file {
            SubjectId::VNumber(number(&input::text(file)?, &file.display().to_string())?)
        } else if let Some(local) = &self.local {
            let (source, value) = local.rsplit_once(':').ok_or_else(|| Failure::usage("--local: expected OIN:NUMBER"))?;
            SubjectId::Local { source: kit.oin(source).map_err(Failure::usage)?, value: number(value, "--local")? }
        } else {
            return Err(Failure::usage(
                "say about whom, with --person, --bsn-file, --local, --v-number-file, --pseudonym or --offer",
            ));
        };
        Ok(Whom::Identifier(identifier))
    }
}

/// What is said when a number stands among the arguments.
pub(in crate::cli) const BSN_SHOWN: &str = "a citizen number (BSN) is not taken as an argument: the list of processes shows it to everybody on this \
    machine, and the shell keeps it\n  expected: `--bsn -` with the number on standard input, `--bsn-file FILE`, or `--person ID` for a test person\n  \
    do: remove the number from your shell's history";

pub(in crate::cli) fn bsn(file: &Path) -> Result<SubjectId, Failure> {
    let bsn: Bsn = input::text(file)?.parse().map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    Ok(SubjectId::Bsn(bsn))
}

pub(in crate::cli) fn number(text: &str, whence: &str) -> Result<LocalNumber, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("{whence}: {error}")))
}

fn idempotency_key(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let valid = (16..=64).contains(&text.len()) && text.bytes().all(allowed);
    valid
        .then(|| text.to_owned())
        .ok_or_else(|| format!("it has {} characters; expected 16 to 64 of A-Za-z0-9._-", text.chars().count()))
}

fn category(code: &str) -> Result<Category, String> {
    let all = || Category::ALL.map(Category::code).join(", ");
    Category::from_code(code).ok_or_else(|| format!("expected one of {}", all()))
}
