//! Search beside a store: it finds what the log holds, all of it and nothing else, whatever happens to its file; and the file tells of nobody.
//!
//! Broken on purpose to see it fail: each condition out of the query, `after` too; the place behind which a page begins by index alone; the leaf
//! not compared; the integrity check left out; what `told` hides not hidden: an override, who was asked, the part of a second.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sluis::catalogue::Category;
use sluis::clock::Timestamp;
use sluis::entropy::SystemEntropy;
use sluis::ledger::entry::{Body, Clear, EntryKind, Erases, Erasure, Operation, Outcome, SpanId, Status, TraceId};
use sluis::organisation::Oin;
use sluis::secret::Personal;
use sluis::store::retention::{Moving, tombstone};
use sluis::store::search::{Filter, Order, Page, Place, Search, told};
use sluis::store::sqlite::search::SqliteSearch;
use sluis::store::{Append, EntryRow};
use sluis::subject::SubjectId;

use super::fixture::{Fixture, NOW, On, oin, on_both};

on_both!(
    each_filter_and_each_pair_finds_what_a_look_at_every_entry_finds,
    growth_while_paging_loses_and_repeats_nothing_and_what_was_acknowledged_is_found,
);

const PURPOSES: [&str; 3] = ["safety-assessment", "risk-assessment", "case-team"];

/// Numbers that are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn sometimes<T>(&mut self, value: T) -> Option<T> {
        (self.below(4) > 0).then_some(value)
    }
}

fn person(number: usize) -> Personal<SubjectId> {
    let bsn = ["999990019", "999990020", "999990032"].get(number).expect("one of three");
    Personal::new(SubjectId::Bsn(bsn.parse().expect("a test number")))
}

fn actor(number: usize) -> String {
    format!("officer-mulder-{number}")
}

fn case(number: usize) -> String {
    format!("case-of-the-family-jansen-{number}")
}

/// Columns of an entry as they may come, of one of three parties.
fn columns(fixture: &Fixture, dice: &mut Dice, number: usize) -> Clear {
    let party = oin(u8::try_from(dice.below(3) + 1).expect("small"));
    let mut any = || Some(oin(u8::try_from(dice.below(5) + 1).expect("small")));
    let (source, recipient) = (any(), any());
    let categories: BTreeSet<Category> = (0..dice.below(4)).map(|_| Category::ALL[dice.below(Category::ALL.len())]).collect();
    let back = if dice.below(20) == 0 { 90_000 } else { 0 };
    Clear {
        kind: EntryKind::ALL[dice.below(6)],
        // Several in one second, and a clock that sometimes goes back.
        time: Timestamp::from_millis(NOW.millis() + i64::try_from(number).expect("small") * 310 - back),
        source: dice.sometimes(source).flatten(),
        recipient: if dice.below(3) == 0 { Some(party.clone()) } else { dice.sometimes(recipient).flatten() },
        purpose: {
            let one = PURPOSES[dice.below(3)];
            dice.sometimes(one.parse().expect("a purpose"))
        },
        categories,
        outcome: Outcome::ALL[dice.below(Outcome::ALL.len())],
        overridden: dice.below(5) == 0,
        subject: {
            let one = dice.below(3);
            dice.sometimes(fixture.journal.subject_token(&party, &person(one)))
        },
        actor: {
            let one = dice.below(3);
            dice.sometimes(fixture.journal.actor_token(&party, &actor(one)))
        },
        case: {
            let one = dice.below(3);
            dice.sometimes(fixture.journal.case_token(&party, &case(one)))
        },
        trace: TraceId::fresh(&SystemEntropy::default()).expect("randomness"),
        party,
    }
}

fn row(fixture: &Fixture, clear: Clear, years: u32) -> EntryRow {
    row_of(fixture, clear, years, None)
}

