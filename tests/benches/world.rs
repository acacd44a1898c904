//! The synthetic world that is asked about, made by `sluis demo`, and the requests about it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sluis::catalogue::Category;
use sluis::config::{GatewayConfig, StoreUrl};
use sluis::demo::kit::KitPerson;
use sluis::demo::organisations::Slug;
use sluis::demo::setup::Layout;

use crate::Outcome;
use crate::process::Running;

/// The program under test.
pub(crate) const SLUIS: &str = env!("CARGO_BIN_EXE_sluis");

/// The purpose of every request.
pub(crate) const PURPOSE: &str = "safety-assessment";

/// Who asks.
pub(crate) const REQUESTER: Slug = Slug::VeiligThuis;

/// Who is asked.
pub(crate) const SOURCE: Slug = Slug::Police;

/// What is asked. No cell of the matrix gives six categories at once; this one gives five, and of the sixth the police give a summary that a
/// professional releases later.
pub(crate) const CATEGORIES: [Category; 6] = [
    Category::Identity,
    Category::Address,
    Category::Household,
    Category::Measures,
    Category::RiskAssessment,
    Category::IncidentReports,
];

/// How many of [`CATEGORIES`] come at once.
pub(crate) const GIVEN: usize = 5;

/// The fewest persons that count as many.
const PERSONS: usize = 1000;

/// A demo's folder, without its processes.
pub(crate) struct World {
    /// Its files.
    pub(crate) layout: Layout,
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The request about each person.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    /// The citizen number of each person.
    pub(crate) numbers: Vec<String>,
    temporary: bool,
}

impl World {
    /// Makes it in `dir`, or finds it there.
    pub(crate) fn make(dir: Option<&Path>, households: usize, store: Option<&str>) -> Outcome<Self> {
        let folder = match dir {
            Some(dir) => dir.to_owned(),
            None => std::env::temp_dir().join(format!("sluis-bench-{}", uuid::Uuid::from_bytes(random()?))),
        };
        let made = Command::new(SLUIS)
            .args(["demo", "--once", "--without-script", "--without-answer-at", "--without-witnesses", "--households"])
            .arg(households.to_string())
            .arg("--dir")
            .arg(&folder)
            .args(store.iter().flat_map(|store| ["--store", store]))
            .status()?;
        if !made.success() {
            return Err("`sluis demo` could not make the synthetic world".into());
        }
        let mut world = Self::made(&folder)?;
        world.temporary = dir.is_none();
        // Some households have nobody about whom the source has it all.
        if world.numbers.len() < PERSONS.min(households * 5 / 6) {
            return Err(format!("{} persons; ask for more --households", world.numbers.len()).into());
        }
        Ok(world)
    }

    /// The one that is in this folder.
    pub(crate) fn made(folder: &Path) -> Outcome<Self> {
        let (layout, folder) = (Layout::new(folder), folder.to_owned());
        let mut world = Self { layout, folder, requests: Arc::default(), numbers: Vec::new(), temporary: false };
        world.numbers = world.persons()?;
        let source = [SOURCE.organisation().oin.to_owned()];
        world.requests = Arc::new(world.numbers.iter().map(|number| request(number, &source)).collect::<Outcome<_>>()?);
        Ok(world)
    }

    /// The citizen numbers of those about whom the source has all that is asked.
    fn persons(&self) -> Outcome<Vec<String>> {
        let persons: Vec<KitPerson> = serde_json::from_slice(&std::fs::read(self.layout.kit().join("persons.json"))?)?;
        let complete = |person: &KitPerson| {
            let held = person.holds.get(SOURCE.code());
            held.is_some_and(|held| CATEGORIES.iter().all(|category| held.contains(category)))
        };
        Ok(persons.into_iter().filter(complete).filter_map(|person| person.bsn).collect())
    }

    /// The request about the person with this number, of which there are more than persons.
    pub(crate) fn request(&self, number: usize) -> &[u8] {
        self.requests.get(number % self.requests.len()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The gateway's store.
    pub(crate) fn store(&self) -> Outcome<StoreUrl> {
        Ok(GatewayConfig::load(&self.layout.configuration())?.store.place()?)
    }

    /// Starts the gateway and waits until it is ready: how long that took.
    pub(crate) async fn gateway(&self) -> Outcome<(Running, Duration)> {
        let path = self.layout.configuration();
        let begun = std::time::Instant::now();
        let running = Running::start(Command::new(SLUIS).arg("serve").arg("--config").arg(&path).env("RUST_LOG", "warn"))?;
        let address = GatewayConfig::load(&path)?.operations.listen;
        loop {
            if ready(address) {
                return Ok((running, begun.elapsed()));
            }
            if begun.elapsed() > Duration::from_secs(30) {
                return Err("the gateway is not ready after 30 s".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Starts the source's connector.
    pub(crate) async fn connector(&self) -> Outcome<Running> {
        connectors(&[self.layout.source(SOURCE).join("connector.toml")]).await
    }
}

/// Starts connectors, in one process, and waits until all of them listen.
pub(crate) async fn connectors(configurations: &[PathBuf]) -> Outcome<Running> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("connector").env("RUST_LOG", "warn");
    command.args(configurations.iter().flat_map(|path| [OsStr::new("--config"), path.as_os_str()]));
    let running = Running::start(&mut command)?;
    for path in configurations {
        let address = sluis::connector::config::Config::load(path)?.listen;
        let begun = std::time::Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                return Err("the connector does not listen after 10 s".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(running)
}

impl Drop for World {
    fn drop(&mut self) {
        if self.temporary {
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// `/readyz` of the operations listener.
fn ready(address: std::net::SocketAddr) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// The question about the person with this citizen number to these sources.
pub(crate) fn request(number: &str, sources: &[String]) -> Outcome<Vec<u8>> {
    let body = serde_json::json!({
        "purpose": PURPOSE,
        "case": null,
        "actingAs": null,
        "subject": {"scheme": "bsn", "value": number},
        "categories": CATEGORIES,
        "sources": sources,
        "form": "exact",
        "actor": {"reference": "vt-4711", "role": "caseworker", "onBehalfOf": null},
        "necessity": "A report came in; the assessment needs to know who lives there and what has happened before.",
        "grounds": {"emergency": false, "decisionId": null, "courtOrderId": null, "severity": null},
    });
    Ok(serde_json::to_vec(&body)?)
}

fn random() -> Outcome<[u8; 16]> {
    Ok(sluis::entropy::random(&sluis::entropy::SystemEntropy::default())?)
}
