//! Between gateway and connector: certificates are renewed and revoked without a restart, at both ends.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sluis::demo::authority::Issued;
use sluis::demo::organisations::Slug;
use sluis::demo::setup::GATEWAY_OIN;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::raw::{Received, ended, send_on};
use crate::support::{TestGateway, until};

/// Files are looked at every two seconds.
const SOON: Duration = Duration::from_secs(20);

/// Broken on purpose to see it fail: the connector's lists left empty; the connector's listener, or the gateway's client, not watched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_certificates_count_no_more_at_either_end() {
    let gateway = TestGateway::start().await;
    let police = gateway.running().layout.source(Slug::Police);
    let oin = Slug::Police.organisation().parsed_oin().expect("an OIN");
    let poor = || gateway.running().gateway.health.is_poor(&oin);
    let health = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let caller = gateway.authority.issue("Sluis gateway", Some(&GATEWAY_OIN.parse().expect("an OIN"))).expect("a certificate");
    let tls = client(&gateway, &caller);

    let mut alive = connect(&gateway, &tls).await.expect("a certificate of the root gets in");
    assert!(matches!(send_on(&mut alive, health).await, Received::Response(_)), "it is answered");
    let list = gateway.authority.revocation_list(&[&caller], 2).expect("a list");
    std::fs::write(police.join("crl.pem"), list).expect("written");
    until("the connector refuses the gateway's revoked certificate", SOON, async || {
        let received = match connect(&gateway, &tls).await {
            // In TLS 1.3 the client's certificate is judged after its handshake is over.
            Ok(mut stream) => send_on(&mut stream, health).await,
            Err(received) => received,
        };
        matches!(received, Received::Alert(alert) if alert == "CertificateRevoked")
    })
    .await;
    assert!(!matches!(send_on(&mut alive, health).await, Received::Response(_)), "a connection of before ends");
    // On a loaded machine a probe may have failed while connections were exchanged.
    until("the source is well", SOON, async || !poor()).await;
    gateway.still_serves().await;

    let renewed = gateway.authority.issue("Police connector", Some(&oin)).expect("a certificate");
    std::fs::write(police.join("tls.pem"), &renewed.certificate).expect("written");
    std::fs::write(police.join("tls.key"), renewed.key.as_bytes()).expect("written");
    let tls = client(
        &gateway,
        &gateway.authority.issue("Sluis gateway", Some(&GATEWAY_OIN.parse().expect("an OIN"))).expect("a certificate"),
    );
    until("the connector shows its new certificate", SOON, async || {
        let stream = connect(&gateway, &tls).await.expect("a connection");
        let shown = stream.get_ref().1.peer_certificates().expect("certificates")[0].to_vec();
        shown == renewed.der
    })
    .await;
    // On a loaded machine a probe may have failed while connections were exchanged.
    until("the source is well", SOON, async || !poor()).await;
    gateway.still_serves().await;

    let list = |revoked: &[&Issued], number| gateway.authority.revocation_list(revoked, number).expect("a list");
    let of_gateway = gateway.running().layout.gateway().join("crl.pem");
    std::fs::write(&of_gateway, list(&[&renewed], 2)).expect("written");
    until("the gateway refuses the connector's revoked certificate", SOON, async || poor()).await;
    let refused = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect_err("nobody is asked");
    assert!(refused.to_string().contains("sources-unavailable"), "{refused}");
    std::fs::write(&of_gateway, list(&[], 3)).expect("written");
    until("it is accepted again", SOON, async || !poor()).await;
    gateway.still_serves().await;
    gateway.stop().await;
}

/// A connection to the connector of the police.
async fn connect(gateway: &TestGateway, tls: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, Received> {
    let registry = gateway.running().gateway.registry.current();
    let oin = Slug::Police.organisation().parsed_oin().expect("an OIN");
    let member = registry.members().find(|member| member.organisation.oin == oin).expect("registered");
    let address =
        member.organisation.connector.as_deref().and_then(|address| address.strip_prefix("https://")).expect("a connector");
    let tcp = TcpStream::connect(address.replace("localhost", "127.0.0.1")).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await.map_err(|error| ended(&error))
}

fn client(gateway: &TestGateway, issued: &Issued) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(gateway.authority.certificate().as_bytes()).expect("a certificate");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let chain = vec![CertificateDer::from(issued.der.clone())];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("a key");
    Arc::new(builder.with_root_certificates(roots).with_client_auth_cert(chain, key).expect("an identity"))
}
