//! The rules of the connector, each with a real source database.

mod answer;
mod inbox;
mod local_api;
mod opening;
mod overrides;
mod receipts;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Map, Value, json};

use super::config::Config;
use super::ids::random_id;
use super::professionals::{Professional, Signed};
use super::store::testing;
use super::{Connector, MinimiseError, Minimiser, OpenError, Outside};
use crate::catalogue::{Category, Form, Secrecy};
use crate::clock::{Clock, Timestamp};
use crate::crypto::base64;
use crate::entropy::SystemEntropy;
use crate::source::{RecordsAnswer, RecordsRequest, SourceItem};

pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";
pub(crate) const CALL: [u8; 32] = [7; 32];

/// A folder that goes away with the test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        let name = random_id(&SystemEntropy::default()).unwrap();
        let path = std::env::temp_dir().join(format!("sluis-{name}"));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A professional with a key of their own.
struct Person {
    reference: &'static str,
    key: Ed25519KeyPair,
}

impl Person {
    fn new(reference: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { reference, key: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap() }
    }

    fn row(&self) -> Professional {
        Professional {
            reference: self.reference.to_owned(),
            name: "A. de Boer".to_owned(),
            registration: format!("P-nummer {}", self.reference),
            public_key: self.key.public_key().as_ref().try_into().unwrap(),
            active: true,
        }
    }

    /// Signs what `statement` makes of the step.
    fn sign(&self, at: Timestamp, statement: impl FnOnce(&Signed) -> Vec<u8>) -> Signed {
        let unsigned = Signed { professional: self.reference.to_owned(), signed_at: at, signature: String::new() };
        let signature = base64::encode_url(self.key.sign(&statement(&unsigned)).as_ref());
        Signed { signature, ..unsigned }
    }
}

/// A connector on files in a folder of its own.
struct Fixture {
    dir: TempDir,
    clock: Arc<TestClock>,
    connector: Arc<Connector>,
    agent: Person,
    chief: Person,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(include_str!("mapping.toml"), "").await
    }

    /// With another mapping, and SQL run on the source before the start.
    async fn with(mapping: &str, sql: &str) -> Self {
        let dir = write_files(mapping, include_str!("ceiling.toml"));
        testing::execute(&dir.path().join("records.db"), include_str!("source.sql")).await;
        testing::execute(&dir.path().join("records.db"), sql).await;
        let clock = Arc::new(TestClock(AtomicI64::new(Timestamp::parse(NOW).unwrap().millis())));
        let connector = Arc::new(open(&dir, &clock).await.unwrap());
        let (agent, chief) = (Person::new("pol-17"), Person::new("pol-1"));
        for person in [&agent, &chief] {
            connector.put_professional(&person.row()).await.unwrap();
        }
        Self { dir, clock, connector, agent, chief }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn forward(&self, by: Duration) {
        self.clock.0.store(self.now().plus(by).millis(), Ordering::SeqCst);
    }

    async fn source(&self, sql: &str) {
        testing::execute(&self.dir.path().join("records.db"), sql).await;
    }

    async fn ask(&self, request: &RecordsRequest) -> RecordsAnswer {
        self.connector.answer(request, CALL).await.unwrap()
    }

    /// The items of one category in one form for the person with BSN 999990019.
    async fn items(&self, category: &str, form: &str, transform: &[&str]) -> Vec<SourceItem> {
        self.ask(&request(&[(category, form, transform)])).await.items
    }
}

fn write_files(mapping: &str, ceiling: &str) -> TempDir {
    let dir = TempDir::new();
    std::fs::write(dir.path().join("mapping.toml"), mapping).unwrap();
    std::fs::write(dir.path().join("ceiling.toml"), ceiling).unwrap();
    dir
}

