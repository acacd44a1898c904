//! The ordinary case: what every negative case departs from.

use std::time::{Duration, Instant};

use sluis::demo::organisations::Slug;

use crate::support::TestGateway;
use crate::support::cases::Cases;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_organisation_of_the_kit_is_heard() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let body = gateway.question("P22").to_string().into_bytes();
    for slug in [Slug::VeiligThuis, Slug::Probation, Slug::Prosecution, Slug::MentalHealth, Slug::YouthProtection] {
        let asker = gateway.persona(slug);
        let request = gateway.draft(&asker, &body).sign(&asker.key);
        let response = gateway.wire().exchange(&asker.tls, &request).await;
        // Who may have what is another matter: heard is who is answered with a disclosure or told what is not permitted.
        let heard = response.and_then(|response| match response.status {
            200 | 403 => Ok(()),
            _ => Err(String::from_utf8_lossy(&response.body).into_owned()),
        });
        cases.check(asker.slug.code(), heard);
    }
    let asker = gateway.persona(Slug::VeiligThuis);
    let request = gateway.draft(&asker, &body).sign(&asker.key);
    let response = cases.check("a disclosure", gateway.wire().success(&asker.tls, &request).await).expect("a response");
    let id = response.json()["disclosure"].as_str().expect("an id").to_owned();
    let request = gateway.draft_get(&asker, &format!("/v1/disclosures/{id}")).sign(&asker.key);
    cases.check("its pick-up", gateway.wire().success(&asker.tls, &request).await);
    let request = gateway.draft_get(&asker, "/v1/openapi.json").sign(&asker.key);
    cases.check("a public document", gateway.wire().success(&asker.tls, &request).await);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(8);
}

/// With `answerAt` on, whatever depends on the person leaves a second after it was asked, be it given the first time, again or picked up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_leave_at_the_fixed_instant() {
    let gateway = TestGateway::start_timed().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let mut cases = Cases::default();
    let mut own = String::new();
    for person in ["P22", "P42"] {
        let body = gateway.question(person).to_string().into_bytes();
        let keyed = || gateway.draft(&asker, &body).field("idempotency-key", &format!("timed-request-{person}")).sign(&asker.key);
        for name in ["first", "again"] {
            let request = keyed();
            let start = Instant::now();
            let answer = gateway.wire().success(&asker.tls, &request).await;
            let taken = start.elapsed();
            if let Some(answer) = cases.check(format!("{person} {name}"), answer) {
                own = format!("/v1/disclosures/{}", answer.json()["disclosure"].as_str().expect("an id"));
            }
            cases.hold(format!("{person} {name} takes a second, not {taken:?}"), taken >= Duration::from_millis(990));
        }
        let request = gateway.draft_get(&asker, &own).sign(&asker.key);
        let start = Instant::now();
        cases.check(format!("{person} picked up"), gateway.wire().success(&asker.tls, &request).await);
        cases.hold(format!("{person} picked up after a second"), start.elapsed() >= Duration::from_millis(990));
    }
    gateway.stop().await;
    cases.finish(12);
}
