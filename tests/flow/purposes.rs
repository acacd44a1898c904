//! Purposes that no source is asked for are refused.

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;

use crate::support::TestGateway;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purposes_that_no_source_is_asked_for_are_refused() {
    let gateway = TestGateway::start().await;
    for purpose in ["anonymous-consultation", "accountability", "subject-rights"] {
        let mut body: Value = gateway.question("P22");
        body["purpose"] = json!(purpose);
        let refused = gateway.ask(Slug::VeiligThuis, &body, None).await.expect_err(purpose);
        let text = format!("{refused:?}");
        assert!(text.contains("not-permitted") && text.contains("not asked for here"), "{purpose}: {text}");
    }
}
