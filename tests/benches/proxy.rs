//! The floor under a gateway's processor time: nginx as a mutual-TLS proxy before a static backend with a payload of the same size.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sluis::client::Kit;
use sluis::http::tls;

use crate::Outcome;
use crate::load::closed;
use crate::process::{Running, children, port, processor};
use crate::world::{REQUESTER, World};

/// What the proxy needs per request.
pub(crate) struct Floor {
    /// Its processor time.
    pub(crate) processor: Duration,
    /// Requests per second.
    pub(crate) rate: f64,
}

/// Starts proxy and backend, loads them, stops them.
pub(crate) async fn floor(nginx: &Path, world: &World, payload: usize, connections: usize, time: Duration) -> Outcome<Floor> {
    let folder = world.folder.join("nginx");
    std::fs::create_dir_all(folder.join("content"))?;
    std::fs::write(folder.join("content/payload"), vec![b'x'; payload])?;
    let [front, back] = [port()?, port()?];
    let _backend = start(nginx, &folder, "backend", &backend(&folder, back))?;
    let proxy = start(nginx, &folder, "proxy", &frontend(&folder, world, front, back))?;
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], front));
    let until = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(address).is_err() {
        if Instant::now() > until {
            return Err("nginx does not listen after 10 s".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let asker = Arc::new(Asker::new(world, front)?);
    let one = move |number: usize| {
        let asker = Arc::clone(&asker);
        async move { asker.ask(number).await }
    };
    closed(connections, Duration::from_secs(2), one.clone()).await?;
    let used = || {
        let children = children(proxy.id())?;
        children.into_iter().map(processor).sum::<Outcome<Duration>>()
    };
    let before = used()?;
    let load = closed(connections, time, one).await?;
    let count = load.answered()?;
    let floor = Floor { processor: used()?.saturating_sub(before).div_f64(count), rate: count / load.lasted.as_secs_f64() };
    proxy.stop().await?;
    Ok(floor)
}

fn start(nginx: &Path, folder: &Path, name: &str, text: &str) -> Outcome<Running> {
    let file = folder.join(format!("{name}.conf"));
    std::fs::write(&file, text)?;
    Running::start(Command::new(nginx).arg("-p").arg(folder).arg("-e").arg("stderr").arg("-c").arg(&file))
}

fn backend(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let head = head("backend");
    // A static file is for GET; the trick with the error page lets it answer POST.
    format!(
        "{head}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/content;
    default_type application/json;
    location / {{ error_page 405 =200 $uri; }}
  }}
}}
"
    )
}

fn frontend(folder: &Path, world: &World, port: u16, backend: u16) -> String {
    let _ = folder;
    let gateway: PathBuf = world.layout.gateway();
    let gateway = gateway.canonicalize().unwrap_or(gateway);
    let gateway = gateway.display();
    let head = head("proxy");
    format!(
        "{head}
  upstream content {{ server 127.0.0.1:{backend}; keepalive 128; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {gateway}/tls.pem;
    ssl_certificate_key {gateway}/tls.key;
    ssl_client_certificate {gateway}/ca.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    location / {{
      proxy_pass http://content;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
    }}
  }}
}}
"
    )
}

fn head(name: &str) -> String {
    // Workers of a master that is root would otherwise not see a folder that is only its own.
    let user = if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        "user root;"
    } else {
        ""
    };
    format!(
        "{user}
daemon off;
worker_processes 2;
pid {name}.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {name}-body;
  proxy_temp_path {name}-proxy;
  fastcgi_temp_path {name}-fastcgi;
  uwsgi_temp_path {name}-uwsgi;
  scgi_temp_path {name}-scgi;"
    )
}

/// The same client certificate, a request of the same size, but neither signed nor checked.
struct Asker {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: http::Uri,
    fields: HeaderMap,
    bodies: Vec<Bytes>,
}

impl Asker {
    fn new(world: &World, port: u16) -> Outcome<Self> {
        let kit = Kit::open(&world.layout.kit_of(REQUESTER))?;
        let mut tls = tls::client(&kit.identity(), &kit.trust())?;
        tls.alpn_protocols.clear();
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        // As long as the fields of a signed request.
        let mut fields = HeaderMap::new();
        fields.insert("content-type", HeaderValue::from_static("application/json"));
        fields.insert("content-digest", HeaderValue::from_str(&"d".repeat(55))?);
        fields.insert("signature-input", HeaderValue::from_str(&"i".repeat(250))?);
        fields.insert("signature", HeaderValue::from_str(&"s".repeat(96))?);
        let bodies = world.requests.iter().map(|body| Bytes::copy_from_slice(body)).collect();
        Ok(Self { http, uri: format!("https://localhost:{port}/payload").parse()?, fields, bodies })
    }

    async fn ask(&self, number: usize) -> Outcome<Instant> {
        let body = self.bodies.get(number % self.bodies.len()).cloned().unwrap_or_default();
        let mut request = Request::post(self.uri.clone()).body(Full::new(body))?;
        request.headers_mut().extend(self.fields.clone());
        let response = self.http.request(request).await?;
        if response.status() != 200 {
            return Err(format!("nginx answers {}", response.status()).into());
        }
        response.into_body().collect().await?;
        Ok(Instant::now())
    }
}
