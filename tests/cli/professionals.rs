//! `sluis connector inbox`, `override`, `professional`: what a source's own people do.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::demo::{Demo, Folder, spawn};

/// The inbox entry of a disclosure.
fn entry(demo: &Demo, disclosure: &str) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let rows: Vec<Value> = serde_json::from_value(demo.step("police", &["inbox", "list", "--json"]).json()).unwrap();
        if let Some(row) = rows.iter().find(|row| row["decision"] == disclosure && row["state"] == "pending") {
            return row["id"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no inbox entry");
}

#[test]
fn a_release_adds_a_delivery_that_a_waiting_request_picks_up() {
    let demo = Demo::shared();
    let kit = demo.kit("veilig-thuis");
    let folder = Folder::new();
    let receipts = folder.path("receipts").display().to_string();
    let mut waiting = spawn(&[
        "request",
        "--kit",
        &kit,
        "--purpose",
        "safety-assessment",
        "--source",
        "police",
        "--necessity",
        "a report",
        "--person",
        "P22",
        "--category",
        "incident-reports",
        "--wait",
        "60",
        "--receipts",
        &receipts,
    ]);
    let mut output = BufReader::new(waiting.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let disclosure = line.strip_prefix("disclosure ").unwrap().trim().to_owned();
    let id = entry(&demo, &disclosure);
    let shown = demo.step("police", &["inbox", "show", &id]).done();
    assert!(shown.contains("asked by     command-line") && shown.contains("because      a report"), "{shown}");
    assert!(shown.contains("decided by: ") && shown.contains("wpgArticle 8"), "{shown}");
    // A place with a draft: that part is recent enough to be given.
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    let place = lines.windows(2).find(|pair| pair[0].ends_with("/summary") && pair[1] != "(no draft)").unwrap()[0];
    let (one, two) = (demo.hand("police", "pro-1"), demo.hand("police", "pro-2"));
    let release = |text: &str, key: &str| {
        let text = format!("{place}={text}");
        demo.step("police", &["inbox", "release", &id, "--by", "pro-1", "--key", key, "--text", &text])
    };
    release("x", &two).failed(1, &["signature-invalid", "professional's own key"]);
    let number = format!("@{}", folder.file("number", format!("about {}", demo.number("P22"))));
    release(&number, &one).failed(1, &["release-blocked", &format!("at {place}, characters 6 to 15: a citizen number (BSN)")]);
    let text = "Three reports of threats in two months; a child was present.";
    let released = release(&format!("@{}", folder.file("summary", text)), &one).done();
    assert!(released.contains(&format!("{id}: signed; this goes to the gateway, which decides again:")), "{released}");
    assert!(released.contains(&format!("{id}: sent: taken by the gateway at ")), "{released}");
    release("x", &one).failed(1, &["released"]);
    let mut told = String::new();
    output.read_to_string(&mut told).unwrap();
    demo.finished(waiting).done();
    assert!(told.contains("incident-reports (summary)") && told.contains(text), "{told}");
    assert_eq!(told.matches("receipt verified").count(), 2, "{told}");
    assert_eq!(std::fs::read_dir(&receipts).unwrap().count(), 4, "two receipts with their statements");
    // Who did not wait, and gave no key, picks it up by the id that the first answer named.
    assert!(told.contains(&format!("this same command and --disclosure {disclosure}")), "{told}");
    let asked = ["--person", "P22", "--category", "incident-reports", "--disclosure", &disclosure];
    let collected = demo.ask(&asked).done();
    assert!(collected.contains(text) && collected.matches("receipt verified").count() == 2, "{collected}");
    assert!(collected.contains(&format!("disclosure   {disclosure}")), "it is the same disclosure: {collected}");
    let other = demo.ask(&["--person", "P22", "--category", "measures", "--disclosure", &disclosure]);
    other.failed(3, &["the receipt does not prove this disclosure"]);
}

/// What waits says why and goes on by itself; what the gateway refuses for good says so at once, and what to do.
#[test]
fn a_release_that_the_gateway_does_not_take_is_told_at_once() {
    let demo = Demo::start();
    let config = demo.path("gateway/sluis.toml");
    let operate = |step: &str, oin: &str| drop(demo.run(&["organisation", step, oin, "--config", &config]).done());
    let key = demo.hand("police", "pro-1");
    let waiting = |person: &str| {
        let asked = demo.ask(&["--person", person, "--category", "incident-reports", "--json"]).json();
        entry(&demo, asked["disclosure"].as_str().unwrap())
    };
    let (one, two) = (waiting("P22"), waiting("P25"));
    let release = |id: &str| {
        let shown = demo.step("police", &["inbox", "show", id]).done();
        let place = shown.lines().map(str::trim).find(|line| line.ends_with("/summary")).unwrap();
        let text = format!("{place}=Threats; a child was present.");
        demo.step("police", &["inbox", "release", id, "--by", "pro-1", "--key", &key, "--text", &text])
    };
    operate("suspend", POLICE);
    let delayed = release(&one).done();
    assert!(delayed.contains(&format!("{one}: waits: not taken by the gateway yet, ")), "{delayed}");
    assert!(delayed.contains("organisation-suspended") && delayed.contains("tried again at"), "{delayed}");
    operate("readmit", POLICE);
    operate("suspend", VEILIG_THUIS);
    // What admits holds within a second, not at once.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let refused = release(&two);
    refused.failed(
        1,
        &[&two, "NOT DELIVERED: refused by the gateway for good", "403 not-permitted", "do: ask the gateway's operator"],
    );
    assert!(!refused.stdout.contains("sent:"), "{}", refused.stdout);
}

const POLICE: &str = "00000099000000001000";

#[test]
fn a_refusal_needs_a_reason_and_looks_like_nothing() {
    let demo = Demo::shared();
    let arguments = ["--person", "P25", "--category", "incident-reports", "--json"];
    let asked = demo.ask(&arguments).json();
    let id = entry(&demo, asked["disclosure"].as_str().unwrap());
    let key = demo.hand("police", "pro-2");
    let refuse =
        |reason: &str| demo.step("police", &["inbox", "refuse", &id, "--by", "pro-2", "--key", &key, "--reason", reason]);
    refuse(" ").failed(1, &["a refusal needs a reason"]);
    assert!(refuse("not needed").done().contains(&format!("refused {id}")));
    assert!(demo.step("police", &["inbox", "show", &id]).done().contains("refused"));
    let again = demo.ask(&arguments).json();
    assert_eq!(again["deliveries"][0]["payload"]["unavailable"], asked["deliveries"][0]["payload"]["unavailable"]);
}

#[test]
fn without_the_token_or_a_connector_nothing_is_shown() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let config = demo.path("sources/police/connector.toml");
    let list = |config: &str, token: &str| demo.run(&["connector", "inbox", "list", "--config", config, "--token", token]);
    list(&config, &folder.file("token", "wrong")).failed(1, &["A bearer token of this connector is needed"]);
    list(&config, &demo.path("sources/police/local-token.sha256")).failed(2, &["holds the digest of the token"]);
    let elsewhere = String::from_utf8(demo.read("sources/police/connector.toml")).unwrap();
    let local = elsewhere.find("[local-api]").unwrap();
    let (before, _) = elsewhere.split_at(local);
    let elsewhere = folder.file("connector.toml", format!("{before}[local-api]\nlisten = \"127.0.0.1:1\"\ntoken = \"t\"\n"));
    list(&elsewhere, &demo.path("sources/police/local-token")).failed(4, &["no connector answers at 127.0.0.1:1"]);
    demo.step("police", &["inbox", "show", "-nothing"]).failed(1, &["not-found"]);
    demo.step("police", &["inbox", "show", "../overrides"]).failed(2, &["this is no id"]);
}

/// A form as a professional fills it in, for a category that mental-health care gives to Veilig Thuis.
fn form(demo: &Demo, folder: &Folder, purpose: &str, categories: &str, recipient: &str) -> String {
    let template = demo.run(&["connector", "override", "create", "--template"]).done();
    let filled: Vec<String> = template
        .lines()
        .map(|line| match line.split(" = ").next().unwrap() {
            "purpose" => format!("purpose = \"{purpose}\""),
            "categories" => format!("categories = [{categories}]"),
            "forms" => "forms = [\"signal\"]".to_owned(),
            "recipients" => format!("recipients = [\"{recipient}\"]"),
            "value" => format!("value = \"{}\"", demo.number("P30")),
            "expiresAt" => format!("expiresAt = \"{}\"", in_a_day()),
            _ => line.to_owned(),
        })
        .collect();
    folder.file("form.toml", filled.join("\n"))
}

fn in_a_day() -> String {
    use sluis::clock::{Clock, SystemClock};
    SystemClock.now().plus(Duration::from_hours(24)).to_string()
}

const VEILIG_THUIS: &str = "00000099000000002000";
const SOURCE: &str = "mental-health";

#[test]
fn an_override_needs_a_second_person_with_a_second_key() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let (one, two) = (demo.hand(SOURCE, "pro-1"), demo.hand(SOURCE, "pro-2"));
    let form = form(&demo, &folder, "safety-assessment", "\"care-involvement\"", VEILIG_THUIS);
    let created = demo.step(SOURCE, &["override", "create", "--form", &form, "--by", "pro-1", "--key", &one]).done();
    let id = created.split(' ').next().unwrap().to_owned();
    assert!(created.contains("another professional approves it"), "{created}");
    let approve = |by: &str, key: &str| demo.step(SOURCE, &["override", "approve", &id, "--by", by, "--key", key]);
    approve("pro-1", &one).failed(1, &["not-permitted", "approved by another professional, with another key"]);
    approve("pro-2", &one).failed(1, &["signature-invalid"]);
    approve("pro-1", &two).failed(1, &["signature-invalid"]);
    let approved = approve("pro-2", &two).done();
    assert!(
        approved.contains(&format!("{id} is active: the gateway knows of it")) && approved.contains("the number is not printed"),
        "{approved}"
    );
    approve("pro-2", &two).failed(1, &["state-conflict"]);
    let listed = demo.step(SOURCE, &["override", "list"]).done();
    let line = listed.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.contains("active") && line.contains("by pro-1, approved by pro-2"), "{line}");
    let shown = demo.step(SOURCE, &["override", "show", &id]).done();
    assert!(shown.contains(VEILIG_THUIS) && shown.contains("pro-2 (mental-health-pro-2) at "), "{shown}");
    let revoked = demo.step(SOURCE, &["override", "revoke", &id, "--by", "pro-2", "--key", &two]).done();
    assert!(revoked.contains(&format!("{id} is revoked: the gateway knows of it")), "{revoked}");
}

