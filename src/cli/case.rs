//! `sluis case`

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::operator::{By, IN_FORCE};
use super::output::{EXIT_CODES, Failure, finish};
use super::say;
use crate::app::gateway::Outside;
use crate::case_room::{Case as Row, CaseId, State, Step as Next, Track};
use crate::organisation::Oin;

/// Cases of the expertise team (MDA++): who attends, who directs, how far they are. A case names organisations, never a person.
#[derive(Args)]
#[command(after_help = format!("{IN_FORCE} So is each look at a case.\n\n{EXIT_CODES}"))]
pub(super) struct Case {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Open a case; prints its id.
    Open {
        /// An organisation that attends (deelnemer), by OIN; once for each.
        #[arg(long = "attendee", value_name = "OIN")]
        attendees: Vec<Oin>,
        /// An anonymous consultation (consultatief): about nobody by name, no source is asked in it. It never becomes a case by name.
        #[arg(long)]
        anonymous: bool,
        #[command(flatten)]
        by: By,
    },
    /// One case as it stands.
    Show(One),
    /// All cases.
    List {
        #[command(flatten)]
        by: By,
    },
    /// An organisation attends from now on: it may ask as the team.
    Attend(Party),
    /// An organisation takes no part any more, as attendee or director: nothing is given to it in this case from now on.
    Leave(Party),
    /// Record that the family was told before it is discussed by name.
    Inform(One),
    /// Record the decision "MDA regie" and who directs: an organisation of kind case-director.
    Direct(Party),
    /// Record that a safety plan was made with the family.
    Plan(One),
    /// Close the case, for good: nothing is given in it any more, not what waits to be picked up either.
    Close(One),
}

#[derive(Args)]
struct One {
    /// The case's id.
    #[arg(value_name = "CASE")]
    case: CaseId,
    #[command(flatten)]
    by: By,
}

#[derive(Args)]
struct Party {
    /// The case's id.
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// The organisation's OIN.
    #[arg(value_name = "OIN")]
    organisation: Oin,
    #[command(flatten)]
    by: By,
}

impl Case {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(Box::pin(self.take(outside)).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        let now = outside.clock.now();
        match self.step {
            Step::Open { attendees, anonymous, by } => {
                let id = CaseId::draw(now, &*outside.entropy).map_err(Failure::usage)?;
                let track = if anonymous { Track::Anonymous } else { Track::Named };
                by.desk(outside).await?.open_case(id.clone(), track, attendees.into_iter().collect()).await?;
                say(id.as_str());
                Ok(())
            }
            Step::Show(One { case, by }) => {
                show(&by.desk(outside).await?.view_case(&case).await?);
                Ok(())
            }
            Step::List { by } => {
                by.desk(outside).await?.view_cases().await?.iter().for_each(line);
                Ok(())
            }
            Step::Attend(one) => one.change(outside, Next::Attend, "attends").await,
            Step::Leave(one) => one.change(outside, Next::Leave, "takes no part any more").await,
            Step::Direct(one) => one.change(outside, Next::Direct, "directs the case").await,
            Step::Inform(one) => one.change(outside, Next::Inform, "the family was informed").await,
            Step::Plan(one) => one.change(outside, Next::Plan, "a plan was made with the family").await,
            Step::Close(one) => one.change(outside, Next::Close(now), "closed").await,
        }
    }
}

impl One {
    async fn change(self, outside: Outside, step: Next, done: &str) -> Result<(), Failure> {
        let changed = self.by.desk(outside).await?.change_case(&self.case, &step).await?;
        say(&format!("{}: {done}{}", self.case, already(changed)));
        Ok(())
    }
}

impl Party {
    async fn change(self, outside: Outside, step: fn(Oin) -> Next, done: &str) -> Result<(), Failure> {
        let changed = self.by.desk(outside).await?.change_case(&self.case, &step(self.organisation.clone())).await?;
        say(&format!("{}: {} {done}{}", self.case, self.organisation, already(changed)));
        Ok(())
    }
}

const fn already(changed: bool) -> &'static str {
    if changed { "" } else { " (it was so already: nothing changed)" }
}

fn standing(case: &Row) -> (String, &'static str) {
    let state = match case.state {
        State::Open => "open".to_owned(),
        State::Closed { at } => format!("CLOSED since {at}"),
    };
    (state, if case.track == Track::Named { "by name" } else { "anonymous" })
}

fn line(case: &Row) {
    let (state, track) = standing(case);
    say(&format!("{}  {track:9}  {} attendee(s)  {state}", case.id, case.attendees.len()));
}

fn show(case: &Row) {
    let (state, track) = standing(case);
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    say(&format!("{}  version {}\n  {track}, {state}", case.id, case.version));
    case.attendees.iter().for_each(|attendee| say(&format!("  attends          {attendee}")));
    say(&format!("  directs          {}", case.director.as_ref().map_or("nobody", Oin::as_str)));
    say(&format!("  family informed  {}\n  plan made        {}", yes(case.family_informed), yes(case.plan_made)));
}
