//! Logs of many full entries: real bodies sealed with the gateway's keys, real tiles, a head that the gateway signed. Each stands in a world of its
//! own, whose gateway can be started on it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sluis::app::gateway::{Built, Outside, build};
use sluis::clock::Timestamp;
use sluis::config::{GatewayConfig, StoreUrl};
use sluis::demo::setup::Layout;
use sluis::ledger::entry::{Body, Clear, EntryKind, TraceId};
use sluis::ledger::statement::Statement;
use sluis::secret::Personal;
use sluis::store::journal::{DEFAULT_YEARS, Journal};
use sluis::store::{Append, EntryRow};
use sluis::subject::SubjectId;

use crate::cache::Cached;
use crate::load::closed;
use crate::requester::Requester;
use crate::world::{REQUESTER, SLUIS, World};
use crate::{Outcome, databases, progress};

/// A log of a size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Large {
    /// How many entries it was made with; each run adds those of its own disclosures.
    entries: u64,
    /// Its folder in the cache, and that of its copy in PostgreSQL with the database's name.
    name: &'static str,
    moved: (&'static str, &'static str),
}

/// A hundred thousand entries.
pub(crate) const HUNDRED_THOUSAND: Large = Large {
    entries: 100_000,
    name: "hundred-thousand-entries",
    moved: ("hundred-thousand-entries-postgres", "hundred_thousand"),
};

/// A million.
pub(crate) const MILLION: Large =
    Large { entries: 1_000_000, name: "million-entries", moved: ("million-entries-postgres", "million") };

/// Entries of one commit.
const BATCH: u64 = 1024;

/// The kinds of entries that a request leaves.
const OF_REQUESTS: [EntryKind; 3] = [EntryKind::Ask, EntryKind::Disclosure, EntryKind::Contribution];

/// The file of a demo's store.
const STORE: &str = "sluis.sqlite";

/// How many households its world has.
const HOUSEHOLDS: usize = 1200;

/// Over how many days before its making the entries are spread.
pub(crate) const DAYS: u64 = 700;

/// How many persons, cases and employees the entries are about.
pub(crate) const PERSONS: u64 = 50_000;
pub(crate) const CASES: u64 = 5_000;
pub(crate) const EMPLOYEES: u64 = 400;

/// The world with the log; `None` when it is not there and not to be made.
pub(crate) async fn world(large: Large, make: bool, outside: &Outside) -> Outcome<Option<Arc<World>>> {
    let cached = Cached::at(large.name)?;
    if !cached.is_complete() {
        if !make {
            return Ok(None);
        }
        cached.begin()?;
        let world = Arc::new(World::make(Some(&cached.folder.join("world")), HOUSEHOLDS, None)?);
        ask(&world, outside).await?;
        fill(&world, large.entries, outside).await?;
        cached.finish()?;
    }
    let folder = cached.folder.join("world");
    // What a disk gives that has not read it lately is the disk's figure: it is in memory, as far as that goes.
    std::io::copy(&mut std::fs::File::open(Layout::new(&folder).gateway().join(STORE))?, &mut std::io::sink())?;
    Ok(Some(Arc::new(World::make(Some(&folder), HOUSEHOLDS, None)?)))
}

/// The same in PostgreSQL: a copy by `sluis store copy`, in a database of the server that is kept; `None` when it is not there and not to be made.
pub(crate) async fn moved(large: Large, server: &str, make: bool, outside: &Outside) -> Outcome<Option<Arc<World>>> {
    let (folder, database) = large.moved;
    let cached = Cached::at(folder)?;
    let url = databases::named(server, database);
    // A copy belongs to the server whose address it has.
    if !cached.is_complete() || !databases::is_there(server, database).await? || !is_at(&cached.folder.join("world"), &url) {
        if !make || world(large, make, outside).await?.is_none() {
            return Ok(None);
        }
        cached.begin()?;
        copy_up(
            &Cached::at(large.name)?.folder.join("world"),
            &cached.folder.join("world"),
            &databases::made(server, database).await?,
        )?;
        cached.finish()?;
    }
    Ok(Some(Arc::new(World::make(Some(&cached.folder.join("world")), HOUSEHOLDS, Some(&url))?)))
}

fn is_at(folder: &Path, url: &str) -> bool {
    let store = GatewayConfig::load(&Layout::new(folder).configuration()).ok().and_then(|config| config.store.place().ok());
    matches!(store, Some(StoreUrl::Database(at)) if at == url)
}

