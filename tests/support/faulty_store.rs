//! A store that fails when told: before a commit, after it, or by taking its time; and a second node of a running gateway on such a store.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sluis::app::gateway::{Built, build_with};
use sluis::case_room::{Case, CaseId};
use sluis::client::{Client, Kit};
use sluis::clock::Timestamp;
use sluis::config::GatewayConfig;
use sluis::consent::ConsentRecord;
use sluis::demo::organisations::Slug;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::embargo::Embargo;
use sluis::ledger::entry::{EntryKind, Erases, TraceId};
use sluis::ledger::seal::Leaf;
use sluis::notice::Task;
use sluis::organisation::Oin;
use sluis::organisation::session::{Session, SessionId};
use sluis::store::cosigned::Cosigned;
use sluis::store::duties::{KeptConsent, PastTerm, Reliance};
use sluis::store::embargoes::Embargoes;
use sluis::store::lost::Unreadable;
use sluis::store::retention::{Hold, Moving, Retention};
use sluis::store::scan::Scan;
use sluis::store::search::{Filter, Order};
use sluis::store::sessions::Sessions;
use sluis::store::{
    Append, Change, Claim, Committed, Conflict, Head, OfferPage, OfferRow, PersonFacts, PseudonymRow, Registered, Revision,
    Scribe, Store, StoreError, StoredDisclosure, StoredEntry, StoredLeaf, SubjectIndex, WaitingReceipt,
};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::TestGateway;

/// What goes wrong at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store refuses; nothing was written.
    Refused,
    /// The connection was lost at COMMIT; nothing was written.
    LostBefore,
    /// The connection was lost at COMMIT; it was written.
    LostAfter,
    /// It takes this long, then it is written.
    Slow(Duration),
}

/// A store that fails when told.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    fault: Mutex<Option<(EntryKind, Fault)>>,
    met: AtomicUsize,
    named: Mutex<Option<Hook>>,
    halted: Mutex<Option<(EntryKind, Arc<Pause>)>>,
    walks: Mutex<Option<Arc<Semaphore>>>,
    walking: AtomicUsize,
    pause: Mutex<Option<(At, Arc<Pause>)>>,
}

/// Counts a walk while it waits.
struct Walking<'a>(&'a AtomicUsize);

impl Drop for Walking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Where a store can be made to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Entries are about to be kept by something else.
    BeforeMoving,
    /// They are.
    AfterMoving,
}

/// Where a store waits, once, so that something else can happen meanwhile.
#[derive(Default)]
pub struct Pause {
    reached: Notify,
    over: Notify,
}

impl Pause {
    /// Returns when the store waits.
    pub async fn reached(&self) {
        tokio::time::timeout(super::LONG, self.reached.notified()).await.expect("the store comes there");
    }

    /// It goes on.
    pub fn over(&self) {
        self.over.notify_one();
    }

    /// Waits until the store waits, does something, and lets it go on.
    pub async fn meanwhile<T>(&self, something: impl Future<Output = T>) -> T {
        self.reached().await;
        let done = something.await;
        self.over();
        done
    }

    async fn wait(&self) {
        self.reached.notify_one();
        self.over.notified().await;
    }
}

type Hook = Box<dyn Fn() + Send>;

