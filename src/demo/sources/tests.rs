//! Every mapping is run against the database that its writer made: the contract with the connector.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column, Executor, Row, SqlSafeStr, SqliteConnection, Statement, ValueRef};

use super::*;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::demo::households::{Household, Person, Story};
use crate::organisation::Kind;
use crate::policy::Bundle;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    regime: String,
    person: BTreeMap<String, String>,
    category: Vec<Mapped>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapped {
    category: Category,
    regime: Option<String>,
    list: Option<String>,
    wrap: Option<String>,
    #[serde(default)]
    json: Vec<String>,
    query: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ceiling {
    allow: Vec<Allow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    purpose: String,
    recipients: Vec<String>,
    categories: Vec<Category>,
    forms: Vec<Form>,
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("sluis-demo-sources-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn world(households: usize) -> World {
    World::generate(3, households, Timestamp::parse("2026-11-21T12:00:00Z").expect("valid")).expect("small")
}

fn sources() -> impl Iterator<Item = (Slug, Mapping)> {
    let all = Slug::ALL.into_iter().filter_map(|slug| Some((slug, source_files(slug)?)));
    all.map(|(slug, files)| (slug, toml::from_str(files.mapping).expect("the mapping is TOML of this shape")))
}

async fn open(folder: &Folder, slug: Slug) -> SqliteConnection {
    let path = folder.0.join(slug.code()).join(DATABASE);
    SqliteConnectOptions::new().filename(path).read_only(true).connect().await.expect("written")
}

async fn rows(connection: &mut SqliteConnection, query: &str, argument: &str) -> Vec<SqliteRow> {
    sqlx::query(AssertSqlSafe(query)).bind(argument).fetch_all(connection).await.expect(query)
}

/// A row as text by column; NULL is left out.
fn texts(row: &SqliteRow) -> BTreeMap<String, String> {
    let text = |name: &str| row.try_get::<String, _>(name).or_else(|_| row.try_get::<i64, _>(name).map(|n| n.to_string()));
    let filled = row.columns().iter().filter(|column| !row.try_get_raw(column.ordinal()).expect("there").is_null());
    filled.map(|column| (column.name().to_owned(), text(column.name()).expect("text or integer"))).collect()
}

/// The members of the `exact` record in the domain model, and the coded members that its coarser forms name and no exact one
/// implies.
fn members(category: Category) -> (&'static [&'static str], &'static [&'static str]) {
    use Category as C;
    match category {
        C::Identity => {
            (&["givenNames", "initials", "particle", "surname", "birthDate", "deathDate", "gender", "nationalityGroup"], &[])
        }
        C::Address => (&["street", "houseNumber", "postcode", "city", "phone", "email", "secret"], &[]),
        C::Household => (&["person", "role", "relation", "custody", "since", "until"], &["letter"]),
        C::IncidentReports => (&["date", "kind", "place", "persons", "violence", "injury", "childrenPresent", "text"], &[]),
        C::CriminalRecord => (&["date", "article", "offence", "sentence", "status"], &["offenceClass"]),
        C::PendingProsecution => (&["number", "date", "offence", "stage", "hearing"], &["offenceClass"]),
        C::Measures => (&["kind", "from", "until", "conditions", "protectedPersons", "authority"], &[]),
        C::ProbationStatus => (&["kind", "from", "until", "conditions", "compliance", "officer"], &[]),
        C::SafetyAssessment => {
            (&["date", "instrument", "scale", "threats", "top3", "agreements", "text"], &["structural", "acute"])
        }
        C::RiskAssessment => (&["date", "instrument", "scores", "level", "text"], &[]),
        C::CareInvolvement => (&["provider", "unit", "professional", "role", "from", "until"], &[]),
        C::Diagnosis => (&["code", "system", "date", "injury", "treatment"], &[]),
        C::SubstanceUse => (&["kind", "severity", "treatment", "from"], &[]),
        C::CompulsoryCare => (&["kind", "from", "until"], &[]),
        C::ChildProtectionMeasure => (&["kind", "from", "until", "body", "courtOrderId", "plan"], &[]),
        C::LivingAreas => (&["area", "situation", "help", "effect"], &["level"]),
        C::CitizenNumber | C::Reporter => (&[], &[]),
    }
}

