//! The test harness: a whole Sluis (gateway, connectors, synthetic households, certificates) in a temporary folder and in this process,
//! reached over real TLS sockets on loopback.
//!
//! ```ignore
//! #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
//! async fn the_gateway_answers() {
//!     let gateway = TestGateway::start().await;                      // few households, answers leave at once
//!     let asker = gateway.persona(Slug::VeiligThuis);                // TLS identity and signing key of the kit
//!     let body = gateway.question("P22").to_string().into_bytes();   // a body that is answered with items
//!
//!     // The ordinary client, with every check it makes:
//!     let disclosed = gateway.running().client(Slug::VeiligThuis).unwrap().disclose(&body, None).await.unwrap();
//!
//!     // The raw client: sign, alter, send, judge. `problem` and `success` check the response's signature and fields.
//!     let mut request = gateway.draft(&asker, &body).sign(&asker.key);
//!     request.set("content-type", "text/plain");
//!     gateway.wire().problem(&asker.tls, &request, 415, "media-type").await.unwrap();
//!     gateway.stop().await;
//! }
//! ```
//!
//! - [`TestGateway::start_with`] takes a [`Setup`]: `answer_at`, households, and a function that changes the gateway's settings (limits,
//!   time-outs). [`TestGateway::restart`] stops and starts it on the same folder. [`TestGateway::clock`] can be moved.
//! - `gateway.authority` issues certificates and revocation lists; `gateway.running().desk` suspends and revokes;
//!   `gateway.running().connectors` are the sources; [`TestGateway::entries`] counts log entries,
//!   [`TestGateway::refused`] expects a problem and looks at the log.
//! - [`raw::Wire`] sends any bytes and tells what came back ([`raw::Received`]: a response, a TLS alert, a closed connection, silence).
//! - [`cases::Cases`] collects what failed, so that one test reports every failing case of its table.
//! - [`fake_source::FakeSource`] is a connector that answers what the test wants; [`faulty_store::Node`] is a second node of the gateway whose store
//!   fails when told.
//! - [`silent::SilentSource`] stands in for a source that accepts connections and never answers.
//!
//! A gateway costs about a second of processor time: share one per family of cases.

pub mod aged;
pub mod cases;
pub mod child;
pub mod clock;
pub mod consents;
pub mod derogation;
pub mod draft;
pub mod fake_source;
pub mod false_witness;
pub mod faulty_store;
pub mod log;
pub mod officers;
pub mod postgres;
pub mod professionals;
pub mod raw;
pub mod silent;
pub mod visitor;
pub mod witness;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use serde_json::{Value, json};
use sluis::app::gateway::{self, Checked, Outside};
use sluis::client::{Disclosed, Kit, StorePlace, Trouble};
use sluis::config::{GatewayConfig, PolicySection};
use sluis::crypto::keys::{SigningKey, VerifyingKey};
use sluis::demo::authority::Authority;
use sluis::demo::organisations::Slug;
use sluis::demo::running::{DemoError, Running, start_configured};
use sluis::demo::setup::Options;
use sluis::entropy::{Entropy, SystemEntropy, random};
use sluis::http::tls;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;

use self::clock::MovedClock;
use self::draft::Draft;
use self::postgres::Database;
use self::raw::{RawRequest, Response, Wire};

/// One start at a time: free ports are chosen first and bound later.
static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How a gateway is started.
#[derive(Clone)]
pub struct Setup {
    /// What the demo is made of.
    pub options: Options,
    /// Changes the settings that were read from its configuration.
    pub change: fn(&mut GatewayConfig),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            options: Options { households: 10, seed: 1, answer_at: false, fresh_ports: true, witnesses: false, store: None },
            change: |_| {},
        }
    }
}

impl Setup {
    /// With policies that stand in no folder: those that a test puts in force stay so, for no file brings others.
    pub fn with_policies_of_its_own() -> Self {
        Self { change: |config| config.policy = PolicySection::default(), ..Self::default() }
    }
}

/// A running Sluis with what a test needs to know of it.
pub struct TestGateway {
    /// The root that issued every certificate of the kit.
    pub authority: Authority,
    /// Its time.
    pub clock: Arc<MovedClock>,
    running: Option<Running>,
    wire: Wire,
    folder: Folder,
    setup: Setup,
    /// Its store, when that is in PostgreSQL.
    _database: Option<Database>,
}

/// Whether gateways under test keep their data in PostgreSQL (`SLUIS_TEST_STORE=postgres`), and not in a file.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment which store it is about")]
pub fn on_postgres() -> bool {
    std::env::var("SLUIS_TEST_STORE").is_ok_and(|store| store == "postgres")
}

/// A problem that a request must get.
#[derive(Clone, Copy)]
pub struct Expected {
    status: u16,
    suffix: &'static str,
    logged: Logged,
}

#[derive(Clone, Copy)]
enum Logged {
    Refusal,
    Nothing,
}

/// A problem told to someone who was authenticated: its refusal is in the log.
pub const fn caller(status: u16, suffix: &'static str) -> Expected {
    Expected { status, suffix, logged: Logged::Refusal }
}