impl FaultyStore {
    /// Sound until told otherwise.
    pub fn around(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            fault: Mutex::default(),
            met: AtomicUsize::new(0),
            named: Mutex::default(),
            halted: Mutex::default(),
            walks: Mutex::default(),
            walking: AtomicUsize::new(0),
            pause: Mutex::default(),
        })
    }

    /// From now on every batch with an entry of `kind` meets `fault`.
    pub fn fails(&self, kind: EntryKind, fault: Fault) {
        *self.fault.lock().expect("no panic") = Some((kind, fault));
    }

    /// Does this after new pseudonyms were committed: between the judgement of what came and its recording.
    pub fn after_naming(&self, hook: impl Fn() + Send + 'static) {
        *self.named.lock().expect("no panic") = Some(Box::new(hook));
    }

    /// The next batch with an entry of `kind` stops before it is committed.
    pub fn halts(&self, kind: EntryKind) -> Arc<Pause> {
        let pause = Arc::new(Pause::default());
        *self.halted.lock().expect("no panic") = Some((kind, Arc::clone(&pause)));
        pause
    }

    /// From now on each step of a walk over entries waits for a permit of this, which it gives back.
    pub fn walks_wait(&self) -> Arc<Semaphore> {
        let permits = Arc::new(Semaphore::new(0));
        *self.walks.lock().expect("no panic") = Some(Arc::clone(&permits));
        permits
    }

    /// Waits until so many walks wait.
    pub async fn until_walking(&self, count: usize) {
        super::until("walks wait", super::LONG, async || self.walking.load(Ordering::SeqCst) == count).await;
    }

    /// The next time that it comes there it waits.
    pub fn pauses(&self, at: At) -> Arc<Pause> {
        let pause = Arc::new(Pause::default());
        *self.pause.lock().expect("no panic") = Some((at, Arc::clone(&pause)));
        pause
    }

    async fn waits(&self, here: At) {
        let pause = self.pause.lock().expect("no panic").take_if(|(at, _)| *at == here);
        if let Some((_, pause)) = pause {
            pause.wait().await;
        }
    }

    /// Sound again.
    pub fn mends(&self) {
        *self.fault.lock().expect("no panic") = None;
    }

    /// How many batches met a fault.
    pub fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }

    fn fault_of(&self, batch: &[Append]) -> Option<Fault> {
        let (kind, fault) = (*self.fault.lock().expect("no panic"))?;
        let concerned = batch.iter().flat_map(|append| &append.entries).any(|entry| entry.clear.kind == kind);
        concerned.then(|| {
            self.met.fetch_add(1, Ordering::SeqCst);
            fault
        })
    }
}

#[async_trait]
impl Retention for FaultyStore {
    async fn erasures(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.erasures().await
    }

    async fn forgotten(&self) -> Result<BTreeSet<String>, StoreError> {
        self.inner.forgotten().await
    }

    async fn forget(&self, what: &Erases) -> Result<(), StoreError> {
        self.inner.forget(what).await
    }

    async fn note_forgotten(&self, names: &BTreeSet<String>) -> Result<(), StoreError> {
        self.inner.note_forgotten(names).await
    }

    async fn buried(&self, tombstones: &BTreeSet<String>) -> Result<Vec<(u64, String)>, StoreError> {
        self.inner.buried(tombstones).await
    }

    async fn extent(&self, what: &Erases) -> Result<u64, StoreError> {
        self.inner.extent(what).await
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        self.inner.holds().await
    }

    async fn kept(
        &self,
        kept_by: &Erases,
        covered_by: Option<&Hold>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.kept(kept_by, covered_by, from, limit).await
    }

    async fn move_entries(&self, moving: &Moving<'_>) -> Result<Result<(), Conflict>, StoreError> {
        self.waits(At::BeforeMoving).await;
        let outcome = self.inner.move_entries(moving).await;
        self.waits(At::AfterMoving).await;
        outcome
    }
}

#[async_trait]
impl Store for FaultyStore {
    fn is_blocking(&self) -> bool {
        self.inner.is_blocking()
    }

