//! What a witness has cosigned it never forgets: not between two requests at once, not over a restart, not over kill -9.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use sluis::ledger::witness::read_cosignature;

use super::Serving;
use crate::support::Folder;
use crate::support::witness::{TestLog, add, configure, witness_key};

/// Broken on purpose to see it fail: reading the latest head before the transaction begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_requests_at_once_never_take_the_head_back() {
    let log = TestLog::of(400, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let mut latest = 0;
    while latest + 8 <= 400 {
        let sizes: Vec<u64> = (1..=8).map(|more| latest + more).collect();
        let calls = sizes.iter().map(|size| {
            let body = log.request(latest, *size).to_string();
            async move { add(witness.address, body.as_bytes()).await.expect("an answer").status }
        });
        let statuses = futures_util::future::join_all(calls).await;
        let cosigned: Vec<u64> =
            sizes.iter().zip(&statuses).filter(|(_, status)| **status == 200).map(|(size, _)| *size).collect();
        assert_eq!(cosigned.len(), 1, "of requests from one old size one is cosigned: {statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
        let told = add(witness.address, log.request(0, 400).to_string().as_bytes()).await.expect("an answer").body;
        assert_eq!(told, format!("{}\n", cosigned[0]));
        latest = cosigned[0];
    }
}

#[tokio::test]
async fn a_restart_keeps_the_head() {
    let log = TestLog::of(30, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    assert_eq!(add(witness.address, log.request(0, 17).to_string().as_bytes()).await.expect("an answer").status, 200);
    let witness = witness.restarted().await;
    let told = add(witness.address, log.request(0, 30).to_string().as_bytes()).await.expect("an answer");
    assert_eq!((told.status, told.body.as_str()), (409, "17\n"));
    let fork = TestLog::of(30, 1);
    assert_eq!(add(witness.address, fork.request(17, 30).to_string().as_bytes()).await.expect("an answer").status, 422);
    assert_eq!(add(witness.address, log.request(17, 30).to_string().as_bytes()).await.expect("an answer").status, 200);
}

/// The built program in a process of its own.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluis"))
            .args(["witness", "--config"])
            .arg(folder.path().join("witness.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit_once("http://").expect("its address").1.parse().expect("an address");
        assert!(line.starts_with(&format!("witness {} ", witness_key())), "{line}");
        Self { child, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Broken on purpose to see it fail: the answer sent before COMMIT.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_remembered_after_kill_9() {
    let log = TestLog::of(4000, 0);
    let folder = Folder::new();
    configure(folder.path(), &[log.signer.verifier()]);
    let mut remembered = 0;
    for round in 0..3 {
        let process = Process::start(&folder);
        let answered = AtomicU64::new(remembered);
        let burst = async {
            let mut old = remembered;
            while old < 4000 {
                let request = log.request(old, old + 1);
                let Ok(answer) = add(process.address, request.to_string().as_bytes()).await else { return };
                assert_eq!(answer.status, 200, "{}", answer.body);
                read_cosignature(answer.body.as_bytes(), &request.checkpoint, &witness_key()).expect("a cosignature");
                old += 1;
                answered.store(old, Ordering::SeqCst);
            }
        };
        let (enough, pid) = (remembered + 20, process.child.id().to_string());
        let killer = async {
            while answered.load(Ordering::SeqCst) < enough {
                tokio::task::yield_now().await;
            }
            assert!(Command::new("kill").args(["-9", &pid]).status().expect("kill").success());
        };
        tokio::join!(burst, killer);
        drop(process);
        let process = Process::start(&folder);
        let told = add(process.address, log.request(1, 4000).to_string().as_bytes()).await.expect("an answer");
        let (seen, kept) = (answered.load(Ordering::SeqCst), told.body.trim().parse::<u64>().expect("a size"));
        // The head of a request that was not answered may have been kept: the next proof starts from it.
        assert!(kept == seen || kept == seen + 1, "round {round}: answered up to {seen}, remembers {kept}");
        remembered = kept;
    }
}
