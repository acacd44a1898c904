//! One batch, one transaction: lock, nonces, facts, numbers, entries, tiles, head (`design.md` §7 *Sequencing*).

use std::collections::HashSet;
use std::sync::Arc;

use super::connection::Connection;
use super::log::Anchor;
use super::script::{Insert, Script};
use super::seal::Seal;
use super::statement::query;
use super::tasks::Adding;
use super::{
    Backend, cases, commit_safely, deliveries, disclosures, duties, embargoes, log, lost, offers, policies, registering,
    registers, registry, reliances, retention, sessions, tasks, vault,
};
use crate::clock::Timestamp;
use crate::ledger::tree::Tile;
use crate::notice::Task;
use crate::organisation::Oin;
use crate::store::facts::{facts_digest, registration_digest};
use crate::store::{
    Append, Change, Committed, Conflict, EntryRow, Expected, Head, NonceClaim, PseudonymRow, Scribe, Sequenced, StoreError,
};

/// Commits `batch` in one transaction that writes.
pub(super) async fn commit(
    backend: &impl Backend,
    seal: &Seal,
    batch: &[Append],
    scribe: &dyn Scribe,
    now: Timestamp,
) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
    let (mut transaction, head) = backend.log_writer().await?;
    let (head, anchor) = log::head_of(&head.ok_or_else(log::no_head)?, seal)?;
    let nonces = claim(&mut transaction, batch).await?;
    let tasks = Adding::of(&mut transaction, &batch.iter().flat_map(tasks_of).collect::<Vec<_>>()).await?;
    let mut batch_state = Judging { seal, now, facts: anchor, nonces, redone: HashSet::new(), names: Vec::new(), tasks };
    let mut verdicts = Vec::with_capacity(batch.len());
    for append in batch {
        verdicts.push(batch_state.judge(&mut transaction, append).await?);
    }
    // Not with the rest: of names that are given already fewer rows are written.
    batch_state.add_names(&mut transaction).await?;
    let mut script = Script::default();
    batch_state.tasks.add_to(&mut script, seal, &mut batch_state.facts.lists)?;
    let has_moved = batch_state.facts.revision != head.revision;
    let accepted = || batch.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok()).map(|(append, _)| append);
    let rows: Vec<&EntryRow> = accepted().flat_map(|append| &append.entries).collect();
    let sequenced = sequence(&mut transaction, &head, &rows, scribe).await?;
    if let Some(sequenced) = &sequenced {
        log::add_entries(&mut script, head.size, &rows);
        log::advance(&mut script, seal, &head, sequenced, batch_state.facts);
    }
    let committed = hand_out(&head, sequenced.as_ref(), accepted());
    let script = deliveries::add(&mut transaction, script, accepted().zip(&committed)).await?;
    script.run(&mut transaction).await?;
    if has_moved {
        backend.tell_others(&mut transaction).await?;
    }
    commit_safely(backend, transaction).await?;
    if let Some(sequenced) = &sequenced {
        scribe.committed(sequenced);
    }
    let mut committed = committed.into_iter();
    Ok(verdicts.into_iter().map(|verdict| verdict.and_then(|()| committed.next().ok_or(Conflict::StateChanged))).collect())
}

/// Inserts all nonces of the batch; who is in the result has won, the others lose.
async fn claim(connection: &mut Connection, batch: &[Append]) -> Result<HashSet<(String, String)>, StoreError> {
    let insert = Insert {
        table: "INSERT INTO nonce (organisation, nonce, expires)",
        tail: " ON CONFLICT DO NOTHING RETURNING organisation, nonce",
    };
    let row = |claim: &NonceClaim| vec![claim.organisation.as_str().into(), (&claim.nonce).into(), claim.expires.millis().into()];
    let claims = batch.iter().flat_map(Append::claims).map(|(claim, _)| row(claim)).collect();
    let mut won = HashSet::new();
    for row in connection.returning(insert, claims).await? {
        won.insert((row.get(0)?, row.get(1)?));
    }
    Ok(won)
}

