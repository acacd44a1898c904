//! `sluis log verify reconcile`: what the organisations hold against what the log says was given.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluis::crypto::base64;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::proof::TlogProof;
use sluis::ledger::tree::{RightEdge, Tile, leaf_hash};
use sluis::secret::Secret;

use super::demo::{Demo, Folder, Output};
use super::log_verify::Copy;

const POLICE: &str = "00000099000000001000";
const VEILIG_THUIS: &str = "00000099000000002000";

/// A demo in which the police gave something to Veilig Thuis, and what all three hold.
struct Given {
    demo: Demo,
    log: Copy,
    folder: Folder,
    /// What the police's connector printed.
    police: Vec<String>,
}

impl Given {
    fn new() -> Self {
        let demo = Demo::unwitnessed();
        for person in ["P22", "P01", "P22"] {
            demo.ask(&["--person", person, "--category", "identity"]).done();
        }
        let log = Copy::of(&demo);
        let wanted: i64 = log.value("SELECT count(*) FROM entry WHERE kind = 'contribution'");
        assert!(wanted >= 2, "something was given");
        // The receipts are sent behind the answers.
        let (begun, connector) = (Instant::now(), demo.path("sources/police/connector.toml"));
        let police = loop {
            let printed = demo.run(&["connector", "receipts", "--json", "--config", &connector]).done();
            let lines: Vec<String> = printed.lines().map(str::to_owned).collect();
            if i64::try_from(lines.len()).unwrap() > wanted {
                break lines;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "the police get their receipts: {printed}");
            std::thread::sleep(Duration::from_millis(100));
        };
        let listed = demo.run(&["connector", "receipts", "--config", &connector]).done();
        assert_eq!(listed.lines().count(), police.len() - 1);
        Self { demo, log, folder: Folder::new(), police }
    }

    /// A copy of the recipient's folder.
    fn receipts(&self) -> Folder {
        let copy = Folder::new();
        for entry in std::fs::read_dir(&self.log.receipts).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), copy.path(entry.file_name().to_str().unwrap())).unwrap();
        }
        copy
    }

    /// Reconciles a store with what both hold.
    fn reconcile(&self, store: &str, receipts: &Path, police: &[String], more: &[&str]) -> Output {
        let file = self.folder.file("police.jsonl", police.join("\n") + "\n");
        let receipts = receipts.display().to_string();
        let given = ["--kit", &self.log.kit, "--store", store, "--receipts", &receipts, "--source-receipts", &file];
        self.demo.run(&[&["log", "verify", "reconcile"], &given[..], more].concat())
    }

    /// The same as JSON.
    fn json(&self, store: &str, receipts: &Path, police: &[String]) -> (i32, Value) {
        let output = self.reconcile(store, receipts, police, &["--json"]);
        (output.code, serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}")))
    }

    /// A copy of the log after `statement`, made sound again by whoever has the log's key: with other tiles and another head, and without the
    /// receipts that would tell.
    fn rewritten(&self, statement: &str) -> Copy {
        let copy = Copy::of(&self.demo);
        Copy::execute(
            &copy.store(),
            &format!("{statement}; DELETE FROM delivery; DELETE FROM contribution_receipt; DELETE FROM tile;"),
        );
        let mut edge = RightEdge::empty();
        let count: i64 = copy.value("SELECT count(*) FROM entry");
        for index in 0..count {
            let leaf: Vec<u8> = copy.value(&format!("SELECT leaf FROM entry WHERE idx = {index}"));
            edge.append(&[leaf_hash(&leaf)]).unwrap();
        }
        let hex = |bytes: &[u8]| sluis::crypto::hex::encode(bytes);
        let tile =
            |tile: &Tile| format!("INSERT INTO tile VALUES ({}, {}, x'{}');", tile.id.level(), tile.id.index(), hex(&tile.bytes));
        let tiles = edge.tiles().iter().map(tile).collect::<Vec<_>>().concat();
        let signed = SignedCheckpoint::sign(edge.size(), edge.root(), &self.demo.log_key()).unwrap();
        let root = hex(edge.root().bytes());
        Copy::execute(
            &copy.store(),
            &format!("{tiles} UPDATE head SET size = {count}, root = x'{root}', checkpoint = '{signed}'"),
        );
        copy
    }
}