    async fn commit(
        &self,
        batch: &[Append],
        scribe: &dyn Scribe,
        now: Timestamp,
    ) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
        let is_halted = |(kind, _): &mut (EntryKind, Arc<Pause>)| {
            batch.iter().flat_map(|append| &append.entries).any(|entry| entry.clear.kind == *kind)
        };
        let halt = self.halted.lock().expect("no panic").take_if(is_halted);
        if let Some((_, pause)) = halt {
            pause.wait().await;
        }
        match self.fault_of(batch) {
            None => {
                let outcome = self.inner.commit(batch, scribe, now).await;
                let named = batch.iter().flat_map(|append| &append.changes).any(|change| matches!(change, Change::Pseudonyms(_)));
                if let (true, Some(hook)) = (named, &*self.named.lock().expect("no panic")) {
                    hook();
                }
                outcome
            }
            Some(Fault::Refused) => Err(StoreError::Unavailable("disk full".to_owned())),
            Some(Fault::LostBefore) => Err(StoreError::UnknownOutcome("connection lost".to_owned())),
            Some(Fault::LostAfter) => {
                self.inner.commit(batch, scribe, now).await?;
                Err(StoreError::UnknownOutcome("connection lost".to_owned()))
            }
            Some(Fault::Slow(wait)) => {
                tokio::time::sleep(wait).await;
                self.inner.commit(batch, scribe, now).await
            }
        }
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    async fn safe_head(&self) -> Result<Head, StoreError> {
        self.inner.safe_head().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.tile(level, index).await
    }

    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.entries(from, limit).await
    }

    async fn public_leaves(&self, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        self.inner.public_leaves(from, limit).await
    }

    async fn leaves(&self, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError> {
        self.inner.leaves(from, limit).await
    }

    async fn entries_of(&self, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.entries_of(trace).await
    }

    async fn entries_at(&self, indexes: &BTreeSet<u64>) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.entries_at(indexes).await
    }

    async fn policy_texts(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.policy_texts(hash).await
    }

    async fn registered(&self) -> Result<Registered, StoreError> {
        self.inner.registered().await
    }

    async fn person_facts(&self, subject: SubjectIndex) -> Result<PersonFacts, StoreError> {
        self.inner.person_facts(subject).await
    }

    async fn case(&self, id: &CaseId) -> Result<Option<(Revision, Case)>, StoreError> {
        self.inner.case(id).await
    }

    async fn cases(&self) -> Result<Vec<Case>, StoreError> {
        self.inner.cases().await
    }

    async fn offer(&self, id: &str, now: Timestamp) -> Result<Option<OfferRow>, StoreError> {
        self.inner.offer(id, now).await
    }

    async fn takes_writes(&self) -> Result<(), StoreError> {
        self.inner.takes_writes().await
    }

    async fn moved(&self) {
        self.inner.moved().await;
    }

    async fn close(&self) {
        self.inner.close().await;
    }

    async fn offer_like(&self, offer: &OfferRow, now: Timestamp) -> Result<Option<(String, Timestamp)>, StoreError> {
        self.inner.offer_like(offer, now).await
    }

    async fn offers_waiting(&self, recipient: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        self.inner.offers_waiting(recipient, now, page).await
    }

    async fn offers_made(&self, source: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        self.inner.offers_made(source, now, page).await
    }

    async fn consent(&self, id: &str) -> Result<Option<KeptConsent>, StoreError> {
        self.inner.consent(id).await
    }

    async fn consents_of(&self, recorder: &Oin, after: &str, limit: u32) -> Result<Vec<ConsentRecord>, StoreError> {
        self.inner.consents_of(recorder, after, limit).await
    }

    async fn lapsed_consents(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptConsent>, StoreError> {
        self.inner.lapsed_consents(now, limit).await
    }

    async fn reliances(&self, consent: &str) -> Result<Vec<Reliance>, StoreError> {
        self.inner.reliances(consent).await
    }

    async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        self.inner.task(id).await
    }

    async fn open_tasks(&self, owner: Option<&Oin>, due_by: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
        self.inner.open_tasks(owner, due_by, limit).await
    }

    async fn subject_of_override(&self, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
        self.inner.subject_of_override(id).await
    }

    async fn unreadable(&self, table: &str, row: &str) -> Result<Option<Unreadable>, StoreError> {
        self.inner.unreadable(table, row).await
    }

    async fn past_term(&self, consents_before: Timestamp, tasks_before: Timestamp, limit: u32) -> Result<PastTerm, StoreError> {
        self.inner.past_term(consents_before, tasks_before, limit).await
    }

    async fn claim(&self, organisation: &Oin, key: &str, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        self.inner.claim(organisation, key, now).await
    }

    async fn disclosure(&self, id: &str, now: Timestamp) -> Result<Option<StoredDisclosure>, StoreError> {
        self.inner.disclosure(id, now).await
    }

    async fn scope_key(&self, scope: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.scope_key(scope).await
    }

    async fn pseudonyms(&self, scope: &str, indexes: &[[u8; 32]]) -> Result<Vec<Option<String>>, StoreError> {
        self.inner.pseudonyms(scope, indexes).await
    }

    async fn identity(&self, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError> {
        self.inner.identity(pseudonym).await
    }

    async fn contribution_receipts(&self, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError> {
        self.inner.contribution_receipts(limit).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.sweep(now).await
    }
}

#[async_trait]
impl Embargoes for FaultyStore {
    async fn embargoes(&self, party: &Oin) -> Result<Vec<Embargo>, StoreError> {
        self.inner.embargoes(party).await
    }

    async fn ended_embargoes(&self, before: Timestamp, limit: u32) -> Result<Vec<String>, StoreError> {
        self.inner.ended_embargoes(before, limit).await
    }
}

#[async_trait]
impl Sessions for FaultyStore {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.inner.session(id).await
    }

    async fn sessions_of(&self, organisation: &Oin) -> Result<Vec<Session>, StoreError> {
        self.inner.sessions_of(organisation).await
    }
}

