//! Head, tiles and entries.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::lists::Lists;
use super::script::Script;
use super::seal::{Code, Seal, vouched};
use super::{exactly, integer, unavailable, unsigned};
use crate::catalogue::Category;
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::ledger::entry::{Clear, EntryKind, Outcome, TokenSalt, TokensDigest, TraceId};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::ledger::tree::NodeHash;
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

/// The columns of [`head_of`].
pub(super) const HEAD: &str = concat!("SELECT checkpoint, ", anchor!(), " FROM head WHERE id = 1");

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

pub(super) async fn head(connection: &mut SqliteConnection, seal: &Seal) -> Result<(Head, Anchor), StoreError> {
    head_of(&sqlx::query(HEAD).fetch_one(connection).await.map_err(unavailable)?, seal)
}

/// The head in a row of [`HEAD`].
pub(super) fn head_of(row: &SqliteRow, seal: &Seal) -> Result<(Head, Anchor), StoreError> {
    let anchor = anchor_of(row, seal)?;
    let checkpoint = row.try_get("checkpoint").map_err(unavailable)?;
    Ok((Head { size: anchor.size, root: anchor.root, checkpoint, revision: anchor.revision }, anchor))
}

/// The anchor in a row that has the head's columns. Only the head of a store to which nothing was written is without code.
pub(super) fn anchor_of(row: &SqliteRow, seal: &Seal) -> Result<Anchor, StoreError> {
    let root: &[u8] = row.try_get("root").map_err(unavailable)?;
    let registry: Option<&[u8]> = row.try_get("registry").map_err(unavailable)?;
    let code: Option<&[u8]> = row.try_get("code").map_err(unavailable)?;
    let count = |column: &'static str| unsigned(row.try_get(column).map_err(unavailable)?, "head", column);
    let anchor = Anchor {
        size: count("size")?,
        root: NodeHash::new(exactly::<32>(root, "head", "root", 1)?),
        revision: Revision(row.try_get("revision").map_err(unavailable)?),
        registry: registry.map_or_else(|| Ok(seal.registry.of_parts(&[])), |code| exactly(code, "head", "registry", 1))?,
        policy: row.try_get("policy").map_err(unavailable)?,
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
        vouched(&anchor.code(seal), code, ("head", 1))?;
    }
    Ok(anchor)
}

pub(super) async fn tile(connection: &mut SqliteConnection, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar("SELECT hashes FROM tile WHERE level = ? AND idx = ?").bind(level).bind(integer(index));
    query.fetch_optional(connection).await.map_err(unavailable)
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
                    (SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx) AS asked
             FROM entry WHERE ",
            $($condition),+
        )
    };
}

/// Takes what erasing destroys from one entry.
pub(super) const FORGET_ONE: &str = concat!(forget!(), " idx = ?");

/// The same from at most so many of those that are kept by a class or hold.
pub(super) const FORGET_KEPT_BY: &str = concat!(
    forget!(),
    " idx IN (SELECT idx FROM entry WHERE coalesce(held_by, key_class) = ? AND wrapped_key IS NOT NULL LIMIT ?)"
);

/// Entries that a class, or a hold, keeps, and, of a party, that a hold covers: what is about a person or belongs to a case, and what shares a trace with that.
pub(super) const COVERED: &str = select_entries!(
    "coalesce(held_by, key_class) = ?1 AND wrapped_key IS NOT NULL AND idx >= ?2 AND (?3 IS NULL OR party = ?3)
     AND (?4 IS NULL OR EXISTS (SELECT 1 FROM entry AS mate
                                WHERE mate.trace = entry.trace AND mate.party = entry.party AND mate.subject_token = ?4))
     AND (?5 IS NULL OR EXISTS (SELECT 1 FROM entry AS mate
                                WHERE mate.trace = entry.trace AND mate.party = entry.party AND mate.case_token = ?5))
     AND (?6 IS NULL OR trace = ?6)
     AND (?7 IS NULL OR idx IN (SELECT value FROM json_each(?7)))
     ORDER BY idx LIMIT ?8"
);

/// Of the entries of a range those of a party, with these tokens, of a period.
macro_rules! scanned {
    ($order:literal) => {
        select_entries!(
            "idx >= ?1 AND idx < ?2 AND party = ?3 AND (?4 IS NULL OR subject_token = ?4) AND (?5 IS NULL OR actor_token = ?5)
             AND (?6 IS NULL OR case_token = ?6) AND time >= ?7 AND time < ?8 ORDER BY idx ",
            $order,
            " LIMIT ?9"
        )
    };
}

