//! The built program as a child process: a demo that can be killed, terminated and started again on its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sluis::client::{Client, Kit};
use sluis::clock::SystemClock;
use sluis::demo::organisations::Slug;
use sluis::demo::setup::Layout;
use sluis::entropy::SystemEntropy;
use sluis::http::tls;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::random_text;
use super::raw::{Received, send_on};

/// A demo in a process of its own. Dropped, it is killed and its folder goes.
pub struct ChildDemo {
    process: Child,
    folder: PathBuf,
    arguments: Vec<&'static str>,
}

impl ChildDemo {
    /// Starts `sluis demo --without-script` with more `arguments` in a new folder, and waits until it serves.
    pub async fn start(arguments: &[&'static str]) -> Self {
        // Another process may take a port between choosing and binding: then once more in a new folder.
        for _ in 0..3 {
            let folder = std::env::temp_dir().join(format!("sluis-child-{}", random_text()));
            std::fs::create_dir(&folder).expect("a temporary folder");
            let process = spawn(&folder, arguments);
            let mut child = Self { process, folder, arguments: arguments.to_vec() };
            if child.serves().await {
                return child;
            }
        }
        panic!("the demo does not start")
    }

    /// Starts it again on the same folder.
    pub async fn start_again(&mut self) {
        self.again(program).await;
    }

    /// The same, with no file larger than this: for the process it is as if the disk were full.
    pub async fn start_again_limited(&mut self, kilobytes: u64) {
        self.again(|demo| {
            let mut limited = Command::new("sh");
            // Without the trap the signal that comes with the limit would end the process; `ulimit -f` counts 512 bytes.
            limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2));
            let plain = program(demo);
            limited.arg(plain.get_program()).args(plain.get_args());
            limited
        })
        .await;
    }

    /// The same, under another program: `wrap` gets what would be run and its folder.
    pub async fn start_again_under(&mut self, wrap: impl Fn(&Command) -> Command) {
        self.again(|demo| wrap(&program(demo))).await;
    }

    /// Its ports are its own again only when no connection of another process happens to leave from one of them: so more than once.
    async fn again(&mut self, program: impl Fn(&Path) -> Command) {
        for _ in 0..5 {
            self.process = spawn_as(program(&self.demo()), &self.folder, &self.arguments);
            if self.serves().await {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let said = ["stdout", "stderr"].map(|file| std::fs::read_to_string(self.folder.join(file)).unwrap_or_default());
        panic!("the demo does not start again: {}", said.concat())
    }

    /// Waits until it serves; `false` when it ends instead.
    async fn serves(&mut self) -> bool {
        let ready = self.folder.join("stdout");
        for _ in 0..600 {
            if std::fs::read_to_string(&ready).is_ok_and(|said| said.contains("Ctrl-C")) {
                return true;
            }
            if self.process.try_wait().expect("a child").is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }

    /// SIGKILL: nothing is finished. [`Self::ended`] waits for the end.
    pub fn kill(&self) {
        self.signal("-KILL");
    }

    /// SIGTERM: what is in flight is to be finished.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// To this child only, by its id; it has not been waited for, so the id is still its own.
    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.process.id().to_string()).status();
        assert!(sent.expect("kill").success());
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote on stderr since it was started last.
    pub fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..400 {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not end")
    }

    /// Its folders.
    pub fn layout(&self) -> Layout {
        Layout::new(&self.demo())
    }

    /// Its folder.
    pub fn demo(&self) -> PathBuf {
        self.folder.join("demo")
    }

    /// An organisation's part of its kit.
    pub fn kit(&self, slug: Slug) -> Kit {
        Kit::open(&self.layout().kit_of(slug)).expect("a kit")
    }

    /// The ordinary client of an organisation.
    pub fn client(&self, slug: Slug) -> Client {
        Client::new(&self.kit(slug), Arc::new(SystemClock), Arc::new(SystemEntropy::default())).expect("a client")
    }

    /// `localhost:port` of its API.
    pub fn authority(&self, slug: Slug) -> String {
        self.kit(slug).gateway.api.trim_start_matches("https://").to_owned()
    }

    /// Sends bytes on a new connection and reads one response.
    pub async fn send(&self, slug: Slug, bytes: &[u8]) -> Received {
        let kit = self.kit(slug);
        let mut config = tls::client(&kit.identity(), &kit.trust()).expect("a TLS identity");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tcp = TcpStream::connect(self.authority(slug).replace("localhost", "127.0.0.1")).await.expect("connected");
        let name = rustls_pki_types::ServerName::try_from("localhost").expect("a name");
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("TLS");
        send_on(&mut stream, bytes).await
    }
}

impl Drop for ChildDemo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &Path, arguments: &[&str]) -> Child {
    spawn_as(program(&folder.join("demo")), folder, arguments)
}

fn spawn_as(mut program: Command, folder: &Path, arguments: &[&str]) -> Child {
    let file = |name: &str| std::fs::File::create(folder.join(name)).expect("a file");
    program
        .args(["--without-script", "--without-witnesses"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .spawn()
        .expect("the program")
}

/// `sluis demo` on this folder, with few households.
pub fn program(demo: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    command.args(["demo", "--households", "10", "--dir"]).arg(demo);
    command
}
