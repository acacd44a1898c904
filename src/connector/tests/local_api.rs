//! The API for the source's own professionals.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower_service::Service;

use super::super::inbox::release_statement;
use super::super::local_api::{LocalToken, router};
use super::*;
use crate::source::overrides::OverrideContent;

struct Client {
    fixture: Fixture,
    router: axum::Router,
    token: String,
}

impl Client {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let (token, digest) = LocalToken::issue(&SystemEntropy::default()).unwrap();
        let router = router(Arc::clone(&fixture.connector), digest);
        Self { fixture, router, token: token.expose().clone() }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().call(request).await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.token))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request("POST", path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Releases through the API as a client does that knows only what the API shows.
    async fn release(&self, id: &str, text: &str) -> (StatusCode, Value) {
        let (_, shown) = self.get(&format!("/inbox/{id}")).await;
        let mut data: Vec<Value> =
            shown["content"]["parts"].as_array().unwrap().iter().map(|part| part["data"].clone()).collect();
        data[0]["incidents"][0]["summary"] = json!(text);
        let row = self.fixture.connector.show(id).await.unwrap().row;
        let data: Vec<&Value> = data.iter().collect();
        let signed = self.fixture.agent.sign(self.fixture.now(), |signed| release_statement(&row, &data, signed));
        let edits = json!([{"part": 0, "field": "/incidents/0/summary", "text": text}]);
        self.post(&format!("/inbox/{id}/release"), &json!({"edits": edits, "signed": signed})).await
    }
}

#[tokio::test]
async fn nobody_comes_in_without_the_token() {
    let client = Client::new().await;
    for header in [None, Some("Bearer "), Some("Bearer wrong"), Some(client.token.as_str()), Some("Basic Zm9vOmJhcg==")] {
        for path in ["/inbox", "/overrides", "/nothing"] {
            let mut request = Request::builder().uri(path);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let (status, problem) = client.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(
                (status, &problem["type"]),
                (StatusCode::UNAUTHORIZED, &json!("urn:sluis:problem:unauthorized")),
                "{header:?}"
            );
        }
    }
    assert_eq!(client.get("/inbox").await, (StatusCode::OK, json!([])));
}

#[tokio::test]
async fn wrong_requests_are_problems_without_values() {
    let client = Client::new().await;
    assert_eq!(client.get("/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/inbox/unknown").await.0, StatusCode::NOT_FOUND);
    assert_eq!(client.post("/inbox", &json!({})).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let (status, problem) = client.post("/overrides", &json!({"secret": "999990019"})).await;
    assert_eq!((status, &problem["type"]), (StatusCode::BAD_REQUEST, &json!("urn:sluis:problem:schema-invalid")));
    assert!(!problem.to_string().contains("999990019") && !problem.to_string().contains("secret"));
    let plain = client.request("POST", "/overrides").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    assert_eq!(client.send(plain).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let broken = client.request("POST", "/overrides").header("content-type", "application/json").body(Body::from("{")).unwrap();
    assert_eq!(client.send(broken).await.1["type"], "urn:sluis:problem:malformed-request");
    let long = client
        .request("POST", "/overrides")
        .header("content-type", "application/json")
        .body(Body::from("a".repeat(70_000)))
        .unwrap();
    assert_eq!(client.send(long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_summary_is_released_through_the_api() {
    let client = Client::new().await;
    client.fixture.items("incident-reports", "summary", &["month", "kind", "summary"]).await;
    let (_, list) = client.get("/inbox").await;
    let id = list[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&list[0]["state"], &list[0]["category"]), (&json!("pending"), &json!("incident-reports")));
    assert!(!list.to_string().contains("Dreigde"), "the list holds no text");
    let (status, problem) = client.release(&id, "Dreigde Fatima.").await;
    assert_eq!((status, &problem["type"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:sluis:problem:release-blocked")));
    let finding = json!({"part": 0, "field": "/incidents/0/summary", "kind": "household-name", "from": 8, "until": 14});
    assert_eq!(problem["findings"], json!([finding]));
    assert!(!problem.to_string().contains("Fatima"));
    assert_eq!(client.release(&id, "Dreigde A1.").await.0, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&format!("/inbox/{id}")).await.1["state"], "released");
    let refuse = json!({"reason": "x", "signed": {"professional": "pol-17", "signedAt": NOW, "signature": ""}});
    let (status, problem) = client.post(&format!("/inbox/{id}/refuse"), &refuse).await;
    assert_eq!((status, &problem["type"]), (StatusCode::CONFLICT, &json!("urn:sluis:problem:state-conflict")));
    let unknown = json!({"reason": "x", "extra": 1, "signed": {"professional": "pol-17", "signedAt": NOW, "signature": ""}});
    assert_eq!(client.post(&format!("/inbox/{id}/refuse"), &unknown).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn overrides_are_entered_and_approved_through_the_api() {
    let client = Client::new().await;
    let content: OverrideContent = serde_json::from_value(json!({
        "subject": {"scheme": "bsn", "value": "999990019"}, "recipients": ["00000099000000003000"], "purpose": "treatment",
        "categories": ["incident-reports"], "forms": ["summary"], "ground": "wpg_19", "harm": "Letsel.", "harmTo": "A1",
        "consent": {"sought": "yes", "on": "2026-11-19", "result": "geweigerd"}, "alternatives": "Geen.", "whyLeast": "Eén categorie.",
        "colleague": "pol-3", "expiresAt": "2026-11-25T12:00:00Z",
    }))
    .unwrap();
    let now = client.fixture.now();
    let id = base64::encode_url(&[7; 16]);
    let signed = client.fixture.agent.sign(now, |signed| content.create_statement(&id, &signed.professional, signed.signed_at));
    let (status, created) = client.post("/overrides", &json!({"id": id, "content": content, "signed": signed})).await;
    assert_eq!((status, &created["state"]), (StatusCode::CREATED, &json!("pending")));
    let id = created["id"].as_str().unwrap();
    let same = client.fixture.agent.sign(now, |signed| content.approve_statement(id, &signed.professional, signed.signed_at));
    assert_eq!(client.post(&format!("/overrides/{id}/approve"), &json!({"signed": same})).await.0, StatusCode::FORBIDDEN);
    let other = client.fixture.chief.sign(now, |signed| content.approve_statement(id, &signed.professional, signed.signed_at));
    let (status, approved) = client.post(&format!("/overrides/{id}/approve"), &json!({"signed": other})).await;
    assert_eq!((status, &approved["state"]), (StatusCode::OK, &json!("active")));
    assert_eq!(client.get("/overrides").await.1[0]["approved"]["professional"], "pol-1");
}
