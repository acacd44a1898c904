//! Overrides as a source reports them, signed by professionals whose keys are the test's own.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::actions::ActionError;
use sluis::catalogue::{Category, Form, Ground};
use sluis::clock::{Clock, Timestamp};
use sluis::crypto::base64;
use sluis::crypto::digest::sha256;
use sluis::crypto::keys::{Algorithm, PrivateJwk, SigningKey, generate_signing_key};
use sluis::demo::organisations::Slug;
use sluis::notice::{Addressed, AnswerCode, TaskKind};
use sluis::organisation::Oin;
use sluis::organisation::keys::Validity;
use sluis::organisation::people::Role;
use sluis::source::SubjectWire;
use sluis::source::overrides::{
    ConsentSought, OverrideContent, OverrideMessage, OverrideStanding, SignedStep, Verdict, revoke_statement,
};

use super::draft::Draft;
use super::raw::Response;
use super::{TestGateway, caller, random_text};

/// A professional of a source.
pub struct Person {
    /// By the source's own reference.
    pub reference: &'static str,
    /// As the source has it.
    pub registration: &'static str,
    private: PrivateJwk,
    key: SigningKey,
    public_key: String,
    organisation: Option<Oin>,
}

impl Person {
    /// With a new key.
    pub fn new(reference: &'static str, registration: &'static str) -> Self {
        let private = generate_signing_key(Algorithm::Ed25519, "hand".parse().expect("a key id")).expect("a key");
        Self::with(reference, registration, private)
    }

    /// One of the demo's own, of `source`, enrolled from the start.
    pub fn of(gateway: &TestGateway, source: Slug, reference: &'static str) -> Self {
        let file = gateway.running().layout.source(source).join(format!("{reference}.jwk"));
        let private = PrivateJwk::from_json(&std::fs::read(file).expect("a key")).expect("a private JWK");
        let registration = Box::leak(sluis::demo::setup::registration(source, reference).into_boxed_str());
        Self { organisation: Some(gateway.persona(source).oin), ..Self::with(reference, registration, private) }
    }

    /// Whoever has the signing key of an organisation.
    pub fn with_the_key_of(gateway: &TestGateway, slug: Slug, reference: &'static str) -> Self {
        let file = gateway.running().layout.kit_of(slug).join("signing.jwk");
        let private = PrivateJwk::from_json(&std::fs::read(file).expect("a key")).expect("a private JWK");
        Self::with(reference, "x-1", private)
    }

    fn with(reference: &'static str, registration: &'static str, private: PrivateJwk) -> Self {
        let public = serde_json::to_value(private.public()).expect("a JWK");
        let key = SigningKey::from_jwk(&private).expect("a signing key");
        let public_key = public["x"].as_str().expect("an OKP key").to_owned();
        Self { reference, registration, private, key, public_key, organisation: None }
    }

    /// Has her enrolled at the gateway as one of `source`, by its operator.
    pub async fn enrolled(self, gateway: &TestGateway, source: Slug, role: Role) -> Self {
        self.enrol(gateway, source, role).await.expect("enrolled");
        self.one_of(gateway, source)
    }

    /// The same as one of `source`, whoever enrols her there, and for how long.
    pub fn one_of(self, gateway: &TestGateway, source: Slug) -> Self {
        Self { organisation: Some(gateway.persona(source).oin), ..self }
    }

    /// What comes of having her enrolled.
    pub async fn enrol(&self, gateway: &TestGateway, source: Slug, role: Role) -> Result<(), ActionError> {
        let desk = gateway.running().desk.operated_by("test".parse().expect("an operator"));
        let oin = gateway.persona(source).oin;
        let now = gateway.clock.now();
        let validity = Validity { from: now, until: now.plus(Duration::from_hours(24 * 365)), revoked: false };
        desk.enrol(&oin, role, desk.personal_key(&oin, self.jwk().as_bytes(), self.registration, validity)?).await
    }

    /// Of which organisation she is.
    pub const fn organisation(&self) -> &Oin {
        self.organisation.as_ref().expect("one of an organisation")
    }

    /// Her public key.
    pub fn jwk(&self) -> String {
        json!({"kty": "OKP", "crv": "Ed25519", "x": self.public_key, "kid": self.reference}).to_string()
    }

    /// The same key in another name.
    pub fn known_as(&self, reference: &'static str, registration: &'static str) -> Self {
        Self { organisation: self.organisation.clone(), ..Self::with(reference, registration, self.private.clone()) }
    }

    /// The id of her enrolment.
    pub fn keyid(&self) -> String {
        base64::encode_url(&sha256(&base64::decode_url(&self.public_key).expect("a key")))
    }

