//! The processor time of each stage of a disclosure, in this process, all threads together.
//!
//! The stages are taken one after the other for many requests at once, so that reading the clock costs nothing and commits are grouped as
//! they are under load.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, Method};
use sluis::app::gateway::{Outside, build, read_signing};
use sluis::client::Kit;
use sluis::config::GatewayConfig;
use sluis::crypto::keys::SigningKey;
use sluis::crypto::message_signature::{Nonce, Profile, RequestParts, RequestSignature, SignatureTimes, sign_request};
use sluis::exchange::authenticate::{REQUEST_TAG, authenticate};
use sluis::exchange::signed::{Peer, SignedRequest};
use sluis::exchange::{Gateway, announce, authorise, collect, deliver, minimise, pseudonymise, recheck, record, request, seal};
use sluis::http::reply::{Asked, Reply, Responder};
use tokio::time::Instant;

use crate::Outcome;
use crate::figures::{Figures, micros};
use crate::process::own_processor;
use crate::world::{REQUESTER, World};

/// Requests at once.
const TOGETHER: usize = 64;

/// How many times.
const ROUNDS: usize = 12;

/// The stages, in order.
const NAMES: [&str; 12] = [
    "request signature: parse, verify, digest, nonce",
    "JSON of the request",
    "policy: facts read, consent, decision",
    "ask entry and its commit",
    "source: call signed, mTLS, answer verified and read",
    "recheck: policies with the items' facts",
    "minimise",
    "pseudonyms",
    "seal: payload and JWE",
    "entries, and the record commit",
    "deliver: response's JSON",
    "response signature",
];

/// Measures each stage.
pub(crate) async fn measure(world: &World, outside: &Outside, figures: &mut Figures) -> Outcome<()> {
    let config = GatewayConfig::load(&world.layout.configuration())?;
    let responder = Responder::new(SigningKey::from_jwk(&read_signing(&config.keys.signing)?)?);
    let authority = config.gateway.authorities.first().cloned().ok_or("no authority")?;
    let built = build(config, outside.clone()).await?;
    let signer = Signer::new(world, authority)?;
    let mut sums = [Duration::ZERO; NAMES.len()];
    for round in 0..=ROUNDS {
        let requests = (0..TOGETHER).map(|place| signer.request(world, round * TOGETHER + place, outside));
        let requests = requests.collect::<Outcome<Vec<_>>>()?;
        let used = one_round(&built.gateway, &responder, requests).await?;
        // The first round warms the caches.
        if round > 0 {
            sums.iter_mut().zip(used).for_each(|(sum, used)| *sum += used);
        }
    }
    let count = f64::from(u32::try_from(TOGETHER * ROUNDS)?);
    let mut total = 0.0;
    for (name, sum) in NAMES.iter().zip(sums) {
        let each = micros(sum.div_f64(count));
        total += each;
        figures.stage(name, each);
    }
    figures.stage("together", total);
    if let Some(whole) = figures.value("cpu_us_per_disclosure") {
        figures.stage("the rest of the gateway's CPU: TLS, HTTP, receipts to the source", whole - total);
    }
    Ok(())
}

/// Takes a batch through all stages.
async fn one_round(
    gateway: &Arc<Gateway>,
    responder: &Responder,
    requests: Vec<SignedRequest>,
) -> Outcome<[Duration; NAMES.len()]> {
    let mut used = [Duration::ZERO; NAMES.len()];
    let mut clock = Clock { places: used.iter_mut() };
    let asked: Vec<_> = requests.iter().map(asked).collect();
    let authenticated = clock.plain(requests, |mut request| {
        request.signature = RequestSignature::parse(&request.headers);
        authenticate(gateway, request, REQUEST_TAG).map_err(|rejected| format!("{rejected:?}").into())
    })?;
    let parsed = clock.plain(authenticated, |authenticated| {
        let request = request::parse(&authenticated.request().body).map_err(|refusal| format!("{refusal:?}"))?;
        Ok((authenticated, request))
    })?;
    let matters = parsed.into_iter().map(|(authenticated, request)| gateway.matter(&authenticated, request));
    let matters = matters.collect::<Result<Vec<_>, _>>()?;
    let authorised = clock.each(matters, |matter| authorise::authorise(gateway, matter)).await?;
    let announced = clock.each(authorised, |authorised| announce::announce(gateway, authorised)).await?;
    let collected = clock.each(announced, |announced| collect::collect(gateway, announced)).await?;
    let rechecked = clock.each(collected, |collected| recheck::recheck(gateway, collected)).await?;
    let minimised = clock.plain(rechecked, |rechecked| Ok(minimise::minimise(gateway, rechecked)))?;
    let named = clock.each(minimised, |minimised| pseudonymise::pseudonymise(gateway, minimised)).await?;
    let sealed = clock.plain(named, |named| seal::seal(gateway, named).map_err(|stopped| format!("{stopped:?}").into()))?;
    let recorded = clock.each(sealed, |sealed| record::record(gateway, sealed)).await?;
    let delivered = clock
        .each(recorded, |recorded| async move { Ok::<_, ()>(Reply::json(deliver::deliver(gateway, recorded).await.json())) })
        .await?;
    clock
        .plain(delivered.into_iter().zip(asked).collect(), |(reply, asked)| Ok(responder.send(reply, &asked, &*gateway.clock)))?;
    Ok(used)
}