#[test]
fn what_was_given_is_reconciled_with_the_log() {
    let given = Given::new();
    let (store, own) = (given.log.store(), given.receipts());
    let contributions: u64 = given.log.value::<i64>("SELECT count(*) FROM entry WHERE kind = 'contribution'").unsigned_abs();
    let contribution: i64 = given.log.value("SELECT min(idx) FROM entry WHERE kind = 'contribution'");
    let disclosure: i64 = given.log.value("SELECT max(idx) FROM entry WHERE kind = 'disclosure'");

    // Sound.
    let (code, found) = given.json(&store, &own.path(""), &given.police);
    let pair = json!({"source": POLICE, "recipient": VEILIG_THUIS, "contributions": contributions, "withSource": contributions,
        "withRecipient": contributions, "withNeither": 0});
    assert_eq!((code, &found["verdict"], &found["pairs"]), (5, &json!("unwitnessed"), &json!([pair])), "{found}");
    assert_eq!((&found["notHeld"], &found["notInLog"]), (&json!([]), &json!([])));
    assert_eq!(found["recipients"][0]["disclosures"], found["recipients"][0]["receipts"], "{found}");
    given.reconcile(&store, &own.path(""), &given.police, &["--strict"]).failed(5, &["unwitnessed"]);
    // Whoever hands over nothing is not counted.
    let alone = given.demo.run(&["log", "verify", "reconcile", "--kit", &given.log.kit, "--store", &store, "--json"]);
    let found: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!((alone.code, &found["pairs"][0]["withSource"], &found["notHeld"]), (5, &Value::Null, &json!([])), "{found}");
    assert_eq!(given.police[1].matches("extra").count(), 0, "the party's key stays with the source: {}", given.police[1]);

    given.lost_receipts(&store, disclosure);
    given.foreign_receipts(&store);

    // A contribution that is not in the log any more, and one that nobody made.
    let shift = |table: &str| format!("UPDATE {table} SET idx = idx - 1 WHERE idx > {contribution}");
    let removed = format!("DELETE FROM entry WHERE idx = {contribution}; {}; {}", shift("entry"), shift("entry_asked"));
    let without = given.rewritten(&removed);
    given.demo.run(&["log", "verify", "full", "--kit", &given.log.kit, "--store", &without.store()]).failed(5, &["unwitnessed"]);
    let output = given.reconcile(&without.store(), &own.path(""), &given.police, &[]);
    output.failed(6, &["organisations hold what the log has not"]);
    let named = format!("not in the log: {POLICE} holds disclosure ");
    assert!(output.stdout.contains(&named) && output.stdout.contains(&format!("entry {contribution} of ")), "{}", output.stdout);

    let columns = "kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token, case_token, trace, leaf, body, wrapped_key, key_class, tokens, token_salt, held_by, erases";
    let next: i64 = given.log.value("SELECT size FROM head");
    let invented = given
        .rewritten(&format!("INSERT INTO entry (idx, {columns}) SELECT {next}, {columns} FROM entry WHERE idx = {contribution}"));
    let (code, found) = given.json(&invented.store(), &own.path(""), &given.police);
    let unknown = json!([{"entry": next, "kind": "contribution", "source": POLICE, "recipient": VEILIG_THUIS, "why": "neither side holds a receipt"}]);
    assert_eq!((code, &found["notHeld"], &found["pairs"][0]["withNeither"]), (5, &unknown, &json!(1)), "{found}");
    given
        .reconcile(&invented.store(), &own.path(""), &given.police, &["--strict"])
        .failed(6, &["the log has what organisations do not"]);
}

