//! `sluis offer` and `sluis request --offer` against a running gateway.

use std::process::Command;

use sluis::demo::organisations::Slug;

use crate::support::TestGateway;

fn run(gateway: &TestGateway, slug: Slug, command: &str) -> (i32, String) {
    let kit = gateway.running().layout.kit_of(slug).display().to_string();
    let arguments = command.split(' ').chain(["--kit", &kit]);
    let run = || Command::new(env!("CARGO_BIN_EXE_sluis")).args(arguments).output().expect("runs");
    let run = tokio::task::block_in_place(run);
    let said = String::from_utf8([run.stdout, run.stderr].concat()).expect("text");
    (run.status.code().expect("a code"), said.trim_end().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_made_listed_collected_and_withdrawn() {
    let gateway = TestGateway::start().await;
    let done = |slug, command: &str| {
        let (code, said) = run(&gateway, slug, command);
        assert_eq!(code, 0, "{command}: {said}");
        said
    };
    let until = sluis::clock::Clock::now(&*gateway.clock).plus(std::time::Duration::from_hours(48)).to_string();
    let command = format!("offer make --recipient veilig-thuis --purpose safety-assessment --person P22 --until {until} --kind");
    let made = done(Slug::Police, &format!("{command} police-report"));
    let id = made.split_whitespace().next().expect("an id").to_owned();
    assert!(id.len() == 36 && made.contains("waits until"), "{made}");
    let listed = done(Slug::VeiligThuis, "offer list");
    assert!(listed.starts_with(&id) && listed.contains("police-report") && listed.lines().count() == 1, "{listed}");
    let ask = format!("request --offer {id} --purpose safety-assessment --category identity --necessity report");
    let collected = done(Slug::VeiligThuis, &ask);
    assert!(collected.contains("identity") && collected.contains("receipt verified"), "{collected}");
    assert_eq!(done(Slug::VeiligThuis, "offer list"), "");
    let (code, said) = run(&gateway, Slug::Police, &format!("offer withdraw {id}"));
    assert!(code == 1 && said.contains("404") && said.contains("collected already"), "{said}");

    let threat = done(Slug::Police, &format!("{command} threat"));
    done(Slug::Police, &format!("offer withdraw {}", threat.split_whitespace().next().expect("an id")));
    assert_eq!(done(Slug::VeiligThuis, "offer list"), "");
    let (code, said) = run(&gateway, Slug::Police, &format!("{command} rumour"));
    assert!(code == 2 && said.contains("expected one of police-report, meldcode-report, threat"), "{said}");
    let (code, said) =
        run(&gateway, Slug::Police, &command.replace("veilig-thuis", "youth-protection").replace("--kind", "--kind threat"));
    assert!(code == 1 && said.contains("can never have anything"), "{said}");
    gateway.stop().await;
}
