//! Head, tiles and entries.

use std::collections::BTreeSet;

use super::connection::Connection;
use super::lists::Lists;
use super::script::{Insert, Script};
use super::seal::{Code, Seal, vouched};
use super::statement::{Row, Sql, Value, among, build, query};
use super::{exactly, integer, unsigned};
use crate::catalogue::Category;
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::ledger::entry::{Clear, EntryKind, Outcome, TokenSalt, TokensDigest, TraceId};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::ledger::tree::{NodeHash, Tile};
use crate::ledger::wrap::WrappedKey;
use crate::organisation::Oin;
use crate::store::{EntryRow, Erasable, Head, Revision, Sequenced, StoreError, StoredEntry, StoredLeaf};

/// The columns of [`anchor_of`].
macro_rules! anchor {
    () => {
        "size, root, revision, registry, policy, consents, reliances, open_tasks, holds, embargoes, code"
    };
}
pub(super) use anchor;

/// As many columns without value, for rows beside the head's.
macro_rules! no_anchor {
    () => {
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    };
}
pub(super) use no_anchor;

/// The head, with the columns of [`head_of`].
pub(in crate::store) const HEAD: &str = concat!("SELECT checkpoint, ", anchor!(), " FROM head WHERE id = 1");

/// The same for PostgreSQL, in a transaction that holds its lock.
pub(in crate::store) const LOCKED_HEAD: &str =
    concat!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT checkpoint, ", anchor!(), " FROM head WHERE id = 1 FOR UPDATE");

/// What the head says and its code vouches for.
#[derive(Clone)]
pub(super) struct Anchor {
    /// How many leaves.
    pub(super) size: u64,
    /// The root over them.
    pub(super) root: NodeHash,
    /// The facts' revision.
    pub(super) revision: Revision,
    /// The code over all rows of the registry.
    pub(super) registry: Code,
    /// The hash of the policies in force, once a gateway has served.
    pub(super) policy: Option<String>,
    /// How many rows the lists have.
    pub(super) lists: Lists,
}

impl Anchor {
    fn code(&self, seal: &Seal) -> Code {
        let (size, revision) = (self.size.to_be_bytes(), self.revision.0.to_be_bytes());
        let policy = [&[u8::from(self.policy.is_some())], self.policy.as_deref().unwrap_or_default().as_bytes()].concat();
        let [consents, reliances, open_tasks, holds] = self.lists.bytes();
        let held_back = self.lists.held_back();
        let mut parts: Vec<&[u8]> =
            vec![&size, self.root.bytes(), &revision, &self.registry, &policy, &consents, &reliances, &open_tasks, &holds];
        parts.extend(held_back.as_deref());
        seal.head.of_parts(&parts)
    }
}

pub(super) async fn head(connection: &mut Connection, seal: &Seal) -> Result<(Head, Anchor), StoreError> {
    head_of(&query(HEAD).optional(connection).await?.ok_or_else(no_head)?, seal)
}

/// The error for a missing head row.
pub(super) fn no_head() -> StoreError {
    StoreError::Corrupt { table: "head", column: "id", row: "1".to_owned() }
}

/// The head in a row of [`HEAD`], also one that came as text.
pub(super) fn head_of(row: &Row, seal: &Seal) -> Result<(Head, Anchor), StoreError> {
    let anchor = anchor_of(row, seal)?;
    let checkpoint = row.get("checkpoint")?;
    Ok((Head { size: anchor.size, root: anchor.root, checkpoint, revision: anchor.revision }, anchor))
}

/// The anchor in a row that has the head's columns. Only the head of a store to which nothing was written is without code.
pub(super) fn anchor_of(row: &Row, seal: &Seal) -> Result<Anchor, StoreError> {
    // PostgreSQL sends the rows of a simple query as text; what stands there in hex cannot be borrowed.
    let root: Vec<u8> = row.get("root")?;
    let registry: Option<Vec<u8>> = row.get("registry")?;
    let code: Option<Vec<u8>> = row.get("code")?;
    let count = |column: &'static str| unsigned(row.get(column)?, "head", column);
    let anchor = Anchor {
        size: count("size")?,
        root: NodeHash::new(exactly::<32>(&root, "head", "root", 1)?),
        revision: Revision(row.get("revision")?),
        registry: registry
            .as_deref()
            .map_or_else(|| Ok(seal.registry.of_parts(&[])), |code| exactly(code, "head", "registry", 1))?,
        policy: row.get("policy")?,
        lists: Lists {
            consents: count("consents")?,
            reliances: count("reliances")?,
            open_tasks: count("open_tasks")?,
            embargoes: count("embargoes")?,
            holds: count("holds")?,
        },
    };
    let says_nothing = anchor.policy.is_none() && anchor.lists == Lists::default();
    let is_new = anchor.size == 0 && anchor.revision == Revision(0) && says_nothing && registry.is_none() && code.is_none();
    if !is_new {
        vouched(&anchor.code(seal), code.as_deref(), ("head", 1))?;
    }
    Ok(anchor)
}