#[async_trait]
impl Scan for FaultyStore {
    async fn scan(&self, filter: &Filter, part: Range<u64>, order: Order, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let permits = self.walks.lock().expect("no panic").clone();
        if let Some(permits) = permits {
            self.walking.fetch_add(1, Ordering::SeqCst);
            let _walking = Walking(&self.walking);
            let _permit = permits.acquire().await.expect("not closed");
        }
        self.inner.scan(filter, part, order, limit).await
    }
}

#[async_trait]
impl Cosigned for FaultyStore {
    async fn keep_cosigned(&self, checkpoint: &SignedCheckpoint, at: Timestamp) -> Result<(), StoreError> {
        self.inner.keep_cosigned(checkpoint, at).await
    }

    async fn cosigned_behind(&self, index: u64) -> Result<Option<SignedCheckpoint>, StoreError> {
        self.inner.cosigned_behind(index).await
    }

    async fn newest_cosigned(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        self.inner.newest_cosigned().await
    }
}

/// A second node of a running gateway: same files, own listeners, a store that fails when told.
pub struct Node {
    /// Its store.
    pub store: Arc<FaultyStore>,
    api: String,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Node {
    /// Starts it on the files of `beside`.
    pub async fn beside(beside: &TestGateway) -> Self {
        Self::with(beside, |_| {}).await
    }

    /// The same with other settings.
    pub async fn with(beside: &TestGateway, change: impl FnOnce(&mut GatewayConfig)) -> Self {
        let mut config = GatewayConfig::load(&beside.running().layout.configuration()).expect("a configuration");
        let free = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let held = [free(), free(), free()];
        let [api, web, operations] = held.each_ref().map(|held| held.local_addr().expect("an address"));
        (config.api.listen, config.web.listen, config.operations.listen) = (api, web, operations);
        config.gateway.authorities = vec![format!("localhost:{}", api.port())];
        change(&mut config);
        let mut store = None;
        let wrap = |inner| {
            let faulty = FaultyStore::around(inner);
            store = Some(Arc::clone(&faulty));
            faulty as Arc<dyn Store>
        };
        let built: Built = Box::pin(build_with(config, beside.running().outside().clone(), wrap)).await.expect("a second node");
        drop(held);
        let bound = built.bind().await.expect("listeners");
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(bound.run(shutdown.clone()));
        let api = format!("https://localhost:{}", api.port());
        Self { store: store.expect("wrapped"), api, shutdown, tasks }
    }

    /// Where its API listens: `https://localhost:port`.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The client of an organisation of the kit, towards this node.
    pub fn client(&self, beside: &TestGateway, slug: Slug) -> Client {
        let mut kit = Kit::open(&beside.running().layout.kit_of(slug)).expect("a kit");
        kit.gateway.api.clone_from(&self.api);
        let outside = beside.running().outside();
        Client::new(&kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)).expect("a client")
    }

    /// Stops it.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