/// What judging one append after the other needs to know.
struct Judging<'a> {
    seal: &'a Seal,
    now: Timestamp,
    /// What the head is to say of the facts, as they are now.
    facts: Anchor,
    nonces: HashSet<(String, String)>,
    /// The disclosures that earlier appends of the batch write, which happens after all are judged.
    redone: HashSet<String>,
    /// Names that earlier appends give, which are written together.
    names: Vec<&'a PseudonymRow>,
    /// New tasks of earlier appends, which are written together.
    tasks: Adding<'a>,
}

impl<'a> Judging<'a> {
    /// Checks what the append claims and rests on, and makes its changes. On a conflict nothing of it stays, its nonces included: the
    /// request may come back with the same ones.
    async fn judge(&mut self, connection: &mut Connection, append: &'a Append) -> Result<Result<(), Conflict>, StoreError> {
        let mut won = Vec::new();
        let mut verdict = Ok(());
        for (claim, lost) in append.claims() {
            let nonce = (claim.organisation.as_str().to_owned(), claim.nonce.clone());
            if !self.nonces.remove(&nonce) {
                verdict = Err(lost);
                break;
            }
            won.push(nonce);
        }
        if verdict.is_ok() {
            verdict = self.all_or_nothing(connection, append).await?;
        }
        if verdict.is_err() {
            for (organisation, nonce) in won {
                let query = query("DELETE FROM nonce WHERE organisation = $1 AND nonce = $2").bind(organisation).bind(nonce);
                query.execute(connection).await?;
            }
        }
        Ok(verdict)
    }

    /// What can turn out to be impossible half-way is done behind a savepoint; all else is checked before the first write.
    async fn all_or_nothing(
        &mut self,
        connection: &mut Connection,
        append: &'a Append,
    ) -> Result<Result<(), Conflict>, StoreError> {
        let are_new = self.tasks.are_new(&tasks_of(append).collect::<Vec<_>>());
        if !are_new || append.changes.iter().any(|change| matches!(change, Change::TaskAnswered(_) | Change::Erase(_))) {
            // Before the savepoint: they stay when this append does not.
            self.add_tasks(connection).await?;
        }
        if !append.apart.is_empty() {
            // It is about to be asked whether they are given.
            self.add_names(connection).await?;
        }
        let (names, tasks) = (self.names.len(), self.tasks.len());
        let verdict = self.behind_a_savepoint(connection, append).await?;
        if verdict.is_err() {
            self.names.truncate(names);
            self.tasks.truncate(tasks);
        }
        Ok(verdict)
    }

    async fn behind_a_savepoint(
        &mut self,
        connection: &mut Connection,
        append: &'a Append,
    ) -> Result<Result<(), Conflict>, StoreError> {
        if !append.changes.iter().any(Change::can_conflict) {
            return self.try_append(connection, append).await;
        }
        connection.run("SAVEPOINT one").await?;
        let facts = self.facts.clone();
        let verdict = self.try_append(connection, append).await?;
        if verdict.is_err() {
            self.facts = facts;
            connection.run("ROLLBACK TO one").await?;
        }
        connection.run("RELEASE one").await?;
        Ok(verdict)
    }

    async fn add_tasks(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        self.tasks.write(connection, self.seal, &mut self.facts.lists).await
    }

    async fn add_names(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        vault::add_pseudonyms(connection, &std::mem::take(&mut self.names)).await
    }

    async fn try_append(&mut self, connection: &mut Connection, append: &'a Append) -> Result<Result<(), Conflict>, StoreError> {
        if let Some(expected) = &append.expected {
            let verdict = self.still_holds(connection, expected).await;
            if let Err(conflict) = readable(verdict.map(|holds| if holds { Ok(()) } else { Err(Conflict::FactsChanged) }))? {
                return Ok(Err(conflict));
            }
        }
        if vault::any_given(connection, &append.apart).await? {
            return Ok(Err(Conflict::FactsChanged));
        }
        if let Some(claim) = &append.idempotency
            && !disclosures::take_claim(connection, claim, self.now).await?
        {
            return Ok(Err(Conflict::IdempotencyTaken));
        }
        let told_by = append.entries.first().map(|entry| &entry.leaf);
        if told_by.is_none() && append.changes.iter().any(|change| change.moves_facts() || change.is_listed()) {
            return Err(StoreError::Unavailable("facts and lists may not change without an entry in the log".to_owned()));
        }
        for change in &append.changes {
            if let Err(conflict) = readable(self.change(connection, change).await)? {
                return Ok(Err(conflict));
            }
            if let (true, Some(leaf)) = (change.moves_facts(), told_by) {
                self.facts.revision = self.facts.revision.moved_by(leaf);
            }
        }
        self.redone.extend(append.changes.iter().filter_map(|change| match change {
            Change::Disclosure(row) => Some(row.id.clone()),
            _ => None,
        }));
        Ok(Ok(()))
    }

