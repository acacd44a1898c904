//! Something that is recorded about a person cannot be read: her answers are refused until an operator declares it lost, and from then on nothing
//! rests on it. Nobody else waits.

use std::process::Command;

use serde_json::json;
use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::consents::{level, question};
use crate::support::cases::Cases;
use crate::support::consents::{get, given, post};
use crate::support::fake_source::{Act, FakeSource};
use crate::support::{TestGateway, log};

/// What is done to the database, and the row that the alarm names; `ID` is the consent that was given, `REFUSED` one that was refused.
const ATTACKS: [(&str, &str, &str); 4] = [
    ("UPDATE consent SET record = x'00' WHERE id = 'ID'", "consent", "ID/1"),
    ("UPDATE consent SET record = x'00' WHERE id = 'REFUSED'", "consent", "REFUSED/1"),
    ("DELETE FROM consent WHERE id = 'REFUSED'", "person_register", "1"),
    ("UPDATE person_register SET code = zeroblob(32) WHERE number = 1", "person_register", "1"),
];

async fn asked(gateway: &TestGateway) -> Result<usize, String> {
    match gateway.ask(Slug::VeiligThuis, &question(gateway), None).await {
        Ok(disclosed) => Ok(disclosed.items().count()),
        Err(Trouble::Problem(problem)) => Err(problem.suffix().to_owned()),
        Err(other) => panic!("{other}"),
    }
}

fn declare(gateway: &TestGateway, table: &str, row: &str) -> (Option<i32>, String) {
    let config = gateway.running().layout.configuration();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    command.args(["consent", "lost", table, row, "--by", "m.meijer", "--config"]).arg(config);
    let run = tokio::task::block_in_place(|| command.output()).expect("the program");
    (run.status.code(), [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat())
}

/// Broken on purpose to see it fail: `replace` leaving overrides and the person's list as they are; `successor` giving back what it could read;
/// `declare_lost` without its look whether anything is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_lost_is_declared_lost_and_nothing_rests_on_it() {
    let mut cases = Cases::default();
    for (attack, table, row) in ATTACKS {
        let gateway = TestGateway::start().await;
        let care = gateway.persona(Slug::MentalHealth);
        let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
        source.does(|call| Act::Answer(call.answer(&[level(36)])));
        let file = gateway.running().layout.gateway().join("sluis.sqlite");
        let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.expect("the file");
        let mut refused = given(&gateway);
        refused["event"] = json!("refused");
        refused["recipients"] = json!([Slug::Probation.organisation().oin]);
        let (_, refused) = post(&gateway, &care, "/v1/consents", &refused).await;
        let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
        let (id, refused) = (view["id"].as_str().expect("an id"), refused["id"].as_str().expect("an id"));
        let person = sqlx::query_scalar::<_, i64>(
            "SELECT number FROM person_register WHERE subject = (SELECT subject FROM consent WHERE id = ?)",
        );
        let person = person.bind(id).fetch_one(&database).await.expect("a number");
        let named = |text: &str| {
            let text = text.replace("REFUSED", refused).replace("ID", id).replace("number = 1", &format!("number = {person}"));
            if text == "1" { person.to_string() } else { text }
        };
        cases.hold(format!("{attack}: given before"), asked(&gateway).await == Ok(1));
        let (code, told) = declare(&gateway, "consent", id);
        cases.hold(format!("{attack}: nothing is lost yet: {told}"), code == Some(1) && told.contains("can be read"));

        let done = sqlx::query(AssertSqlSafe(named(attack))).execute(&database).await.expect("written");
        assert_eq!(done.rows_affected(), 1, "{attack}");
        let outcome = asked(&gateway).await;
        cases.hold(format!("{attack}: refused: {outcome:?}"), outcome == Err("store-unavailable".to_owned()));
        gateway.still_serves().await;
        let (code, told) = declare(&gateway, table, &named(row));
        cases.hold(
            format!("{attack}: {told}"),
            code == Some(0) && told.contains("declared lost: ") && told.contains("1 notice(s)"),
        );
        let outcome = asked(&gateway).await;
        cases.hold(format!("{attack}: answered, and nothing given: {outcome:?}"), outcome == Ok(0));
        let (status, view) = get(&gateway, &care, &format!("/v1/consents/{id}")).await;
        cases.hold(format!("{attack}: its recorder is told: {view}"), status == 200 && view["state"] == "invalidated");
        let (status, list) = get(&gateway, &care, "/v1/consents").await;
        cases.hold(format!("{attack}: lists can be read: {list}"), status == 200);
        let (_, notices) = get(&gateway, &gateway.persona(Slug::VeiligThuis), "/v1/notices").await;
        let notices = notices["notices"].as_array().map(Vec::as_slice).unwrap_or_default();
        let told = notices.iter().filter(|task| task["kind"] == "withdrawal-notice").count();
        cases.hold(format!("{attack}: who received something is told"), told == 1);
        let mut again = given(&gateway);
        again["supersedes"] = json!(id);
        let (_, again) = post(&gateway, &care, "/v1/consents", &again).await;
        cases.hold(format!("{attack}: recorded anew: {again}"), asked(&gateway).await == Ok(1));
        let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
        let declared = entries.iter().filter(|entry| {
            let event = entry.body.change.as_ref().map(|change| change.event.as_str());
            let actor = entry.body.actor.as_ref().map(|actor| actor.reference.as_str());
            entry.kind() == EntryKind::ConsentEvent && event == Some("declared-lost") && actor == Some("m.meijer")
        });
        cases.hold(format!("{attack}: one entry of the operator's"), declared.count() == 1);
        database.close().await;
        drop(source);
        gateway.stop().await;
    }
    cases.finish(4 * 10);
}
