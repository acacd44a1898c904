//! A database put back from an old copy: nothing is signed on it, by the gateway's own memory or by its witnesses'.

use std::path::Path;
use std::time::{Duration, Instant};

use sluis::demo::organisations::Slug;

use crate::support::{LONG, TestGateway, until};

/// The database with what belongs to it, from one folder to another.
fn copy(from: &Path, to: &Path) {
    for name in ["sluis.sqlite", "sluis.sqlite-wal", "sluis.sqlite-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("copied");
        }
    }
}

/// Whether the file is what the gateway remembers of its log's head.
fn is_mark(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("log-") && file.extension().is_some_and(|end| end == "mark")
}

/// A gateway that grew after its database was copied, stopped and with the old copy put back.
async fn put_back(gateway: &mut TestGateway) {
    gateway.halt().await;
    let folder = gateway.gateway_folder();
    let kept = folder.join("old");
    std::fs::create_dir(&kept).expect("a folder");
    copy(&folder, &kept);
    gateway.restart().await;
    let marked = || std::fs::read_dir(folder.join("keys")).expect("keys").flatten().find(|file| is_mark(&file.path()));
    let mark = || marked().and_then(|file| std::fs::read(file.path()).ok());
    let before = mark();
    gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let begun = Instant::now();
    while mark() == before {
        assert!(begun.elapsed() < Duration::from_mins(1), "the head is not remembered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The head is looked at once a second: what the answer appended is surely remembered now, and shown to the witnesses.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    gateway.halt().await;
    copy(&kept, &folder);
}

/// Broken on purpose to see it fail: the mark not read at the start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_what_the_gateway_remembers_itself() {
    let mut gateway = TestGateway::start().await;
    put_back(&mut gateway).await;
    let says = gateway.does_not_restart().await;
    assert_eq!(gateway.check().await.map(drop), Err(says.clone()), "a check says the same");
    assert!(says.contains("the key store remembers") && says.contains("restore the newer store"), "{says}");
}

/// Broken on purpose to see it fail: `compare` not called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_what_its_witnesses_cosigned() {
    let mut gateway = TestGateway::start_witnessed().await;
    put_back(&mut gateway).await;
    for file in std::fs::read_dir(gateway.gateway_folder().join("keys")).expect("keys").flatten() {
        if is_mark(&file.path()) {
            std::fs::remove_file(file.path()).expect("removed");
        }
    }
    let says = gateway.does_not_restart().await;
    // The witnesses that were started with it are there still. One that does not answer in its time says nothing: on a machine that is busy it is asked again.
    let told = async || gateway.check().await.is_err_and(|told| told.contains("shows a head of") && told.contains("do: "));
    until("a check says the same", LONG, told).await;
    assert!(says.contains("witness ") && says.contains("shows a head of"), "{says}");
}