    /// Re-reads the facts when any fact at all has moved; equal digests mean that none of these has.
    async fn still_holds(&self, connection: &mut Connection, expected: &Expected) -> Result<bool, StoreError> {
        if self.now >= expected.void_at {
            return Ok(false);
        }
        if self.facts.revision == expected.revision {
            return Ok(true);
        }
        let organisations = registry::vouched_for(connection, self.seal, &self.facts.registry).await?;
        let of = |oin| organisations.get(oin).map_or([0; 32], registration_digest);
        let person = match expected.subject {
            Some(subject) => {
                let known = registers::person_facts(connection, self.seal, subject).await?;
                Some(known.bearing_on(&expected.recipients, &expected.organisations))
            }
            None => None,
        };
        let case = match &expected.case {
            Some(case) => {
                let kind_of = |oin: &Oin| organisations.get(oin).map(|registration| registration.organisation.kind);
                let known = cases::case(connection, self.seal, case).await?;
                // Who would receive cannot be told: nothing holds.
                let Some(fact) = known.and_then(|(_, case)| case.fact(kind_of)) else { return Ok(false) };
                Some(fact)
            }
            None => None,
        };
        let registrations = expected.organisations.iter().map(of);
        Ok(facts_digest(registrations, self.facts.policy.as_deref(), person.as_ref(), case.as_ref()) == expected.digest)
    }