const FACTS: [&str; 11] = [
    "wpgArticle",
    "decisionArticle",
    "decisionId",
    "mandateId",
    "courtOrderId",
    "professional",
    "meldcodeSteps",
    "test51c",
    "severity",
    "restrainingOrder",
    "underRestrainingOrder",
];
const REGIMES: [&str; 8] = ["wpg", "wjsg", "wgbo", "wvggz", "wmo", "jeugdwet", "wth", "avg"];

#[tokio::test]
async fn a_folder_is_written_once_and_only_for_a_source() {
    let (folder, world) = (Folder::new(), world(10));
    let refused = write(&world, Slug::CaseManagement, &folder.0).await;
    assert!(matches!(refused, Err(WriteError::NotASource("case-management"))));
    write(&world, Slug::Police, &folder.0).await.expect("first time");
    assert!(matches!(write(&world, Slug::Police, &folder.0).await, Err(WriteError::Exists(_))));
    assert!([DATABASE, MAPPING, CEILING].into_iter().all(|name| folder.0.join(name).exists()));
}

#[test]
fn mappings_cover_the_categories_of_their_source_with_known_members() {
    for (slug, mapping) in sources() {
        let mapped: Vec<Category> = mapping.category.iter().map(|mapped| mapped.category).collect();
        let expected: BTreeSet<&Category> = super::super::households::categories_of(slug).iter().collect();
        assert_eq!(mapped.iter().collect::<BTreeSet<_>>(), expected, "{}", slug.code());
        assert_eq!(mapped.len(), expected.len(), "each category once");
        let regimes = mapping.category.iter().filter_map(|mapped| mapped.regime.as_ref()).chain([&mapping.regime]);
        assert!(regimes.into_iter().all(|regime| REGIMES.contains(&regime.as_str())));
        let lookups: BTreeSet<&str> = mapping.person.keys().map(String::as_str).collect();
        assert_eq!(lookups, BTreeSet::from(["about", "bsn", "contact", "household", "local", "protected", "v-number"]));
    }
}

#[tokio::test]
async fn every_query_names_exactly_the_members_of_the_domain_model() {
    let (folder, world) = (Folder::new(), world(10));
    write_all(&world, &folder.0).await.expect("written");
    for (slug, mapping) in sources() {
        let mut connection = open(&folder, slug).await;
        for mapped in &mapping.category {
            let statement = connection.prepare(AssertSqlSafe(mapped.query.as_str()).into_sql_str()).await.expect("valid SQL");
            let columns: Vec<&str> = statement.columns().iter().map(Column::name).collect();
            check_columns(slug, mapped, &columns);
        }
    }
}

fn check_columns(slug: Slug, mapped: &Mapped, columns: &[&str]) {
    let context = format!("{}: {}", slug.code(), mapped.category);
    let (exact, coded) = members(mapped.category);
    let data: BTreeSet<&str> =
        columns.iter().filter(|name| !name.contains(':')).filter_map(|name| name.split('.').next()).collect();
    assert!(exact.iter().all(|member| data.contains(member)), "{context}: a member is missing, got {data:?}");
    assert!(data.iter().all(|member| exact.contains(member) || coded.contains(member)), "{context}: unknown member in {data:?}");
    assert!(mapped.json.iter().all(|json| columns.contains(&json.as_str())), "{context}: json names no column");
    assert!(["meta:recordedAt", "meta:nature"].iter().all(|name| columns.contains(name)), "{context}");
    for name in columns.iter().filter(|name| name.contains(':')) {
        let known = match name.split_once(':') {
            Some(("fact", fact)) => FACTS.contains(&fact) || fact == "withheldBySource",
            Some(("meta", meta)) => ["recordedAt", "nature"].contains(&meta),
            Some(("draft", draft)) => ["summary", "planSummary"].contains(&draft),
            _ => false,
        };
        assert!(known, "{context}: {name}");
    }
}

