//! Who is at the other end of TLS: no certificate, one by another root, expired, revoked, without or with another OIN, withdrawn in the
//! registry; and TLS that is none of ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sluis::clock::Clock;
use sluis::crypto::digest::sha256;
use sluis::demo::authority::{Authority, Issued};
use sluis::demo::organisations::Slug;
use sluis::organisation::keys::Validity;
use sluis::store::CredentialChange;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::cases::Cases;
use crate::support::raw::{RawRequest, Received, is_problem, send_on};
use crate::support::{Persona, TestGateway, stranger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_registered_certificate_of_the_named_roots_gets_in() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let police = gateway.persona(Slug::Police);
    let body = gateway.question("P22").to_string().into_bytes();
    let signed = || gateway.draft(&asker, &body).sign(&asker.key);
    let mut cases = Cases::default();
    let name = "Veilig Thuis Waterland";
    let foreign = Authority::new("Sluis demo root", gateway.clock.now()).expect("another root of the same name");
    let elsewhere = Authority::new("Another root", gateway.clock.now()).expect("another root");

    let anonymous = client(&gateway, None);
    cases.check("no certificate", alert(&gateway, &anonymous, &signed(), &["CertificateRequired"]).await);
    for (case, issued) in [
        ("a root of the same name", foreign.issue(name, Some(&asker.oin))),
        ("another root", elsewhere.issue(name, Some(&asker.oin))),
    ] {
        let tls = client(&gateway, Some(&issued.expect("a certificate")));
        let expected = ["UnknownCA", "DecryptError", "BadCertificate", "CertificateUnknown"];
        cases.check(case, alert(&gateway, &tls, &signed(), &expected).await);
    }
    let expired = gateway.authority.issue_expired(name, Some(&asker.oin)).expect("a certificate");
    let tls = client(&gateway, Some(&expired));
    cases.check("expired", alert(&gateway, &tls, &signed(), &["CertificateExpired"]).await);

    let as_asker = |tls: Arc<ClientConfig>| Persona { tls, ..gateway.persona(Slug::VeiligThuis) };
    let nameless = gateway.authority.issue(name, None).expect("a certificate");
    let unregistered = gateway.authority.issue(name, Some(&asker.oin)).expect("a certificate");
    let unknown =
        gateway.authority.issue("Nobody", Some(&"00000099000000099000".parse().expect("an OIN"))).expect("a certificate");
    for (case, tls) in [
        ("without OIN", client(&gateway, Some(&nameless))),
        ("not registered", client(&gateway, Some(&unregistered))),
        ("an OIN that takes no part", client(&gateway, Some(&unknown))),
        ("another organisation's", Arc::clone(&police.tls)),
    ] {
        let refused = gateway.refused(&as_asker(tls), &signed(), stranger(401, "signature-invalid")).await;
        cases.check(case, refused);
    }
    let other_way = gateway.draft(&police, &body).sign(&police.key);
    cases.check("another's signature", gateway.refused(&asker, &other_way, stranger(401, "signature-invalid")).await);
    cases.check("TLS 1.2", tls12(&gateway).await);
    cases.check("plain HTTP", plain(&gateway, &signed()).await);
    cases.check("noise", noise(&gateway).await);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_revoked_counts_no_more_from_the_next_request() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let signed = || gateway.draft(&asker, &body).sign(&asker.key);
    let mut cases = Cases::default();
    let [listed, withdrawn] =
        [0, 1].map(|_| gateway.authority.issue("Veilig Thuis Waterland", Some(&asker.oin)).expect("a certificate"));
    for issued in [&listed, &withdrawn] {
        publish(&gateway, &asker, issued).await;
    }
    let as_asker = |issued| Persona { tls: client(&gateway, Some(issued)), ..gateway.persona(Slug::VeiligThuis) };
    let (by_listed, by_withdrawn) = (as_asker(&listed), as_asker(&withdrawn));

    let mut alive = gateway.wire().connect(&by_listed.tls).await.expect("a connection");
    cases.check("before its revocation", ok(send_on(&mut alive, &signed().bytes()).await));
    let list = gateway.authority.revocation_list(&[&listed], 2).expect("a list");
    std::fs::write(gateway.running().layout.gateway().join("crl.pem"), list).expect("written");
    cases.check("revoked by a list, without a restart", until_refused(&gateway, &by_listed, &signed).await);
    let after = send_on(&mut alive, &signed().bytes()).await;
    cases.hold("a connection of before ends", !matches!(after, Received::Response(_)));
    cases.check("others go on", gateway.wire().success(&by_withdrawn.tls, &signed()).await);

    let mut alive = gateway.wire().connect(&by_withdrawn.tls).await.expect("a connection");
    cases.check("before its withdrawal", ok(send_on(&mut alive, &signed().bytes()).await));
    let withdrawal = CredentialChange::RevokeCertificate { fingerprint: sha256(&withdrawn.der) };
    gateway.running().desk.change_credential(&asker.oin, withdrawal).await.expect("withdrawn");
    let invalid = |received: Received| received.response().and_then(|response| is_problem(&response, 401, "signature-invalid"));
    cases.check("withdrawn, on a live connection", invalid(send_on(&mut alive, &signed().bytes()).await));
    for (name, request) in [
        ("no JSON", gateway.draft(&asker, b"x").sign(&asker.key)),
        ("nowhere", gateway.draft_get(&asker, "/v1/nowhere").sign(&asker.key)),
        (
            "no such disclosure",
            gateway.draft_get(&asker, "/v1/disclosures/019370a0-0000-7000-8000-000000000000").sign(&asker.key),
        ),
    ] {
        cases.check(format!("withdrawn: {name}"), invalid(send_on(&mut alive, &request.bytes()).await));
    }
    cases.check("the other certificate goes on", gateway.wire().success(&asker.tls, &signed()).await);

    let revocation = CredentialChange::RevokeKey { keyid: asker.key.id().as_str().to_owned() };
    gateway.running().desk.change_credential(&asker.oin, revocation).await.expect("revoked");
    for (name, request) in [("a revoked key", signed()), ("a revoked key: no JSON", gateway.draft(&asker, b"x").sign(&asker.key))]
    {
        cases.check(name, gateway.refused(&asker, &request, stranger(401, "signature-invalid")).await);
    }
    let police = gateway.persona(Slug::Police);
    let request = gateway.draft(&police, &body).sign(&police.key);
    cases.check("another organisation goes on", gateway.wire().problem(&police.tls, &request, 403, "not-permitted").await);
    gateway.stop().await;
    cases.finish(13);
}

