//! Likely mistakes on the command line: what is wrong, where, and what to do.

use super::demo::Demo;

#[test]
fn mistakes_are_told_with_place_and_remedy() {
    let demo = Demo::shared();
    let (kit, root, config) = (demo.kit("veilig-thuis"), demo.path("kit"), demo.path("gateway/sluis.toml"));
    let about = ["--person", "P22", "--source", "police", "--category", "identity", "--necessity", "x"];
    let request =
        |kit: &str, purpose: &str| demo.run(&[&["request", "--kit", kit, "--purpose", purpose], about.as_slice()].concat());
    request(&root, "safety-assessment").failed(2, &[&root, "no organisation.json", "do: give --kit KIT/ORGANISATION"]);
    request(&kit, "safety-asessment").failed(1, &["no policy serves this purpose: check its code"]);
    demo.run(&["serve", "--config", &config]).failed(2, &["[api] listen: 127.0.0.1:", "do: end the program that listens there"]);
    demo.run(&["serve", "--config", "nope.toml"])
        .failed(2, &["nope.toml: the configuration cannot be read", "deploy/sluis.toml"]);
    demo.run(&["connector", "--config", &demo.path("sources/police/connector.toml")])
        .failed(2, &["listen: 127.0.0.1:", "do: end the program that listens there"]);
    demo.step("police", &["inbox", "show", "nowhere"]).failed(1, &["no inbox entry with this id", "inbox list"]);
    let sign = |more: &[&str]| demo.run(&[&["sign", "--kit", &kit, "--path", "/v1/disclosures"], more].concat());
    sign(&["--method", "POST"]).failed(2, &["--body is missing", "expected: --body FILE"]);
    sign(&["--method", "FETCH"]).failed(2, &["--method FETCH", "expected: GET or POST"]);
    let wrong_key = demo.run(&["open", "--key", &demo.path("kit/veilig-thuis/signing.jwk"), &config]);
    wrong_key.failed(2, &["signing.jwk: this key does not open messages", "do: give the private encryption key"]);
    let publish = ["keys", "publish", "--config", &config, "--organisation", "00000099000000001000", "--certificate"];
    demo.run(&[publish.as_slice(), &[&demo.path("kit/police/tls.key")]].concat())
        .failed(2, &["tls.key: holds no certificate (PEM)"]);
    let key = ["--person", "P22", "--category", "identity", "--idempotency-key", "short"];
    demo.ask(&key).failed(2, &["it has 5 characters; expected 16 to 64 of A-Za-z0-9._-"]);
    demo.ask(&["--person", "P22", "--category", "identity", "--actor", "a\u{7}b"]).failed(
        1,
        &[
            "schema-invalid",
            "at /actor/reference: 1 to 64 visible ASCII characters with single spaces between them, no citizen number",
        ],
    );
    demo.run(&["verify", "receipt", "--kit", &kit, "--receipt", &config])
        .failed(2, &["expected: --sealed FILE and --request FILE", "or --statement FILE"]);
    demo.run(&["demo", "--households", "3", "--dir", "nowhere"]).failed(2, &["expected a number of at least 10"]);
    assert!(!std::path::Path::new("nowhere").exists());
    assert!(demo.run(&["serve", "--help"]).done().contains("2 it does not start, for the reason that it says"));
    assert!(demo.run(&["consent", "--help"]).done().contains("Exit codes: 0 done; 1 refused; 2 wrong usage"));
    let (_folder, mixed) = demo.kit_with(&[("veilig-thuis/tls.key", demo.read("kit/police/tls.key"))]);
    let refused = request(&mixed, "safety-assessment");
    refused.failed(2, &["the private key does not belong to this certificate"]);
    assert!(!refused.stderr.contains("KeyMismatch"), "{}", refused.stderr);
    let (_folder, moved) =
        demo.kit_with(&[("gateway.json", demo.gateway_json(|json| json["api"] = "https://localhost:1".into()))]);
    request(&moved, "safety-assessment")
        .failed(4, &["no answer from localhost:1: ", "check that the gateway runs at this address"]);
}