#[tokio::test]
async fn holds_is_what_the_queries_return() {
    let (folder, world) = (Folder::new(), world(60));
    write_all(&world, &folder.0).await.expect("written");
    for (slug, mapping) in sources() {
        let mut connection = open(&folder, slug).await;
        for (household, person) in world.persons() {
            let holds = world.holds(household, person).remove(&slug).unwrap_or_default();
            let found = look_up(&mut connection, &mapping, slug, person).await;
            assert_eq!(found.is_some(), !holds.is_empty(), "{} at {}", person.id, slug.code());
            let Some(key) = found else { continue };
            let mut returned = Vec::new();
            for mapped in &mapping.category {
                let rows = rows(&mut connection, &mapped.query, &key).await;
                for row in &rows {
                    check_row(household, person, mapped, row);
                }
                if !rows.is_empty() {
                    returned.push(mapped.category);
                }
            }
            assert_eq!(returned.iter().collect::<BTreeSet<_>>(), holds.iter().collect(), "{} at {}", person.id, slug.code());
        }
    }
}

/// Finds a person by each identifier it has; all must give the same key.
async fn look_up(connection: &mut SqliteConnection, mapping: &Mapping, slug: Slug, person: &Person) -> Option<String> {
    let bsn = person.bsn.as_ref().map(|bsn| bsn.expose().to_owned());
    let identifiers = [("bsn", bsn), ("v-number", person.v_number.clone()), ("local", Some(person.local_number(slug)))];
    let mut keys = BTreeSet::new();
    for (scheme, value) in identifiers.into_iter().filter_map(|(scheme, value)| Some((scheme, value?))) {
        let rows = rows(connection, &mapping.person[scheme], &value).await;
        assert!(rows.len() <= 1, "one row");
        keys.insert(rows.first().map(|row| row.get::<String, _>("id")));
    }
    assert_eq!(keys.len(), 1, "{} at {}", person.id, slug.code());
    keys.into_iter().next().flatten()
}

fn check_row(household: &Household, person: &Person, mapped: &Mapped, row: &SqliteRow) {
    let cells = texts(row);
    let context = format!("{} {}", person.id, mapped.category);
    for (name, text) in cells.iter().filter(|(name, _)| !name.starts_with("draft:")) {
        let holds_bsn = household.persons.iter().filter_map(|member| member.bsn.as_ref()).any(|bsn| text.contains(bsn.expose()));
        assert!(!holds_bsn, "{context}: {name} holds a BSN");
    }
    for name in &mapped.json {
        let value: Value = serde_json::from_str(cells.get(name).map_or("null", String::as_str)).expect("JSON");
        if ["persons", "protectedPersons"].contains(&name.as_str()) {
            let letters: Vec<String> = serde_json::from_value(value).expect("list of letters");
            let others: Vec<&str> = household.persons.iter().map(|member| member.letter.as_str()).collect();
            assert!(letters.iter().all(|letter| others.contains(&letter.as_str()) && *letter != person.letter), "{context}");
        }
    }
    let nature = cells.get("meta:nature").map(String::as_str);
    assert!(matches!(nature, Some("fact" | "hypothesis")), "{context}");
    assert!(cells.get("meta:recordedAt").is_some_and(|day| day.len() == 10), "{context}");
    assert!(mapped.list.is_none() || mapped.wrap.is_none(), "{context}");
}

