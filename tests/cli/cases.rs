//! `sluis case` beside a running gateway: every step holds from the next request on, and is in the log with who took it.

use std::process::Command;

use serde_json::json;
use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use crate::support::{TestGateway, log};

const POLICE: &str = "00000099000000001000";
const VEILIG_THUIS: &str = "00000099000000002000";
const CASE_MANAGEMENT: &str = "00000099000000007000";

struct Operator(String);

impl Operator {
    fn run(&self, command: &str) -> (i32, String) {
        let run = || {
            let arguments = command.split(' ').chain(["--config", &self.0, "--by", "m.meijer"]);
            Command::new(env!("CARGO_BIN_EXE_sluis")).args(arguments).output().expect("runs")
        };
        let run = tokio::task::block_in_place(run);
        let said = [run.stdout, run.stderr].concat();
        (run.status.code().expect("a code"), String::from_utf8(said).expect("text").trim_end().to_owned())
    }

    fn done(&self, command: &str) -> String {
        let (code, said) = self.run(command);
        assert_eq!(code, 0, "{command}: {said}");
        said
    }

    fn refused(&self, command: &str, code: i32, words: &str) {
        let (given, said) = self.run(command);
        assert!(given == code && said.contains(words), "{command}: {given}, {said}");
    }
}

/// Broken on purpose to see it fail: `after` giving a version where nothing changes; a look without an entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_kept_on_the_command_line() {
    let gateway = TestGateway::start().await;
    let operator = Operator(gateway.running().layout.configuration().display().to_string());
    let before = usize::try_from(gateway.log_size().await).expect("a count");
    let id = operator.done(&format!("case open --attendee {POLICE} --attendee {POLICE}"));
    assert_eq!(id.len(), 36, "{id}");

    // The running gateway follows with the next request.
    let mut body = gateway.question("P22");
    body["case"] = json!(id);
    let ask = async || match gateway.ask(Slug::VeiligThuis, &body, None).await {
        Ok(disclosed) => {
            assert!(disclosed.items().count() > 0);
            200
        }
        Err(Trouble::Problem(problem)) => problem.status,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(ask().await, 404);
    assert_eq!(operator.done(&format!("case attend {id} {VEILIG_THUIS}")), format!("{id}: {VEILIG_THUIS} attends"));
    assert_eq!(ask().await, 200);
    assert!(operator.done(&format!("case attend {id} {VEILIG_THUIS}")).contains("nothing changed"));
    operator.done(&format!("case leave {id} {VEILIG_THUIS}"));
    assert_eq!(ask().await, 404);
    operator.done(&format!("case attend {id} {VEILIG_THUIS}"));

    operator.refused(&format!("case plan {id}"), 1, "nobody directs the case yet");
    operator.refused(&format!("case direct {id} {POLICE}"), 1, "directed by one of kind case-director");
    operator.refused(&format!("case attend {id} 00000099000000099000"), 1, "there is no organisation with OIN");
    operator.refused("case show 01937c6e-0000-7000-8000-00000000ffff", 1, "there is no case");
    operator.refused("case show 7", 2, "a UUID in lower case");
    operator.refused(&format!("case attend {id} 7"), 2, "20 digits");
    operator.done(&format!("case direct {id} {CASE_MANAGEMENT}"));
    operator.refused(&format!("case plan {id}"), 1, "the family was not informed yet");
    operator.done(&format!("case inform {id}"));
    operator.done(&format!("case plan {id}"));
    let shown = operator.done(&format!("case show {id}"));
    let lines = ["attends          00000099000000001000", "directs          00000099000000007000", "plan made        yes"];
    assert!(lines.iter().all(|line| shown.contains(line)), "{shown}");
    let anonymous = operator.done(&format!("case open --anonymous --attendee {POLICE}"));
    operator.refused(&format!("case inform {anonymous}"), 1, "anonymous consultation");
    operator.done(&format!("case close {id}"));
    assert_eq!(ask().await, 404);
    assert!(operator.done(&format!("case close {id}")).contains("nothing changed"));
    operator.refused(&format!("case attend {id} {POLICE}"), 1, "for good: open a new one");
    let listed = operator.done("case list");
    assert!(listed.lines().count() == 2 && listed.contains("CLOSED since") && listed.contains("anonymous"), "{listed}");

    // On the gateway's own side: one entry for each step and each look, by whom.
    let own = gateway.running().gateway.oin.clone();
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let acts = entries[before..].iter().filter(|entry| *entry.party() == own).map(|entry| {
        assert_eq!(entry.body.actor.as_ref().expect("an actor").reference, "m.meijer");
        match entry.kind() {
            EntryKind::CaseChange => entry.body.change.as_ref().expect("a change").event.clone(),
            kind => kind.to_string(),
        }
    });
    let expected = [
        "opened",
        "attendee-joined",
        "attendee-left",
        "attendee-joined",
        "director-named",
        "family-informed",
        "plan-made",
        "case-view",
        "opened",
        "closed",
        "case-view",
    ];
    assert_eq!(acts.collect::<Vec<_>>(), expected);
    gateway.stop().await;
}