/// These, the lowest index first.
pub(super) const LOWEST_FIRST: &str = scanned!("ASC");

/// These, the highest index first.
pub(super) const HIGHEST_FIRST: &str = scanned!("DESC");

/// What the log says was erased of it.
pub(super) async fn erasures(connection: &mut SqliteConnection) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query(select_entries!("erases IS NOT NULL ORDER BY idx"));
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

pub(super) async fn entries(connection: &mut SqliteConnection, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query(select_entries!("idx >= ? ORDER BY idx LIMIT ?")).bind(integer(from)).bind(limit);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

pub(super) async fn entries_of(connection: &mut SqliteConnection, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query(select_entries!("trace = ? ORDER BY idx")).bind(trace.to_string());
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

pub(super) async fn entries_at(
    connection: &mut SqliteConnection,
    indexes: &BTreeSet<u64>,
) -> Result<Vec<StoredEntry>, StoreError> {
    let list = serde_json::to_string(indexes).unwrap_or_default();
    let query = sqlx::query(select_entries!("idx IN (SELECT value FROM json_each(?)) ORDER BY idx")).bind(list);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(entry).collect()
}

/// The leaves alone: of the bodies, which are much longer, nothing is read.
pub(super) async fn public_leaves(connection: &mut SqliteConnection, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
    let query = sqlx::query("SELECT idx, leaf FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?").bind(integer(from)).bind(limit);
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(|row| leaf_of(row).map(|(_, leaf)| leaf)).collect()
}

/// Index and leaf, the first two columns of a row.
fn leaf_of(row: &SqliteRow) -> Result<(u64, Leaf), StoreError> {
    let index = unsigned(row.try_get(0).map_err(unavailable)?, "entry", "idx")?;
    let corrupt = |_| StoreError::Corrupt { table: "entry", column: "leaf", row: index.to_string() };
    let leaf = Leaf::from_bytes(row.try_get(1).map_err(unavailable)?).map_err(corrupt)?;
    Ok((index, leaf))
}

pub(super) async fn leaves(connection: &mut SqliteConnection, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError> {
    let query = sqlx::query("SELECT idx, leaf, body FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?");
    let rows = query.bind(integer(from)).bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    let leaf = |row: &SqliteRow| {
        let (index, leaf) = leaf_of(row)?;
        Ok(StoredLeaf { index, leaf, body: row.try_get(2).map_err(unavailable)? })
    };
    rows.iter().map(leaf).collect()
}

pub(super) fn entry(row: &SqliteRow) -> Result<StoredEntry, StoreError> {
    let index = unsigned(row.try_get("idx").map_err(unavailable)?, "entry", "idx")?;
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "entry", column, row: index.to_string() };
    let text = |column: &'static str| row.try_get::<String, _>(column).map_err(unavailable);
    let optional = |column: &'static str| row.try_get::<Option<String>, _>(column).map_err(unavailable);
    let oin = |column: &'static str| optional(column)?.map(|oin| oin.parse().map_err(|_| corrupt(column))).transpose();
    let token = |column: &'static str| {
        let token: Option<Vec<u8>> = row.try_get(column).map_err(unavailable)?;
        token.map(|token| exactly(&token, "entry", column, index).map(SearchToken::from_bytes)).transpose()
    };
    let purpose = optional("purpose")?.map(PurposeCode::try_from).transpose().map_err(|_| corrupt("purpose"))?;
    let categories = text("categories")?;
    let leaf: Vec<u8> = row.try_get("leaf").map_err(unavailable)?;
    let clear = Clear {
        kind: EntryKind::from_code(&text("kind")?).ok_or_else(|| corrupt("kind"))?,
        time: Timestamp::from_millis(row.try_get("time").map_err(unavailable)?),
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
        overridden: row.try_get("overridden").map_err(unavailable)?,
        subject: token("subject_token")?,
        actor: token("actor_token")?,
        case: token("case_token")?,
        trace: text("trace")?.parse().map_err(|_| corrupt("trace"))?,
    };
    let asked = optional("asked")?.unwrap_or_default();
    let tokens: &[u8] = row.try_get("tokens").map_err(unavailable)?;
    let row = EntryRow {
        clear,
        leaf: Leaf::from_bytes(&leaf).map_err(|_| corrupt("leaf"))?,
        body: row.try_get::<Option<Vec<u8>>, _>("body").map_err(unavailable)?.ok_or_else(|| corrupt("body"))?,
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
fn erasable(row: &SqliteRow, index: u64) -> Result<Option<Erasable>, StoreError> {
    let wrapped_key: Option<&[u8]> = row.try_get("wrapped_key").map_err(unavailable)?;
    let salt: Option<&[u8]> = row.try_get("token_salt").map_err(unavailable)?;
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

/// Writes entries, numbered from `first` on.
pub(super) fn add_entries(script: &mut Script, first: u64, rows: &[&EntryRow]) {
    let numbered: Vec<_> = (first..).zip(rows.iter().copied()).collect();
    let insert = "INSERT INTO entry (idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token,
                                     case_token, trace, leaf, body, tokens, token_salt, wrapped_key, key_class, held_by, erases) ";
    script.insert(insert, &numbered, "", |values, (index, row)| {
        let clear = &row.clear;
        values
            .push_bind(integer(*index))
            .push_bind(clear.kind.code())
            .push_bind(clear.time.millis())
            .push_bind(clear.party.as_str())
            .push_bind(clear.source.as_ref().map(Oin::as_str))
            .push_bind(clear.recipient.as_ref().map(Oin::as_str))
            .push_bind(clear.purpose.as_ref().map(PurposeCode::as_str))
            .push_bind(clear.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" "))
            .push_bind(clear.outcome.code())
            .push_bind(clear.overridden)
            .push_bind(clear.subject.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.actor.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.case.as_ref().map(|token| token.bytes().as_slice()))
            .push_bind(clear.trace.to_string())
            .push_bind(row.leaf.bytes().as_slice())
            .push_bind(row.body.as_slice())
            .push_bind(row.tokens.bytes().as_slice())
            .push_bind(row.erasable.as_ref().map(|erasable| erasable.salt.bytes().as_slice()))
            .push_bind(row.erasable.as_ref().map(|erasable| erasable.wrapped_key.bytes().as_slice()))
            .push_bind(row.key_class.as_str())
            .push_bind(row.held_by.as_deref())
            .push_bind(row.erases.as_ref().map(ToString::to_string));
    });
    add_asked(script, &numbered);
}

/// One parameter, so that batches of as many entries are the same script whatever they asked.
fn add_asked(script: &mut Script, entries: &[(u64, &EntryRow)]) {
    let asked: Vec<(u64, &str)> =
        entries.iter().flat_map(|(index, row)| row.asked.iter().map(move |source| (*index, source.as_str()))).collect();
    let list = serde_json::to_string(&asked).unwrap_or_default();
    script.change(asked.len(), |query| {
        query
            .push("INSERT INTO entry_asked (idx, source) SELECT value ->> 0, value ->> 1 FROM json_each(")
            .push_bind(list)
            .push(")");
    });
}

/// Writes tiles and head, of which `facts` says what does not depend on the log. The old size is the guard: when it is not what the batch was
/// numbered behind, the script fails.
pub(super) fn advance(script: &mut Script, seal: &Seal, old: &Head, new: &Sequenced, facts: Anchor) {
    let replace = " ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes";
    script.insert("INSERT INTO tile (level, idx, hashes) ", &new.tiles, replace, |values, tile| {
        values.push_bind(tile.id.level()).push_bind(integer(tile.id.index())).push_bind(tile.bytes.as_slice());
    });
    let anchor = Anchor { size: new.size, root: new.root, ..facts };
    let code = anchor.code(seal).to_vec();
    script.change(1, |query| {
        query.push("UPDATE head SET size = ").push_bind(integer(new.size));
        query.push(", root = ").push_bind(new.root.bytes().as_slice());
        query.push(", checkpoint = ").push_bind(new.checkpoint.to_string());
        query.push(", revision = ").push_bind(anchor.revision.0);
        query.push(", registry = ").push_bind(anchor.registry.to_vec());
        query.push(", policy = ").push_bind(anchor.policy);
        query.push(", consents = ").push_bind(integer(anchor.lists.consents));
        query.push(", reliances = ").push_bind(integer(anchor.lists.reliances));
        query.push(", open_tasks = ").push_bind(integer(anchor.lists.open_tasks));
        query.push(", embargoes = ").push_bind(integer(anchor.lists.embargoes));
        query.push(", holds = ").push_bind(integer(anchor.lists.holds));
        query.push(", code = ").push_bind(code);
        query.push(" WHERE id = 1 AND size = ").push_bind(integer(old.size));
    });
}