/// An entry, of an erasure if it erases something.
fn row_of(fixture: &Fixture, clear: Clear, years: u32, erases: Option<Erases>) -> EntryRow {
    let operation = Operation {
        trace_id: clear.trace,
        span_id: SpanId::fresh(&SystemEntropy::default()).expect("randomness"),
        parent_span_id: None,
        name: "test".to_owned(),
        status: Status::Unset,
        started_at: clear.time,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(clear.kind, clear.time, clear.party.clone(), operation);
    body.erasure = erases.map(|erases| Erasure { rule: "test".to_owned(), erases: Some(erases), count: 1 });
    fixture.journal.write(clear, body, None, years).expect("an entry").row
}

/// Appends so many entries, and gives their columns in the order of the log.
pub(super) async fn grow(fixture: &Fixture, dice: &mut Dice, known: &mut Vec<Clear>, count: usize) {
    let new: Vec<Clear> = (0..count).map(|one| columns(fixture, dice, known.len() + one)).collect();
    for part in new.chunks(200) {
        let entries = part.iter().map(|clear| row(fixture, clear.clone(), 5)).collect();
        fixture.commit_one(Append { entries, ..Append::default() }).await.expect("committed");
    }
    known.extend(new);
}

/// What a look at every entry finds, in the order of pages.
pub(super) fn scanned(known: &[Clear], filter: &Filter, order: Order) -> Vec<Place> {
    let all = (0..).zip(known).map(|(index, clear)| (index, told(clear)));
    let mut places: Vec<Place> =
        all.filter(|(_, clear)| filter.takes(clear)).map(|(index, clear)| Place { index, time: clear.time }).collect();
    places.sort_by_key(|place| (place.time, place.index));
    if order == Order::NewestFirst {
        places.reverse();
    }
    places
}

/// Every page of what `search` finds.
async fn found(search: &dyn Search, filter: &Filter, as_of: usize, order: Order, limit: u32) -> Vec<Place> {
    let mut page = Page { as_of: u64::try_from(as_of).expect("a size"), after: None, order, limit };
    let mut all: Vec<Place> = Vec::new();
    loop {
        let places = search.find(filter, page).await.expect("a page");
        assert!(places.len() <= usize::try_from(limit).expect("small"));
        page.after = places.last().copied();
        all.extend(&places);
        assert!(all.len() <= as_of, "pages that do not go on");
        if places.is_empty() {
            return all;
        }
    }
}

pub(super) type Set = Box<dyn Fn(&mut Filter)>;

/// Every filter by itself, with values that are there, and some that are not.
pub(super) fn filters(fixture: &Fixture, party: &Oin) -> Vec<(&'static str, Set)> {
    let (subject, by, matter) = (
        fixture.journal.subject_token(party, &person(1)),
        fixture.journal.actor_token(party, &actor(1)),
        fixture.journal.case_token(party, &case(1)),
    );
    let at = |seconds: u64| NOW.plus(Duration::from_secs(seconds));
    vec![
        ("subject", Box::new(move |filter: &mut Filter| filter.subject = Some(subject))),
        ("actor", Box::new(move |filter: &mut Filter| filter.actor = Some(by))),
        ("case", Box::new(move |filter: &mut Filter| filter.case = Some(matter))),
        ("organisation", Box::new(|filter: &mut Filter| filter.organisation = Some(oin(2)))),
        ("own organisation", Box::new(|filter: &mut Filter| filter.organisation = Some(filter.party.clone()))),
        ("purpose", Box::new(|filter: &mut Filter| filter.purpose = Some(PURPOSES[1].parse().expect("a purpose")))),
        ("unknown purpose", Box::new(|filter: &mut Filter| filter.purpose = Some("never".parse().expect("a purpose")))),
        ("category", Box::new(|filter: &mut Filter| filter.category = Some(Category::Identity))),
        ("last category", Box::new(|filter: &mut Filter| filter.category = Some(Category::Reporter))),
        ("kind", Box::new(|filter: &mut Filter| filter.kind = Some(EntryKind::Disclosure))),
        ("ask", Box::new(|filter: &mut Filter| filter.kind = Some(EntryKind::Ask))),
        ("unknown kind", Box::new(|filter: &mut Filter| filter.kind = Some(EntryKind::Erasure))),
        ("from", Box::new(move |filter: &mut Filter| filter.from = Some(at(120)))),
        ("until", Box::new(move |filter: &mut Filter| filter.until = Some(at(150)))),
        ("period", Box::new(move |filter: &mut Filter| (filter.from, filter.until) = (Some(at(200)), Some(at(300))))),
        ("outcome", Box::new(|filter: &mut Filter| filter.outcome = Some(Outcome::Given))),
        ("overridden", Box::new(|filter: &mut Filter| filter.overridden = Some(true))),
        ("not overridden", Box::new(|filter: &mut Filter| filter.overridden = Some(false))),
    ]
}

async fn each_filter_and_each_pair_finds_what_a_look_at_every_entry_finds(on: On) {
    let (fixture, mut dice, mut known) = (Fixture::on(on).await, Dice(1), Vec::new());
    grow(&fixture, &mut dice, &mut known, 2_400).await;
    let search = fixture.search().await;
    let mut somewhere = BTreeSet::new();
    for party in [oin(1), oin(2), oin(9)] {
        let filters = filters(&fixture, &party);
        for (first, set) in &filters {
            for (second, also) in &filters {
                let mut filter = Filter::of(party.clone());
                set(&mut filter);
                also(&mut filter);
                let expected = scanned(&known, &filter, Order::NewestFirst);
                let places = found(&*search, &filter, known.len(), Order::NewestFirst, 200).await;
                assert_eq!(places, expected, "{first} and {second} of {party}");
                if first == second && !expected.is_empty() {
                    somewhere.insert(*first);
                }
            }
            let mut filter = Filter::of(party.clone());
            set(&mut filter);
            for limit in [1, 7, 200, 1_000] {
                for order in [Order::NewestFirst, Order::OldestFirst] {
                    let limit = if limit == 1 && scanned(&known, &filter, order).len() > 200 { 13 } else { limit };
                    let expected = scanned(&known, &filter, order);
                    assert_eq!(found(&*search, &filter, known.len(), order, limit).await, expected, "{first}, pages of {limit}");
                }
            }
        }
        let all = Filter::of(party.clone());
        assert_eq!(found(&*search, &all, known.len(), Order::OldestFirst, 50).await, scanned(&known, &all, Order::OldestFirst));
    }
    let never = ["own organisation", "unknown purpose", "unknown kind"];
    let expected: BTreeSet<_> =
        filters(&fixture, &oin(1)).iter().map(|(name, _)| *name).filter(|name| !never.contains(name)).collect();
    assert_eq!(somewhere, expected, "every filter found something");
}

async fn growth_while_paging_loses_and_repeats_nothing_and_what_was_acknowledged_is_found(on: On) {
    let (fixture, mut dice, mut known) = (Fixture::on(on).await, Dice(2), Vec::new());
    grow(&fixture, &mut dice, &mut known, 400).await;
    let search = fixture.search().await;
    let filter = Filter::of(oin(1));
    let expected = scanned(&known, &filter, Order::NewestFirst);
    let mut page = Page { as_of: 400, after: None, order: Order::NewestFirst, limit: 10 };
    let mut places: Vec<Place> = Vec::new();
    loop {
        let more = search.find(&filter, page).await.expect("a page");
        if more.is_empty() {
            break;
        }
        page.after = more.last().copied();
        places.extend(more);
        assert!(places.len() <= expected.len(), "what was appended since is on none of its pages");
        grow(&fixture, &mut dice, &mut known, 30).await;
        // Also one whose time is that of the page to come.
        let mut between = columns(&fixture, &mut dice, known.len());
        (between.party, between.time) = (oin(1), page.after.expect("a place").time.minus(Duration::from_secs(1)));
        fixture
            .commit_one(Append { entries: vec![row(&fixture, between.clone(), 5)], ..Append::default() })
            .await
            .expect("committed");
        known.push(between);
        let (size, newest) = (known.len(), scanned(&known, &filter, Order::NewestFirst));
        let first = Page { as_of: u64::try_from(size).expect("a size"), after: None, order: Order::NewestFirst, limit: 5 };
        assert_eq!(search.find(&filter, first).await.expect("a page"), newest[..5], "what was just committed is found");
    }
    assert_eq!(places, expected);
    assert!(places.len() > 100);
}

/// Waits until nothing holds the file open, and its write-ahead log stands in it.
async fn closed(search: SqliteSearch, file: &Path) {
    drop(search);
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    while Path::new(&log).exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(super) fn search_file(store: &Path) -> PathBuf {
    let mut file = store.as_os_str().to_owned();
    file.push(".search");
    file.into()
}

/// What happens to a file.
type Damage = Box<dyn Fn(&Path)>;

/// That everything is found as it should be.
async fn is_right(search: &dyn Search, fixture: &Fixture, known: &[Clear], what: &str) {
    for party in [oin(1), oin(2)] {
        for (name, set) in filters(fixture, &party) {
            let mut filter = Filter::of(party.clone());
            set(&mut filter);
            let places = found(search, &filter, known.len(), Order::NewestFirst, 200).await;
            assert_eq!(places, scanned(known, &filter, Order::NewestFirst), "{what}: {name} of {party}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_deleted_cut_or_damaged_is_built_again() {
    let (fixture, mut dice, mut known) = (Fixture::new().await, Dice(3), Vec::new());
    grow(&fixture, &mut dice, &mut known, 600).await;
    let file = search_file(&fixture.file());
    let search = SqliteSearch::beside(&fixture.file());
    is_right(&search, &fixture, &known, "at first").await;
    closed(search, &file).await;
    let sound = std::fs::read(&file).expect("the file");

    let write = |bytes: Vec<u8>| -> Damage { Box::new(move |file: &Path| std::fs::write(file, &bytes).expect("written")) };
    let cut = |end: usize| write(sound[..end].to_vec());
    let mut damages: Vec<(String, Damage)> = vec![
        ("deleted".to_owned(), Box::new(|file: &Path| std::fs::remove_file(file).expect("deleted"))),
        ("empty".to_owned(), cut(0)),
        ("cut in its first page".to_owned(), cut(1_000)),
        ("cut in the middle".to_owned(), cut(sound.len() / 2)),
        ("cut at its end".to_owned(), cut(sound.len() - 4096)),
        ("no database".to_owned(), write(b"this is no database".repeat(1_000))),
    ];
    for round in 0..24 {
        let mut bytes = sound.clone();
        // A stretch of it: one flipped bit may lie where nothing stands.
        let from = dice.below(bytes.len() - 64);
        bytes[from..from + 64].iter_mut().for_each(|byte| *byte ^= 0x5a);
        damages.push((format!("damaged from {from} on, round {round}"), write(bytes)));
    }
    for (what, damage) in damages {
        damage(&file);
        let search = SqliteSearch::beside(&fixture.file());
        is_right(&search, &fixture, &known, &what).await;
        closed(search, &file).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_another_schema_of_another_store_or_ahead_of_an_older_copy_is_built_again() {
    let (fixture, mut dice, mut known) = (Fixture::new().await, Dice(4), Vec::new());
    grow(&fixture, &mut dice, &mut known, 300).await;
    let old = fixture.file().with_file_name("old.sqlite");
    let early = known.clone();
    let raw = fixture.raw().await;
    sqlx::query("VACUUM INTO ?").bind(old.to_str().expect("UTF-8")).execute(&raw).await.expect("a copy");
    raw.close().await;
    grow(&fixture, &mut dice, &mut known, 300).await;
    let search = SqliteSearch::beside(&fixture.file());
    is_right(&search, &fixture, &known, "at first").await;
    closed(search, &search_file(&fixture.file())).await;

    // An older copy of the store is put back.
    std::fs::copy(search_file(&fixture.file()), search_file(&old)).expect("a copy");
    let search = SqliteSearch::beside(&old);
    is_right(&search, &fixture, &early, "ahead of an older copy").await;

    // Another store, with as many entries.
    let (other, mut others) = (Fixture::new().await, Vec::new());
    grow(&other, &mut Dice(5), &mut others, 600).await;
    std::fs::copy(search_file(&fixture.file()), search_file(&other.file())).expect("a copy");
    let search = SqliteSearch::beside(&other.file());
    is_right(&search, &other, &others, "of another store").await;
    closed(search, &search_file(&other.file())).await;

    // Another schema.
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", search_file(&other.file()).display())).await.expect("the file");
    sqlx::query("UPDATE _sqlx_migrations SET version = 99").execute(&pool).await.expect("changed");
    pool.close().await;
    let search = SqliteSearch::beside(&other.file());
    is_right(&search, &other, &others, "of another schema").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_tells_of_nobody() {
    let (fixture, mut dice, mut known) = (Fixture::new().await, Dice(6), Vec::new());
    grow(&fixture, &mut dice, &mut known, 200).await;
    let search = SqliteSearch::beside(&fixture.file());
    search.catch_up().await.expect("caught up");
    let file = search_file(&fixture.file());
    let contains = |text: &[u8]| {
        let files = ["", "-wal"].map(|ending| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            std::fs::read(name).unwrap_or_default()
        });
        files.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text))
    };
    assert!(contains(PURPOSES[0].as_bytes()), "the purposes stand in it, so that this finds what there is");
    for text in ["99999001", "99999002", "mulder", "jansen"] {
        assert!(!contains(text.as_bytes()), "{text}");
    }

    // What is erased is gone from the bytes too, at the next step.
    let token = known.iter().find_map(|clear| clear.subject).expect("an entry about somebody").bytes().to_vec();
    assert!(contains(&token));
    let class = fixture.store.entries(0, 1).await.expect("entries")[0].row.key_class.clone();
    fixture.store.forget(&Erases::Class(class.clone())).await.expect("forgotten");
    fixture.store.note_forgotten(&BTreeSet::from([class.clone()])).await.expect("noted");
    assert!(contains(&token));
    search.catch_up().await.expect("caught up");
    assert!(!contains(&token), "the token of every entry about this person was erased");
}

/// Broken on purpose to see it fail: without `follow`; without the look at the salt, so that what a hold keeps is forgotten too; `UNSAID` never.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_is_found_by_its_other_columns_only_and_what_a_hold_keeps_by_all() {
    let fixture = Fixture::new().await;
    let (party, mut dice) = (oin(1), Dice(7));
    let subject = fixture.journal.subject_token(&party, &person(0));
    let clear = |dice: &mut Dice| Clear {
        party: party.clone(),
        subject: Some(subject),
        actor: Some(fixture.journal.actor_token(&party, &actor(0))),
        ..columns(&fixture, dice, 0)
    };
    let rows = [5, 5, 15, 15, 15].map(|years| row(&fixture, clear(&mut dice), years));
    let class = rows[0].key_class.clone();
    assert!(rows[1].key_class == class && rows[2].key_class != class);
    fixture.commit_one(Append { entries: rows.to_vec(), ..Append::default() }).await.expect("committed");
    let search = SqliteSearch::beside(&fixture.file());
    let (about, all) = (Filter { subject: Some(subject), ..Filter::of(party.clone()) }, Filter::of(party.clone()));
    let indexes = async |filter: &Filter| -> BTreeSet<u64> {
        found(&search, filter, 5, Order::NewestFirst, 200).await.iter().map(|place| place.index).collect()
    };
    assert_eq!(indexes(&about).await, BTreeSet::from([0, 1, 2, 3, 4]));

    // A class, but for what a hold keeps; then that too.
    let hold = "hold-01900000-0000-7000-8000-000000000000";
    let wrapped = fixture.journal.wrap_anew(&rows[1], hold).expect("wrapped");
    let (from, standing) = (Erases::Class(class.clone()), BTreeSet::new());
    let moving = Moving { wrapped: &[(1, wrapped)], from: &from, to: Some(hold), standing: &standing };
    fixture.store.move_entries(&moving).await.expect("moved").expect("held");
    let forget = async |what: &Erases, name: &str| {
        fixture.store.forget(what).await.expect("forgotten");
        fixture.store.note_forgotten(&BTreeSet::from([name.to_owned()])).await.expect("noted");
    };
    forget(&from, &class).await;
    assert_eq!(indexes(&about).await, BTreeSet::from([1, 2, 3, 4]));
    forget(&Erases::Hold(hold.to_owned()), hold).await;
    assert_eq!(indexes(&about).await, BTreeSet::from([2, 3, 4]));

    // One entry, of which the log says so.
    let erasure = row_of(&fixture, clear(&mut dice), 5, Some(Erases::Entry(2)));
    fixture.commit_one(Append { entries: vec![erasure], ..Append::default() }).await.expect("committed");
    let name = |index: usize| tombstone(&rows[index].leaf);
    forget(&Erases::Entry(2), &name(2)).await;
    assert_eq!(indexes(&about).await, BTreeSet::from([3, 4]));

    // One of which it does not say so any more: known from the key store, after an older copy was put back.
    forget(&Erases::Entry(3), &name(3)).await;
    assert_eq!(indexes(&about).await, BTreeSet::from([4]));
    assert_eq!(indexes(&all).await, BTreeSet::from([0, 1, 2, 3, 4]), "all are found still");
}
