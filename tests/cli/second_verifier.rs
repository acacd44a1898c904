//! What `tests/verifier/verify.py` says of a demo: of its database, of a receipt that a recipient kept, of what is served under `/log/`.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::demo::{Demo, Folder};
use crate::support::cases::Cases;
use crate::verifier::{INVALID, Verdict, verify};

/// A demo that disclosed something, the log's key, and a copy of the database as it then was.
struct Disclosed {
    demo: std::sync::Arc<Demo>,
    folder: Folder,
    vkey: String,
    receipt: String,
    statement: String,
}

fn disclosed() -> Disclosed {
    let (demo, folder) = (Demo::shared(), Folder::new());
    let (receipt, statement) = demo.kept(&folder);
    let gateway: serde_json::Value = serde_json::from_slice(&demo.read("kit/gateway.json")).unwrap();
    Disclosed { vkey: gateway["logVkey"].as_str().unwrap().to_owned(), demo, folder, receipt, statement }
}

impl Disclosed {
    fn receipt(&self, receipt: &str, statement: &str) -> Verdict {
        verify(&["receipt", receipt, statement, &self.vkey])
    }

    fn tiles(&self, source: &str) -> Verdict {
        let kit = |file: &str| self.demo.path(&format!("kit/{file}"));
        let (authority, certificate, key) = (kit("ca.pem"), kit("veilig-thuis/tls.pem"), kit("veilig-thuis/tls.key"));
        verify(&["tiles", source, &self.vkey, "--tls", &authority, &certificate, &key])
    }

    /// The database at this moment, as a file of its own, changed.
    fn store(&self, name: &str, change: Option<&'static str>) -> String {
        let file = self.folder.path(name).display().to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connect =
                async |path: &str| SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
            let mut raw = connect(&self.demo.path("gateway/sluis.sqlite")).await;
            sqlx::query("VACUUM INTO ?").bind(&file).execute(&mut raw).await.unwrap();
            raw.close().await.unwrap();
            if let Some(change) = change {
                let mut raw = connect(&file).await;
                assert!(sqlx::query(AssertSqlSafe(change)).execute(&mut raw).await.unwrap().rows_affected() > 0);
                raw.close().await.unwrap();
            }
        });
        file
    }
}

#[test]
fn a_demo_is_sound_to_the_second_verifier() {
    let disclosed = disclosed();
    // While the gateway goes on writing, and as a copy.
    verify(&["full", &disclosed.demo.path("gateway/sluis.sqlite"), &disclosed.vkey]).is_sound();
    verify(&["full", &disclosed.store("copy.sqlite", None), &disclosed.vkey]).is_sound();
    disclosed.receipt(&disclosed.receipt, &disclosed.statement).is_sound();
    let api = serde_json::from_slice::<serde_json::Value>(&disclosed.demo.read("kit/gateway.json")).unwrap()["api"].clone();
    let api = api.as_str().unwrap();
    disclosed.tiles(&format!("{api}/log")).is_sound();
    disclosed.tiles(&format!("{api}/nowhere")).expect(INVALID, "invalid: checkpoint: ").unwrap();
    let nobody = verify(&["full", &disclosed.folder.path("nothing").display().to_string(), &disclosed.vkey]);
    nobody.expect(INVALID, "invalid: store: ").unwrap();
    let other = "sluis.example/demo+88a1b3a3+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    verify(&["receipt", &disclosed.receipt, &disclosed.statement, other]).expect(crate::verifier::USAGE, "usage: ").unwrap();
}

/// A receipt of which one bit is another, and receipts in the database.
#[test]
fn a_changed_receipt_of_a_demo_is_found() {
    let disclosed = disclosed();
    let (receipt, statement) = (std::fs::read(&disclosed.receipt).unwrap(), std::fs::read(&disclosed.statement).unwrap());
    let text = String::from_utf8(receipt.clone()).unwrap();
    let after = |part: &str, more: usize| text.find(part).unwrap() + part.len() + more;
    let last = receipt.len() - 1;
    let mut cases = Cases::default();
    for (name, at, place) in [
        ("first line", 3, "receipt: no tlog-proof"),
        ("version of the leaf", after("\nextra ", 0), "receipt: no tlog-proof"),
        ("leaf: body", after("\nextra ", 20), "receipt: entry "),
        ("leaf: ciphertext", after("\nextra ", 60), "receipt: entry "),
        ("leaf: statement", after("\nextra ", 110), "receipt: entry "),
        ("the party's key", after("\nextra ", 150), "statement: the entry is about something else"),
        ("path", after("\nindex ", 20), "receipt: entry "),
        ("origin", after("\n\n", 2), "receipt: checkpoint: of another log"),
        ("size", after("sluis.example/demo\n", 0), "receipt: checkpoint: a signature of "),
        ("root", after("sluis.example/demo\n", 12), "receipt: checkpoint: a signature of "),
        ("name of the signer", after("— ", 2), "receipt: checkpoint: not signed by the log"),
        ("id of the signer's key", after("— sluis.example/demo ", 1), "receipt: checkpoint: not signed by the log"),
        ("signature", after("— sluis.example/demo ", 40), "receipt: checkpoint: a signature of "),
        ("the end", last, "receipt: checkpoint: no signature lines"),
    ] {
        let mut changed = receipt.clone();
        changed[at] = match (name, changed[at]) {
            ("size", b'1') => b'2',
            ("size", _) => b'1',
            (_, b'A') => b'B',
            _ => b'A',
        };
        let file = disclosed.folder.file("changed", &changed);
        let verdict = disclosed.receipt(&file, &disclosed.statement);
        cases.check(name, verdict.expect(INVALID, &format!("invalid: {place}")));
    }
    for at in 0..statement.len() {
        if at % 12 == 0 {
            let mut changed = statement.clone();
            changed[at] ^= 1;
            let file = disclosed.folder.file("changed", &changed);
            let verdict = disclosed.receipt(&disclosed.receipt, &file);
            cases.check(format!("statement, byte {at}"), verdict.expect(INVALID, "invalid: statement: "));
        }
    }
    let change = "UPDATE delivery SET receipt = replace(receipt, 'index ', 'index 1')";
    let store = disclosed.store("delivery.sqlite", Some(change));
    cases.check("a stored receipt", verify(&["full", &store, &disclosed.vkey]).expect(INVALID, "invalid: receipt of "));
    cases.finish(25);
}
