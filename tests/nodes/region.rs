//! What the nodes stand in: the database, connectors and witnesses, and the processes themselves.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sluis::client::{Client, Kit};
use sluis::clock::SystemClock;
use sluis::demo::organisations::Slug;
use sluis::demo::setup::Options;
use sluis::entropy::SystemEntropy;
use tokio::net::{TcpListener, TcpStream};

use super::balancer::Balancer;
use crate::support::draft::Draft;
use crate::support::postgres::{Database, Server};
use crate::support::raw::{Received, send_on};
use crate::support::{LONG, Persona, Setup, TestGateway, until};

/// How many nodes.
pub const NODES: usize = 3;

/// Three nodes, and everything they need. All of it goes with this value.
pub struct Region {
    /// Connectors, witnesses, the kit, and the registers as an operator has them; its own gateway has stopped.
    pub gateway: TestGateway,
    /// The nodes.
    pub nodes: Vec<NodeProcess>,
    balancer: Balancer,
    _database: Option<Database>,
}

impl Region {
    /// On a database of the tests' server.
    pub async fn start() -> Self {
        let database = Database::new().await;
        let url = database.url();
        Self { _database: Some(database), ..Self::on(url, |_| {}).await }
    }

    /// On a server of its own.
    pub async fn with(server: &Server) -> Self {
        Self::on(server.url(), |_| {}).await
    }

    /// On a database of the tests' server, with witnesses of the log.
    pub async fn witnessed() -> Self {
        let database = Database::new().await;
        let url = database.url();
        Self { _database: Some(database), ..Self::witnessed_on(url).await }
    }

    /// On the database at this URL, with witnesses of the log.
    pub async fn witnessed_on(url: String) -> Self {
        Self::of(Options { store: Some(url), ..TestGateway::witnessed() }, |_| {}).await
    }

    /// On the database at this URL, with the settings of each node changed.
    pub async fn on(url: String, alter: impl Fn(&mut toml::Table)) -> Self {
        Self::of(Options { store: Some(url), ..Setup::default().options }, alter).await
    }

    async fn of(options: Options, alter: impl Fn(&mut toml::Table)) -> Self {
        let setup = Setup::default();
        let gateway = TestGateway::start_with(Setup { options, ..setup }).await;
        gateway.running().stop_gateway().await;
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = door.local_addr().expect("an address");
        let mut nodes = Vec::new();
        for number in 0..NODES {
            nodes.push(NodeProcess::start(&gateway, number, address, &alter).await);
        }
        let balancer = Balancer::on(door, nodes.iter().map(|node| node.api).collect());
        Self { gateway, nodes, balancer, _database: None }
    }

    /// The client of an organisation, through the balancer.
    pub fn client(&self, slug: Slug) -> Client {
        self.client_at(slug, self.balancer.address())
    }

    /// The client of an organisation, at one node.
    pub fn client_of(&self, node: usize, slug: Slug) -> Client {
        self.client_at(slug, self.nodes[node].api)
    }

    fn client_at(&self, slug: Slug, address: SocketAddr) -> Client {
        let mut kit = Kit::open(&self.gateway.running().layout.kit_of(slug)).expect("a kit");
        kit.gateway.api = format!("https://localhost:{}", address.port());
        Client::new(&kit, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).expect("a client")
    }

    /// An unsigned `POST`, addressed to the balancer.
    pub fn draft(&self, persona: &Persona, target: &str, body: &[u8]) -> Draft {
        let authority = format!("localhost:{}", self.balancer.address().port());
        Draft::post(target, &authority, body).by(&persona.key, &SystemClock)
    }

    /// Sends bytes to one node, whatever they say; status and problem type, if it is one.
    pub async fn send_to(&self, node: usize, persona: &Persona, bytes: &[u8]) -> (u16, String) {
        let tcp = TcpStream::connect(self.nodes[node].api).await.expect("connected");
        let name = rustls_pki_types::ServerName::try_from("localhost").expect("a name");
        let mut stream = tokio_rustls::TlsConnector::from(Arc::clone(&persona.tls)).connect(name, tcp).await.expect("TLS");
        match send_on(&mut stream, bytes).await {
            Received::Response(response) => {
                let kind =
                    response.json()["type"].as_str().unwrap_or_default().trim_start_matches("urn:sluis:problem:").to_owned();
                (response.status, kind)
            }
            _ => (0, String::new()),
        }
    }