pub(super) async fn tile(connection: &mut Connection, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let query = query("SELECT hashes FROM tile WHERE level = $1 AND idx = $2").bind(level).bind(integer(index));
    query.optional(connection).await?.map(|row| row.get(0)).transpose()
}

/// What erasing takes from rows, up to the condition.
macro_rules! forget {
    () => {
        "UPDATE entry SET subject_token = NULL, actor_token = NULL, case_token = NULL, token_salt = NULL, wrapped_key = NULL
         WHERE wrapped_key IS NOT NULL AND"
    };
}

/// What is read of an entry, up to the condition.
macro_rules! select_entries {
    ($($condition:literal),+) => {
        concat!(
            "SELECT idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
                    case_token, trace, leaf, body, tokens, token_salt, wrapped_key, key_class, held_by, erases,
                    (SELECT string_agg(source, ' ' ORDER BY source) FROM entry_asked WHERE entry_asked.idx = entry.idx) AS asked
             FROM entry WHERE ",
            $($condition),+
        )
    };
}

/// Takes what erasing destroys from one entry.
pub(super) const FORGET_ONE: Sql = Sql::Both(concat!(forget!(), " idx = $1"));

/// The same from at most so many of those that are kept by a class or hold.
pub(super) const FORGET_KEPT_BY: Sql = Sql::Both(concat!(
    forget!(),
    " idx IN (SELECT idx FROM entry WHERE coalesce(held_by, key_class) = $1 AND wrapped_key IS NOT NULL LIMIT $2)"
));

