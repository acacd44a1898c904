//! `sluis policy explain`

use std::sync::Arc;

use clap::Args;

use crate::app::gateway::Outside;
use crate::cli::operator::By;
use crate::cli::output::{Failure, say};
use crate::policy::{Audience, Language};

/// Say why a disclosure gave what it gave. To look is an entry in the log.
#[derive(Args)]
pub(in crate::cli) struct Explain {
    /// The disclosure's id.
    #[arg(value_name = "DISCLOSURE")]
    disclosure: String,
    /// In which language.
    #[arg(long, value_enum, default_value = "nl")]
    lang: Lang,
    /// For whom: a data subject is told in words of its own, and not what concerns others.
    #[arg(long = "for", value_enum, default_value = "officer")]
    audience: Reader,
    #[command(flatten)]
    by: By,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Reader {
    Officer,
    Subject,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Lang {
    Nl,
    En,
}

impl Explain {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let desk = self.by.desk(outside).await?;
        let bundle = match desk.policies_of_now().await? {
            Some(bundle) => bundle,
            None => Arc::new(self.by.policies()?),
        };
        let audience = match self.audience {
            Reader::Officer => Audience::Officer,
            Reader::Subject => Audience::Subject,
        };
        let explained = desk.explain(&self.disclosure, &bundle, audience).await?;
        let explanation =
            explained.ok_or_else(|| Failure::refused("there is no such disclosure in the log, or it was erased"))?;
        let language = match self.lang {
            Lang::Nl => Language::Nl,
            Lang::En => Language::En,
        };
        say(explanation.told(language).trim_end());
        Ok(())
    }
}