/// Writes what each stage uses into the next place.
struct Clock<'a> {
    places: std::slice::IterMut<'a, Duration>,
}

impl Clock<'_> {
    fn plain<A, B>(&mut self, input: Vec<A>, stage: impl FnMut(A) -> Outcome<B>) -> Outcome<Vec<B>> {
        let before = own_processor()?;
        let output = input.into_iter().map(stage).collect();
        self.stop(before)?;
        output
    }

    async fn each<A, B, E: std::fmt::Debug, F: Future<Output = Result<B, E>>>(
        &mut self,
        input: Vec<A>,
        stage: impl FnMut(A) -> F,
    ) -> Outcome<Vec<B>> {
        let before = own_processor()?;
        let output = join_all(input.into_iter().map(stage)).await;
        self.stop(before)?;
        output.into_iter().map(|one| one.map_err(|error| format!("{error:?}").into())).collect()
    }

    fn stop(&mut self, before: Duration) -> Outcome<()> {
        let place = self.places.next().ok_or("more stages than names")?;
        *place = own_processor()?.saturating_sub(before);
        Ok(())
    }
}

/// What the response to it is bound to.
pub(crate) fn asked(request: &SignedRequest) -> Asked {
    Asked {
        method: request.method.as_str().to_owned(),
        path: request.path.clone(),
        signature: request.signature.as_ref().ok().cloned(),
        id: "0".to_owned(),
    }
}

/// Signs requests as the requester does.
pub(crate) struct Signer {
    key: SigningKey,
    peer: Peer,
    authority: String,
}

impl Signer {
    /// For requests to the gateway at this authority.
    pub(crate) fn new(world: &World, authority: String) -> Outcome<Self> {
        let kit = Kit::open(&world.layout.kit_of(REQUESTER))?;
        let key = SigningKey::from_jwk(&kit.signing_key()?)?;
        let certificate = rustls_pki_types::pem::PemObject::from_pem_file(kit.identity().certificate);
        let certificate: rustls_pki_types::CertificateDer<'_> = certificate?;
        let fingerprint = sluis::crypto::digest::sha256(&certificate);
        Ok(Self { key, peer: Peer { fingerprint, oin: Some(kit.organisation.oin.clone()) }, authority })
    }

    /// The request about the person with this number, as the gateway takes it in.
    pub(crate) fn request(&self, world: &World, number: usize, outside: &Outside) -> Outcome<SignedRequest> {
        let body = world.request(number);
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(&self.authority)?);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let now = outside.clock.now();
        let parts =
            RequestParts { method: "POST", authority: &self.authority, path: "/v1/disclosures", query: None, headers: &headers };
        let profile = Profile { label: "sluis", tag: REQUEST_TAG };
        let nonce = Nonce::random(&*outside.entropy)?;
        let signed = sign_request(&parts, Some(body), &self.key, SignatureTimes::from(now), &nonce, profile)?;
        signed.insert_into(&mut headers);
        let signature = RequestSignature::parse(&headers);
        Ok(SignedRequest {
            method: Method::POST,
            authority: self.authority.clone(),
            path: "/v1/disclosures".to_owned(),
            query: None,
            headers,
            signature,
            body: Bytes::copy_from_slice(body),
            peer: self.peer.clone(),
            arrived: now,
            arrived_at: Instant::now(),
        })
    }
}
