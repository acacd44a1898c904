//! How many requests a node works on at a time. What comes beyond is refused at once, so that those that were taken are answered in time: a queue would only
//! make everybody wait, and its end is past the patience of whoever stands there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::organisation::Oin;

/// The requests that are being worked on. One that waits for a source, or for the instant at which its answer leaves, costs next to nothing and is not
/// counted: a slow source does not use up what others need.
#[derive(Debug)]
pub struct Load {
    usual: Arc<Places>,
    /// Beyond those: for what takes away a ground to disclose. Nothing else takes them, not even what comes back from where it waited.
    protective: Arc<Places>,
}

/// Places to work on requests.
#[derive(Debug)]
struct Places {
    most: Most,
    working: Mutex<Working>,
}

/// How many at a time: of all, and of one organisation.
#[derive(Clone, Copy, Debug)]
struct Most {
    all: usize,
    one: usize,
}

impl Most {
    /// Of so many one organisation has three in four, so that nobody can keep all others out.
    fn of(all: usize) -> Self {
        Self { all, one: all.saturating_sub(all / 4).max(1) }
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Anything.
    Usual,
    /// It withdraws, refuses or invalidates what disclosures rest on: refused because others ask for data, it would let them have it.
    Protective,
}

#[derive(Debug, Default)]
struct Working {
    all: usize,
    of: HashMap<Whose, usize>,
}

/// The organisation in the certificate, if there is one in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Whose(Option<Oin>);

/// A request that is being worked on, until this is dropped.
#[derive(Debug)]
pub struct Work {
    places: Arc<Places>,
    whose: Whose,
    is_aside: AtomicBool,
}

/// A request that waits, until this is dropped. Then it is worked on again, however many others are.
#[derive(Debug)]
pub struct Aside {
    is_first: bool,
}

tokio::task_local! {
    /// What the task works on.
    static CURRENT: Work;
}

impl Work {
    /// Does it; within, [`aside`] knows whose it is.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }
}

/// Does not count the request that this task works on while it waits. The work of no request was not counted before.
pub fn aside() -> Aside {
    let leave = |work: &Work| {
        let is_first = !work.is_aside.swap(true, Ordering::Relaxed);
        if is_first {
            work.places.working().leave(&work.whose);
        }
        is_first
    };
    Aside { is_first: CURRENT.try_with(leave).unwrap_or(false) }
}

impl Load {
    /// At most so many at a time, and an eighth more that are protective; of both one organisation three in four.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { usual: Places::new(most), protective: Places::new((most / 8).max(2)) })
    }

    /// Takes a request of this organisation, as its certificate says; `None` when there are too many.
    pub fn begin(&self, whose: Option<&Oin>, urgency: Urgency) -> Option<Work> {
        let whose = Whose(whose.cloned());
        match (self.usual.take(&whose), urgency) {
            (None, Urgency::Protective) => self.protective.take(&whose),
            (taken, _) => taken,
        }
    }

    /// How many are being worked on.
    pub fn now(&self) -> usize {
        self.usual.working().all.saturating_add(self.protective.working().all)
    }
}

