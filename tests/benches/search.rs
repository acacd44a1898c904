//! What a privacy officer waits for a page of her log: asked through the gateway, filtered in every way that the screens offer, each page an entry first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluis::actions::officer::statement;
use sluis::app::gateway::Outside;
use sluis::client::{Client, Kit, read_jwk};
use sluis::clock::Timestamp;
use sluis::connector::hand::Hand;
use sluis::crypto::keys::SigningKey;
use sluis::entropy::random;
use sluis::notice::Addressed;

use crate::Outcome;
use crate::figures::{millis, percentile};
use crate::large::{DAYS, case, employee, person};
use crate::world::{PURPOSE, REQUESTER, SOURCE, World};

/// Lines of a page, as many as a screen asks for.
const LINES: u32 = 50;

/// The officer whom the demo enrols with each source.
const OFFICER: &str = "fg-1";

/// How long pages took, in ms.
pub(crate) struct Pages {
    /// The median of all.
    pub(crate) p50: f64,
    /// What one in twenty exceeds.
    pub(crate) p95: f64,
    /// The same of each filter.
    pub(crate) filters: Vec<(&'static str, f64)>,
}

impl Pages {
    /// The filter that takes longest.
    pub(crate) fn slowest(&self) -> &'static str {
        self.filters.iter().max_by(|one, other| one.1.total_cmp(&other.1)).map_or("none", |(name, _)| name)
    }
}

/// Asks the running gateway of `world`, `rounds` times by each filter. In a log that is `full` of what is looked for, each must find something.
pub(crate) async fn pages(world: &World, outside: &Outside, rounds: u32, full: bool) -> Outcome<Pages> {
    let (kit, client, officer) = desk(world, outside)?;
    let to = kit.addressed()?;
    let (mut all, mut by_filter) = (Vec::new(), Vec::new());
    let names: Vec<&str> = filters(0, outside.clock.now()).into_iter().map(|(name, _)| name).collect();
    for (place, name) in names.into_iter().enumerate() {
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..rounds {
            let drawn = u64::from_be_bytes(random(&*outside.entropy)?);
            let (_, filter) = filters(drawn, outside.clock.now()).swap_remove(place);
            let begun = Instant::now();
            let page = page(&client, &officer, to, &filter).await?;
            times.push(begun.elapsed());
            found += page.get("lines").and_then(Value::as_array).map_or(0, Vec::len);
        }
        if full && found == 0 {
            return Err(format!("no page by {name} found anything").into());
        }
        by_filter.push((name, millis(percentile(&mut times, 95))));
        all.append(&mut times);
    }
    Ok(Pages { p50: millis(percentile(&mut all, 50)), p95: millis(percentile(&mut all, 95)), filters: by_filter })
}

/// The search file is derived: the first search after a start on a log without it has it built. What that costs is no cost of a disclosure.
pub(crate) async fn built(world: &World, outside: &Outside) -> Outcome<()> {
    let (kit, client, officer) = desk(world, outside)?;
    let begun = Instant::now();
    while let Err(error) = page(&client, &officer, kit.addressed()?, &json!({})).await {
        if begun.elapsed() > Duration::from_mins(5) {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// With what an officer of the source asks.
fn desk(world: &World, outside: &Outside) -> Outcome<(Kit, Client, Hand)> {
    let kit = Kit::open(&world.layout.kit_of(SOURCE))?;
    let client = Client::new(&kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy))?;
    let key = SigningKey::from_jwk(&read_jwk(&world.layout.source(SOURCE).join(format!("{OFFICER}.jwk")))?)?;
    Ok((kit, client, Hand::new(OFFICER.to_owned(), key, Arc::clone(&outside.clock))))
}

async fn page(client: &Client, officer: &Hand, to: Addressed<'_>, filter: &Value) -> Outcome<Value> {
    let request = json!({"filter": filter, "limit": LINES});
    let signed = officer.sign(|step| statement(to, "queries", &request, &step.professional, step.signed_at))?;
    let body = json!({
        "by": OFFICER, "request": request, "signed": {"signedAt": signed.signed_at, "signature": signed.signature},
    });
    Ok(client.post("/v1/log/queries", body.to_string().as_bytes(), None).await?)
}

/// The ways in which an officer looks, with what is drawn of them.
fn filters(drawn: u64, now: Timestamp) -> Vec<(&'static str, Value)> {
    let day = |days: u64| now.minus(Duration::from_hours(24 * days));
    let whole = |at: Timestamp| Timestamp::from_millis(at.millis() - at.millis() % 1000).to_string();
    let first = drawn % DAYS + 1;
    let (from, until) = (whole(day(first)), whole(day(first - 1)));
    let subject = json!({"scheme": "v-number", "value": person(drawn)});
    let recipient = REQUESTER.organisation().oin;
    vec![
        ("nothing", json!({})),
        ("person", json!({"subject": subject})),
        ("person and kind", json!({"subject": subject, "kind": "contribution"})),
        ("case", json!({"case": case(drawn)})),
        ("employee", json!({"actor": employee(drawn)})),
        ("employee and purpose", json!({"actor": employee(drawn), "purpose": PURPOSE})),
        ("period", json!({"from": from, "until": until})),
        ("period and outcome", json!({"from": from, "until": until, "outcome": "given"})),
        ("organisation", json!({"organisation": recipient})),
        (
            "organisation, category and period",
            json!({"organisation": recipient, "category": "household", "from": from, "until": until}),
        ),
        ("purpose and outcome", json!({"purpose": PURPOSE, "outcome": "given"})),
        ("kind", json!({"kind": "contribution"})),
        (
            "employee, category and organisation",
            json!({"actor": employee(drawn), "category": "address", "organisation": recipient}),
        ),
    ]
}
