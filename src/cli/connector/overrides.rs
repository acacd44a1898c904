//! `sluis connector override`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::super::output::Failure;
use super::super::{input, say};
use super::local::{By, Token};
use crate::app::gateway::Outside;
use crate::client::plain;
use crate::connector::config::Config;
use crate::connector::delivery::Delivery;
use crate::connector::local_api::{LocalClient, LocalError, ShownOverride};
use crate::connector::override_form;
use crate::connector::overrides::{OverrideState, new_override_id};
use crate::organisation::Oin;
use crate::source::overrides::{ConsentSought, OverrideContent, SignedStep};

/// How long an answer of the gateway is waited for: somewhat longer than the connector does.
const ANSWERED: Duration = Duration::from_secs(15);

const ABOUT: &str = "An override is entered by one professional and approved by another, each with a key of her own; it holds for at most seven \
    days. Under acute-safety one person suffices, and the privacy officer (FG) reviews it within two working days.\n\n\
    Example:\n  sluis connector override create --template > form.toml\n  \
    sluis connector override create --config connector.toml --token local-token --form form.toml --by pro-1 --key pro-1.jwk\n  \
    sluis connector override approve ID --config connector.toml --token local-token --by pro-2 --key pro-2.jwk";

/// Overrides of confidentiality (doorbreking).
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(super) struct Override {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Enter an override from a form.
    Create(Create),
    /// Approve one that another professional entered, exactly as it stands.
    Approve(Decide),
    /// End one before its expiry, or take back one that waits.
    Revoke(Decide),
    /// All overrides, oldest first. The number of the person is not printed.
    List {
        #[command(flatten)]
        token: Token,
    },
    /// One override with its whole rationale, as the second person must know it. The number of the person is not printed.
    Show {
        #[command(flatten)]
        token: Token,
        /// The override.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

#[derive(Args)]
struct Create {
    /// Print an empty form with an explanation of every field, and stop.
    #[arg(long)]
    template: bool,
    /// The filled form (TOML). It names a person: keep it where only you can read it, and remove it afterwards.
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    form: Option<PathBuf>,
    /// The file with the bearer token of the connector's local API (the token itself, not its digest).
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    token: Option<PathBuf>,
    /// The professional who decides, by her reference.
    #[arg(long, value_name = "REF", required_unless_present = "template")]
    by: Option<String>,
    /// Her own private key (JWK, Ed25519): with it she signs the step.
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    key: Option<PathBuf>,
}

#[derive(Args)]
struct Decide {
    /// The override.
    #[arg(allow_hyphen_values = true)]
    id: String,
    #[command(flatten)]
    token: Token,
    #[command(flatten)]
    by: By,
}

impl Override {
    /// Prints the form when that is all that was asked for.
    pub(super) fn print_template(&self) -> bool {
        let asked = matches!(&self.step, Step::Create(Create { template: true, .. }));
        if asked {
            say(override_form::TEMPLATE.trim_end());
        }
        asked
    }

    pub(super) async fn run(self, config: &Config, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::Create(Create { form: Some(form), token: Some(token), by: Some(by), key: Some(key), .. }) => {
                create(&form, &Token { token }.client(config)?, By { by, key }, outside).await
            }
            Step::Create(_) => Err(Failure::usage("give --form, --token, --by and --key; --template prints an empty form")),
            Step::Approve(Decide { id, token, by }) => {
                let client = token.client(config)?;
                let shown = client.one_override(&id).await?;
                say(&describe(&shown));
                client.approve_override(&shown, &by.hand(outside)?).await?;
                outcome(&id, client.settled_override(&id, ANSWERED).await)
            }
            Step::Revoke(Decide { id, token, by }) => {
                let client = token.client(config)?;
                client.revoke_override(&id, &by.hand(outside)?).await?;
                outcome(&id, client.settled_override(&id, ANSWERED).await)
            }
            Step::List { token } => list(&token.client(config)?).await,
            Step::Show { token, id } => {
                say(&describe(&token.client(config)?.one_override(&id).await?));
                Ok(())
            }
        }
    }
}

async fn create(form: &std::path::Path, client: &LocalClient, by: By, outside: Outside) -> Result<(), Failure> {
    let content = override_form::read(&input::text(form)?);
    let content = content.map_err(|error| Failure::usage(format!("{}: {error}", form.display())))?;
    let id = new_override_id(&*outside.entropy).map_err(Failure::usage)?;
    let created = client.create_override(&id, &content, &by.hand(outside)?).await?;
    if created.state == OverrideState::Pending {
        say(&format!("{id} waits: another professional approves it with `sluis connector override approve`"));
        return Ok(());
    }
    outcome(&id, client.settled_override(&id, ANSWERED).await)?;
    if let Some(due) = created.record.review_due {
        say(&format!("  the privacy officer (FG) reviews it before {due}"));
    }
    Ok(())
}

/// What became of a step: it has no effect before the gateway knows of it. It is signed and kept whatever is said here.
fn outcome(id: &str, settled: Result<ShownOverride, LocalError>) -> Result<(), Failure> {
    let shown = settled.map_err(|error| {
        Failure::from(error)
            .after(&format!("{id}: signed and kept; what became of it, `sluis connector override show {id}` tells"))
    })?;
    match shown.delivery {
        None | Some(Delivery::Delivered { .. }) => {
            say(&format!("{id} is {}: the gateway knows of it", shown.state.code()));
            Ok(())
        }
        Some(told @ (Delivery::Underway | Delivery::Delayed { .. })) => {
            let told = plain(&told.to_string());
            say(&format!(
                "{id}: signed, and WITHOUT EFFECT YET: {told}\n  do: see `sluis connector override list`; the connector goes on by itself"
            ));
            Ok(())
        }
        Some(told @ (Delivery::Refused { .. } | Delivery::TooLate)) => {
            let told = plain(&told.to_string());
            Err(Failure::refused(format!(
                "{id}: {told}\n  do: mend what is said there, and enter it anew; this one has no effect"
            )))
        }
    }
}

async fn list(client: &LocalClient) -> Result<(), Failure> {
    let all = client.overrides().await?;
    if all.is_empty() {
        say("there are no overrides");
    }
    for shown in all {
        let content = &shown.record.content;
        let approved = shown.record.approved.as_ref().map_or("nobody", |step| step.professional.as_str());
        say(&format!(
            "{}  {:9}  {} to {}: {}; by {}, approved by {}; until {}",
            shown.id,
            shown.state.code(),
            content.purpose,
            recipients(content),
            content.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(", "),
            plain(&shown.record.created.professional),
            plain(approved),
            content.expires_at
        ));
        if let Some(delivery) = &shown.delivery {
            say(&format!("    {}", plain(&delivery.to_string())));
        }
    }
    Ok(())
}

fn by(step: &SignedStep) -> String {
    format!("{} ({}) at {}", plain(&step.professional), plain(&step.registration), step.signed_at)
}

fn recipients(content: &OverrideContent) -> String {
    content.recipients.iter().map(Oin::as_str).collect::<Vec<_>>().join(", ")
}

fn describe(shown: &ShownOverride) -> String {
    let content = &shown.record.content;
    let sought = match &content.consent {
        ConsentSought::Yes { on, result } => format!("sought on {}: {}", plain(on), plain(result)),
        ConsentSought::No { why } => format!("not sought: {}", plain(why)),
    };
    let lines = [
        ("override", format!("{}, {}", shown.id, shown.state.code())),
        ("delivery", plain(&shown.delivery.as_ref().map_or_else(|| "nothing to send".to_owned(), Delivery::to_string))),
        ("about", format!("a person by {} (the number is not printed)", plain(&content.subject.scheme))),
        ("recipients", recipients(content)),
        ("purpose", content.purpose.to_string()),
        ("categories", content.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(", ")),
        ("forms", content.forms.iter().map(|form| form.code()).collect::<Vec<_>>().join(", ")),
        ("ground", content.ground.code().to_owned()),
        ("harm", format!("{}, to {}", plain(&content.harm), plain(&content.harm_to))),
        ("consent", sought),
        ("alternatives", plain(&content.alternatives)),
        ("why least", plain(&content.why_least)),
        ("colleague", plain(&content.colleague)),
        ("expires", content.expires_at.to_string()),
        ("entered by", by(&shown.record.created)),
        ("approved by", shown.record.approved.as_ref().map_or_else(|| "nobody".to_owned(), by)),
    ];
    lines.map(|(name, value)| format!("{name:13}{value}")).join("\n")
}
