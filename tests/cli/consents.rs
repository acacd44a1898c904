//! `sluis consent` and `sluis notice` against a running demo: a consent that is recorded opens, a withdrawal closes and asks its recipient back.

use serde_json::json;

use super::demo::{Demo, Folder, Output};

const CARE: &str = "00000099000000005000";
const VEILIG_THUIS: &str = "00000099000000002000";

#[test]
fn a_consent_is_recorded_listed_withdrawn_and_its_recipient_answers() {
    let demo = Demo::start();
    let (care, asker, folder) = (demo.kit("mental-health"), demo.kit("veilig-thuis"), Folder::new());
    let consent = |command: &[&str]| -> Output { demo.run(&[&["consent"], command, &["--kit", &care]].concat()) };
    let now = sluis::clock::Clock::now(&sluis::clock::SystemClock);
    let at = now.to_string();
    let mut form = json!({
        "event": "given", "subjectAge": 40, "sources": [CARE], "recipients": [VEILIG_THUIS], "purposes": ["safety-assessment"],
        "categories": ["care-involvement"], "maxForm": "signal", "at": at,
        "notAfter": now.plus(std::time::Duration::from_hours(24 * 30)).to_string(),
        "notice": {"id": "toestemming", "version": "1", "language": "nl", "sha256": "ab".repeat(32)},
        "grantors": [{"role": "self", "method": "in person", "at": at}], "askedInPrivate": true,
        "evidence": {"kind": "signed_form", "sha256": "cd".repeat(32), "holder": CARE}, "recordedBy": "pro-1",
    });
    let file = folder.file("form.json", form.to_string());
    let recorded = consent(&["record", "--form", &file, "--person", "P22"]).json();
    let id = recorded["id"].as_str().expect("an id").to_owned();
    assert_eq!(recorded["state"], "given");
    assert!(consent(&["list"]).done().contains(&format!("{id}  given")));
    assert!(consent(&["about", "--person", "P22", "--by", "pro-1"]).done().contains(&id));

    form["categories"] = json!(["*"]);
    form["notAfter"] = json!(null);
    let wild = folder.file("wild.json", form.to_string());
    consent(&["record", "--form", &wild, "--person", "P22"]).failed(1, &["/categories/0", "/notAfter", "no wildcards"]);

    // Veilig Thuis has something to tell the subject; what it answers is taken.
    let about = ["--person", "P22", "--source", "police", "--category", "identity", "--necessity", "x", "--json"];
    demo.run(&[&["request", "--kit", &asker, "--purpose", "safety-assessment"], about.as_slice()].concat()).done();
    let list = demo.run(&["notice", "list", "--kit", &asker]).done();
    let task = list.split_whitespace().next().expect("a task").to_owned();
    assert!(list.contains("subject-notification") && list.contains("due "), "{list}");
    let answered = demo.run(&["notice", "answer", &task, "waived", "--kit", &asker, "--by", "vt-1"]);
    answered.failed(1, &["/basis"]);
    let answer = ["notice", "answer", &task, "done", "--kit", &asker, "--by", "vt-1"];
    assert_eq!(demo.run(&answer).json()["state"], "done");
    demo.run(&answer).failed(1, &["409"]);
    let config = demo.path("gateway/sluis.toml");
    assert!(demo.run(&["notice", "overdue", "--config", &config]).done().contains("nothing is overdue"));

    let withdrawn = consent(&["withdraw", &id, "--by", "pro-1", "--reason", "changed her mind"]).json();
    assert_eq!((&withdrawn["state"], withdrawn["events"].as_array().expect("events").len()), (&json!("withdrawn"), 2));
    assert_eq!(consent(&["show", &id]).json()["state"], "withdrawn");
    consent(&["withdraw", &id, "--by", "pro-1"]).failed(1, &["409", "withdrawn"]);
    consent(&["show", "999990019"]).failed(2, &[]);
}

/// The form as it is printed, filled in line by line.
#[test]
fn a_form_from_the_template_is_refused_as_long_as_it_is_empty_and_recorded_when_it_is_filled() {
    let (demo, folder) = (Demo::shared(), Folder::new());
    let care = demo.kit("mental-health");
    let template = demo.run(&["consent", "record", "--template"]).done();
    let record = |form: &str, more: &[&str]| demo.run(&[&["consent", "record", "--kit", &care, "--form", form], more].concat());
    let empty = folder.file("empty.toml", &template);
    let person = ["--person", "P14"];
    record(&empty, &person).failed(2, &["not filled in yet", "event", "recipients[0]", "askedInPrivate", "grantors[0].role"]);
    assert!(!record(&empty, &person).stderr.contains("subject."), "the person is given");
    record(&empty, &[]).failed(2, &["subject.scheme", "subject.value"]);

    let now = sluis::clock::Clock::now(&sluis::clock::SystemClock);
    let (at, until) = (format!("at = {now}"), format!("notAfter = {}", now.plus(std::time::Duration::from_hours(24 * 30))));
    let digest = format!("sha256 = \"{}\"", "ab".repeat(32));
    let values = [
        "event = \"given\"",
        &at,
        "subjectAge = 40",
        "recipients = [\"00000099000000002000\"]",
        "purposes = [\"safety-assessment\"]",
        "categories = [\"care-involvement\"]",
        "maxForm = \"signal\"",
        &until,
        "askedInPrivate = true",
        "recordedBy = \"pro-1\"",
        "id = \"toestemming\"",
        "version = \"1\"",
        "language = \"nl\"",
        &digest,
        "kind = \"signed_form\"",
        "role = \"self\"",
        "method = \"in person\"",
    ];
    let fill = |line: &str| {
        let name = line.split_once(" = ").map(|(name, _)| format!("{name} = "));
        let value = name.and_then(|name| values.iter().find(|value| value.starts_with(&name)));
        value.map_or_else(|| line.to_owned(), |value| (*value).to_owned())
    };
    let filled = template.lines().map(fill).collect::<Vec<_>>().join("\n");
    let recorded = record(&folder.file("filled.toml", &filled), &person).json();
    assert_eq!((&recorded["state"], &recorded["sources"]), (&json!("given"), &json!([CARE])), "{recorded}");
    // What only the gateway can judge, it says by its place; a slip of the pen is told by its line, before anything is sent.
    let unknown = folder.file("unknown.toml", filled.replace("maxForm = ", "maxFrom = "));
    record(&unknown, &person).failed(1, &["/maxForm", "/maxFrom"]);
    let broken = folder.file("broken.toml", filled.replace("event = \"given\"", "event = given"));
    let number = filled.lines().position(|line| line.starts_with("event = ")).expect("an event") + 1;
    record(&broken, &person).failed(2, &[&format!("line {number}: not TOML")]);
    demo.run(&["consent", "record", "--kit", &care]).failed(2, &["--form"]);
}
