//! More requests than a node can work on: what comes beyond is refused at once, what was taken is answered, and a client that reads nothing holds up nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustls_pki_types::ServerName;
use sluis::demo::organisations::Slug;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::raw::{RawRequest, Response, is_problem};
use crate::support::{LONG, Persona, Setup, TestGateway, until};

/// How many ask at once.
const CROWD: usize = 48;

/// Broken on purpose to see it fail: `begin` that takes everybody (none is refused); `Work` that is never dropped (it does not come back).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_what_a_node_can_do_requests_are_refused_at_once_and_it_comes_back() {
    let gateway = TestGateway::start_with(Setup { change: |config| config.limits.working = 2, ..Setup::default() }).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let requests: Vec<_> = (0..CROWD).map(|_| question(&gateway, &asker)).collect();
    let answers = join_all(requests.iter().map(|request| gateway.wire().exchange(&asker.tls, request))).await;
    let (mut cases, mut given, mut refused) = (Cases::default(), 0, 0);
    for (number, answer) in answers.into_iter().enumerate() {
        let Some(response) = cases.check(format!("request {number}"), answer) else { continue };
        if response.status == 429 {
            refused += 1;
            cases.check(format!("refusal {number}"), is_told_when_to_come_back(&response));
        } else {
            given += usize::from(response.status == 200);
        }
    }
    cases.hold(format!("{given} were answered, {refused} refused: all of them"), given + refused == CROWD);
    cases.hold("some of each", given > 0 && refused > 0);
    for number in 0..5 {
        let again = gateway.wire().success(&asker.tls, &question(&gateway, &asker)).await;
        cases.check(format!("afterwards {number}"), again);
    }
    cases.hold("nothing is left over", gateway.running().gateway.load.now() == 0);
    gateway.stop().await;
    cases.finish(CROWD + 8 + refused);
}

/// Who withdraws a consent is heard while everybody asks for data.
///
/// Broken on purpose to see it fail: `urgency` that is the same for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_protects_is_taken_while_questions_are_refused() {
    let gateway = TestGateway::start_with(Setup { change: |config| config.limits.working = 2, ..Setup::default() }).await;
    let (asker, other) = (gateway.persona(Slug::VeiligThuis), gateway.persona(Slug::Police));
    let requests: Vec<_> = (0..CROWD).map(|_| question(&gateway, &asker)).collect();
    let crowd = async { join_all(requests.iter().map(|request| gateway.wire().exchange(&asker.tls, request))).await };
    let withdrawing = async {
        let mut statuses = Vec::new();
        for _ in 0..12 {
            // Of no consent: it is looked for, which is all that is to be seen here.
            let path = format!("/v1/consents/{}/withdrawals", Uuid::nil());
            let draft = Draft::post(&path, gateway.authority_name(), br#"{"basis":"subject-statement"}"#);
            let request = draft.by(&other.key, &*gateway.clock).sign(&other.key);
            statuses.push(gateway.wire().exchange(&other.tls, &request).await.expect("an answer").status);
        }
        statuses
    };
    let (answers, statuses) = tokio::join!(crowd, withdrawing);
    let refused = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|response| response.status == 429)).count();
    assert!(refused > 0, "nothing was refused: the node was not at its limit");
    assert!(statuses.iter().all(|status| *status != 429), "{statuses:?}");
    gateway.stop().await;
}

fn question(gateway: &TestGateway, asker: &Persona) -> RawRequest {
    gateway.draft(asker, gateway.question("P22").to_string().as_bytes()).sign(&asker.key)
}

fn is_told_when_to_come_back(response: &Response) -> Result<(), String> {
    is_problem(response, 429, "rate-limited")?;
    let wait = response.field("retry-after");
    if wait.parse::<u64>().is_ok_and(|seconds| seconds > 0) { Ok(()) } else { Err(format!("Retry-After: {wait}")) }
}

/// A request that waits for the instant at which its answer leaves takes nobody's place.
///
/// Broken on purpose to see it fail: `aside` that leaves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_waits_is_not_counted() {
    let Setup { options, .. } = Setup::default();
    let options = sluis::demo::setup::Options { answer_at: true, ..options };
    let setup = Setup { options, change: |config| config.limits.working = 1 };
    let gateway = TestGateway::start_with(setup).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    // The first reads the registry, and connects to the source.
    gateway.wire().success(&asker.tls, &question(&gateway, &asker)).await.expect("the first");
    // On a slow machine the first may be done before the other was heard.
    for _ in 0..5 {
        if is_answered_while_another_waits(&gateway, &asker).await {
            gateway.stop().await;
            return;
        }
    }
    panic!("none was answered while another waited");
}

async fn is_answered_while_another_waits(gateway: &TestGateway, asker: &Persona) -> bool {
    let before = gateway.log_size().await;
    let request = question(gateway, asker);
    let waiting = async { (gateway.wire().exchange(&asker.tls, &request).await, Instant::now()) };
    let other = async {
        until("it was begun", LONG, async || gateway.log_size().await > before).await;
        let notices = async || {
            let get = gateway.draft_get(asker, "/v1/notices").sign(&asker.key);
            gateway.wire().success(&asker.tls, &get).await.is_ok()
        };
        until("another is answered", LONG, notices).await;
        Instant::now()
    };
    let ((waited, answered), other) = tokio::join!(waiting, other);
    assert_eq!(waited.expect("an answer").status, 200);
    other < answered
}

/// One place, held by a client that asks for more than any buffer takes and reads nothing: the next client gets it all the same.
///
/// Broken on purpose to see it fail: no write timeout on the socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_gives_its_place_to_others() {
    let setup = Setup {
        change: |config| {
            (config.limits.connections, config.limits.per_address, config.limits.write_ms) = (1, 1, 500);
            config.limits.handshake_ms = 30_000;
        },
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let tcp = socket.connect(gateway.wire().address).await.expect("connected");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut deaf = TlsConnector::from(Arc::clone(&asker.tls)).connect(name, tcp).await.expect("TLS");
    let get = format!("GET /v1/openapi.json HTTP/1.1\r\nhost: {}\r\n\r\n", gateway.authority_name());
    for _ in 0..200 {
        // It may be cut off before the last.
        if deaf.write_all(get.as_bytes()).await.is_err() {
            break;
        }
    }
    deaf.flush().await.ok();
    tokio::time::timeout(Duration::from_secs(30), gateway.still_serves()).await.expect("the place is free again");
    drop(deaf);
    gateway.stop().await;
}