/// Entries that a class, or a hold, keeps, and, of a party, that a hold covers: what is about a person or belongs to a case, and what shares a trace with that.
pub(super) const COVERED: Sql = among!(
    select_entries!(
        "coalesce(held_by, key_class) = $1 AND wrapped_key IS NOT NULL AND idx >= $2 AND ($3 IS NULL OR party = $3)
         AND ($4 IS NULL OR EXISTS (SELECT 1 FROM entry AS mate
                                    WHERE mate.trace = entry.trace AND mate.party = entry.party AND mate.subject_token = $4))
         AND ($5 IS NULL OR EXISTS (SELECT 1 FROM entry AS mate
                                    WHERE mate.trace = entry.trace AND mate.party = entry.party AND mate.case_token = $5))
         AND ($6 IS NULL OR trace = $6)
         AND (NOT $7 OR idx"
    ),
    "$8",
    ") ORDER BY idx LIMIT $9"
);

/// Of the entries of a range those of a party, with these tokens, of a period.
macro_rules! scanned {
    ($order:literal) => {
        select_entries!(
            "idx >= $1 AND idx < $2 AND party = $3 AND ($4 IS NULL OR subject_token = $4) AND ($5 IS NULL OR actor_token = $5)
             AND ($6 IS NULL OR case_token = $6) AND time >= $7 AND time < $8 ORDER BY idx ",
            $order,
            " LIMIT $9"
        )
    };
}

/// These, the lowest index first.
pub(super) const LOWEST_FIRST: &str = scanned!("ASC");

/// These, the highest index first.
pub(super) const HIGHEST_FIRST: &str = scanned!("DESC");

/// What the log says was erased of it. The sign keeps SQLite from walking over the whole table in order, where few rows of an index are all there are.
const ERASURES: &str = select_entries!("erases IS NOT NULL ORDER BY +idx");

/// What the log says was erased of it.
pub(super) async fn erasures(connection: &mut Connection) -> Result<Vec<StoredEntry>, StoreError> {
    query(ERASURES).all(connection).await?.iter().map(entry).collect()
}

pub(super) async fn entries(connection: &mut Connection, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
    let query = query(select_entries!("idx >= $1 ORDER BY idx LIMIT $2")).bind(integer(from)).bind(limit);
    query.all(connection).await?.iter().map(entry).collect()
}

pub(super) async fn entries_of(connection: &mut Connection, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
    let query = query(select_entries!("trace = $1 ORDER BY idx")).bind(trace.to_string());
    query.all(connection).await?.iter().map(entry).collect()
}

pub(super) async fn entries_at(connection: &mut Connection, indexes: &BTreeSet<u64>) -> Result<Vec<StoredEntry>, StoreError> {
    let indexes: Vec<i64> = indexes.iter().copied().map(integer).collect();
    let query = query(among!(select_entries!("idx"), "$1", " ORDER BY idx")).bind(indexes);
    query.all(connection).await?.iter().map(entry).collect()
}

/// The leaves alone: of the bodies, which are much longer, nothing is read.
pub(super) async fn public_leaves(connection: &mut Connection, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
    let query = query("SELECT idx, leaf FROM entry WHERE idx >= $1 ORDER BY idx LIMIT $2").bind(integer(from)).bind(limit);
    query.all(connection).await?.iter().map(|row| leaf_of(row).map(|(_, leaf)| leaf)).collect()
}

/// Index and leaf, the first two columns of a row.
fn leaf_of(row: &Row) -> Result<(u64, Leaf), StoreError> {
    let index = unsigned(row.get(0)?, "entry", "idx")?;
    let corrupt = |_| StoreError::Corrupt { table: "entry", column: "leaf", row: index.to_string() };
    let leaf = Leaf::from_bytes(row.get(1)?).map_err(corrupt)?;
    Ok((index, leaf))
}

pub(super) async fn leaves(connection: &mut Connection, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError> {
    let query = query("SELECT idx, leaf, body FROM entry WHERE idx >= $1 ORDER BY idx LIMIT $2");
    let rows = query.bind(integer(from)).bind(limit).all(connection).await?;
    let leaf = |row: &Row| {
        let (index, leaf) = leaf_of(row)?;
        Ok(StoredLeaf { index, leaf, body: row.get(2)? })
    };
    rows.iter().map(leaf).collect()
}

pub(super) fn entry(row: &Row) -> Result<StoredEntry, StoreError> {
    let index = unsigned(row.get("idx")?, "entry", "idx")?;
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "entry", column, row: index.to_string() };
    let text = |column: &'static str| row.get::<String, _>(column);
    let optional = |column: &'static str| row.get::<Option<String>, _>(column);
    let oin = |column: &'static str| optional(column)?.map(|oin| oin.parse().map_err(|_| corrupt(column))).transpose();
    let token = |column: &'static str| {
        let token: Option<Vec<u8>> = row.get(column)?;
        token.map(|token| exactly(&token, "entry", column, index).map(SearchToken::from_bytes)).transpose()
    };
    let purpose = optional("purpose")?.map(PurposeCode::try_from).transpose().map_err(|_| corrupt("purpose"))?;
    let categories = text("categories")?;
    let leaf: Vec<u8> = row.get("leaf")?;
    let clear = Clear {
        kind: EntryKind::from_code(&text("kind")?).ok_or_else(|| corrupt("kind"))?,
        time: Timestamp::from_millis(row.get("time")?),
        party: text("party")?.parse().map_err(|_| corrupt("party"))?,
        source: oin("source")?,
        recipient: oin("recipient")?,
        purpose,
        categories: categories
            .split_whitespace()
            .map(Category::from_code)
            .collect::<Option<_>>()
            .ok_or_else(|| corrupt("categories"))?,
        outcome: Outcome::from_code(&text("outcome")?).ok_or_else(|| corrupt("outcome"))?,
        overridden: row.get("overridden")?,
        subject: token("subject_token")?,
        actor: token("actor_token")?,
        case: token("case_token")?,
        trace: text("trace")?.parse().map_err(|_| corrupt("trace"))?,
    };
    let asked = optional("asked")?.unwrap_or_default();
    let tokens: &[u8] = row.get("tokens")?;
    let row = EntryRow {
        clear,
        leaf: Leaf::from_bytes(&leaf).map_err(|_| corrupt("leaf"))?,
        body: row.get::<Option<Vec<u8>>, _>("body")?.ok_or_else(|| corrupt("body"))?,
        tokens: TokensDigest::from_bytes(exactly(tokens, "entry", "tokens", index)?),
        erasable: erasable(row, index)?,
        key_class: text("key_class")?,
        held_by: optional("held_by")?,
        erases: optional("erases")?.map(|erases| erases.parse()).transpose().map_err(|_| corrupt("erases"))?,
        asked: asked.split_whitespace().map(|oin| oin.parse().map_err(|_| corrupt("asked"))).collect::<Result<_, _>>()?,
    };
    Ok(StoredEntry { index, row })
}

/// What an erasure takes away: all of it, or nothing.
fn erasable(row: &Row, index: u64) -> Result<Option<Erasable>, StoreError> {
    let wrapped_key: Option<&[u8]> = row.get("wrapped_key")?;
    let salt: Option<&[u8]> = row.get("token_salt")?;
    match (wrapped_key, salt) {
        (None, None) => Ok(None),
        (Some(wrapped_key), Some(salt)) => Ok(Some(Erasable {
            wrapped_key: WrappedKey::from_bytes(exactly(wrapped_key, "entry", "wrapped_key", index)?),
            salt: TokenSalt::from_bytes(exactly(salt, "entry", "token_salt", index)?),
        })),
        (None, Some(_)) => Err(StoreError::Corrupt { table: "entry", column: "wrapped_key", row: index.to_string() }),
        (Some(_), None) => Err(StoreError::Corrupt { table: "entry", column: "token_salt", row: index.to_string() }),
    }
}