    /// An operator's command on the configuration of these nodes; it must succeed.
    pub async fn operator(&self, arguments: &[&str]) {
        let config = self.gateway.running().layout.configuration();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sluis"));
        command.args(arguments).args(["--by", "operator-1", "--config"]).arg(config);
        let output = command.output().await.expect("the program");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Stops what runs in this process; the nodes are killed with the region.
    pub async fn stop(self) {
        drop(self.nodes);
        self.gateway.stop().await;
    }
}

/// A node in a process of its own. Dropped, it is killed.
pub struct NodeProcess {
    /// Its API listener.
    pub api: SocketAddr,
    operations: SocketAddr,
    config: PathBuf,
    process: Child,
}

impl NodeProcess {
    async fn start(gateway: &TestGateway, number: usize, balancer: SocketAddr, alter: impl Fn(&mut toml::Table)) -> Self {
        let made = std::fs::read_to_string(gateway.running().layout.configuration()).expect("a configuration");
        let mut settings: toml::Table = made.parse().expect("TOML");
        let held = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").expect("a port"));
        let [api, web, operations] = held.each_ref().map(|held| held.local_addr().expect("an address"));
        for (section, address) in [("api", api), ("web", web), ("operations", operations)] {
            settings[section]["listen"] = address.to_string().into();
        }
        let names = [api, balancer].map(|address| toml::Value::from(format!("localhost:{}", address.port())));
        settings["gateway"]["authorities"] = names.to_vec().into();
        alter(&mut settings);
        let config = gateway.gateway_folder().join(format!("node-{number}.toml"));
        std::fs::write(&config, settings.to_string()).expect("written");
        drop(held);
        let process = spawn(&config);
        let node = Self { api, operations, config, process };
        node.is_ready().await;
        node
    }

    /// Waits until it serves.
    pub async fn is_ready(&self) {
        until(&format!("ready: {}", self.config.display()), LONG, async || self.readiness().await.starts_with("200")).await;
    }

    /// Status and text of `/readyz`; empty while it does not listen.
    pub async fn readiness(&self) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let Ok(mut stream) = TcpStream::connect(self.operations).await else { return String::new() };
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.operations);
        let mut answer = String::new();
        let asked = async {
            stream.write_all(request.as_bytes()).await.ok()?;
            stream.read_to_string(&mut answer).await.ok()
        };
        tokio::time::timeout(Duration::from_secs(15), asked).await.ok();
        answer.strip_prefix("HTTP/1.1 ").unwrap_or_default().to_owned()
    }

    /// What it has said since it was started last.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.config.with_extension("stderr")).expect("a file")
    }

    /// Starts it again after SIGKILL, which must fail; what it says.
    pub async fn does_not_start(&mut self) -> String {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
        self.process = spawn(&self.config);
        let status = self.ended().await;
        assert!(!status.success(), "{status}");
        self.said()
    }

    async fn ended(&mut self) -> std::process::ExitStatus {
        let began = std::time::Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return status;
            }
            assert!(began.elapsed() < LONG, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL, and starts it again.
    pub async fn crash(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.process = spawn(&self.config);
        self.is_ready().await;
    }

    /// SIGTERM, waits until what is in flight is finished, and starts it again.
    pub async fn restart(&mut self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status();
        assert!(sent.expect("kill").success());
        self.ended().await;
        self.process = spawn(&self.config);
        self.is_ready().await;
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(config: &std::path::Path) -> Child {
    let output = File::create(config.with_extension("stderr")).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    command.args(["serve", "--config"]).arg(config);
    command.stdin(Stdio::null()).stdout(output.try_clone().expect("a file")).stderr(output).spawn().expect("the program")
}
