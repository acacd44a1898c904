//! What ends with time (`domain.md` §9): consents past their term expire, by an event of their own; consents, overrides, closed cases, closed tasks
//! and ended embargoes past theirs are removed, by an entry in the log. The log's own entries end in [`super::retention`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::once::Once;
use super::{ActionError, Desk};
use crate::catalogue::PurposeCode;
use crate::clock::{SureTime, Timestamp};
use crate::consent::ConsentState;
use crate::consent::record::ConsentEvent;
use crate::exchange::Gateway;
use crate::ledger::entry::{EntryKind, Erasure};
use crate::policy::Bundle;
use crate::store::duties::PastTerm;
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict};

/// How often terms are looked after.
const EVERY: Duration = Duration::from_mins(1);

/// How much is done in one commit.
const AT_ONCE: u32 = 100;

const YEAR: Duration = Duration::from_hours(24 * 366);

/// How long registers keep what has ended.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Consents and overrides after their validity, cases after they were closed: as long as the log that rests on them.
    pub consents: Duration,
    /// Tasks after they were closed, embargoes after they were lifted or ended.
    pub tasks: Duration,
}

impl Terms {
    /// In whole years.
    pub fn of_years(consents: u32, tasks: u32) -> Self {
        Self { consents: YEAR * consents, tasks: YEAR * tasks }
    }

    /// How many years the log keeps what is about each purpose of `bundle`; the registers must not forget before it what it rests on.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when they would.
    pub fn outlive(&self, bundle: &Bundle) -> Result<BTreeMap<PurposeCode, u32>, ActionError> {
        let years: BTreeMap<_, _> = bundle.purposes().map(|purpose| (purpose.id.clone(), purpose.retention.log_years)).collect();
        let longest = years.values().copied().max().unwrap_or_default();
        if self.consents < YEAR * longest {
            return Err(ActionError::Invalid(format!(
                "[retention] consent-years: at least {longest}, the longest log_years of the policies' purposes"
            )));
        }
        Ok(years)
    }
}

/// Looks after terms for ever.
pub async fn keep(desk: Arc<Desk>, gateway: Arc<Gateway>) {
    let mut sure = SureTime::starting(desk.clock.now(), Instant::now());
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = desk.keep_terms().await {
            tracing::warn!(%error, "what is past its term could not be ended or removed");
        }
        // What is destroyed for a wrong clock stays gone when the clock is right again.
        let Some(now) = sure.after(desk.clock.now(), Instant::now()) else { continue };
        if let Err(error) = desk.erase_past_term(now, gateway.witnessing.as_ref()).await {
            tracing::warn!(%error, "entries past their term could not be erased");
        }
    }
}

impl Desk {
    /// Ends and removes what is past its term now.
    ///
    /// # Errors
    /// [`ActionError`]; what was done until then stays done.
    pub async fn keep_terms(&self) -> Result<(), ActionError> {
        let now = self.clock.now();
        let expired = self.expire(now).await;
        // What is past its term goes, whatever cannot be ended.
        self.erase(now).await?;
        expired
    }

    async fn expire(&self, now: Timestamp) -> Result<(), ActionError> {
        loop {
            let lapsed = self.store.lapsed_consents(now, AT_ONCE).await?;
            let mut ended = false;
            for kept in &lapsed {
                let Some(current) = kept.current() else { continue };
                let event = ConsentEvent { at: current.not_after, recorded_at: now, reason: None };
                let record = current.next(ConsentState::Expired, event);
                let entry = self.entry(self.consent_entry(&record)?)?;
                let change = Change::Consent(kept.subject, Box::new(record));
                match self.commit_once(vec![entry], vec![change], Once::default()).await {
                    // Withdrawn at this moment, or expired by another node: both are as good.
                    Ok(()) | Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => ended = true,
                    // The store has told of it, and the others do not wait for it.
                    Err(ActionError::Append(AppendError::Conflict(Conflict::FactsUnreadable))) => {}
                    Err(error) => return Err(error),
                }
            }
            if !ended {
                return Ok(());
            }
        }
    }

    async fn erase(&self, now: Timestamp) -> Result<(), ActionError> {
        loop {
            let (consents, tasks) = (now.minus(self.terms.consents), now.minus(self.terms.tasks));
            let past = self.store.past_term(consents, tasks, AT_ONCE).await?;
            let past = PastTerm { embargoes: self.embargoes_past_term().await, ..past };
            if past == PastTerm::default() {
                return Ok(());
            }
            let own = self.oin.clone();
            let (clear, mut body) = self.draft(EntryKind::Erasure, &own, "registers past their term")?;
            let lists = [&past.consents, &past.overrides, &past.cases, &past.tasks, &past.embargoes];
            let count = u64::try_from(lists.iter().map(|list| list.len()).sum::<usize>()).unwrap_or(u64::MAX);
            let rule =
                "consents, overrides and cases: validity and log term; tasks and embargoes: term after their end".to_owned();
            body.erasure = Some(Erasure { rule, erases: None, count });
            let entry = self.entry((clear, body))?;
            self.commit_once(vec![entry], vec![Change::Erase(past)], Once::default()).await?;
        }
    }

    /// Those that ended by a time that has surely come: of what is gone too early is told too early, for good. Where they cannot be read, they stay.
    async fn embargoes_past_term(&self) -> Vec<String> {
        let Some(sure) = self.believed.time() else { return Vec::new() };
        let ended = self.store.ended_embargoes(sure.minus(self.terms.tasks), AT_ONCE).await;
        ended.unwrap_or_else(|error| {
            tracing::warn!(%error, "embargoes past their term are not removed");
            Vec::new()
        })
    }
}