/// The task to review an override.
fn review(demo: &Demo, kit: &str, id: &str) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let list = demo.run(&["notice", "list", "--kit", kit]).done();
        if let Some(line) = list.lines().find(|line| line.contains("override-review") && line.contains(id)) {
            return line.split_whitespace().next().unwrap().to_owned();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no review of {id}");
}

#[test]
fn a_privacy_officer_makes_her_own_key() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let key = folder.path("fg.jwk").display().to_string();
    let made = demo.run(&["keys", "make", "--reference", "fg-2", "--key-out", &key]);
    let told = made.done();
    let private: Value = serde_json::from_str(&std::fs::read_to_string(&key).unwrap()).unwrap();
    assert!(!told.contains(private["d"].as_str().unwrap()) && told.contains("sluis keys enrol"), "{told}");
    let public: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!((&public["kid"], &public["x"], &public["crv"]), (&"fg-2".into(), &private["x"], &"Ed25519".into()));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    demo.run(&["keys", "make", "--reference", "fg-2", "--key-out", &key]).failed(2, &["exists"]);
}

#[test]
fn under_acute_safety_one_person_suffices_and_a_review_is_due() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let one = demo.hand(SOURCE, "pro-1");
    let form = form(&demo, &folder, "acute-safety", "\"identity\"", "00000099000000001000");
    let create = |form: &str| demo.step(SOURCE, &["override", "create", "--form", form, "--by", "pro-1", "--key", &one]);
    let created = create(&form).done();
    assert!(created.contains(" is active: the gateway knows of it"), "{created}");
    let ground = std::fs::read_to_string(&form).unwrap();
    let before = ground.lines().find(|line| line.starts_with("ground = ")).unwrap();
    let wrong = folder.file("ground.toml", ground.replace(before, "ground = \"wmo_5_2_6\""));
    create(&wrong).failed(1, &["NOT DELIVERED: refused by the gateway for good", "/content/ground", "this one has no effect"]);
    assert!(created.contains("the privacy officer (FG) reviews it before "), "{created}");
    let id = created.split(' ').next().unwrap();
    let kit = demo.kit(SOURCE);
    let task = review(&demo, &kit, id);
    let verdict = |key: &[&str]| {
        let answer =
            ["notice", "answer", &task, "partly", "--kit", &kit, "--by", "fg-1", "--basis", "the address was not needed"];
        demo.run(&[&answer[..], key].concat())
    };
    verdict(&[]).failed(1, &["/signed", "sluis notice answer --key"]);
    verdict(&["--key", &one]).failed(1, &["/signed/signature", "enrolled key"]);
    assert!(verdict(&["--key", &demo.hand(SOURCE, "fg-1")]).done().contains("partly"));
    let text = std::fs::read_to_string(&form).unwrap();
    let wrong = folder.file("wrong.toml", text.replace("harmTo = \"…\"\n", ""));
    create(&wrong).failed(2, &["missing field `harmTo`", "--template"]);
    let unquoted = text.replace(&format!("\"{}\"", demo.number("P30")), &demo.number("P30"));
    create(&folder.file("unquoted.toml", unquoted)).failed(2, &["expected a string"]);
    let beyond = folder.file("beyond.toml", text.replace("[\"identity\"]", "[\"criminal-record\"]"));
    create(&beyond).failed(1, &["not-permitted", "ceiling"]);
}