impl Places {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: Most::of(most), working: Mutex::default() })
    }

    fn take(self: &Arc<Self>, whose: &Whose) -> Option<Work> {
        let mut working = self.working();
        let of_it = working.of.get(whose).copied().unwrap_or_default();
        if working.all >= self.most.all || of_it >= self.most.one {
            return None;
        }
        working.enter(whose);
        Some(Work { places: Arc::clone(self), whose: whose.clone(), is_aside: AtomicBool::new(false) })
    }

    fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Working {
    fn enter(&mut self, whose: &Whose) {
        self.all = self.all.saturating_add(1);
        let of_it = self.of.entry(whose.clone()).or_default();
        *of_it = of_it.saturating_add(1);
    }

    fn leave(&mut self, whose: &Whose) {
        self.all = self.all.saturating_sub(1);
        if let Some(of_it) = self.of.get_mut(whose) {
            *of_it = of_it.saturating_sub(1);
            if *of_it == 0 {
                self.of.remove(whose);
            }
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // One that ends while it waits was left already.
        if !self.is_aside.load(Ordering::Relaxed) {
            self.places.working().leave(&self.whose);
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.is_first {
            // Outside of the task's scope its work has ended, and is not counted any more.
            let enter = |work: &Work| {
                work.is_aside.store(false, Ordering::Relaxed);
                work.places.working().enter(&work.whose);
            };
            CURRENT.try_with(enter).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Urgency::{Protective, Usual};
    use super::*;

    /// Broken on purpose to see it fail: the same limit for both.
    #[test]
    fn what_protects_has_places_that_nothing_else_takes() {
        let (load, one, other) = (Load::new(32), oin(1), oin(2));
        let mut taken: Vec<_> = (0..24).map(|_| load.begin(Some(&one), Usual).expect("room")).collect();
        taken.extend((0..8).map(|_| load.begin(Some(&other), Usual).expect("room")));
        assert!(load.begin(None, Usual).is_none(), "all are taken");
        taken.extend((0..3).map(|_| load.begin(Some(&one), Protective).expect("beyond its share")));
        assert!(load.begin(Some(&one), Protective).is_none(), "nobody keeps others out of these either");
        taken.push(load.begin(Some(&other), Protective).expect("another's"));
        assert!(load.begin(None, Protective).is_none(), "these have an end too");
        drop(taken);
        assert_eq!(load.now(), 0);
    }

    fn oin(digit: u8) -> Oin {
        digit.to_string().repeat(20).parse().expect("OIN")
    }

    #[test]
    fn what_comes_beyond_is_not_taken_and_nobody_keeps_others_out() {
        let (load, one, other) = (Load::new(4), oin(1), oin(2));
        let taken: Vec<_> = (0..3).map(|_| load.begin(Some(&one), Usual).expect("room")).collect();
        assert!(load.begin(Some(&one), Usual).is_none(), "its share");
        let last = load.begin(Some(&other), Usual).expect("room for another");
        assert!(load.begin(Some(&other), Usual).is_none(), "all are taken");
        assert!(load.begin(None, Usual).is_none(), "whoever it is");
        drop(last);
        assert!(load.begin(None, Usual).is_some(), "given back");
        drop(taken);
        assert_eq!(load.now(), 0);
        assert!(load.usual.working().of.is_empty(), "nobody is kept in memory");
    }

    /// Broken on purpose to see it fail: places that are counted together.
    #[tokio::test]
    async fn what_comes_back_takes_no_place_of_what_protects() {
        let (load, one, other) = (Load::new(4), oin(1), oin(2));
        // Each leaves while it waits, so that all are taken; then all come back at once.
        let (go, wait) = tokio::sync::watch::channel(false);
        let mut all = Vec::new();
        for _ in 0..9 {
            let (work, mut wait) = (load.begin(Some(&one), Usual).expect("room while the others wait"), wait.clone());
            all.push(tokio::spawn(work.during(async move {
                let waiting = aside();
                wait.changed().await.expect("told to go on");
                drop(waiting);
                std::future::pending::<()>().await;
            })));
            tokio::task::yield_now().await;
        }
        assert_eq!(load.now(), 0, "all wait");
        go.send(true).expect("they wait");
        tokio::task::yield_now().await;
        assert_eq!(load.now(), 9, "all came back");
        assert!(load.begin(Some(&other), Usual).is_none());
        drop(load.begin(Some(&other), Protective).expect("a place that is kept for it"));
        all.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn what_waits_is_not_counted() {
        let (load, one) = (Load::new(4), oin(1));
        let _taken: Vec<_> = (0..2).map(|_| load.begin(Some(&one), Usual).expect("room")).collect();
        let third = load.begin(Some(&one), Usual).expect("room");
        let another = third.during(async {
            let (waiting, within) = (aside(), aside());
            assert_eq!(load.now(), 2, "left once");
            drop(within);
            let another = load.begin(Some(&one), Usual).expect("room while one waits");
            drop(waiting);
            assert_eq!(load.now(), 4, "it goes on, also beyond the share");
            another
        });
        drop(another.await);
        assert_eq!(load.now(), 2, "its end is counted once");
        drop(aside());
        assert_eq!(load.now(), 2, "the work of no request was not counted");
    }
}
