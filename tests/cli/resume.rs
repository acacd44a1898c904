//! A demo that is started again on its folder, while somebody else has its ports.

use std::net::TcpListener;

use serde_json::Value;

use super::demo::{Demo, Running};

#[test]
fn taken_ports_are_named_and_others_can_be_taken() {
    let mut demo = Demo::start();
    assert_eq!(demo.stop(), Some(0));
    let api = |demo: &Demo| {
        let info: Value = serde_json::from_slice(&demo.read("kit/gateway.json")).unwrap();
        info["api"].as_str().unwrap().to_owned()
    };
    let port = |text: &str| text.rsplit_once(':').unwrap().1.trim_end_matches('"').to_owned();
    let listens = |demo: &Demo| {
        let text = String::from_utf8(demo.read("sources/police/connector.toml")).unwrap();
        port(text.lines().find(|line| line.starts_with("listen = ")).unwrap())
    };
    let (before, connector) = (api(&demo), listens(&demo));
    let busy = [port(&before), connector.clone()].map(|port| TcpListener::bind(format!("127.0.0.1:{port}")).unwrap());
    let dir = demo.path("");
    let arguments = ["demo", "--without-script", "--without-answer-at", "--dir", &dir];

    let refused = demo.run(&arguments);
    let files = [demo.path("gateway/sluis.toml"), demo.path("sources/police/connector.toml")];
    refused.failed(
        1,
        &["ports of this demo are taken", "the gateway's API", "the connector of police", &files[0], &files[1], "--fresh-ports"],
    );
    assert_eq!(api(&demo), before, "nothing is changed unasked");

    let running = Running::start(&[&arguments[..], &["--fresh-ports"]].concat(), "stop with").expect("it starts on other ports");
    assert!(api(&demo) != before && listens(&demo) != connector);
    let asked = demo.ask(&["--person", "P22", "--category", "identity", "--json"]);
    assert_eq!(
        asked.json()["deliveries"][0]["payload"]["items"][0]["category"],
        "identity",
        "the police answer at their new address"
    );
    drop(busy);
    assert_eq!(running.stop(), Some(0));
}

/// Who has no folder in the kit can be asked by name all the same.
#[test]
fn the_kit_names_every_organisation() {
    let demo = Demo::shared();
    let listed: Vec<Value> = serde_json::from_slice(&demo.read("kit/organisations.json")).unwrap();
    let slugs: Vec<_> = listed.iter().map(|organisation| organisation["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs.len(), 9);
    assert!(slugs.contains(&"municipality") && slugs.contains(&"child-protection-board"), "{slugs:?}");
    let kit = demo.kit("veilig-thuis");
    let about = ["--person", "P22", "--source", "municipality", "--category", "measures", "--necessity", "x", "--json"];
    let answer = demo.run(&[&["request", "--kit", &kit, "--purpose", "safety-assessment"], about.as_slice()].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let wrong = demo.run(
        &[
            &["request", "--kit", &kit, "--purpose", "safety-assessment"],
            ["--person", "P22", "--source", "municipal", "--category", "measures", "--necessity", "x"].as_slice(),
        ]
        .concat(),
    );
    wrong.failed(2, &["municipal is no organisation of this kit", "municipality"]);
}
