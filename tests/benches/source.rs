//! The floor under a disclosure's time: the same question asked of the connector itself, as the gateway asks it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use sluis::app::gateway::{Outside, read_signing};
use sluis::catalogue::Form;
use sluis::config::GatewayConfig;
use sluis::connector::config::Config;
use sluis::crypto::keys::{SigningKey, VerifyingKey};
use sluis::http::client::{Call, SigningClient};
use sluis::http::tls;
use sluis::organisation::Kind;
use sluis::policy::Bundle;
use sluis::source::{RecordsRequest, SOURCE_TAG, SubjectWire, Wanted};

use crate::Outcome;
use crate::world::{CATEGORIES, PURPOSE, REQUESTER, SOURCE, World};

/// The connector, asked with the gateway's own identity and key.
pub(crate) struct Asker {
    http: SigningClient,
    base: String,
    key: VerifyingKey,
    template: RecordsRequest,
    outside: Outside,
}

impl Asker {
    /// Ready to ask.
    pub(crate) fn new(world: &World, outside: &Outside) -> Outcome<Self> {
        let config = GatewayConfig::load(&world.layout.configuration())?;
        let tls = tls::client(&config.sources.identity, &config.sources.servers)?;
        let key = SigningKey::from_jwk(&read_signing(&config.keys.signing)?)?;
        let connector = Config::load(&world.layout.source(SOURCE).join("connector.toml"))?;
        let signing = read_signing(&world.layout.source(SOURCE).join("signing.jwk"))?;
        Ok(Self {
            http: SigningClient::new(tls, key, SOURCE_TAG, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)),
            base: format!("https://localhost:{}", connector.listen.port()),
            key: VerifyingKey::from_jwk(signing.public())?,
            template: template(outside)?,
            outside: outside.clone(),
        })
    }

    /// Asks about one person: the moment at which the answer was verified.
    pub(crate) async fn ask(&self, number: &str) -> Outcome<Instant> {
        let now = self.outside.clock.now();
        let body = serde_json::to_vec(&RecordsRequest {
            decision: uuid::Uuid::from_bytes(sluis::entropy::random(&*self.outside.entropy)?).to_string(),
            subject: SubjectWire { scheme: "bsn".to_owned(), value: number.to_owned() },
            deadline: now.plus(Duration::from_secs(10)),
            release_until: now.plus(Duration::from_hours(1)),
            ..self.template.clone()
        })?;
        let call = Call {
            method: &Method::POST,
            base: &self.base,
            target: "/v1/records",
            body: Some(&body),
            idempotency_key: None,
            most: 1024 * 1024,
            time: Duration::from_secs(10),
        };
        let answer = self.http.call(call, |id| (self.key.id().as_str() == id).then_some(&self.key)).await?;
        if answer.status == 200 { Ok(Instant::now()) } else { Err(format!("the connector answers {}", answer.status).into()) }
    }
}

/// What the gateway asks for the requests of this run.
fn template(outside: &Outside) -> Outcome<RecordsRequest> {
    let bundle = Bundle::embedded()?;
    let code = PURPOSE.to_owned().try_into()?;
    let purpose = bundle.purpose(&code).ok_or("no such purpose")?;
    let (recipient, giver) = (REQUESTER.organisation(), SOURCE.organisation());
    let mut wanted = Vec::new();
    for category in CATEGORIES {
        let forms = bundle.ever_permitted(recipient.kind, &code, giver.kind, category);
        for form in forms.finest().into_iter().chain(forms.contains(Form::Summary).then_some(Form::Summary)) {
            wanted.push(Wanted { category, form, transform: purpose.transforms.paths(category, form).to_vec() });
        }
    }
    let now = outside.clock.now();
    Ok(RecordsRequest {
        decision: String::new(),
        purpose: code,
        legal_basis: purpose.legal_bases.clone(),
        recipient: recipient.parsed_oin()?,
        recipient_kind: Kind::VeiligThuis,
        attendees: std::collections::BTreeSet::new(),
        actor: "vt-4711".to_owned(),
        necessity: "A report came in; the assessment needs to know who lives there and what has happened before.".to_owned(),
        subject: SubjectWire { scheme: "bsn".to_owned(), value: String::new() },
        wanted,
        overrides: Vec::new(),
        deadline: now,
        release_until: now,
    })
}
