//! A log of numbered leaves that a witness can be shown, and plain HTTP to talk to the witness.

use std::net::SocketAddr;
use std::path::Path;

use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey, VerifierKey};
use sluis::ledger::tree::{NodeHash, RightEdge, Tiles, consistency, leaf_hash};
use sluis::ledger::witness::AddCheckpoint;
use sluis::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The origin of the test log.
pub const ORIGIN: &str = "log.example/test";

/// A log that only grows, or the fork of one.
pub struct TestLog {
    /// Its signer.
    pub signer: NoteSigner,
    tiles: Tiles,
    roots: Vec<NodeHash>,
}

impl TestLog {
    /// A log of so many leaves, each of them made of its index and `salt`: two logs of different salt are forks.
    pub fn of(size: u64, salt: u8) -> Self {
        let (mut edge, mut tiles, mut roots) = (RightEdge::empty(), Tiles::default(), vec![RightEdge::empty().root()]);
        for index in 0..size {
            let appended = edge.append(&[leaf_hash(&[&index.to_be_bytes()[..], &[salt]].concat())]).expect("room");
            appended.tiles().iter().cloned().for_each(|tile| tiles.insert(tile));
            roots.push(appended.root());
        }
        Self { signer: signer(ORIGIN, 1), tiles, roots }
    }

    /// The root of the first `size` leaves.
    pub fn root(&self, size: u64) -> NodeHash {
        self.roots[usize::try_from(size).expect("small")]
    }

    /// The signed head of the first `size` leaves.
    pub fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        SignedCheckpoint::sign(size, self.root(size), &self.signer).expect("in range")
    }

    /// A true request.
    pub fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        let proof = consistency(old, new, &self.tiles).expect("in range");
        AddCheckpoint { old, proof, checkpoint: self.checkpoint(new) }
    }
}

/// The signer of a log.
pub fn signer(origin: &str, seed: u8) -> NoteSigner {
    let key = SigningKey::from_seed(origin.parse().expect("a name"), KeyKind::Note, &Secret::new([seed; 32]));
    NoteSigner::new(key.expect("a key")).expect("a note key")
}

/// Writes a witness's key and configuration into `folder`; it knows `logs`, on a free port of loopback.
pub fn configure(folder: &Path, logs: &[&VerifierKey]) -> std::path::PathBuf {
    std::fs::write(folder.join("witness.seed"), [7; 32]).expect("written");
    let logs = logs.iter().map(|key| format!("[[logs]]\nvkey = \"{key}\"\n")).collect::<Vec<_>>().concat();
    let text = format!(
        "name = \"witness.example/w1\"\nkey = \"witness.seed\"\nstore = \"witness.sqlite\"\nlisten = \"127.0.0.1:0\"\n{logs}"
    );
    let path = folder.join("witness.toml");
    std::fs::write(&path, text).expect("written");
    path
}

/// The public key of a witness made by [`configure`].
pub fn witness_key() -> VerifierKey {
    let name = "witness.example/w1".parse().expect("a name");
    SigningKey::from_seed(name, KeyKind::Cosignature, &Secret::new([7; 32])).expect("a key").verifier().clone()
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub kind: String,
    /// The body.
    pub body: String,
}

/// Posts a body to `/add-checkpoint`; an error when the connection breaks.
pub async fn add(witness: SocketAddr, body: &[u8]) -> std::io::Result<Answer> {
    call(witness, "POST", "/add-checkpoint", body).await
}

/// One call on a connection of its own.
pub async fn call(witness: SocketAddr, method: &str, path: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(witness).await?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {witness}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer).map_err(std::io::Error::other)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other("cut off"))?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| std::io::Error::other("no status"))?;
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
    Ok(Answer { status, kind, body: body.to_owned() })
}
