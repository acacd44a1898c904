//! The scenarios of `tests/browser`, each against a gateway of its own, in Debian's Chromium.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sluis::demo::organisations::Slug;
use tokio::process::Command;

use crate::support::TestGateway;

/// The longest that a scenario may take, the first one with the installation of what drives the browser.
const LONGEST: Duration = Duration::from_mins(5);

/// Runs a scenario; what it prints is shown when it fails. Screenshots are left below the build folder.
async fn run(scenario: &str, origin: &str, others: &[String]) {
    let screens = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screens").join(scenario);
    std::fs::create_dir_all(&screens).expect("a folder for screenshots");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/run");
    let ran =
        Command::new(script).args([scenario, origin]).arg(&screens).args(others).stdin(Stdio::null()).kill_on_drop(true).output();
    let ended = tokio::time::timeout(LONGEST, ran).await;
    let output = ended.unwrap_or_else(|_| panic!("{scenario}: not done in {LONGEST:?}")).expect("tests/browser/run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}:\n{said}");
    assert!(std::fs::read_dir(&screens).expect("readable").count() > 0, "{scenario}: no screenshots");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_page_in_both_languages() {
    let gateway = TestGateway::start().await;
    run("base", &origin(&gateway), &[]).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_and_out() {
    let gateway = TestGateway::start().await;
    let links = gateway.running().sign_in_links().await.expect("links");
    let links: Vec<String> = links.into_iter().map(|(_, link)| link).collect();
    run("signing-in", &origin(&gateway), &links).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_seen_and_opened() {
    let gateway = TestGateway::start().await;
    let mut question = gateway.question("P22");
    question["necessity"] = serde_json::json!("<img src=x onerror=alert(1)> a report came in");
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let links = gateway.running().sign_in_links().await.expect("links");
    let hers = links.into_iter().find_map(|(of, link)| of.contains("Veilig Thuis").then_some(link)).expect("a link for her");
    run("log", &origin(&gateway), &[hers]).await;
    gateway.stop().await;
}

fn origin(gateway: &TestGateway) -> String {
    format!("http://localhost:{}", gateway.running().addresses.web.port())
}