fn ok(received: Received) -> Result<(), String> {
    let response = received.response()?;
    if response.status == 200 { Ok(()) } else { Err(String::from_utf8_lossy(&response.body).into_owned()) }
}

async fn publish(gateway: &TestGateway, asker: &Persona, issued: &Issued) {
    let now = gateway.clock.now();
    let validity = Validity { from: now.minus(Duration::from_mins(1)), until: now.plus(Duration::from_hours(1)), revoked: false };
    let change = CredentialChange::Certificate { organisation: asker.oin.clone(), fingerprint: sha256(&issued.der), validity };
    gateway.running().desk.change_credential(&asker.oin, change).await.expect("published");
    gateway.running().gateway.registry.refresh().await.expect("a registry");
}

/// A client with this certificate, or without any.
fn client(gateway: &TestGateway, issued: Option<&Issued>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(gateway.authority.certificate().as_bytes()).expect("a certificate");
    roots.add(root).expect("a root");
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let builder = builder.with_root_certificates(roots);
    Arc::new(match issued {
        None => builder.with_no_client_auth(),
        Some(issued) => {
            let chain = vec![CertificateDer::from(issued.der.clone())];
            let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("an identity")
        }
    })
}

async fn alert(gateway: &TestGateway, tls: &Arc<ClientConfig>, request: &RawRequest, expected: &[&str]) -> Result<(), String> {
    match gateway.wire().send(tls, &request.bytes()).await {
        Received::Alert(alert) if expected.contains(&alert.as_str()) => Ok(()),
        other => Err(format!("no alert {expected:?} but {other:?}")),
    }
}

/// The gateway looks at its files every two seconds.
async fn until_refused(gateway: &TestGateway, asker: &Persona, signed: &dyn Fn() -> RawRequest) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(15) {
        match gateway.wire().send(&asker.tls, &signed().bytes()).await {
            Received::Alert(alert) if alert == "CertificateRevoked" => return Ok(()),
            Received::Response(response) if response.status == 200 => tokio::time::sleep(Duration::from_millis(200)).await,
            other => return Err(format!("{other:?}")),
        }
    }
    Err("still let in after 15 seconds".to_owned())
}

/// A `ClientHello` that offers nothing newer than TLS 1.2; the fatal alert that answers it, as it stands in the record.
async fn tls12(gateway: &TestGateway) -> Result<(), String> {
    let mut hello = vec![3, 3];
    hello.extend_from_slice(&[7; 32]);
    // No session; ECDHE-ECDSA and ECDHE-RSA with AES-GCM; no compression.
    hello.extend_from_slice(&[0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]);
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let schemes = [0, 13, 0, 6, 0, 4, 4, 3, 8, 4];
    let formats = [0, 11, 0, 2, 1, 0];
    let extensions = [&groups[..], &schemes, &formats].concat();
    hello.extend_from_slice(&u16::try_from(extensions.len()).expect("short").to_be_bytes());
    hello.extend_from_slice(&extensions);
    let length = u16::try_from(hello.len()).expect("short");
    let handshake = [&[1, 0][..], &length.to_be_bytes(), &hello].concat();
    let record = [&[22, 3, 1][..], &u16::try_from(handshake.len()).expect("short").to_be_bytes(), &handshake].concat();
    let answer = answer_to(gateway, &record).await;
    // Record type 21 (alert), fatal (2), protocol_version (70).
    if answer.len() == 7 && answer[0] == 21 && answer[5..] == [2, 70] { Ok(()) } else { Err(format!("{answer:?}")) }
}

/// Plain HTTP is answered by a TLS alert or not at all; never by HTTP.
async fn plain(gateway: &TestGateway, request: &RawRequest) -> Result<(), String> {
    let answer = answer_to(gateway, &request.bytes()).await;
    if answer.is_empty() || answer[0] == 21 { Ok(()) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }
}

async fn noise(gateway: &TestGateway) -> Result<(), String> {
    for seed in 0..32_u8 {
        let bytes: Vec<u8> = (0..200_u8).map(|at| at.wrapping_mul(seed.wrapping_mul(37).wrapping_add(11))).collect();
        let answer = answer_to(gateway, &bytes).await;
        if !answer.is_empty() && answer[0] != 21 {
            return Err(format!("{answer:?}"));
        }
    }
    Ok(())
}

/// What comes back to bytes that are no TLS, until the other end closes.
async fn answer_to(gateway: &TestGateway, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(gateway.wire().address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    stream.shutdown().await.expect("the end");
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    answer
}