async fn open(dir: &TempDir, clock: &Arc<TestClock>) -> Result<Connector, OpenError> {
    let config = r#"
        oin = "00000099000000002000"
        name = "Politie Zeeland"
        kind = "police"
        listen = "127.0.0.1:0"
        signing-key = "signing.jwk"
        log-vkey = "sluis.example+1234abcd+AAAA"
        source = { database = "records.db", mapping = "mapping.toml", ceiling = "ceiling.toml", time-limit-ms = 700, max-rows = 40 }
        state = { database = "state.db", key = "state.key" }
        tls = { certificate = "tls.pem", key = "tls.key", ca = "ca.pem" }
        gateway = { url = "https://localhost:8443", oin = "00000099000000001000", signing-keys = "gateway.jwks" }
        local-api = { listen = "127.0.0.1:0", token = "token" }
    "#;
    let config = Config::parse(config, dir.path()).unwrap();
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let outside = Outside { minimiser: Arc::new(TestMinimiser), clock, entropy: Arc::new(SystemEntropy::default()) };
    Connector::open(&config, outside).await
}

fn request(wanted: &[(&str, &str, &[&str])]) -> RecordsRequest {
    let wanted: Vec<Value> = wanted
        .iter()
        .map(|(category, form, transform)| json!({"category": category, "form": form, "transform": transform}))
        .collect();
    serde_json::from_value(json!({
        "decision": "01937c00-0000-7000-8000-000000000001", "purpose": "safety-assessment", "legalBasis": ["wmo-4.1.1"],
        "recipient": "00000099000000003000", "recipientKind": "veilig-thuis", "actor": "vt-4711", "necessity": "Onderzoek naar Karim.",
        "subject": {"scheme": "bsn", "value": "999990019"}, "wanted": wanted, "overrides": [],
        "deadline": "2026-11-20T12:00:01Z", "releaseUntil": "2026-11-23T12:00:00Z",
    }))
    .unwrap()
}

/// Minimising for the categories that the tests use.
struct TestMinimiser;

impl Minimiser for TestMinimiser {
    fn minimise_at_source(
        &self,
        category: Category,
        form: Form,
        exact_record: &Value,
        transform: &[String],
        secrecy: Secrecy,
        _today: &str,
    ) -> Result<Value, MinimiseError> {
        if transform.iter().any(|field| field == "no") {
            return Err(MinimiseError("`no` is no field".to_owned()));
        }
        let some = ![json!({}), json!({"incidents": []}), json!({"supervision": null})].contains(exact_record);
        let hidden = secrecy == Secrecy::Hidden;
        match (category, form) {
            (_, Form::Signal) => Ok(json!({"any": if some { "yes" } else { "no" }})),
            (Category::IncidentReports, _) => {
                let incidents = exact_record["incidents"].as_array().ok_or_else(|| MinimiseError("no incidents".to_owned()))?;
                let cut = incidents.iter().map(|incident| cut(incident, form, transform, hidden)).collect::<Vec<_>>();
                Ok(json!({"incidents": cut}))
            }
            (Category::Measures | Category::ProbationStatus, Form::Exact) => Ok(exact_record.clone()),
            (Category::Diagnosis, Form::Summary) => Ok(json!({"summary": exact_record["summary"]})),
            _ => Err(MinimiseError(format!("{category} has no {form} form"))),
        }
    }
}

fn cut(incident: &Value, form: Form, transform: &[String], hidden: bool) -> Value {
    let mut all = incident.as_object().unwrap().clone();
    let date = all.get("date").and_then(Value::as_str).unwrap_or_default().to_owned();
    all.insert("year".to_owned(), json!(&date[..4]));
    all.insert("month".to_owned(), json!(&date[..7]));
    let fields: &[&str] = match form {
        Form::Exact => &["date", "kind", "place", "persons", "childrenPresent"],
        Form::Reduced => &["year", "kind", "childrenPresent"],
        _ => &["month", "kind", "summary"],
    };
    let kept = |name: &String| fields.contains(&name.as_str()) && transform.contains(name) && !(hidden && name == "place");
    Value::Object(all.into_iter().filter(|(name, _)| kept(name)).collect::<Map<_, _>>())
}
