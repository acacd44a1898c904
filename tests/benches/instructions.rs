//! How many instructions a disclosure needs: unlike times, these hardly depend on the machine or on who else uses it.
//!
//! A process under callgrind takes requests through the whole exchange, one at a time on one thread, with a store in a file and a connector in a process of
//! its own: first a few, then many more. What both have in common (start, first uses, stop) falls away in the difference. TLS towards the requester, HTTP and
//! background jobs are left out: how often those run depends on time. The requester's signature is in it: a signature made long before would have expired.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use http::StatusCode;
use sluis::app::gateway::{build, read_signing};
use sluis::config::GatewayConfig;
use sluis::crypto::keys::SigningKey;
use sluis::crypto::message_signature::RequestSignature;
use sluis::exchange::authenticate::{REQUEST_TAG, authenticate};
use sluis::exchange::signed::SignedRequest;
use sluis::exchange::{Gateway, disclose as disclose_matter, request};
use sluis::http::reply::{Reply, Responder};

use crate::requester::Requester;
use crate::stages::{Signer, asked};
use crate::world::{GIVEN, REQUESTER, World};
use crate::{Outcome, connector, progress, say};

/// How many households: enough for a person per disclosure.
const HOUSEHOLDS: usize = 125;

/// Disclosures of the short run, which fill what is remembered.
const FEW: usize = 15;

/// By how many more the long run has.
const MORE: usize = 80;

/// How far the count may move, in per cent of what is written down.
const TOLERANCE: u64 = 10;

/// Milliseconds that the source gets: under callgrind everything takes long.
const PATIENCE: u64 = 120_000;

/// Counts, and holds the count against the one in `expected`.
pub(crate) async fn check(valgrind: &Path, expected: &Path) -> Outcome<()> {
    let written = written(expected)?;
    let counted = count(valgrind).await?;
    say(&format!("{counted} instructions of the gateway for a disclosure; {} has {written}", expected.display()));
    match verdict(counted, written) {
        Verdict::Same => Ok(()),
        Verdict::Fewer => {
            say(&format!("that is more than {TOLERANCE} % fewer: write {counted} into {}", expected.display()));
            Ok(())
        }
        Verdict::More => Err(format!(
            "a disclosure needs {} % more instructions than {} has; find out why, and write the new number down only if it has to be",
            counted.saturating_sub(written) * 100 / written.max(1),
            expected.display()
        )
        .into()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Fewer,
    More,
}

const fn verdict(counted: u64, written: u64) -> Verdict {
    if counted * 100 > written * (100 + TOLERANCE) {
        Verdict::More
    } else if counted * 100 < written * (100 - TOLERANCE) {
        Verdict::Fewer
    } else {
        Verdict::Same
    }
}

/// The number in the file, on the one line that is no comment.
fn written(file: &Path) -> Outcome<u64> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let number = text.lines().find(|line| !line.starts_with('#') && !line.trim().is_empty()).ok_or("no number")?;
    Ok(number.trim().replace('_', "").parse().map_err(|_| format!("{}: {number} is no number", file.display()))?)
}

/// Instructions of one disclosure.
async fn count(valgrind: &Path) -> Outcome<u64> {
    let world = World::make(None, HOUSEHOLDS, None)?;
    let source = world.connector().await?;
    let few = under_callgrind(&world, valgrind, FEW)?;
    let many = under_callgrind(&world, valgrind, FEW + MORE)?;
    source.stop().await?;
    Ok(many.saturating_sub(few) / u64::try_from(MORE)?)
}

/// The instructions of a whole process that takes so many requests through the exchange.
fn under_callgrind(world: &World, valgrind: &Path, disclosures: usize) -> Outcome<u64> {
    progress(&format!("{disclosures} disclosures under callgrind"));
    let counts = world.folder.join(format!("callgrind-{disclosures}"));
    let mut file = OsString::from("--callgrind-out-file=");
    file.push(&counts);
    let mut command = Command::new(valgrind);
    command.args(["--quiet", "--tool=callgrind"]).arg(file).arg(std::env::current_exe()?).arg("disclose");
    command.arg("--dir").arg(&world.folder).arg("--disclosures").arg(disclosures.to_string()).env("RUST_LOG", "warn");
    if !command.status()?.success() {
        return Err("the disclosures under callgrind failed".into());
    }
    let text = std::fs::read_to_string(&counts).map_err(|error| format!("{}: {error}", counts.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    Ok(line.ok_or("callgrind gives no sum")?.trim().parse()?)
}

/// What runs under callgrind: requests, each signed before, taken through the exchange one after the other.
pub(crate) async fn disclose(folder: &Path, disclosures: usize) -> Outcome<()> {
    let (world, outside) = (World::made(folder)?, connector::outside());
    let mut config = GatewayConfig::load(&world.layout.configuration())?;
    config.exchange.source_ms = PATIENCE;
    let responder = Responder::new(SigningKey::from_jwk(&read_signing(&config.keys.signing)?)?);
    let authority = config.gateway.authorities.first().cloned().ok_or("no authority")?;
    let gateway = build(config, outside.clone()).await?.gateway;
    let signer = Signer::new(&world, authority)?;
    let mut answers = Vec::new();
    for number in 0..disclosures {
        let request = signer.request(&world, number, &outside)?;
        answers.push(one(&gateway, &responder, request).await?);
    }
    // In both runs as many are opened: those cancel out.
    let requester = Requester::new(&world.layout.kit_of(REQUESTER), &outside)?;
    for (number, answer) in answers.iter().enumerate().rev().take(FEW) {
        let held = requester.open(world.request(number), answer)?;
        if held.categories != GIVEN {
            return Err(format!("{} categories came, {GIVEN} were expected", held.categories).into());
        }
    }
    let shortest = answers.iter().map(Vec::len).min().unwrap_or_default();
    let longest = answers.iter().map(Vec::len).max().unwrap_or_default();
    if shortest * 10 < longest * 9 {
        Err(format!("an answer of {shortest} bytes beside one of {longest}").into())
    } else {
        Ok(())
    }
}

/// From the bytes of a request to those of its signed response; the body of that.
async fn one(gateway: &Gateway, responder: &Responder, mut request: SignedRequest) -> Outcome<Vec<u8>> {
    request.signature = RequestSignature::parse(&request.headers);
    let asked = asked(&request);
    let authenticated = authenticate(gateway, request, REQUEST_TAG).map_err(|rejected| format!("{rejected:?}"))?;
    let parsed = request::parse(&authenticated.request().body).map_err(|refusal| format!("{refusal:?}"))?;
    let matter = gateway.matter(&authenticated, parsed)?;
    let delivered = disclose_matter(gateway, matter).await.map_err(|refusal| format!("{refusal:?}"))?;
    let body = delivered.json();
    let response = responder.send(Reply::json(body.clone()), &asked, &*gateway.clock);
    if response.status() == StatusCode::OK { Ok(body) } else { Err(format!("status {}", response.status()).into()) }
}
