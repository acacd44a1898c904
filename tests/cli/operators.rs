//! `sluis organisation` and `sluis keys` beside a running `sluis serve`: every change holds from the next request on.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use super::demo::{Demo, Folder, Output, Running};
use crate::support::{TestGateway, log};

const PROBATION: &str = "00000099000000004000";
const POLICE: &str = "00000099000000001000";

/// A gateway and a connector in processes of their own, on the files of a demo.
struct Apart {
    demo: Demo,
    gateway: Running,
    connector: Running,
    config: String,
}

impl Apart {
    fn new() -> Self {
        let mut demo = Demo::start();
        assert_eq!(demo.stop(), Some(0), "SIGTERM ends a demo in order");
        let files = std::fs::read_dir(demo.path("gateway")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let files: Vec<_> = files.filter(|name| name.contains("sqlite")).collect();
        assert!(files.contains(&"sluis.sqlite".to_owned()), "{files:?}");
        assert!(!files.iter().any(|name| name.ends_with("-wal")), "its store was not closed: {files:?}");
        let config = demo.path("gateway/sluis.toml");
        let police = demo.path("sources/police/connector.toml");
        assert!(demo.run(&["connector", "--config", &police, "--check"]).done().contains("ready to serve"));
        let gateway = Running::start(&["serve", "--config", &config], "API ").unwrap();
        let connector = Running::start(&["connector", "--config", &police], "connector of ").unwrap();
        Self { demo, gateway, connector, config }
    }

    fn operate(&self, command: &[&str]) -> Output {
        self.demo.run(&[command, &["--config", &self.config]].concat())
    }

    fn ask(&self) -> Output {
        self.ask_with(&self.demo.kit("probation"))
    }

    fn ask_with(&self, kit: &str) -> Output {
        let about = ["--person", "P21", "--source", "police", "--category", "identity", "--necessity", "x", "--json"];
        self.demo.run(&[&["request", "--kit", kit, "--purpose", "probation"], about.as_slice()].concat())
    }

    /// Readmitting and publishing hold as soon as the running gateway has looked: within a second.
    fn ask_until_given(&self) -> Value {
        for _ in 0..20 {
            let output = self.ask();
            if output.code == 0 {
                return output.json();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.ask().json()
    }
}

#[test]
fn what_an_operator_does_holds_for_the_running_gateway() {
    let apart = Apart::new();
    assert_eq!(apart.ask_until_given()["deliveries"][0]["payload"]["items"][0]["category"], "identity");

    // Each act is one entry in the log, beside those of the requests themselves.
    let size = || apart.ask_until_given()["deliveries"][0]["logSize"].as_u64().unwrap();
    let (first, second) = (size(), size());
    apart.operate(&["organisation", "suspend", PROBATION]).done();
    apart.operate(&["organisation", "readmit", PROBATION]).done();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(size() - second, second - first + 2);

    // Suspended: the very next request, as requester and as source.
    apart.operate(&["organisation", "suspend", POLICE]).done();
    assert_eq!(apart.ask_until_given()["deliveries"][0]["payload"]["items"].as_array().unwrap().len(), 0);
    apart.operate(&["organisation", "readmit", POLICE]).done();
    apart.operate(&["organisation", "suspend", PROBATION]).done();
    apart.ask().failed(1, &["403", "urn:sluis:problem:organisation-suspended"]);
    assert!(apart.operate(&["organisation", "list"]).done().contains(&format!("{PROBATION}  SUSPENDED")));
    apart.operate(&["organisation", "suspend", PROBATION]).failed(1, &["is suspended already"]);
    apart.operate(&["organisation", "readmit", PROBATION]).done();
    apart.ask_until_given();
    apart.operate(&["organisation", "readmit", PROBATION]).failed(1, &["it is not suspended"]);
    apart.operate(&["organisation", "suspend", "00000099000000099000"]).failed(1, &["there is no organisation with OIN"]);

    // A revoked key: the very next request.
    rotate(&apart);
    apart.operate(&["keys", "revoke", "--keyid", "probation-sig-1"]).done();
    apart.ask().failed(1, &["401", "urn:sluis:problem:signature-invalid"]);
    apart.operate(&["keys", "revoke", "--keyid", "probation-sig-1"]).failed(1, &["it was revoked before"]);
    apart.operate(&["keys", "revoke", "--keyid", "probation-sig-9"]).failed(1, &["no organisation has this key"]);

    let Apart { gateway, connector, .. } = apart;
    assert_eq!((gateway.stop(), connector.stop()), (Some(0), Some(0)), "both end in order");
}

/// Broken on purpose to see it fail: entries of operators without an actor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_who_acted() {
    let gateway = TestGateway::start().await;
    let config = gateway.running().layout.configuration().display().to_string();
    let before = usize::try_from(gateway.log_size().await).unwrap();
    let operate = |command: &[&str]| {
        let arguments = [command, &["--config", &config]].concat();
        let run = Command::new(env!("CARGO_BIN_EXE_sluis")).args(&arguments).env("SUDO_USER", "f.sudo").output().unwrap();
        (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let run =
        |command: Vec<String>| tokio::task::block_in_place(|| operate(&command.iter().map(String::as_str).collect::<Vec<_>>()));
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for command in [
        format!("organisation suspend {PROBATION} --by m.meijer"),
        format!("organisation readmit {PROBATION}"),
        "organisation add --oin 00000099000000077000 --kind municipality --name Elders --by 4711".to_owned(),
        "keys revoke --keyid probation-sig-1 --by m.meijer".to_owned(),
    ] {
        assert_eq!(run(words(&command)).0, Some(0), "{command}");
    }
    let (code, told) = run([words("organisation suspend 00000099000000077000 --by"), vec![" ".to_owned()]].concat());
    assert!(code == Some(2) && told.contains("a user name or staff number"), "{told}");
    let store = &*gateway.running().gateway.store;
    let entries = log::opened(store, &gateway.running().layout).await;
    let acts = entries[before..].iter().map(|entry| {
        let actor = entry.body.actor.as_ref().expect("an actor");
        assert_eq!(actor.organisation.as_ref().map(ToString::to_string).as_deref(), Some(sluis::demo::setup::GATEWAY_OIN));
        assert!(entry.stored.row.clear.actor.is_some() && actor.role.as_deref() == Some("operator"));
        (entry.kind(), actor.reference.as_str())
    });
    let acts: Vec<_> = acts.collect();
    let user = acts[1].1;
    assert!(!user.is_empty() && user != "m.meijer", "{user}");
    let expected = [
        (EntryKind::OrganisationChange, "m.meijer"),
        (EntryKind::OrganisationChange, user),
        (EntryKind::OrganisationChange, "4711"),
        (EntryKind::KeyEvent, "m.meijer"),
    ];
    assert_eq!(acts, expected);
    gateway.stop().await;
}

/// Policies that do not load, and certificates and a signing key that are not there, keep no operator from suspending an organisation or revoking a
/// key.
///
/// Broken on purpose to see it fail: `Gateway::desk` by way of `gateway::build`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_is_broken_keeps_nobody_from_suspending() {
    let gateway = TestGateway::start().await;
    let config = gateway.running().layout.configuration().display().to_string();
    let folder = Folder::new();
    let broken = folder.path("policies").display().to_string();
    std::fs::create_dir(&broken).unwrap();
    folder.file("policies/schema.cedarschema", "this is no schema");
    let nowhere = format!("{broken}/nowhere");
    let operate = |command: &str| {
        let run = Command::new(env!("CARGO_BIN_EXE_sluis"))
            .args(command.split(' ').chain(["--config", &config]))
            .env("SLUIS_POLICY__FOLDER", &broken)
            .envs(
                [
                    "API__IDENTITY__CERTIFICATE",
                    "API__CLIENTS__ROOTS",
                    "SOURCES__IDENTITY__CERTIFICATE",
                    "SOURCES__SERVERS__ROOTS",
                    "KEYS__SIGNING",
                ]
                .map(|setting| (format!("SLUIS_{setting}"), nowhere.clone())),
            )
            .output();
        let run = tokio::task::block_in_place(|| run).unwrap();
        (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let (code, told) = operate("serve --check");
    assert!(code == Some(2) && told.contains("policies/MANIFEST.json"), "they are broken: {told}");
    let body = gateway.question("P29");
    gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
    let refused = async |suffix: &str| match gateway.ask(Slug::VeiligThuis, &body, None).await {
        Err(Trouble::Problem(problem)) => assert_eq!(problem.suffix(), suffix, "{problem}"),
        other => panic!("not refused: {other:?}"),
    };
    let oin = Slug::VeiligThuis.organisation().oin;
    assert_eq!(operate(&format!("organisation suspend {oin}")).0, Some(0));
    refused("organisation-suspended").await;
    assert_eq!(operate(&format!("organisation readmit {oin}")).0, Some(0));
    assert_eq!(operate("keys revoke --keyid veilig-thuis-sig-1").0, Some(0));
    refused("signature-invalid").await;
    for look in ["organisation list", "keys list", "case list", "notice overdue"] {
        assert_eq!(operate(look), (Some(0), String::new()), "{look}");
    }
    gateway.stop().await;
}

/// A second key beside the first: both count while both are valid; the new one goes on when the old one is revoked.
fn rotate(apart: &Apart) {
    let folder = Folder::new();
    let jwk = |file: &str, kid: &str, keep_private: bool| {
        let mut jwk: Value = serde_json::from_slice(&apart.demo.read(file)).unwrap();
        jwk["kid"] = kid.into();
        if !keep_private {
            jwk.as_object_mut().unwrap().remove("d");
        }
        jwk.to_string()
    };
    let private = jwk("kit/probation/signing.jwk", "probation-sig-2", true);
    let public = folder.file("public.jwk", jwk("kit/probation/signing.jwk", "probation-sig-2", false));
    let leaked = folder.file("private.jwk", &private);
    let publish = |more: &[&str]| apart.operate(&[&["keys", "publish", "--organisation", PROBATION], more].concat());
    publish(&["--signing", &leaked, "--until", "2099-01-01"])
        .failed(1, &["this is a private key", "consider the private one lost"]);
    publish(&["--signing", &public]).failed(2, &["--until"]);
    publish(&["--signing", &public, "--until", "2001-01-01"]).failed(1, &["the end of the validity must lie after"]);
    publish(&["--signing", &public, "--until", "soon"]).failed(2, &["expected YYYY-MM-DD"]);
    publish(&["--signing", &public, "--until", "2099-01-01"]).done();
    publish(&["--signing", &public, "--until", "2099-01-01"]).failed(1, &["a key id is used once"]);
    let certificate = apart.demo.path("kit/police/tls.pem");
    publish(&["--certificate", &certificate]).failed(1, &[&format!("its subject.serialNumber has {POLICE}")]);
    let listed = apart.operate(&["keys", "list", "--organisation", PROBATION]).done();
    for id in ["probation-sig-1", "probation-sig-2"] {
        assert!(listed.lines().any(|line| line.contains("valid") && line.contains(id)), "{id}\n{listed}");
    }
    let other = apart.demo.kit("probation-2");
    std::fs::create_dir(&other).unwrap();
    for file in ["organisation.json", "tls.pem", "tls.key", "encryption.jwk"] {
        std::fs::copy(format!("{}/{file}", apart.demo.kit("probation")), format!("{other}/{file}")).unwrap();
    }
    std::fs::write(format!("{other}/signing.jwk"), private).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    apart.ask_with(&other).done();
    apart.ask().done();
}

#[test]
fn an_organisation_joins_and_its_certificate_can_be_withdrawn() {
    let apart = Apart::new();
    let add = |oin: &str, more: &[&str]| {
        apart.operate(
            &[&["organisation", "add", "--oin", oin, "--kind", "municipality", "--name", "Gemeente Elders"], more].concat(),
        )
    };
    add("00000099000000077000", &["--bsn-authority", "--connector", "https://localhost:1"]).done();
    add("00000099000000077000", &[]).failed(1, &["is known already"]);
    add("00000099000000078000", &["--connector", "http://localhost:1"]).failed(1, &["must begin with https://"]);
    add("7", &[]).failed(2, &["an OIN is 20 digits"]);
    let listed = apart.operate(&["organisation", "list"]).done();
    assert!(listed.contains("00000099000000077000  active     municipality") && listed.contains("Gemeente Elders"), "{listed}");
    apart.ask_until_given();
    let certificate = apart.demo.path("kit/probation/tls.pem");
    apart.operate(&["keys", "revoke", "--certificate", &certificate]).done();
    apart.ask().failed(1, &["401", "urn:sluis:problem:signature-invalid", "the certificate is not registered, or was withdrawn"]);
    let listed = apart.operate(&["keys", "list", "--organisation", PROBATION]).done();
    assert!(listed.lines().any(|line| line.contains("REVOKED certificate")), "{listed}");
}