#[test]
fn professionals_get_a_key_of_their_own_and_lose_their_standing() {
    let demo = Demo::shared();
    let folder = Folder::new();
    let config = demo.path("sources/police/connector.toml");
    let key = folder.path("new.jwk").display().to_string();
    let professional = |more: &[&str]| demo.run(&[&["connector", "professional"], more, &["--config", &config]].concat());
    let add = |reference: &str, key: &str| {
        professional(&["add", "--reference", reference, "--name", "A. de Boer", "--registration", "123", "--key-out", key])
    };
    let told = add("new-1", &key).done();
    let private = std::fs::read_to_string(&key).unwrap();
    let secret: Value = serde_json::from_str(&private).unwrap();
    assert!(!told.contains(secret["d"].as_str().unwrap()) && !told.contains("de Boer"), "{told}");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    add("new-2", &key).failed(2, &["exists"]);
    let other = folder.path("other.jwk");
    add("new-1", &other.display().to_string()).failed(1, &["an active professional has this reference already"]);
    assert!(!other.exists(), "a key that belongs to nobody is not kept");
    // The running connector knows her, and then no more.
    let asked = demo.ask(&["--person", "P25", "--category", "incident-reports", "--json"]).json();
    let id = entry(&demo, asked["disclosure"].as_str().unwrap());
    let refuse = || demo.step("police", &["inbox", "refuse", &id, "--by", "new-1", "--key", &key, "--reason", "not needed"]);
    professional(&["deactivate", "--reference", "new-1"]).done();
    refuse().failed(1, &["no active professional has this reference"]);
    professional(&["deactivate", "--reference", "new-1"]).failed(1, &["no active professional has this reference"]);
    std::fs::remove_file(&key).unwrap();
    add("new-1", &key).done();
    refuse().done();
}