#[tokio::test]
async fn the_secret_address_story_says_who_is_protected_from_whom() {
    let (folder, world) = (Folder::new(), world(10));
    write_all(&world, &folder.0).await.expect("written");
    let household = world.story(Story::SecretAddress).expect("told");
    let [mother, ex, ..] = household.persons.as_slice() else { panic!("four persons") };
    for (slug, mapping) in sources().filter(|(slug, _)| mother.known.contains(slug)) {
        let mut connection = open(&folder, slug).await;
        let key = mother.local_number(slug);
        let about = texts(&rows(&mut connection, &mapping.person["about"], &key).await[0]);
        assert_eq!(about["birthDate"], mother.birth.to_string());
        assert_eq!(about["secretAddress"], "1");
        assert!(about.contains_key("professional"));
        let protections: Vec<_> = rows(&mut connection, &mapping.person["protected"], &key).await.iter().map(texts).collect();
        let own = protections.iter().find(|row| row["personId"] == key).expect("her own");
        assert_eq!((own["scheme"].as_str(), own["value"].as_str()), ("bsn", ex.bsn.as_ref().expect("has one").expose()));
        let others: Vec<_> = rows(&mut connection, &mapping.person["household"], &key).await.iter().map(texts).collect();
        let columns: Vec<&str> = others[0].keys().map(String::as_str).collect();
        assert_eq!(columns, ["birthDate", "id", "letter", "names", "scheme", "secretAddress", "value"]);
        let names: Vec<String> = serde_json::from_str(&others[0]["names"]).expect("JSON list");
        assert!(names.len() >= 2);
    }
}

#[tokio::test]
async fn letters_in_the_data_are_those_of_the_household_query() {
    let (folder, world) = (Folder::new(), world(40));
    write_all(&world, &folder.0).await.expect("written");
    for (slug, mapping) in sources() {
        let mut connection = open(&folder, slug).await;
        for (_, person) in world.persons().filter(|(_, person)| person.known.contains(&slug)) {
            let key = person.local_number(slug);
            let others = rows(&mut connection, &mapping.person["household"], &key).await;
            let known: BTreeSet<String> = others.iter().map(|row| row.get("letter")).collect();
            for mapped in &mapping.category {
                for cells in rows(&mut connection, &mapped.query, &key).await.iter().map(texts) {
                    let lists = ["persons", "protectedPersons"].into_iter().filter_map(|name| cells.get(name));
                    let named = lists.flat_map(|list| serde_json::from_str::<Vec<String>>(list).expect("letters"));
                    let named: BTreeSet<String> = named.chain(cells.get("letter").cloned()).collect();
                    assert!(named.is_subset(&known), "{} at {}: {named:?}", person.id, slug.code());
                }
            }
        }
    }
}

#[test]
fn the_reporter_is_read_by_no_query() {
    for (_, mapping) in sources() {
        let queries = mapping.category.iter().map(|mapped| &mapped.query).chain(mapping.person.values());
        assert!(queries.into_iter().all(|query| !query.contains("reporter")));
    }
}

#[test]
fn ceilings_name_known_things_and_only_categories_of_the_source() {
    let policies = Bundle::embedded().expect("the policies");
    for (slug, files) in Slug::ALL.into_iter().filter_map(|slug| Some((slug, source_files(slug)?))) {
        let ceiling: Ceiling = toml::from_str(files.ceiling).expect("the ceiling is TOML of this shape");
        assert!(!ceiling.allow.is_empty());
        for allow in ceiling.allow {
            let purpose = allow.purpose.parse().expect("a purpose code");
            assert!(policies.purpose(&purpose).is_some_and(|purpose| purpose.served), "{}", allow.purpose);
            assert!(
                allow.recipients.iter().all(|kind| Kind::from_code(kind).is_some_and(|kind| kind != slug.organisation().kind))
            );
            let kept = super::super::households::categories_of(slug);
            assert!(allow.categories.iter().all(|category| kept.contains(category)), "{}: {:?}", slug.code(), allow.categories);
            let secret = allow.categories.contains(&Category::Diagnosis);
            assert!(!secret || allow.forms == [Form::Summary], "diagnoses are given as summaries only");
            assert!(!allow.forms.is_empty());
        }
    }
}