/// Copies a world's folder without its store, and its store to the database.
fn copy_up(from: &Path, to: &Path, url: &str) -> Outcome<()> {
    copy_folder(from, to)?;
    let configuration = Layout::new(to).configuration();
    let text = std::fs::read_to_string(&configuration)?;
    std::fs::write(&configuration, text.replacen(&format!("\"sqlite:{STORE}\""), &format!("\"{url}\""), 1))?;
    let from = Layout::new(from).gateway().join(STORE);
    let mut command = Command::new(SLUIS);
    command.args(["store", "copy", "--from"]).arg(format!("sqlite:{}", from.display())).args(["--to", url]);
    if command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
        return Ok(());
    }
    Err("`sluis store copy` failed".into())
}

fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let to = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy_folder(&file.path(), &to)?;
        } else if !file.file_name().to_string_lossy().starts_with(STORE) {
            std::fs::copy(file.path(), to)?;
        }
    }
    Ok(())
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
async fn fill(world: &World, entries: u64, outside: &Outside) -> Outcome<()> {
    let Built { gateway, .. } = build(GatewayConfig::load(&world.layout.configuration())?, outside.clone()).await?;
    let (mut size, began) = (gateway.store.head().await?.size, outside.clock.now());
    let mut templates = Vec::new();
    for first in (0..size).step_by(512) {
        let page = gateway.store.entries(first, 512).await?;
        // What the world was made of (consents, organisations, keys) stands in it once.
        for stored in page.iter().filter(|stored| OF_REQUESTS.contains(&stored.row.clear.kind)) {
            templates.push((stored.row.clear.clone(), gateway.journal.open(&stored.row)?));
        }
    }
    while size < entries {
        let until = entries.min(size + BATCH);
        let copies = (size..until).map(|number| copy(&gateway.journal, &templates, (number, entries), began));
        let rows = copies.collect::<Outcome<Vec<EntryRow>>>()?;
        gateway.sequencer.append(Append { entries: rows, ..Append::default() }).await?;
        size = until;
        if size % (BATCH * 100) < BATCH {
            progress(&format!("{size} of {entries} entries"));
        }
    }
    Ok(())
}

fn copy(journal: &Journal, templates: &[(Clear, Body)], (number, of): (u64, u64), now: Timestamp) -> Outcome<EntryRow> {
    let count = u64::try_from(templates.len())?;
    let (round, place) = (number / count, usize::try_from(number % count)?);
    let (clear, body) = templates.get(place).ok_or("no entries to copy")?;
    let (mut clear, mut body) = (clear.clone(), body.clone());
    // What belonged together still does: traces of one round differ from those of all others, and are the same within it.
    let trace = u128::from_str_radix(&clear.trace.to_string(), 16)?.wrapping_add(u128::from(round) << 64 | u128::from(round));
    let trace: TraceId = format!("{trace:032x}").parse()?;
    let age = Duration::from_secs(DAYS * 86_400 * of.saturating_sub(number) / of);
    let time = now.minus(age);
    // A number of the request, evenly spread: by the golden ratio (Fibonacci hashing).
    let request = u128::from_str_radix(&trace.to_string(), 16)?.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 96;
    let request = u64::try_from(request)?;
    if clear.subject.is_some() {
        let person = Personal::new(SubjectId::VNumber(person(request).parse()?));
        clear.subject = Some(journal.subject_token(&clear.party, &person));
    }
    clear.case = Some(journal.case_token(&clear.party, &case(request)));
    clear.actor = clear.actor.map(|_| journal.actor_token(&clear.party, &employee(request)));
    (clear.trace, clear.time) = (trace, time);
    (body.operation.trace_id, body.occurred_at, body.operation.started_at) = (trace, time, time);
    let statement = body.statement.as_deref().map(str::parse::<Statement>).transpose()?;
    Ok(journal.write(clear, body, statement.as_ref(), DEFAULT_YEARS)?.row)
}

/// The V-number of one of the persons.
pub(crate) fn person(number: u64) -> String {
    format!("V-{}", number % PERSONS)
}

/// The id of one of the cases.
pub(crate) fn case(number: u64) -> String {
    format!("case-{}", number % CASES)
}

/// The reference of one of the employees.
pub(crate) fn employee(number: u64) -> String {
    format!("employee-{}", number % EMPLOYEES)
}