impl Given {
    /// What is not held may be lawful; `--strict` does not accept it.
    fn lost_receipts(&self, store: &str, disclosure: i64) {
        let lost = self.receipts();
        let name = |ending: &str| {
            let of = format!("-{disclosure}{ending}");
            let files = std::fs::read_dir(lost.path("")).unwrap().map(|entry| entry.unwrap().path());
            files.into_iter().find(|path| path.to_str().unwrap().ends_with(&of)).unwrap()
        };
        std::fs::remove_file(name(".tlog-proof")).unwrap();
        let picked_up = json!([{"entry": disclosure, "kind": "disclosure", "source": null, "recipient": VEILIG_THUIS, "why": "the recipient holds no receipt: not picked up yet, or not kept"}]);
        let (code, found) = self.json(store, &lost.path(""), &self.police);
        assert_eq!((code, &found["notHeld"], &found["notInLog"]), (5, &picked_up, &json!([])));
        self.reconcile(store, &lost.path(""), &self.police, &["--strict"])
            .failed(6, &["the log has what organisations do not hold"]);

        // The police's receipt of the same disclosure.
        let of = name(".statement.json").file_name().unwrap().to_str().unwrap()[..36].to_owned();
        let mut fewer: Vec<String> = self.police.iter().filter(|line| !line.contains(&of)).cloned().collect();
        let dropped = self.police.len() - fewer.len();
        assert!(dropped == 1, "{of}");
        fewer[0] = json!({"source": POLICE, "receipts": fewer.len() - 1}).to_string();
        let own = self.receipts();
        let (code, found) = self.json(store, &own.path(""), &fewer);
        assert_eq!(
            (code, &found["notHeld"][0]["why"]),
            (5, &json!("the source holds no receipt: not sent yet, or not kept")),
            "{found}"
        );
        let (code, found) = self.json(store, &lost.path(""), &fewer);
        assert_eq!((code, &found["pairs"][0]["withNeither"]), (5, &json!(1)), "{found}");
        let output = self.reconcile(store, &lost.path(""), &fewer, &[]);
        assert!(output.stdout.contains("neither side holds a receipt"), "{}", output.stdout);
        // A list that was cut off is none.
        self.reconcile(store, &own.path(""), &self.police[..self.police.len() - 1], &[])
            .failed(2, &["it was cut off: 1 receipts"]);
        self.reconcile(store, &own.path(""), &self.police[1..], &[]).failed(2, &["line 1 does not belong there"]);
    }

    /// Receipts that do not prove what they are taken for.
    fn foreign_receipts(&self, store: &str) {
        let receipt = std::fs::read_dir(&self.log.receipts).unwrap().map(|entry| entry.unwrap().path());
        let receipt = receipt.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "tlog-proof")).unwrap();
        let sound = TlogProof::parse(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
        let head = sound.checkpoint.checkpoint();
        let other = SigningKey::from_seed("sluis.example/other".parse().unwrap(), KeyKind::Note, &Secret::new([9; 32])).unwrap();
        let other = SignedCheckpoint::sign(head.size(), head.root(), &NoteSigner::new(other).unwrap()).unwrap();
        let statement = std::fs::read_to_string(receipt.with_extension("statement.json")).unwrap();
        let (place, folder) = (statement.find("\"request\":\"").unwrap() + 12, Folder::new());
        let changed = if statement.as_bytes()[place] == b'A' { "B" } else { "A" };
        let changed = format!("{}{changed}{}", &statement[..place], &statement[place + 1..]);
        for (name, proof, statement, why) in [
            (
                "other",
                TlogProof { checkpoint: other, ..sound.clone() },
                Some(&statement),
                "the receipt is of the log \\\"sluis.example/other\\\"",
            ),
            ("about", sound.clone(), Some(&changed), "is about another disclosure"),
            ("alone", sound, None, "the statement that it is about is not beside it"),
        ] {
            folder.file(&format!("{name}.tlog-proof"), proof.to_string());
            if let Some(statement) = statement {
                folder.file(&format!("{name}.statement.json"), statement);
            }
            let output = self.reconcile(store, &folder.path(""), &self.police, &[]);
            output.failed(6, &["organisations hold what the log has not"]);
            let told = output.stdout.lines().any(|line| line.contains(name) && line.contains(why));
            assert!(told, "{name}: {}", output.stdout);
        }
        // Another leaf, in the name of the police.
        let mut line: Value = serde_json::from_str(&self.police[1]).unwrap();
        let mut leaf = base64::decode_url(line["leaf"].as_str().unwrap()).unwrap();
        leaf[40] ^= 1;
        line["leaf"] = base64::encode_url(&leaf).into();
        let mut police = self.police.clone();
        police[1] = line.to_string();
        let own = self.receipts();
        let (code, found) = self.json(store, &own.path(""), &police);
        assert_eq!((code, &found["notInLog"][0]["holder"]), (6, &json!(POLICE)), "{found}");
        // As if another source held it.
        police.clone_from(&self.police);
        police[0] = police[0].replace(POLICE, VEILIG_THUIS);
        let (code, found) = self.json(store, &own.path(""), &police);
        let why = found["notInLog"][0]["why"].as_str().unwrap();
        assert!(code == 6 && why.contains("of the log is not a contribution of this organisation"), "{found}");
    }
}
