use serde_json::{Value, json};

use super::*;

fn body() -> Value {
    json!({
        "purpose": "safety-assessment", "case": null, "actingAs": null,
        "subject": {"scheme": "bsn", "value": "999990019"},
        "categories": ["incident-reports", "measures"],
        "sources": ["00000099000000002000"],
        "form": "exact",
        "actor": {"reference": "vt-4711", "role": "caseworker", "onBehalfOf": null},
        "necessity": "a report came in",
        "grounds": {"emergency": false, "decisionId": null, "courtOrderId": null, "severity": null}
    })
}

fn faults(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut body = body();
    change(&mut body);
    let refusal = parse(&serde_json::to_vec(&body).expect("JSON")).expect_err("must be refused");
    assert_eq!(refusal.kind, ProblemType::SchemaInvalid);
    refusal.faults.into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn the_example_of_the_contract_is_read() {
    let request = parse(&serde_json::to_vec(&body()).expect("JSON")).expect("read");
    assert_eq!(request.categories, [Category::IncidentReports, Category::Measures]);
    assert_eq!(request.form, Form::Exact);
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let mut body = body();
    for name in ["case", "actingAs", "sources", "form", "grounds"] {
        body.as_object_mut().expect("object").remove(name);
    }
    assert!(parse(&serde_json::to_vec(&body).expect("JSON")).is_ok());
}

#[test]
fn each_fault_has_its_pointer() {
    assert_eq!(faults(|body| body["subject"]["value"] = json!("999990018")), ["/subject/value"]);
    assert_eq!(faults(|body| body["categories"] = json!(["measures", "measures", "gossip"])), ["/categories/1", "/categories/2"]);
    assert_eq!(faults(|body| body["categories"] = json!([])), ["/categories"]);
    assert_eq!(faults(|body| body["form"] = json!("summary")), ["/form"]);
    assert_eq!(faults(|body| body["sources"] = json!(["1"])), ["/sources/0"]);
    assert_eq!(faults(|body| body["necessity"] = json!("  ")), ["/necessity"]);
    assert_eq!(faults(|body| body["grounds"]["severity"] = json!(3)), ["/grounds/severity"]);
    assert_eq!(faults(|body| body["extra"] = json!(1)), ["/extra"]);
}

#[test]
fn faults_come_together_and_without_values() {
    let mut body = body();
    body["purpose"] = json!(7);
    body["subject"] = json!({"scheme": "bsn", "value": "123456789-secret", "source": "x"});
    body["actor"] = json!({});
    let refusal = parse(&serde_json::to_vec(&body).expect("JSON")).expect_err("must be refused");
    let pointers: Vec<_> = refusal.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/purpose", "/subject/value", "/subject/source", "/actor/reference", "/actor/role"]);
    assert!(!format!("{refusal:?}").contains("secret"));
}