/// A problem told to a stranger: nothing of it is in the log.
pub const fn stranger(status: u16, suffix: &'static str) -> Expected {
    Expected { status, suffix, logged: Logged::Nothing }
}

/// An organisation of the kit.
pub struct Persona {
    /// Which.
    pub slug: Slug,
    /// Its OIN.
    pub oin: Oin,
    /// Its TLS identity.
    pub tls: Arc<ClientConfig>,
    /// Its signing key.
    pub key: SigningKey,
}

impl TestGateway {
    /// Ten households, answers leave at once.
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// With the five witnesses of the demo.
    pub async fn start_witnessed() -> Self {
        Self::start_with(Setup { options: Self::witnessed(), ..Setup::default() }).await
    }

    /// The options of a demo with witnesses.
    pub fn witnessed() -> Options {
        Options { witnesses: true, ..Setup::default().options }
    }

    /// With answers that leave at the purpose's fixed instant.
    pub async fn start_timed() -> Self {
        let setup = Setup::default();
        Self::start_with(Setup { options: Options { answer_at: true, ..setup.options }, ..setup }).await
    }

    /// As told.
    pub async fn start_with(mut setup: Setup) -> Self {
        let database = if on_postgres() && setup.options.store.is_none() { Some(Database::new().await) } else { None };
        setup.options.store = setup.options.store.or_else(|| database.as_ref().map(Database::url));
        let clock = Arc::new(MovedClock::default());
        let starting = STARTING.lock().await;
        let mut attempts = 0;
        let (running, folder) = loop {
            let folder = Folder::new();
            match start_configured(&folder.0, setup.options.clone(), outside(&clock), setup.change).await {
                Ok(running) => break (running, folder),
                // Another process may take a port between choosing and binding: then once more in a new folder.
                Err(error) => attempts = failed(attempts, &error),
            }
        };
        drop(starting);
        let mut running = running;
        let authority = running.authority.take().expect("made just now");
        let wire = Wire::of(&running);
        Self { authority, clock, running: Some(running), wire, folder, setup, _database: database }
    }

    /// Stops it; with which error it does not start again on the same folder.
    pub async fn does_not_restart(&mut self) -> String {
        let _starting = STARTING.lock().await;
        self.halt().await;
        let started = start_configured(&self.folder.0, self.setup.options.clone(), outside(&self.clock), self.setup.change).await;
        started.map(|_| ()).expect_err("it starts").to_string()
    }

    /// What `serve --check` says of its files, whether it runs or not.
    pub async fn check(&self) -> Result<Checked, String> {
        let mut config =
            GatewayConfig::load(&sluis::demo::setup::Layout::new(&self.folder.0).configuration()).expect("a configuration");
        (self.setup.change)(&mut config);
        gateway::check(&config, &outside(&self.clock)).await.map_err(|error| error.to_string())
    }

    /// Whether another gateway could begin on its files, up to its listeners.
    pub async fn build(&self) -> Result<(), String> {
        let mut config =
            GatewayConfig::load(&sluis::demo::setup::Layout::new(&self.folder.0).configuration()).expect("a configuration");
        (self.setup.change)(&mut config);
        gateway::build(config, outside(&self.clock)).await.map(drop).map_err(|error| error.to_string())
    }

