//! How long the log keeps what is about a purpose, and what goes with its term.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sluis::app::policies::put_in_force;
use sluis::demo::organisations::Slug;
use sluis::policy::Bundle;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::support::consents::{get, given, post};
use crate::support::fake_source::files;
use crate::support::professionals::make_override;
use crate::support::{Setup, TestGateway, caller, log};

/// The policies of this repository, of which each purpose keeps the log for `years`.
fn keeping(years: u32) -> Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let read = |path: std::path::PathBuf| {
        let name = path.strip_prefix(&folder).expect("below it").to_str().expect("a name").to_owned();
        let text = std::fs::read_to_string(path).expect("a file of policies");
        (name, text.replace("log_years = 5", &format!("log_years = {years}")))
    };
    Bundle::from_files(files(&folder).into_iter().map(read).collect()).expect("a bundle")
}

/// The registers do not forget before the log what it rests on: policies by which they would do not come in force.
///
/// Broken on purpose to see it fail: without `outlive`; `Journal::write` by its argument alone, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_about_a_purpose_is_kept_as_long_as_the_purpose_says() {
    let setup = Setup::default();
    let gateway = TestGateway::start_with(Setup { change: |config| config.retention.consent_years = 6, ..setup }).await;
    let (running, from) = (gateway.running(), log::stored(&*gateway.running().gateway.store).await.len());
    let longer = put_in_force(&running.gateway, &running.desk, Arc::new(keeping(7))).await;
    assert!(longer.expect_err("refused").to_string().contains("consent-years"), "7 years of log, 6 of consents");
    put_in_force(&running.gateway, &running.desk, Arc::new(keeping(6))).await.expect("in force");

    let mut body = gateway.question("P22");
    body["categories"] = json!(["identity", "incident-reports"]);
    let text = body.to_string().into_bytes();
    let client = running.client(Slug::VeiligThuis).expect("a client");
    let disclosed = client.disclose(&text, None).await.expect("given");
    client.pick_up(&disclosed.id, &text).await.expect("given again");
    let care = Arc::clone(&running.connectors[&Slug::MentalHealth]);
    make_override(running, &care).await;
    let reported = async {
        while !care.pending_overrides().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reported).await.expect("the gateway takes it");
    body["categories"] = json!(["citizen-number"]);
    let asker = gateway.persona(Slug::VeiligThuis);
    let request = gateway.draft(&asker, body.to_string().as_bytes()).sign(&asker.key);
    gateway.refused(&asker, &request, caller(403, "not-permitted")).await.expect("refused");

    let entries = log::stored(&*running.gateway.store).await;
    let kept: Vec<_> = entries[from..].iter().filter(|entry| entry.row.clear.purpose.is_some()).collect();
    let kinds: std::collections::BTreeSet<_> = kept.iter().map(|entry| entry.row.clear.kind.code()).collect();
    for kind in ["disclosure", "redelivery", "refusal", "override"] {
        assert!(kinds.contains(kind), "{kind} among {kinds:?}");
    }
    for entry in kept {
        let (class, kind) = (&entry.row.key_class, entry.row.clear.kind);
        assert!(class.starts_with("entries-6y-"), "{kind:?}: {class}");
    }
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `keep_terms` that stops where a consent cannot be ended, as it did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_past_its_term_goes_though_something_cannot_be_ended() {
    let setup = Setup::default();
    let gateway = TestGateway::start_with(Setup { change: |config| config.retention.task_years = 1, ..setup }).await;
    let (asker, care) = (gateway.persona(Slug::VeiligThuis), gateway.persona(Slug::MentalHealth));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let (_, list) = get(&gateway, &asker, "/v1/notices").await;
    let id = list["notices"][0]["id"].as_str().expect("a task");
    let (status, done) =
        post(&gateway, &asker, &format!("/v1/notices/{id}/answers"), &json!({"answer": "done", "by": "vt-1"})).await;
    assert_eq!((status, &done["state"]), (200, &json!("done")), "{done}");

    let file = gateway.running().layout.gateway().join("sluis.sqlite");
    let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.expect("the database");
    let query = sqlx::query("UPDATE consent SET record = x'00' WHERE id = ?").bind(view["id"].as_str());
    assert_eq!(query.execute(&database).await.expect("written").rows_affected(), 1);
    database.close().await;
    let desk = &gateway.running().desk;
    assert!(desk.notice(&asker.oin, id).await.is_ok());
    // The consent is to be ended, and is not to be removed yet.
    gateway.clock.advance(400 * 24 * 3600);
    drop(desk.keep_terms().await);
    assert!(desk.notice(&asker.oin, id).await.is_err(), "closed a year ago");
    gateway.stop().await;
}
