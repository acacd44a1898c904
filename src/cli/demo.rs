//! `sluis demo`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::Failure;
use super::{asked_to_stop, complain, say};
use crate::app::gateway::Outside;
use crate::config::StoreUrl;
use crate::demo::households::{DEFAULT_HOUSEHOLDS, MIN_HOUSEHOLDS};
use crate::demo::running::{DemoError, Running, start};
use crate::demo::script::play;
use crate::demo::setup::{Layout, Options, fresh_ports, is_made};

/// Run everything on this machine, with synthetic households.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Demo {
    /// Where everything is kept; started again on the same folder, the demo resumes.
    #[arg(long, default_value = "demo")]
    dir: PathBuf,
    /// How many households; at least 10, one for each story.
    #[arg(long, default_value_t = DEFAULT_HOUSEHOLDS, value_parser = households)]
    households: usize,
    /// Fixes households and script, not keys, ids or times.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the gateway keeps its data: `sqlite`, a file in its folder, or the URL of an empty PostgreSQL database, `postgres://user@host:port/database`. A
    /// demo that is resumed knows it.
    #[arg(long)]
    store: Option<String>,
    /// Take other ports than the usual ones. Of a demo that is resumed only those that are taken meanwhile: its configuration and kit/gateway.json are
    /// rewritten.
    #[arg(long)]
    fresh_ports: bool,
    /// Stop after the scripted run; exit status 0 only if all went as expected.
    #[arg(long)]
    once: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Let answers leave when they are ready, not at their fixed instant: for benchmarks only.
    #[arg(long, hide = true)]
    without_answer_at: bool,
    /// Make it without witnesses of the log: for tests.
    #[arg(long, hide = true)]
    without_witnesses: bool,
    /// Start without playing the script.
    #[arg(long, hide = true)]
    without_script: bool,
}

impl Demo {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        let store = match self.store.as_deref().map(store).transpose() {
            Ok(store) => store,
            Err(error) => return Failure::usage(error).tell(),
        };
        match Box::pin(self.play(store, outside)).await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => complain("the demo did not go as its script expects; see above"),
            Err(error) => complain(&error.to_string()),
        }
    }

    async fn play(self, store: Option<String>, outside: Outside) -> Result<bool, DemoError> {
        let options = Options {
            households: self.households,
            seed: self.seed,
            answer_at: !self.without_answer_at,
            fresh_ports: self.fresh_ports,
            witnesses: !self.without_witnesses,
            store,
        };
        if self.fresh_ports && is_made(&self.dir) {
            fresh_ports(&Layout::new(&self.dir))?;
        }
        let demo = start(&self.dir, options, outside).await?;
        demo.register_addresses().await?;
        let mut as_expected = true;
        if !self.without_script {
            let report = play(&demo).await?;
            as_expected = report.is_as_expected();
            say(&if self.json { report.json() } else { report.to_string() });
        }
        if !self.once {
            let asked = asked_to_stop();
            if !self.json {
                tell_where(&demo);
                tell_links(&demo.sign_in_links().await?);
            }
            asked.await;
        }
        demo.stop().await;
        Ok(as_expected)
    }
}

/// The URL that `--store` means; what it was given is not repeated, as there may be a password in it.
fn store(text: &str) -> Result<String, String> {
    if text == "sqlite" {
        return Ok("sqlite:sluis.sqlite".to_owned());
    }
    match text.parse() {
        Ok(StoreUrl::Database(url)) => Ok(url),
        Err(error) if text.starts_with("postgres") => Err(format!("--store: {error}")),
        _ => Err("--store: write sqlite, or postgres://user@host:port/database".to_owned()),
    }
}

fn households(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number >= MIN_HOUSEHOLDS);
    number.ok_or_else(|| format!("expected a number of at least {MIN_HOUSEHOLDS}: each story of the demo has a household"))
}

/// Where the privacy officers sign in.
fn tell_links(links: &[(String, String)]) {
    say("sign in, as the privacy officer (FG) of … (each link works once, within 8 hours):");
    for (name, link) in links {
        say(&format!("  {name}\n    {link}"));
    }
}

/// Where everything is, and what to try.
fn tell_where(demo: &Running) {
    let info = &demo.info;
    let kit = demo.layout.kit();
    let kit = kit.display();
    say(&format!("API         {}   (mutual TLS; OpenAPI at {}/v1/openapi.json)", info.api, info.web));
    say(&format!("web         {}/   (in a browser on this machine)", info.web));
    say(&format!("operations  {}/livez /readyz /metrics", info.operations));
    if !info.api.ends_with(":8443") || !info.web.ends_with(":8080") || !info.operations.ends_with(":9090") {
        say("            (other ports than 8443, 8080 and 9090, because those were taken when this demo was made)");
    }
    say(&format!("kit         {kit}: gateway.json, ca.pem, persons.json and a folder per organisation"));
    say(&format!(
        "try         sluis request --kit {kit}/veilig-thuis --purpose safety-assessment --person P22 \\\n            --source police --category identity --category measures --necessity \"a report came in\" --explain"
    ));
    say("stop with Ctrl-C; started again with the same --dir it resumes");
}