    /// Stops it, if it runs; its folder stays.
    pub async fn halt(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Where its store is, for who verifies that.
    pub fn place(&self) -> StorePlace {
        let file = || StorePlace::File(self.gateway_folder().join("sluis.sqlite"));
        self.setup.options.store.clone().map_or_else(file, StorePlace::Database)
    }

    /// The gateway's folder, whether it runs or not.
    pub fn gateway_folder(&self) -> PathBuf {
        sluis::demo::setup::Layout::new(&self.folder.0).gateway()
    }

    /// Stops it, if it runs, and starts it again on the same folder.
    pub async fn restart(&mut self) {
        let _starting = STARTING.lock().await;
        self.halt().await;
        let mut attempts = 0;
        while self.running.is_none() {
            match start_configured(&self.folder.0, self.setup.options.clone(), outside(&self.clock), self.setup.change).await {
                Ok(running) => self.running = Some(running),
                Err(error) => {
                    attempts = failed(attempts, &error);
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    /// Stops it; its folder goes.
    pub async fn stop(mut self) {
        self.running.take().expect("running").stop().await;
    }

    /// What runs.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("running")
    }

    /// The same, to stop and start connectors.
    pub fn running_mut(&mut self) -> &mut Running {
        self.running.as_mut().expect("running")
    }

    /// The raw client.
    pub const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// `localhost:port` of the API.
    pub fn authority_name(&self) -> &str {
        &self.wire.authority
    }

    /// An organisation of the kit.
    pub fn persona(&self, slug: Slug) -> Persona {
        let kit = Kit::open(&self.running().layout.kit_of(slug)).expect("a kit");
        let mut tls = tls::client(&kit.identity(), &kit.trust()).expect("a TLS identity");
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let key = SigningKey::from_jwk(&kit.signing_key().expect("a key")).expect("a signing key");
        Persona { slug, oin: kit.organisation.oin, tls: Arc::new(tls), key }
    }

    /// A question of Veilig Thuis to the police about a person, as a body of `POST /v1/disclosures` to alter at will.
    pub fn question(&self, person: &str) -> Value {
        let (_, person) = self.running().world.person(person).expect("a person of the world");
        let bsn = person.bsn.as_ref().expect("a person with a citizen number");
        json!({
            "purpose": "safety-assessment",
            "subject": {"scheme": "bsn", "value": bsn.expose()},
            "categories": ["identity", "address", "household"],
            "sources": [Slug::Police.organisation().oin],
            "form": "exact",
            "actor": {"reference": "vt-4711", "role": "caseworker"},
            "necessity": "The safety of mother and children must be assessed.",
        })
    }

    /// An unsigned `POST /v1/disclosures` of `persona`, to be altered, signed, altered again and sent.
    pub fn draft(&self, persona: &Persona, body: &[u8]) -> Draft {
        Draft::post("/v1/disclosures", self.authority_name(), body).by(&persona.key, &*self.clock)
    }

    /// An unsigned `GET` of `target` by `persona`.
    pub fn draft_get(&self, persona: &Persona, target: &str) -> Draft {
        Draft::get(target, self.authority_name()).by(&persona.key, &*self.clock)
    }

    /// Asks with the ordinary client of the kit, which checks all it can.
    pub async fn ask(&self, slug: Slug, body: &Value, idempotency_key: Option<&str>) -> Result<Disclosed, Trouble> {
        let client = self.running().client(slug).expect("a client");
        client.disclose(body.to_string().as_bytes(), idempotency_key).await
    }

    /// That an ordinary request is answered with items: what every family of bad input ends with.
    pub async fn still_serves(&self) {
        let disclosed = self.ask(Slug::VeiligThuis, &self.question("P22"), None).await.expect("the gateway still serves");
        assert!(disclosed.items().count() > 0, "the ordinary client gets its items");
    }

    /// Status and body of a `GET` at the operators' listener.
    pub async fn operations(&self, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let address = self.running().addresses.operations;
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("text");
        let status = answer.get(9..12).and_then(|digits| digits.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    /// The entries that the log has from index `from` on: each one's kind and party.
    pub async fn entries_since(&self, from: u64) -> Vec<(EntryKind, Oin)> {
        let mut found = Vec::new();
        let (size, mut from) = (self.log_size().await, from);
        while from < size {
            let entries = self.running().gateway.store.entries(from, 256).await.expect("entries");
            from += u64::try_from(entries.len()).expect("a count");
            found.extend(entries.into_iter().map(|entry| (entry.row.clear.kind, entry.row.clear.party)));
        }
        found
    }

    /// How many entries of `kind` the log has on the side of `party`.
    pub async fn entries(&self, kind: EntryKind, party: &Oin) -> usize {
        self.entries_since(0).await.into_iter().filter(|entry| *entry == (kind, party.clone())).count()
    }

    /// How many refusals of `party` the log has.
    pub async fn refusals(&self, party: &Oin) -> usize {
        self.entries(EntryKind::Refusal, party).await
    }

    /// Sends a request that must get this problem, and looks at the log: exactly one refusal of a caller who was authenticated, nothing of
    /// a stranger.
    pub async fn refused(&self, asker: &Persona, request: &RawRequest, problem: Expected) -> Result<Response, String> {
        let before = self.log_size().await;
        let response = self.wire.problem(&asker.tls, request, problem.status, problem.suffix).await?;
        let written = self.entries_since(before).await;
        let expected = match problem.logged {
            Logged::Refusal => vec![(EntryKind::Refusal, asker.oin.clone())],
            Logged::Nothing => Vec::new(),
        };
        if written == expected { Ok(response) } else { Err(format!("the log got {written:?} instead of {expected:?}")) }
    }

    /// How many entries the log has.
    pub async fn log_size(&self) -> u64 {
        self.running().gateway.store.head().await.expect("the head").size
    }
}

/// Counts a failed start; the tenth is one too many.
fn failed(attempts: usize, error: &DemoError) -> usize {
    assert!(attempts < 9, "the gateway does not start: {error}");
    attempts + 1
}

fn outside(clock: &Arc<MovedClock>) -> Outside {
    Outside { clock: Arc::clone(clock) as _, entropy: Arc::new(SystemEntropy::default()) }
}

/// The gateway's keys for responses.
fn response_keys(running: &Running) -> Vec<VerifyingKey> {
    running.info.signing_keys.iter().map(|key| VerifyingKey::from_jwk(key).expect("a response key")).collect()
}

/// Random characters that a nonce or an Idempotency-Key may have.
pub fn random_text() -> String {
    let bytes = random::<18>(&SystemEntropy::default() as &dyn Entropy).expect("randomness");
    sluis::crypto::base64::encode_url(&bytes)
}

/// How long a test waits for what must come.
pub const LONG: std::time::Duration = std::time::Duration::from_mins(1);

/// Waits until this holds, so long at most.
pub async fn until(what: &str, within: std::time::Duration, holds: impl AsyncFn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// A temporary folder that goes with its owner.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-test-{}", random_text()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
