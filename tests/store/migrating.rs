//! A store of an earlier schema is taken along, and its log is the same afterwards.

use std::fmt::Write as _;

use sluis::client::{Against, verify_indexes};
use sluis::ledger::entry::Erases;
use sluis::store::retention::settle;
use sluis::store::{Append, Store};
use sqlx::AssertSqlSafe;

use super::fixture::{Fixture, oin, open};

/// The columns of entries before migration 25, in their order.
const BEFORE: &str = "idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token, case_token, trace, leaf,
    body, wrapped_key, key_class, tokens, token_salt, held_by, erases";

/// Broken on purpose to see it fail: two columns of the copy exchanged; `entry_asked` not copied; an index not made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_move_behind_the_columns_and_nothing_else_changes() {
    let fixture = Fixture::new().await;
    for number in 20..40 {
        let entry = if number % 2 == 0 { fixture.entry(&oin(number)) } else { fixture.large_entry(&oin(number)) };
        fixture.commit_one(Append { entries: vec![entry], ..Append::default() }).await.expect("committed");
    }
    let erasure = fixture.erasure(Erases::Entry(3));
    fixture.commit_one(Append { entries: vec![erasure], ..Append::default() }).await.expect("committed");
    settle(&*fixture.store, &fixture.journal).await.expect("settled");
    let before = fixture.store.entries(0, 100).await.expect("entries");

    let raw = fixture.raw().await;
    let schema = async || {
        let all = "SELECT name, sql FROM sqlite_schema WHERE tbl_name IN ('entry', 'entry_asked') ORDER BY name";
        sqlx::query_as::<_, (String, Option<String>)>(all).fetch_all(&raw).await.expect("read")
    };
    let tables = schema().await;
    let mut earlier =
        format!("CREATE TABLE earlier AS SELECT {BEFORE} FROM entry; CREATE TABLE asked AS SELECT * FROM entry_asked;");
    earlier +=
        "DROP TABLE entry_asked; DROP TABLE entry; ALTER TABLE earlier RENAME TO entry; ALTER TABLE asked RENAME TO entry_asked;";
    write!(earlier, "DELETE FROM _sqlx_migrations WHERE version = 25").expect("written");
    sqlx::raw_sql(AssertSqlSafe(earlier)).execute(&raw).await.expect("as it was");

    let store = open(&fixture.file()).await.expect("taken along");
    assert_eq!(store.entries(0, 100).await.expect("entries"), before);
    let last: String = sqlx::query_scalar("SELECT name FROM pragma_table_info('entry') ORDER BY cid DESC LIMIT 1")
        .fetch_one(&raw)
        .await
        .expect("a column");
    assert_eq!((last.as_str(), schema().await), ("body", tables));
    let log = fixture.scribe.verifier().clone();
    let against = Against { log, policy: None, seen: Vec::new() };
    let verified = against.verify(&fixture.place(), |_, _| {}).await.expect("sound");
    assert_eq!((verified.size, verified.erased), (21, 1));
    verify_indexes(&fixture.file()).expect("whole");
    fixture.commit_one(fixture.append()).await.expect("and it goes on");
    fixture.holds_together().await;
}
