//! The gateway's keys missing, broken, or another's: neither a start nor a check of it goes on, and both say what is wrong and what to do. The folder and
//! the root of the key store: [`super::keys_at_rest`].

use std::path::{Path, PathBuf};

use super::demo::Demo;

/// What is done to a file.
enum Done {
    Gone,
    Holds(Vec<u8>),
}

fn marks(keys: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(keys).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("log-head-")).collect()
}

/// Broken on purpose to see it fail: `check` without `remembered`; `TreeScribe::check` that takes any signature; a signer made where none is.
#[test]
fn without_its_keys_a_gateway_does_not_start() {
    let mut demo = Demo::start();
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    // The head is remembered about once a second.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(demo.stop(), Some(0));
    let gateway = demo.path("gateway");
    let (folder, config) = (Path::new(&gateway), demo.path("gateway/sluis.toml"));
    let serve = |more: &[&str]| demo.run(&[&["serve", "--config", &config], more].concat());
    let [mark] = marks(&folder.join("keys")).try_into().unwrap();
    let [police, another] = ["kit/police/signing.jwk", "gateway/root.key"].map(|file| std::fs::read(demo.path(file)).unwrap());
    let restore = "do: restore the key from its backup";
    for (file, done, says) in [
        (folder.join("log.seed"), Done::Gone, &["[log] key: ", "log.seed", restore][..]),
        (folder.join("log.seed"), Done::Holds(vec![7; 31]), &["[log] key: ", "not a seed of 32 bytes", restore]),
        (
            folder.join("log.seed"),
            Done::Holds(another.clone()),
            &["carries no signature of [log] key", "do: restore the key with which"],
        ),
        (folder.join("signing.jwk"), Done::Gone, &["[keys] signing: ", "signing.jwk", restore]),
        (folder.join("signing.jwk"), Done::Holds(b"{}".to_vec()), &["[keys] signing: ", "signing.jwk", restore]),
        (
            mark.clone(),
            Done::Holds(another.clone()),
            &["[keys] store: ", "not sealed by this root key", "do: restore the folder of the key store"],
        ),
        (
            folder.join("root.key"),
            Done::Holds(police[..32].to_vec()),
            &["not sealed by this root key", "do: restore root key and folder"],
        ),
    ] {
        let sound = std::fs::read(&file).unwrap();
        match done {
            Done::Gone => std::fs::remove_file(&file).unwrap(),
            Done::Holds(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        let (checked, started) = (serve(&["--check"]), serve(&[]));
        checked.failed(2, says);
        started.failed(2, says);
        assert_eq!(checked.stderr.lines().last(), started.stderr.lines().last(), "{}", file.display());
        std::fs::write(&file, sound).unwrap();
    }
    // What was remembered can be lost: the witnesses know it too, and without them it is the window that the threat model names.
    std::fs::remove_file(&mark).unwrap();
    assert!(serve(&["--check"]).done().contains("ready to serve"));
}
