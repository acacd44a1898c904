//! What is refused before the connector answers anything.

use super::*;

const MAPPING: &str = include_str!("mapping.toml");

async fn refusal(mapping: &str) -> String {
    let dir = write_files(mapping, "");
    testing::execute(&dir.path().join("records.db"), include_str!("source.sql")).await;
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    open(&dir, &clock).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_mapping_that_the_database_does_not_take_is_refused() {
    for (from, to, problem) in [
        ("FROM measure", "FROM meassure", "category measures: "),
        ("until AS \"until\"", "until AS \"untill\"", "mapping.toml: mapping, line 26, category measures: `untill` is no field"),
        ("AS \"draft:summary\"", "AS \"draft:sumary\"", "`draft:sumary`: no summary"),
        ("professional, names FROM", "professional FROM", "person.about: the column `names` is missing"),
        ("postcode, city", "postcode", "person.contact: the column `city` is missing"),
        ("kind AS \"kind\", until", "kind AS \"fact:kind\", until", "unknown column `fact:kind`"),
        ("recorded_at AS \"meta:recordedAt\" FROM measure", "until AS \"kind\" FROM measure", "twice"),
        ("recorded_at AS \"meta:recordedAt\" FROM measure", "until AS \"x\" FROM measure", "meta:recordedAt"),
        ("json = [\"persons\"]", "json = [\"people\"]", "`people`"),
        ("h.letter, ", "", "person.household: the column `letter` is missing"),
        ("FROM measure WHERE person_id = ?1", "FROM measure", "must use ?1"),
        ("SELECT id FROM person WHERE bsn", "SELECT bsn FROM person WHERE bsn", "person.bsn: the column `id` is missing"),
    ] {
        assert!(MAPPING.contains(from), "{from}");
        let error = refusal(&MAPPING.replacen(from, to, 1)).await;
        assert!(error.contains(problem), "{from} → {to}: {error}");
    }
}

#[tokio::test]
async fn the_source_is_never_written() {
    let fixture = Fixture::new().await;
    let mut reading = fixture.connector.source.read().await.unwrap();
    let key = super::super::store::SourceKey::Integer(1);
    // A query that slipped through the check of its text still finds the database read-only.
    let function = super::super::mapping::Query::parse("SELECT 1 FROM person WHERE id = ?1").unwrap();
    assert_eq!(reading.rows(&function, &key).unwrap().rows.len(), 1);
    // Nor does one that says of whom it asks nothing give the rows of all.
    let of_all = super::super::mapping::Query::parse("SELECT 1 FROM person").unwrap();
    assert!(reading.rows(&of_all, &key).is_err());
    drop(reading);
    assert!(fixture.connector.source.refuses_writes().await);
}

#[tokio::test]
async fn slow_and_large_queries_are_errors_not_parts() {
    use super::super::mapping::Query;
    use super::super::store::{SourceError, SourceKey};
    let fixture = Fixture::new().await;
    let run = async |sql: &str| {
        let mut reading = fixture.connector.source.read().await.unwrap();
        reading.rows(&Query::parse(sql).unwrap(), &SourceKey::Integer(1)).map(|table| table.rows.len()).unwrap_err()
    };
    let endless = "WITH RECURSIVE n(x) AS (SELECT ?1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS x FROM n";
    assert_eq!(run(endless).await, SourceError::TooSlow);
    let many = "WITH RECURSIVE n(x) AS (SELECT ?1 UNION ALL SELECT x + 1 FROM n WHERE x < 41) SELECT x FROM n";
    assert_eq!(run(many).await, SourceError::TooMuch);
    assert_eq!(run("SELECT printf('%.2000000c', ?1) AS x").await, SourceError::TooMuch);
    assert_eq!(run("SELECT zeroblob(?1) AS x").await, SourceError::Unreadable);
}

#[tokio::test]
async fn state_opens_again_and_only_under_its_key() {
    let fixture = Fixture::new().await;
    fixture.items("measures", "exact", &[]).await;
    let again = open(&fixture.dir, &fixture.clock).await.unwrap();
    assert_eq!(again.state().access_log::<Value>(10).await.unwrap().len(), 1);
    let key = fixture.dir.path().join("state.key");
    std::fs::remove_file(&key).unwrap();
    assert!(open(&fixture.dir, &fixture.clock).await.unwrap_err().to_string().contains("restore the key"));
}

#[tokio::test]
async fn a_missing_source_database_is_not_made() {
    let dir = write_files(MAPPING, "");
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    let refused = open(&dir, &clock).await.unwrap_err();
    assert!(matches!(refused, OpenError::Source { .. }));
    assert!(refused.to_string().contains(&dir.path().join("records.db").display().to_string()), "{refused}");
    assert!(!dir.path().join("records.db").exists());
}
