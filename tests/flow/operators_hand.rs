//! An operator who can write the gateway's database but holds no key widens nothing: the running gateway refuses what rests on it, says in its
//! log which row it is and never whose, and serves again when the row is as it was.

use serde_json::json;
use sluis::client::{Client, Disclosed, Trouble};
use sluis::demo::households::{DemoConsentState, World};
use sluis::demo::organisations::Slug;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::kill::world;
use crate::support::child::ChildDemo;

struct Demo {
    child: ChildDemo,
    world: World,
    client: Client,
    database: SqlitePool,
}

impl Demo {
    async fn ask(&self, person: &str, category: &str, source: Slug) -> Result<Disclosed, Trouble> {
        let body = json!({
            "purpose": "safety-assessment",
            "subject": {"scheme": "bsn", "value": self.bsn(person)},
            "categories": [category], "sources": [source.organisation().oin], "form": "signal",
            "actor": {"reference": "vt-4711", "role": "caseworker"}, "necessity": "The safety of the children must be assessed.",
        });
        self.client.disclose(body.to_string().as_bytes(), None).await
    }

    async fn items(&self, person: &str, category: &str, source: Slug) -> usize {
        self.ask(person, category, source).await.expect("an answer").items().count()
    }

    /// The first whom the police know, and who did not withdraw anything.
    async fn somebody_else(&self, withdrew: &[String]) -> String {
        for (_, person) in self.world.persons().filter(|(_, person)| person.bsn.is_some() && !withdrew.contains(&person.id)) {
            if self.items(&person.id, "identity", Slug::Police).await > 0 {
                return person.id.clone();
            }
        }
        panic!("the police know nobody else")
    }

    async fn refused(&self, person: &str, category: &str, source: Slug) {
        match self.ask(person, category, source).await {
            Err(Trouble::Problem(problem)) => {
                assert_eq!((problem.status, problem.suffix()), (503, "store-unavailable"), "{problem}");
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    fn bsn(&self, person: &str) -> String {
        let (_, person) = self.world.person(person).expect("a person");
        person.bsn.as_ref().expect("a citizen number").expose().to_owned()
    }

    async fn write(&self, statement: &'static str) {
        let done = sqlx::query(statement).execute(&self.database).await.expect("written");
        assert!(done.rows_affected() > 0, "{statement}");
    }

    /// Another process that reads the registry says what is wrong with it.
    fn unreadable(&self, alarm: &str) {
        let config = self.child.layout().configuration();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sluis"));
        let output = command.args(["organisation", "list", "--config"]).arg(config).output().expect("the program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(alarm), "{said}");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.child.demo().with_file_name("stderr")).expect("its log")
    }

    fn says(&self, place: &str) {
        let log = self.log();
        assert!(log.contains(&format!("corrupt: {place}")), "{place} is not in its log:\n{log}");
    }
}

/// Those who withdrew a consent.
fn who_withdrew(world: &World) -> Vec<String> {
    let withdrew = |state| matches!(state, DemoConsentState::Withdrawn { .. });
    world.consents().filter(|consent| withdrew(consent.state)).map(|consent| consent.person.clone()).collect()
}

/// Broken on purpose to see it fail: `vouched` always content, `Place::bound` without the standing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_writes_widens_nothing() {
    let child = ChildDemo::start(&["--without-answer-at"]).await;
    let file = SqliteConnectOptions::new().filename(child.layout().gateway().join("sluis.sqlite")).foreign_keys(true);
    let database = SqlitePool::connect_with(file.busy_timeout(std::time::Duration::from_secs(10))).await.expect("the file");
    let demo = Demo { world: world(&child), client: child.client(Slug::VeiligThuis), child, database };
    let withdrew = who_withdrew(&demo.world);
    let person = withdrew.first().expect("somebody who withdrew").clone();
    let other = demo.somebody_else(&withdrew).await;
    let care = async || demo.items(&person, "care-involvement", Slug::MentalHealth).await;
    let police = async || demo.items(&other, "identity", Slug::Police).await;
    assert_eq!(care().await, 0, "withdrawn");
    let before = police().await;

    // The withdrawal away: the consent as it was given does not speak again.
    sqlx::query("CREATE TABLE kept AS SELECT * FROM consent WHERE version > 1").execute(&demo.database).await.expect("kept");
    demo.write("DELETE FROM consent WHERE version > 1").await;
    demo.refused(&person, "care-involvement", Slug::MentalHealth).await;
    demo.says("table consent, column version, row ");
    assert_eq!(police().await, before, "others are served");
    demo.write("INSERT INTO consent SELECT * FROM kept").await;
    assert_eq!(care().await, 0, "withdrawn as before");

    // The operator's own key for Veilig Thuis, and the registry read anew.
    demo.write(
        "INSERT INTO published_key (keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code)
         SELECT 'operator-1', organisation, use, alg, jwk, valid_from + 1, valid_until, 0, code FROM published_key
         WHERE use = 'enc' AND organisation = (SELECT oin FROM organisation WHERE kind = 'veilig-thuis')",
    )
    .await;
    assert_eq!(
        police().await,
        before,
        "the gateway serves by the registry that it has read, and the client opens it with its own key"
    );
    demo.unreadable("corrupt: table published_key, column code, row operator-1");
    demo.write("UPDATE head SET revision = revision + 1").await;
    demo.refused(&other, "identity", Slug::Police).await;
    demo.says("table head, column code, row 1");
    demo.write("UPDATE head SET revision = revision - 1").await;
    // Older policies than those in force.
    sqlx::query("CREATE TABLE policies AS SELECT policy FROM head").execute(&demo.database).await.expect("kept");
    demo.write("UPDATE head SET policy = 'an older bundle'").await;
    demo.refused(&other, "identity", Slug::Police).await;
    demo.unreadable("corrupt: table head, column code, row 1");
    demo.write("UPDATE head SET policy = (SELECT policy FROM policies)").await;
    demo.write("DELETE FROM published_key WHERE keyid = 'operator-1'").await;
    assert_eq!(police().await, before, "served as before");
    for person in [&person, &other] {
        assert!(!demo.log().contains(&demo.bsn(person)), "the log tells whose row it is");
    }
}
