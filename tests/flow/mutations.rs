//! A sound request with bytes changed at random, always the same random: none is answered with data, none does harm.

use futures_util::future::join_all;
use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::raw::{RawRequest, Received};
use crate::support::{Setup, TestGateway};

/// How many mutations of either kind.
const MUTATIONS: usize = 300;
/// How many at once.
const AT_ONCE: usize = 20;

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).expect("small")).expect("small")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutation_of_a_signed_request_is_answered() {
    let setup = Setup { change: |config| (config.limits.head_ms, config.limits.body_ms) = (700, 700), ..Setup::default() };
    let gateway = TestGateway::start_with(setup).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let mut random = Random(2026);
    let mut cases = Cases::default();
    for _ in 0..MUTATIONS / AT_ONCE {
        let sent = (0..AT_ONCE).map(|_| {
            let bytes = gateway.draft(&asker, &body).sign(&asker.key).bytes();
            let (mutated, what) = mutate(&bytes, &mut random);
            let gateway = &gateway;
            let tls = &asker.tls;
            async move { (what, gateway.wire().send(tls, &mutated).await) }
        });
        for (what, received) in join_all(sent.collect::<Vec<_>>()).await {
            let outcome = match received {
                Received::Closed => Ok(()),
                Received::Response(response) if (400..500).contains(&response.status) => Ok(()),
                other => Err(format!("{other:?}")),
            };
            cases.check(what, outcome);
        }
    }
    gateway.clock.advance(60);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(MUTATIONS);
}

/// Here whoever signs is the one who sends nonsense: refused or answered, but always properly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mutated_body_that_is_signed_is_judged() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let mut random = Random(4711);
    let mut cases = Cases::default();
    for _ in 0..MUTATIONS / AT_ONCE {
        let sent: Vec<(String, RawRequest)> = (0..AT_ONCE)
            .map(|_| {
                let (mutated, what) = mutate(&body, &mut random);
                (what, gateway.draft(&asker, &mutated).sign(&asker.key))
            })
            .collect();
        let answers = join_all(sent.iter().map(|(_, request)| gateway.wire().exchange(&asker.tls, request))).await;
        for ((what, _), answer) in sent.iter().zip(answers) {
            let judged = answer.and_then(|response| match response.status {
                200 | 400 | 403 | 404 => Ok(()),
                status => Err(format!("{status} {}", String::from_utf8_lossy(&response.body))),
            });
            cases.check(what, judged);
        }
    }
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(MUTATIONS);
}

/// One to three bytes changed, left out or put in. A change that means the same (letter case in a field's name, white space) is no change.
fn mutate(bytes: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    loop {
        let mut mutated = bytes.to_vec();
        let mut what = Vec::new();
        for _ in 0..=random.below(3) {
            let at = random.below(mutated.len());
            let byte = random.next().to_le_bytes()[0];
            match random.below(4) {
                0 => drop(mutated.remove(at)),
                1 => mutated.insert(at, byte),
                2 => mutated[at] ^= 1 << random.below(8),
                _ => mutated[at] = byte,
            }
            what.push(format!("byte {at}"));
        }
        let meaning = |bytes: &[u8]| {
            let bytes = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
            bytes.map(u8::to_ascii_lowercase).collect::<Vec<_>>()
        };
        if meaning(&mutated) != meaning(bytes) {
            return (mutated, what.join(", "));
        }
    }
}
