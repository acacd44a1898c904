//! A log of a million full entries: real bodies sealed with the gateway's keys, real tiles, a head that the gateway signed. It stands in a world of its
//! own, whose gateway can be started on it.

use std::sync::Arc;
use std::time::Duration;

use sluis::app::gateway::{Built, Outside, build};
use sluis::clock::Timestamp;
use sluis::config::GatewayConfig;
use sluis::ledger::entry::{Body, Clear, TraceId};
use sluis::ledger::statement::Statement;
use sluis::store::journal::{DEFAULT_YEARS, Journal};
use sluis::store::{Append, EntryRow};

use crate::cache::Cached;
use crate::load::closed;
use crate::requester::Requester;
use crate::world::{REQUESTER, World};
use crate::{Outcome, progress};

/// How many entries.
const ENTRIES: u64 = 1_000_000;

/// Entries of one commit.
const BATCH: u64 = 1024;

/// How many households its world has.
const HOUSEHOLDS: usize = 1200;

/// Over how many days before its making the entries are spread.
const DAYS: u64 = 700;

/// How many persons, cases and employees the entries are about, under keyed tokens.
const PERSONS: u64 = 50_000;
const CASES: u64 = 5_000;
const EMPLOYEES: u64 = 400;

/// The world with the log; `None` when it is not there and not to be made.
pub(crate) async fn world(make: bool, outside: &Outside) -> Outcome<Option<Arc<World>>> {
    let cached = Cached::at("million-entries")?;
    if !cached.is_complete() {
        if !make {
            return Ok(None);
        }
        cached.begin()?;
        let world = Arc::new(World::make(Some(&cached.folder.join("world")), HOUSEHOLDS)?);
        ask(&world, outside).await?;
        fill(&world, outside).await?;
        cached.finish()?;
    }
    Ok(Some(Arc::new(World::make(Some(&cached.folder.join("world")), HOUSEHOLDS)?)))
}

/// Real disclosures, of which the rest are copies.
async fn ask(world: &Arc<World>, outside: &Outside) -> Outcome<()> {
    let source = world.connector().await?;
    let (gateway, _) = world.gateway().await?;
    let requester = Arc::new(Requester::new(&world.layout.kit_of(REQUESTER), outside)?);
    let asked = Arc::clone(world);
    let one = move |number: usize| {
        let (requester, world) = (Arc::clone(&requester), Arc::clone(&asked));
        async move { Ok(requester.ask(world.request(number)).await?.0) }
    };
    closed(8, Duration::from_secs(2), one).await?;
    gateway.settled().await?;
    gateway.stop().await?;
    source.stop().await
}

/// Appends copies of the entries that are there, each sealed anew, with a trace, a time, a person, a case and an employee of its own.
async fn fill(world: &World, outside: &Outside) -> Outcome<()> {
    let Built { gateway, .. } = build(GatewayConfig::load(&world.layout.configuration())?, outside.clone()).await?;
    let mut templates = Vec::new();
    loop {
        let page = gateway.store.entries(u64::try_from(templates.len())?, 512).await?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            templates.push((stored.row.clear.clone(), gateway.journal.open(&stored.row)?));
        }
    }
    let (mut size, began) = (gateway.store.head().await?.size, outside.clock.now());
    while size < ENTRIES {
        let until = ENTRIES.min(size + BATCH);
        let copies = (size..until).map(|number| copy(&gateway.journal, &templates, number, began));
        let entries = copies.collect::<Outcome<Vec<EntryRow>>>()?;
        gateway.sequencer.append(Append { entries, ..Append::default() }).await?;
        size = until;
        if size % (BATCH * 100) < BATCH {
            progress(&format!("{size} of {ENTRIES} entries"));
        }
    }
    Ok(())
}

fn copy(journal: &Journal, templates: &[(Clear, Body)], number: u64, now: Timestamp) -> Outcome<EntryRow> {
    let count = u64::try_from(templates.len())?;
    let (round, place) = (number / count, usize::try_from(number % count)?);
    let (clear, body) = templates.get(place).ok_or("no entries to copy")?;
    let (mut clear, mut body) = (clear.clone(), body.clone());
    // What belonged together still does: traces of one round differ from those of all others, and are the same within it.
    let trace = u128::from_str_radix(&clear.trace.to_string(), 16)?.wrapping_add(u128::from(round) << 64 | u128::from(round));
    let trace: TraceId = format!("{trace:032x}").parse()?;
    let age = Duration::from_secs(DAYS * 86_400 * ENTRIES.saturating_sub(number) / ENTRIES);
    let time = now.minus(age);
    let request = (trace.to_string().get(..8).map(|hex| u64::from_str_radix(hex, 16))).ok_or("a short trace")??
        ^ round.wrapping_mul(2_654_435_761);
    let token = |of: &str, number: u64| journal.case_token(&clear.party, &format!("{of} {number}"));
    clear.subject = clear.subject.map(|_| token("person", request % PERSONS));
    clear.case = Some(token("case", request % CASES));
    clear.actor = clear.actor.map(|_| token("employee", request % EMPLOYEES));
    (clear.trace, clear.time) = (trace, time);
    (body.operation.trace_id, body.occurred_at, body.operation.started_at) = (trace, time, time);
    let statement = body.statement.as_deref().map(str::parse::<Statement>).transpose()?;
    Ok(journal.write(clear, &body, statement.as_ref(), DEFAULT_YEARS)?.row)
}