    async fn change(&mut self, connection: &mut Connection, change: &'a Change) -> Result<Result<(), Conflict>, StoreError> {
        match change {
            Change::ScopeKey { scope, sealed } => vault::add_scope(connection, scope, sealed).await?,
            Change::Pseudonyms(rows) => self.names.extend(rows),
            // These need a receipt, or their order among those that do: they are written when the entries have their numbers.
            Change::Disclosure(_) | Change::Delivery(_) | Change::ContributionReceipt(_) | Change::DestroyDeliveries { .. } => {}
            Change::Unchanged { disclosure, version } => {
                let as_read =
                    !self.redone.contains(disclosure) && disclosures::is_version(connection, disclosure, version).await?;
                return Ok(if as_read { Ok(()) } else { Err(Conflict::StateChanged) });
            }
            Change::ReceiptsAccepted(numbers) => disclosures::remove_contributions(connection, numbers).await?,
            Change::Answered { organisation, key, disclosure } => {
                let held = disclosures::answered(connection, organisation, key, disclosure).await?;
                return Ok(if held { Ok(()) } else { Err(Conflict::IdempotencyTaken) });
            }
            Change::Consent(subject, record) => {
                return registers::add_consent(connection, self.seal, &mut self.facts.lists, (*subject, record)).await;
            }
            Change::Lost(subject, records) => {
                return lost::replace(connection, self.seal, &mut self.facts.lists, (subject, records)).await;
            }
            Change::Override(subject, version, record) => {
                return registers::add_override(connection, self.seal, *subject, *version, record).await;
            }
            Change::Policies(version) => {
                policies::keep(connection, version).await?;
                self.facts.policy = Some(version.hash.clone());
            }
            Change::Reliance(row) => reliances::add(connection, self.seal, &mut self.facts.lists, row).await?,
            Change::GivenAgain { disclosure, consents, at } => {
                reliances::given_again(connection, self.seal, (disclosure, consents.as_ref()), *at).await?;
            }
            Change::ReceivedBy { consent, recipients } => {
                return reliances::received_by(connection, self.seal, &self.facts.lists, (consent, recipients)).await;
            }
            Change::GivenSince { consent, since, disclosures } => {
                return reliances::given_since(connection, self.seal, &self.facts.lists, (consent, *since, disclosures)).await;
            }
            Change::Task(task) => self.tasks.add(connection, self.seal, &mut self.facts.lists, task).await?,
            Change::TaskAnswered(task) => return tasks::put(connection, self.seal, &mut self.facts.lists, task).await,
            Change::Embargo(embargo) => {
                return embargoes::put(connection, self.seal, &mut self.facts.lists, (embargo, self.now)).await;
            }
            Change::HeldBack { party, versions } => {
                return embargoes::are(connection, self.seal, &self.facts.lists, (party, versions)).await;
            }
            Change::Erase(past) => duties::erase(connection, self.seal, &mut self.facts.lists, past).await?,
            Change::Hold(hold) => return retention::place(connection, self.seal, &mut self.facts.lists, hold).await,
            Change::HoldLifted(id) => return retention::lift(connection, &mut self.facts.lists, id).await,
            Change::HeldBy(holds) => return retention::held_by(connection, self.seal, &self.facts.lists, holds).await,
            Change::Offer(offer) => return offers::add(connection, self.seal, offer, self.now).await,
            Change::OfferCollected { offer, until } => {
                return offers::collected(connection, self.seal, (offer, *until), self.now).await;
            }
            Change::OfferWithdrawn(offer) => return offers::withdraw(connection, offer, self.now).await,
            Change::Case(case) => return registers::add_case(connection, self.seal, case).await,
            Change::Session(session) => return sessions::put(connection, self.seal, session).await,
            Change::SignedIn(session) => return sessions::stands(connection, self.seal, session).await,
            Change::Organisation(_) | Change::Status(_) | Change::Credential(_) => {
                return registering::change(connection, self.seal, &mut self.facts.registry, change).await;
            }
        }
        Ok(Ok(()))
    }
}

fn tasks_of(append: &Append) -> impl Iterator<Item = &Task> {
    append.changes.iter().filter_map(|change| match change {
        Change::Task(task) => Some(&**task),
        _ => None,
    })
}

/// One record that is not what it must be stops who rests on it or changes it, and nobody else in the batch.
fn readable(verdict: Result<Result<(), Conflict>, StoreError>) -> Result<Result<(), Conflict>, StoreError> {
    match verdict {
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(%error, "facts cannot be read again; what rests on them is refused");
            Ok(Err(Conflict::FactsUnreadable))
        }
        verdict => verdict,
    }
}

async fn sequence(
    connection: &mut Connection,
    head: &Head,
    rows: &[&EntryRow],
    scribe: &dyn Scribe,
) -> Result<Option<Sequenced>, StoreError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut tiles = Vec::new();
    for id in scribe.missing_tiles(head) {
        let corrupt = || StoreError::Corrupt { table: "tile", column: "hashes", row: id.path() };
        let bytes = log::tile(connection, id.level(), id.index()).await?.ok_or_else(corrupt)?;
        tiles.push(Tile { id, bytes });
    }
    let leaves: Vec<_> = rows.iter().map(|row| row.leaf).collect();
    scribe.sequence(head, tiles, &leaves).map(Some)
}

/// Tells each accepted append its numbers and proofs.
fn hand_out<'a>(head: &Head, sequenced: Option<&Sequenced>, accepted: impl Iterator<Item = &'a Append>) -> Vec<Committed> {
    let mut index = head.size;
    let mut paths = sequenced.map(|sequenced| sequenced.paths.iter()).into_iter().flatten();
    let committed = accepted.map(|append| {
        let first_index = index;
        index = index.saturating_add(u64::try_from(append.entries.len()).unwrap_or(u64::MAX));
        let paths = paths.by_ref().take(append.entries.len()).cloned().collect();
        Committed { first_index, paths, checkpoint: sequenced.map(|sequenced| Arc::clone(&sequenced.checkpoint)) }
    });
    committed.collect()
}