    /// Her signature under what `statement` makes of who signs and when.
    pub fn signs(&self, at: Timestamp, statement: impl Fn(&str, Timestamp) -> Vec<u8>) -> SignedStep {
        SignedStep {
            professional: self.reference.to_owned(),
            registration: self.registration.to_owned(),
            public_key: self.public_key.clone(),
            signed_at: at,
            signature: base64::encode_url(&self.key.sign(&statement(self.reference, at)).expect("signed")),
        }
    }
}

/// An override of `source` about P21, whole but for who signs.
pub fn content(gateway: &TestGateway, purpose: &str, recipients: &[Slug], category: Category, ground: Ground) -> OverrideContent {
    let question = gateway.question("P21");
    OverrideContent {
        subject: SubjectWire {
            scheme: "bsn".to_owned(),
            value: question["subject"]["value"].as_str().expect("a number").to_owned(),
        },
        recipients: recipients.iter().map(|slug| slug.organisation().parsed_oin().expect("an OIN")).collect(),
        purpose: purpose.parse().expect("a purpose"),
        categories: vec![category],
        forms: Form::ALL.to_vec(),
        ground,
        harm: "He keeps to none of the conditions that protect her.".to_owned(),
        harm_to: "A1 and K1".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "a formal warning; he tore it up".to_owned(),
        why_least: "how it runs suffices".to_owned(),
        colleague: "unit manager".to_owned(),
        expires_at: gateway.clock.now().plus(Duration::from_hours(24)),
    }
}

/// The report of an honest source: approved by the second professional, or, made by one alone, with the day of its review.
pub fn report(gateway: &TestGateway, content: &OverrideContent, one: &Person, two: Option<&Person>) -> OverrideMessage {
    let (now, id) = (gateway.clock.now(), random_text());
    OverrideMessage {
        standing: OverrideStanding::Active,
        created: one.signs(now, |who, at| content.create_statement(&id, who, at)),
        approved: two.map(|two| two.signs(now, |who, at| content.approve_statement(&id, who, at))),
        review_due: two.is_none().then(|| now.plus_working_days(2)),
        revoked: None,
        content: content.clone(),
        id,
    }
}

/// The body of a privacy officer's verdict on an override, `id`, that one professional made alone.
pub fn verdict(gateway: &TestGateway, task: &str, id: &str, answer: AnswerCode, by: &Person) -> Value {
    verdict_of(gateway, TaskKind::OverrideReview, (task, id), answer, by)
}

/// The same on what a task of this kind is about.
pub fn verdict_of(gateway: &TestGateway, of: TaskKind, about: (&str, &str), answer: AnswerCode, by: &Person) -> Value {
    verdict_at(&gateway.running().gateway.oin, of, about, answer, (by, gateway.clock.now()))
}

/// The same at any gateway.
pub fn verdict_at(
    gateway: &Oin,
    of: TaskKind,
    (task, id): (&str, &str),
    answer: AnswerCode,
    (by, at): (&Person, Timestamp),
) -> Value {
    let basis = "the address was not needed";
    let to = Addressed { gateway, organisation: by.organisation() };
    let verdict = Verdict { to, of, notice: task, id, answer, basis: Some(basis) };
    let signed = by.signs(at, |who, at| verdict.statement(who, at));
    let own = json!({"signedAt": signed.signed_at, "signature": signed.signature});
    json!({"answer": answer, "by": by.reference, "basis": basis, "signed": own})
}

/// The report of its end.
pub fn ended(gateway: &TestGateway, message: &OverrideMessage, by: &Person) -> OverrideMessage {
    let revoked = by.signs(gateway.clock.now(), |who, at| revoke_statement(&message.id, who, at));
    OverrideMessage { standing: OverrideStanding::Revoked, revoked: Some(revoked), ..message.clone() }
}

/// The gateway takes it.
pub async fn taken(gateway: &TestGateway, source: Slug, message: &OverrideMessage) -> Result<Response, String> {
    let persona = gateway.persona(source);
    let body = json!(message).to_string();
    let request = Draft::post("/v1/overrides", gateway.authority_name(), body.as_bytes()).by(&persona.key, &*gateway.clock);
    gateway.wire().success(&persona.tls, &request.sign(&persona.key)).await
}

/// The gateway refuses it with a fault at each of these places, and no other; gives what is expected at the first.
pub async fn refused(gateway: &TestGateway, source: Slug, message: &Value, places: &[&str]) -> Result<String, String> {
    let persona = gateway.persona(source);
    let body = message.to_string();
    let request = Draft::post("/v1/overrides", gateway.authority_name(), body.as_bytes()).by(&persona.key, &*gateway.clock);
    let response = gateway.refused(&persona, &request.sign(&persona.key), caller(400, "schema-invalid")).await?;
    let mut found = response.pointers();
    let expected = response.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
    found.sort();
    if found == places { Ok(expected) } else { Err(format!("{found:?}: {}", response.json())) }
}
