//! Invariant 7: nothing personal at rest in the clear, nor in logs. The demo's whole script runs in a process of its own that logs everything it
//! can; then every file but the sources' own databases is searched.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use sluis::demo::households::World;
use sluis::demo::kit::KitPerson;

use crate::support::child::program;
use crate::support::fake_source::files;
use crate::support::random_text;

/// Shorter words occur by chance in megabytes of ciphertext and base64.
const SHORTEST: usize = 7;

/// What would betray someone, with whom.
fn needles(demo: &Path) -> BTreeMap<String, String> {
    let made: Value = serde_json::from_slice(&std::fs::read(demo.join("demo.json")).expect("demo.json")).expect("JSON");
    let world = World::generate(1, 10, serde_json::from_value(made["now"].clone()).expect("an instant")).expect("the world");
    let kit = std::fs::read(demo.join("kit/persons.json")).expect("persons.json");
    let kit: Vec<KitPerson> = serde_json::from_slice(&kit).expect("persons");
    let mut needles = BTreeMap::new();
    for person in kit {
        let (_, of_world) = world.person(&person.id).expect("the same world");
        assert_eq!(of_world.bsn.as_ref().map(|bsn| bsn.expose().to_owned()), person.bsn, "the same world");
        let address = &of_world.address;
        let words = [&of_world.name.surname, &of_world.name.given, &address.street, &address.postcode, &address.phone];
        for word in words.into_iter().chain(&person.bsn).filter(|word| word.len() >= SHORTEST) {
            needles.insert(word.clone(), person.id.clone());
        }
    }
    needles
}

/// Which of the needles are in these bytes.
fn found<'a>(bytes: &[u8], needles: &'a BTreeMap<String, String>) -> Vec<&'a str> {
    // All windows of one length at a time, each looked up: one pass per length instead of one per needle.
    let mut by_length: BTreeMap<usize, BTreeMap<&[u8], &str>> = BTreeMap::new();
    for (needle, person) in needles {
        by_length.entry(needle.len()).or_default().insert(needle.as_bytes(), person);
    }
    let mut found = Vec::new();
    for (length, of_length) in by_length {
        let firsts: std::collections::BTreeSet<u8> = of_length.keys().map(|needle| needle[0]).collect();
        let hits = bytes.windows(length).filter(|window| firsts.contains(&window[0])).filter_map(|window| of_length.get(window));
        found.extend(hits);
    }
    found
}

/// Broken on purpose to see it fail: an event that names the subject's number in `collect`; consents stored unsealed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_in_the_clear() {
    let folder = std::env::temp_dir().join(format!("sluis-rest-{}", random_text()));
    std::fs::create_dir(&folder).expect("a temporary folder");
    let demo = folder.join("demo");
    let file = |name: &str| std::fs::File::create(folder.join(name)).expect("a file");
    let mut command = program(&demo);
    command.args(["--once", "--json"]).env("SLUIS_LOG", "trace").stdin(Stdio::null());
    let mut child = command.stdout(file("report")).stderr(file("trace")).spawn().expect("the program");
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("joined").expect("a child");
    assert!(status.success(), "the script goes as it should");

    let needles = needles(&demo);
    assert!(needles.len() > 100, "many words to look for, not {}", needles.len());
    let (mut searched, mut sources) = (0, 0);
    for path in files(&folder) {
        let bytes = std::fs::read(&path).expect("a file");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let hits = found(&bytes, &needles);
        // These two are meant to: the sources' own administration, and the kit's description of the synthetic persons.
        if name.starts_with("source.sqlite") || name == "persons.json" {
            sources += hits.len();
        } else {
            let persons: std::collections::BTreeSet<_> = hits.into_iter().collect();
            assert!(persons.is_empty(), "{} betrays {persons:?}", path.strip_prefix(&folder).expect("below it").display());
            searched += bytes.len();
        }
    }
    let trace = std::fs::read_to_string(folder.join("trace")).expect("the trace");
    assert!(trace.contains("TRACE") && trace.lines().count() > 500, "everything was logged");
    assert!(sources > 500, "the search finds what is there");
    assert!(searched > 1_000_000, "the stores and logs were searched, {searched} bytes");
    std::fs::remove_dir_all(&folder).expect("removed");
}
