//! A demo in a child process, and the program run against it. No output may ever hold a citizen number of the kit.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;
use sluis::crypto::base64;
use sluis::entropy::{SystemEntropy, random};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::secret::Secret;

use crate::support::postgres::Database;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sluis");
const START: Duration = Duration::from_mins(2);

/// A folder that goes away with the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let name = base64::encode_url(&random::<12>(&SystemEntropy::default()).unwrap());
        let path = std::env::temp_dir().join(format!("sluis-cli-{name}"));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// A program of ours that runs until it is asked to stop.
pub(super) struct Running(Child);

impl Running {
    /// Starts it and waits for a line of its output that begins so; `None` when it ends before.
    pub(super) fn start(arguments: &[&str], line: &str) -> Option<Self> {
        let child =
            Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        let (send, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let running = Self(child);
        let end = Instant::now() + START;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(found) if found.starts_with(line) => return Some(running),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// SIGTERM, then its exit code.
    pub(super) fn stop(mut self) -> Option<i32> {
        self.terminate()
    }

    fn terminate(&mut self) -> Option<i32> {
        let _sent = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let end = Instant::now() + Duration::from_secs(25);
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) && self.terminate().is_none() {
            let _ended = self.0.kill();
            let _reaped = self.0.wait();
        }
    }
}

/// A demo that runs.
pub(super) struct Demo {
    // Dropped in this order: first the process, then its folder.
    running: Option<Running>,
    folder: Folder,
    numbers: Vec<String>,
}

static SHARED: Mutex<Weak<Demo>> = Mutex::new(Weak::new());

impl Demo {
    /// The one that all tests share that harm nobody; it ends with the last of them.
    pub(super) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(demo) = shared.upgrade() {
            return demo;
        }
        let demo = Arc::new(Self::start_with(&["--without-witnesses"]));
        *shared = Arc::downgrade(&demo);
        demo
    }

    /// One for this test alone.
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One for this test alone, whose log nobody cosigns.
    pub(super) fn unwitnessed() -> Self {
        Self::start_with(&["--without-witnesses"])
    }

    /// One for this test alone, whose store is in this database, which is empty.
    pub(super) fn on(database: &Database) -> Self {
        Self::start_with(&["--without-witnesses", "--store", &database.url()])
    }

    /// The log's own key: what its operator could sign with.
    pub(super) fn log_key(&self) -> NoteSigner {
        let gateway: Value = serde_json::from_slice(&self.read("kit/gateway.json")).unwrap();
        let seed: [u8; 32] = self.read("gateway/log.seed").try_into().unwrap();
        let name = gateway["logOrigin"].as_str().unwrap().parse().unwrap();
        NoteSigner::new(SigningKey::from_seed(name, KeyKind::Note, &Secret::new(seed)).unwrap()).unwrap()
    }

    fn start_with(more: &[&str]) -> Self {
        // Another process may take a free port between its choice and its use: then all is made anew.
        for _ in 0..3 {
            let folder = Folder::new();
            let dir = folder.path("demo").display().to_string();
            let arguments = ["demo", "--without-script", "--without-answer-at", "--fresh-ports", "--dir", &dir];
            if let Some(running) = Running::start(&[&arguments[..], more].concat(), "stop with") {
                let mut demo = Self { running: Some(running), folder, numbers: Vec::new() };
                demo.numbers = demo.persons().iter().filter_map(|person| person["bsn"].as_str().map(str::to_owned)).collect();
                assert!(demo.numbers.len() > 30);
                return demo;
            }
        }
        panic!("no demo starts");
    }

    /// Ends the process, keeps the folder: what it was can now run as processes of their own.
    pub(super) fn stop(&mut self) -> Option<i32> {
        self.running.take().unwrap().stop()
    }

    fn persons(&self) -> Vec<Value> {
        serde_json::from_slice(&std::fs::read(self.path("kit/persons.json")).unwrap()).unwrap()
    }

    /// The citizen number of a test person, for a file.
    pub(super) fn number(&self, id: &str) -> String {
        let persons = self.persons();
        persons.iter().find(|person| person["id"] == id).unwrap()["bsn"].as_str().unwrap().to_owned()
    }

