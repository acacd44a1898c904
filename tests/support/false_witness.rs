//! A witness that answers what the test wants, over plain HTTP on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::note::{KeyKind, SigningKey};
use sluis::ledger::witness::AddCheckpoint;
use sluis::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does with a request for a cosignature: status and body, or never an answer.
pub type Behaviour = dyn Fn(&AddCheckpoint, &Cosigner) -> Option<(u16, Vec<u8>)> + Send + Sync;

/// Answers until it is dropped.
pub struct FalseWitness {
    /// Where.
    pub address: SocketAddr,
    shown: Shown,
    task: JoinHandle<()>,
}

/// What monitors are shown; nothing yet, when there is none.
type Shown = Arc<Mutex<Option<String>>>;

impl FalseWitness {
    /// Starts one with the key [`cosigner`]`(name)`.
    pub async fn start(
        name: &'static str,
        behaviour: impl Fn(&AddCheckpoint, &Cosigner) -> Option<(u16, Vec<u8>)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        let shown = Shown::default();
        let showing = Arc::clone(&shown);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (behaviour, shown) = (Arc::clone(&behaviour), Arc::clone(&showing));
                tokio::spawn(async move {
                    let _broken = serve(stream, name, &*behaviour, &shown).await;
                });
            }
        });
        Self { address, shown, task }
    }

    /// From now on monitors are shown this.
    pub fn shows(&self, checkpoint: String) {
        *self.shown.lock().expect("no panic") = Some(checkpoint);
    }
}

impl Drop for FalseWitness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The key of the witness called `name`, made of its name.
pub fn cosigner(name: &str) -> Cosigner {
    let seed = sluis::crypto::digest::sha256(name.as_bytes());
    let key = SigningKey::from_seed(format!("{name}.example").parse().expect("a name"), KeyKind::Cosignature, &Secret::new(seed));
    Cosigner::new(key.expect("a key")).expect("a witness's key")
}

async fn serve(mut stream: TcpStream, name: &str, behaviour: &Behaviour, shown: &Shown) -> std::io::Result<()> {
    loop {
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a number"));
        let mut body = read[end..].to_vec();
        while body.len() < length {
            if stream.read_buf(&mut body).await? == 0 {
                return Ok(());
            }
        }
        let answer = match AddCheckpoint::parse(&body) {
            Ok(request) => behaviour(&request, &cosigner(name)),
            Err(_) => Some(match shown.lock().expect("no panic").clone() {
                Some(checkpoint) => (200, checkpoint.into_bytes()),
                None => (404, Vec::new()),
            }),
        };
        let Some((status, content)) = answer else {
            std::future::pending::<()>().await;
            return Ok(());
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", content.len());
        stream.write_all(&[head.as_bytes(), &content].concat()).await?;
    }
}