const ENTRIES: Insert = Insert {
    table: "INSERT INTO entry (idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
                               case_token, trace, leaf, body, tokens, token_salt, wrapped_key, key_class, held_by, erases)",
    tail: "",
};

const ASKED: Insert = Insert { table: "INSERT INTO entry_asked (idx, source)", tail: "" };

const TILES: Insert = Insert {
    table: "INSERT INTO tile (level, idx, hashes)",
    tail: " ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes",
};

/// Writes entries, numbered from `first` on.
pub(super) fn add_entries(script: &mut Script, first: u64, rows: &[&EntryRow]) {
    let numbered: Vec<_> = (first..).zip(rows.iter().copied()).collect();
    script.insert(ENTRIES, numbered.iter().map(|(index, row)| columns(*index, row)).collect());
    let asked = numbered
        .iter()
        .flat_map(|(index, row)| row.asked.iter().map(|source| vec![integer(*index).into(), source.as_str().into()]));
    script.insert(ASKED, asked.collect());
}

fn columns(index: u64, row: &EntryRow) -> Vec<Value> {
    let clear = &row.clear;
    let token = |token: &Option<SearchToken>| Value::from(token.as_ref().map(|token| token.bytes().as_slice()));
    vec![
        integer(index).into(),
        clear.kind.code().into(),
        clear.time.millis().into(),
        clear.party.as_str().into(),
        clear.source.as_ref().map(Oin::as_str).into(),
        clear.recipient.as_ref().map(Oin::as_str).into(),
        clear.purpose.as_ref().map(PurposeCode::as_str).into(),
        clear.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" ").into(),
        clear.outcome.code().into(),
        clear.overridden.into(),
        token(&clear.subject),
        token(&clear.actor),
        token(&clear.case),
        clear.trace.to_string().into(),
        row.leaf.bytes().as_slice().into(),
        row.body.as_slice().into(),
        row.tokens.bytes().as_slice().into(),
        row.erasable.as_ref().map(|erasable| erasable.salt.bytes().as_slice()).into(),
        row.erasable.as_ref().map(|erasable| erasable.wrapped_key.bytes().as_slice()).into(),
        row.key_class.as_str().into(),
        row.held_by.as_deref().into(),
        row.erases.as_ref().map(ToString::to_string).into(),
    ]
}

/// Writes tiles and head, of which `facts` says what does not depend on the log. The old size is the guard: when it is not what the batch was
/// numbered behind, the script fails.
pub(super) fn advance(script: &mut Script, seal: &Seal, old: &Head, new: &Sequenced, facts: Anchor) {
    let tiles = new.tiles.iter();
    let row = |tile: &Tile| vec![tile.id.level().into(), integer(tile.id.index()).into(), tile.bytes.as_slice().into()];
    script.insert(TILES, tiles.map(row).collect());
    let anchor = Anchor { size: new.size, root: new.root, ..facts };
    let code = anchor.code(seal);
    let update = build("UPDATE head SET size = ").value(integer(new.size));
    let update = update.push(", root = ").value(new.root.bytes().as_slice());
    let update = update.push(", checkpoint = ").value(new.checkpoint.to_string());
    let update = update.push(", revision = ").value(anchor.revision.0);
    let update = update.push(", registry = ").value(anchor.registry);
    let update = update.push(", policy = ").value(anchor.policy);
    let update = update.push(", consents = ").value(integer(anchor.lists.consents));
    let update = update.push(", reliances = ").value(integer(anchor.lists.reliances));
    let update = update.push(", open_tasks = ").value(integer(anchor.lists.open_tasks));
    let update = update.push(", embargoes = ").value(integer(anchor.lists.embargoes));
    let update = update.push(", holds = ").value(integer(anchor.lists.holds));
    let update = update.push(", code = ").value(code);
    script.change(update.push(" WHERE id = 1 AND size = ").value(integer(old.size)));
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;
    use crate::store::sqlite::MIGRATIONS;

    /// Asked every minute, of a log of any size.
    #[tokio::test]
    async fn erasures_are_found_without_a_walk_over_the_log() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a database");
        MIGRATIONS.run(&pool).await.expect("migrated");
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {ERASURES}"));
        let plan = sqlx::query(explain).fetch_all(&pool).await.expect("a plan");
        let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        assert!(steps.iter().any(|step| step.contains("entry_erases")), "{steps:?}");
        assert!(!steps.iter().any(|step| step == "SCAN entry"), "{steps:?}");
    }
}
