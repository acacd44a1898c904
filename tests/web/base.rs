//! What every page has, before anybody signs in.

use sluis::config::GatewayConfig;

use crate::support::visitor::Visitor;
use crate::support::{Setup, TestGateway};

fn visitor(gateway: &TestGateway) -> Visitor {
    Visitor::new(gateway.running().addresses.web)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_dutch_first_and_english_when_asked() {
    let gateway = TestGateway::start().await;
    let mut visitor = visitor(&gateway);
    let start = visitor.get("/").await;
    assert_eq!((start.status, start.field("content-type")), (200, "text/html; charset=utf-8"));
    assert!(start.body.contains("<html lang=\"nl\""), "{}", start.body);

    let chosen = visitor.post("/language", "language=en&back=%2F").await;
    assert_eq!((chosen.status, chosen.field("location")), (303, "/"));
    let cookie = chosen.field("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(visitor.get("/").await.body.contains("<html lang=\"en\""), "the choice is remembered");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_executes_and_fetches_nothing_of_others() {
    let gateway = TestGateway::start().await;
    let mut visitor = visitor(&gateway);
    let (one, other) = (visitor.get("/").await, visitor.get("/").await);
    let policy = one.field("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'nonce-"] {
        assert!(policy.contains(part), "{policy}");
    }
    for wrong in ["unsafe-inline", "unsafe-eval", "*", "http:", "https:", "data:"] {
        assert!(!policy.contains(wrong), "{policy}");
    }
    assert_ne!(policy, other.field("content-security-policy"), "a nonce is used once");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(one.field(name), value);
    }
    assert!(!one.has("set-cookie"), "nobody is followed who only looks");
    let (_, rest) = one.body.split_once("rel=\"stylesheet\" href=\"").expect("a style sheet");
    let styles = visitor.get(rest.split('"').next().expect("its path")).await;
    assert_eq!((styles.status, styles.field("content-type")), (200, "text/css; charset=utf-8"));
    assert!(styles.field("cache-control").contains("immutable"));
    assert!(one.body.len() + styles.body.len() < 150 * 1024, "a page takes less than 150 KB");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_is_told_on_a_page() {
    let gateway = TestGateway::start().await;
    let mut visitor = visitor(&gateway);
    let (host, origin) = (visitor.origin()["http://".len()..].to_owned(), visitor.origin());
    let form = "application/x-www-form-urlencoded";
    let ours = [("host", host.as_str()), ("origin", &origin), ("content-type", form)];
    let large = "a".repeat(70_000);
    for (method, path, fields, body, status) in [
        ("GET", "/nothing", &ours[..], "", 404),
        ("GET", "/assets/styles.css", &ours, "", 404),
        ("GET", "/../etc/passwd", &ours, "", 404),
        ("GET", "/language", &ours, "", 405),
        ("DELETE", "/", &ours, "", 405),
        ("POST", "/language", &ours, "language=fr", 400),
        ("POST", "/language", &ours, "language=en&language=nl", 400),
        ("POST", "/language", &ours, &large, 413),
        ("POST", "/language", &[ours[0], ours[1], ("content-type", "application/json")], "{}", 415),
        ("POST", "/language", &[ours[0], ours[2]], "language=en", 403),
        ("POST", "/language", &[ours[0], ours[2], ("origin", "null")], "language=en", 403),
        ("POST", "/language", &[ours[0], ours[2], ("origin", "http://evil.example")], "language=en", 403),
        ("POST", "/language", &[ours[0], ours[1], ours[2], ("sec-fetch-site", "cross-site")], "language=en", 403),
        ("GET", "/", &[ours[0], ("sec-fetch-dest", "iframe")], "", 403),
        ("GET", "/", &[("host", "evil.example")], "", 421),
        ("GET", "/", &[("host", "127.0.0.1")], "", 421),
    ] {
        let seen = visitor.send(method, path, fields, body).await;
        assert_eq!(seen.status, status, "{method} {path} {fields:?}");
        assert_eq!(seen.field("content-type"), "text/html; charset=utf-8", "{method} {path}");
        assert!(
            seen.has("content-security-policy") && seen.body.contains(seen.field("x-request-id")),
            "{method} {path}: {}",
            seen.body
        );
        assert!(!seen.has("set-cookie"), "{method} {path}: nothing is changed");
        assert!(!seen.body.contains("-title") && !seen.body.contains("-do<"), "a text lacks: {}", seen.body);
        assert_eq!(seen.body.contains(&format!("href=\"{origin}\"")), status == 421, "who came to another name is told ours");
    }
    gateway.stop().await;
}

/// Back goes to a page of ours, whatever the form says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_elsewhere() {
    let gateway = TestGateway::start().await;
    let mut visitor = visitor(&gateway);
    for (back, expected) in [
        ("%2Fassets", "/assets"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%5C%5Cevil.example", "/"),
        ("%2F%09%2Fevil.example", "/"),
        ("%2F%0D%0Aset-cookie%3A+a%3Db", "/"),
        ("javascript%3Aalert(1)", "/"),
    ] {
        let seen = visitor.post("/language", &format!("language=en&back={back}")).await;
        assert_eq!((seen.status, seen.field("location")), (303, expected), "{back}");
    }
    gateway.stop().await;
}

/// What anyone may read is read as before: by any name, without a page's fields.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_documents_are_no_pages() {
    let gateway = TestGateway::start().await;
    let mut visitor = visitor(&gateway);
    for path in ["/v1/openapi.json", "/.well-known/sluis-keys.json", "/log/checkpoint"] {
        let seen = visitor.send("GET", path, &[("host", "log.example")], "").await;
        assert_eq!(seen.status, 200, "{path}");
        assert!(!seen.has("set-cookie"), "{path}");
    }
    gateway.stop().await;
}

/// Without an origin nobody is shown a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_no_pages_without_an_origin() {
    let without: fn(&mut GatewayConfig) = |config| config.web.origin = None;
    let gateway = TestGateway::start_with(Setup { change: without, ..Setup::default() }).await;
    let mut visitor = visitor(&gateway);
    let seen = visitor.get("/").await;
    assert_eq!((seen.status, seen.field("content-type")), (404, "application/problem+json"));
    gateway.stop().await;
}
