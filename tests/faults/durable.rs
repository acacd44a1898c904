//! The order of commit and byte, seen from outside by somebody who counts: a store that takes its time to commit, a proxy that looks into the store at the
//! first byte of the answer, and a source that does at the first byte of its call. What is committed here, another process can read; that it was synced to
//! the disk shows at the system calls ([`super::traced`]).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sluis::client::{Client, Kit};
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::faulty_store::{Fault, Node};

/// How many entries of a kind are committed: another process reads them.
async fn committed(store: &Path, kind: EntryKind) -> i64 {
    let mut reader = SqliteConnectOptions::new().filename(store).read_only(true).connect().await.expect("a reader");
    let count = sqlx::query_scalar("SELECT count(*) FROM entry WHERE kind = ?").bind(kind.code());
    let count = count.fetch_one(&mut reader).await.expect("a count");
    reader.close().await.expect("closed");
    count
}

/// The same where nobody can wait for it.
fn committed_now(store: &Path, kind: EntryKind) -> i64 {
    let store = store.to_owned();
    let count = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(committed(&store, kind))
    });
    count.join().expect("a count")
}

/// Between client and gateway: passes bytes on, and at the first one that the gateway sends after it was armed counts the disclosures.
struct Proxy {
    port: u16,
    seen: Arc<Mutex<Watch>>,
}

/// Whether the proxy waits for that byte, and what it counted when it came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    Off,
    On,
    Seen(i64),
}

impl Proxy {
    fn start(listener: TcpListener, gateway: String, store: PathBuf) -> Self {
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Watch::Off));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (gateway, store, seen) = (gateway.clone(), store.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    let _broken = pass(client, &gateway, &store, &seen).await;
                });
            }
        });
        Self { port, seen }
    }

    fn arm(&self) {
        *self.seen.lock().expect("no panic") = Watch::On;
    }

    fn counted(&self) -> Option<i64> {
        match *self.seen.lock().expect("no panic") {
            Watch::Seen(count) => Some(count),
            Watch::Off | Watch::On => None,
        }
    }
}

async fn pass(client: TcpStream, gateway: &str, store: &Path, seen: &Mutex<Watch>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_gateway, mut to_gateway) = TcpStream::connect(gateway).await?.into_split();
    let forth = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_gateway).await });
    let mut bytes = vec![0; 16_384];
    loop {
        let read = from_gateway.read(&mut bytes).await?;
        if read == 0 {
            break;
        }
        let waits = *seen.lock().expect("no panic") == Watch::On;
        if waits {
            let count = committed(store, EntryKind::Disclosure).await;
            *seen.lock().expect("no panic") = Watch::Seen(count);
        }
        to_client.write_all(&bytes[..read]).await?;
    }
    forth.abort();
    Ok(())
}

/// Broken on purpose to see it fail: `announce` going on while its append is still under way; `record` answering before its commit, which has
/// no receipt then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_comes_before_its_entry() {
    let gateway = TestGateway::start().await;
    let store = gateway.gateway_folder().join("sluis.sqlite");
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let asked = Arc::new(AtomicI64::new(-1));
    let (at_call, file) = (Arc::clone(&asked), store.clone());
    police.does(move |call| {
        at_call.store(committed_now(&file, EntryKind::Ask), Ordering::SeqCst);
        Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))]))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let node = Node::with(&gateway, |config| config.gateway.authorities.push(format!("localhost:{port}"))).await;
    let proxy = Proxy::start(listener, node.api().replace("https://localhost", "127.0.0.1"), store.clone());
    let mut kit = Kit::open(&gateway.running().layout.kit_of(Slug::VeiligThuis)).expect("a kit");
    kit.gateway.api = format!("https://localhost:{}", proxy.port);
    let outside = gateway.running().outside();
    let client = Client::new(&kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)).expect("a client");
    let body = gateway.question("P22").to_string().into_bytes();
    // The connection stands from here on: what comes after the request is the answer.
    client.disclose(&body, None).await.expect("an answer");
    for kind in [EntryKind::Ask, EntryKind::Disclosure] {
        let before = (committed(&store, EntryKind::Ask).await, committed(&store, EntryKind::Disclosure).await);
        node.store.fails(kind, Fault::Slow(Duration::from_millis(900)));
        proxy.arm();
        client.disclose(&body, None).await.expect("slow, but in time");
        node.store.mends();
        assert_eq!(asked.load(Ordering::SeqCst), before.0 + 1, "{kind}: the source is called behind its ask entry");
        assert_eq!(proxy.counted(), Some(before.1 + 1), "{kind}: the answer's first byte comes behind its entry");
    }
    node.stop().await;
    drop(police);
    gateway.stop().await;
}
