//! The scripted run: signed requests through the same client as `sluis request`, each with what is expected of it.

mod people;
mod report;
mod scenes;

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

pub use report::{CosignedHead, Report, Told};
use scenes::{Acting, Expected, SCENES, Scene, Subject};

use super::running::{DemoError, Running};
use crate::case_room::CaseId;
use crate::client::{Disclosed, Trouble};

/// How many scenes are played at once: a small machine keeps within the purposes' `answerAt` with so many.
const AT_ONCE: usize = 4;

/// How long the witnesses are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays every scene and tells what happened.
///
/// # Errors
/// [`DemoError`], when the demo itself fails; a scene that went otherwise than expected stands in the report.
pub async fn play(demo: &Running) -> Result<Report, DemoError> {
    let mut report = Report::default();
    people::make_overrides(demo).await?;
    let case = people::open_case(demo).await?;
    // Several at once, as organisations do; told in the script's order.
    let mut playing = stream::iter(SCENES).map(|scene| play_scene(demo, &case, scene)).buffered(AT_ONCE);
    while let Some(told) = playing.next().await {
        report.scenes.push(told?);
    }
    report.scenes.extend(people::release_and_refuse(demo).await?);
    // At once after the last entry: the sources' receipts wait for the witnesses too.
    report.log_size = demo.gateway.store.head().await.map_err(DemoError::new)?.size;
    report.cosigned = cosigned(demo, report.log_size).await?;
    report.sources_verified = people::sources_receipts(demo, &report).await?;
    Ok(report)
}

/// Waits until every witness has cosigned a log of at least `size` entries; who has, when that takes too long.
async fn cosigned(demo: &Running, size: u64) -> Result<Option<CosignedHead>, DemoError> {
    let Some(witnessing) = &demo.gateway.witnessing else { return Ok(None) };
    let (begun, of) = (Instant::now(), witnessing.policy.witnesses().len());
    loop {
        let newest = demo.gateway.store.newest_cosigned().await.map_err(DemoError::new)?;
        let newest = newest.filter(|newest| newest.checkpoint().size() >= size);
        let by =
            newest.as_ref().and_then(|newest| witnessing.policy.witnessed(newest).ok()).map_or(0, |witnessed| witnessed.by.len());
        if by == of || begun.elapsed() > PATIENCE {
            let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(Some(CosignedHead { by, of, size, millis }));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn play_scene(demo: &Running, case: &CaseId, scene: &Scene) -> Result<Told, DemoError> {
    let client = demo.client(scene.recipient)?;
    let body = body(demo, Some(case), scene)?;
    let outcome = client.disclose(&body, None).await;
    Ok(tell(demo, scene, outcome))
}

/// The body of a scene's request.
fn body(demo: &Running, case: Option<&CaseId>, scene: &Scene) -> Result<Vec<u8>, DemoError> {
    let (case, acting_as) = match scene.acting_as {
        Acting::Itself => (None, None),
        Acting::Team => (case, Some("expertise-team")),
        Acting::Director => (case, Some("case-director")),
    };
    let sources: Vec<_> = scene.sources.iter().map(|slug| slug.organisation().oin).collect();
    let body = json!({
        "purpose": scene.purpose,
        "case": case,
        "actingAs": acting_as,
        "subject": subject(demo, scene)?,
        "categories": scene.categories,
        "sources": sources,
        "form": scene.form,
        "actor": {"reference": format!("{}-4711", scene.recipient.code()), "role": "caseworker"},
        "necessity": scene.necessity,
    });
    serde_json::to_vec(&body).map_err(DemoError::new)
}

fn subject(demo: &Running, scene: &Scene) -> Result<Value, DemoError> {
    let person =
        |id: &str| demo.world.person(id).map(|(_, person)| person).ok_or_else(|| DemoError::new(format!("no person {id}")));
    match scene.subject {
        Subject::Person(id) => {
            let bsn = person(id)?.bsn.as_ref().ok_or_else(|| DemoError::new(format!("{id} has no citizen number")))?;
            Ok(json!({"scheme": "bsn", "value": bsn.expose()}))
        }
        Subject::Local(id, slug) => {
            Ok(json!({"scheme": "local", "value": person(id)?.local_number(slug), "source": slug.organisation().oin}))
        }
    }
}

/// What happened, beside what was expected.
fn tell(demo: &Running, scene: &Scene, outcome: Result<Disclosed, Trouble>) -> Told {
    let mut told = Told::new(scene);
    match outcome {
        Ok(disclosed) => {
            told.disclosed(&disclosed);
            let folder = demo.layout.kit_of(scene.recipient).join("receipts");
            if let Err(error) = disclosed.keep_receipts(&folder) {
                told.trouble = Some(format!("receipts could not be kept: {error}"));
            }
        }
        Err(Trouble::Problem(problem)) => told.refused = Some(problem.suffix().to_owned()),
        Err(trouble) => told.trouble = Some(trouble.to_string()),
    }
    told.as_expected = told.trouble.is_none() && scene.expected.is(&told);
    told
}

impl Expected {
    fn is(&self, told: &Told) -> bool {
        match self {
            Self::Given(items) => {
                let mut expected: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
                expected.sort();
                told.refused.is_none() && told.given_kinds() == expected
            }
            Self::Refused(suffix) => told.refused.as_deref() == Some(suffix),
        }
    }
}