    pub(super) fn path(&self, path: &str) -> String {
        self.folder.path("demo").join(path).display().to_string()
    }

    pub(super) fn kit(&self, slug: &str) -> String {
        self.path(&format!("kit/{slug}"))
    }

    /// Runs the program.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs the program with something on standard input.
    pub(super) fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let command =
            Command::new(PROGRAM).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = command.unwrap();
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        self.finished(child)
    }

    /// What a program that was started said when it ended.
    pub(super) fn finished(&self, child: Child) -> Output {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let output = Output { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) };
        let shown = self.numbers.iter().any(|number| output.stdout.contains(number) || output.stderr.contains(number));
        assert!(!shown, "a citizen number is shown");
        output
    }

    /// The connector's configuration and token, as arguments.
    pub(super) fn local(&self, slug: &str) -> [String; 4] {
        let file = |name: &str| self.path(&format!("sources/{slug}/{name}"));
        ["--config".to_owned(), file("connector.toml"), "--token".to_owned(), file("local-token")]
    }

    /// A step of `sluis connector` at a source.
    pub(super) fn step(&self, slug: &str, step: &[&str]) -> Output {
        let local = self.local(slug);
        let arguments: Vec<&str> =
            ["connector"].into_iter().chain(step.iter().copied()).chain(local.iter().map(String::as_str)).collect();
        self.run(&arguments)
    }

    /// The key file of a professional.
    pub(super) fn hand(&self, slug: &str, professional: &str) -> String {
        self.path(&format!("sources/{slug}/{professional}.jwk"))
    }

    /// A request of Veilig Thuis to the police.
    pub(super) fn ask(&self, more: &[&str]) -> Output {
        self.ask_with(&self.kit("veilig-thuis"), more)
    }

    /// A disclosure whose receipt and statement were kept in `folder`: both files.
    pub(super) fn kept(&self, folder: &Folder) -> (String, String) {
        let receipts = folder.path("receipts").display().to_string();
        self.ask(&["--person", "P22", "--category", "identity", "--receipts", &receipts]).done();
        let file = |ending: &str| {
            let mut files = std::fs::read_dir(&receipts).unwrap().map(|entry| entry.unwrap().path().display().to_string());
            files.find(|file| file.ends_with(ending)).unwrap()
        };
        (file(".tlog-proof"), file(".statement.json"))
    }

    /// The same with another kit.
    pub(super) fn ask_with(&self, kit: &str, more: &[&str]) -> Output {
        let question =
            ["request", "--kit", kit, "--purpose", "safety-assessment", "--source", "police", "--necessity", "a report"];
        self.run(&[question.as_slice(), more].concat())
    }

    /// A copy of Veilig Thuis' kit in which files were exchanged: each as path from the kit's root, and content.
    pub(super) fn kit_with(&self, changes: &[(&str, Vec<u8>)]) -> (Folder, String) {
        let folder = Folder::new();
        let own = folder.path("veilig-thuis");
        std::fs::create_dir(&own).unwrap();
        copy(Path::new(&self.kit("veilig-thuis")), &own);
        copy(Path::new(&self.path("kit")), &folder.0);
        std::fs::create_dir(folder.path("police")).unwrap();
        folder.file("police/organisation.json", self.read("kit/police/organisation.json"));
        for (path, content) in changes {
            std::fs::write(folder.path(path), content).unwrap();
        }
        let own = own.display().to_string();
        (folder, own)
    }

    /// `gateway.json`, changed.
    pub(super) fn gateway_json(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut json = serde_json::from_slice(&std::fs::read(self.path("kit/gateway.json")).unwrap()).unwrap();
        change(&mut json);
        serde_json::to_vec(&json).unwrap()
    }

    /// A file of the demo.
    pub(super) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Starts the program without waiting for its end.
pub(super) fn spawn(arguments: &[&str]) -> Child {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a run gave.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Output {
    /// It did what was asked; its standard output.
    #[track_caller]
    pub(super) fn done(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// It failed with this code, and says all of this on standard error.
    #[track_caller]
    pub(super) fn failed(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        for text in says {
            assert!(self.stderr.contains(text), "{text}\n{}", self.stderr);
        }
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub(super) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }
}
