//! Sessions: sealed records, each known by the digest of its secret. That one is taken away by hand ends it, which is safe; so no head counts them.

use async_trait::async_trait;

use super::connection::Connection;
use super::seal::{Place, Seal};
use super::statement::{Row, query};
use super::{Backend, SqlStore};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::organisation::session::{LONGEST, Session, SessionId};
use crate::store::sessions::{MOST_OF_A_PERSON, Sessions};
use crate::store::{Conflict, StoreError};

const TABLE: &str = "session";

#[async_trait]
impl<D: Backend> Sessions for SqlStore<D> {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let found = find(&mut reading, &self.registers, id).await;
        reading.ended(found).await
    }

    async fn sessions_of(&self, organisation: &Oin) -> Result<Vec<Session>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let found = of(&mut reading, &self.registers, organisation).await;
        let mut sessions = reading.ended(found).await?;
        sessions.sort_by(|left, right| right.began.cmp(&left.began).then_with(|| left.id.cmp(&right.id)));
        Ok(sessions)
    }
}

async fn find(connection: &mut Connection, seal: &Seal, id: &SessionId) -> Result<Option<Session>, StoreError> {
    let rows =
        query("SELECT id, organisation, version, record FROM session WHERE id = $1").bind(id.as_str()).all(connection).await?;
    rows.first().map(|row| opened(seal, row)).transpose()
}

async fn of(connection: &mut Connection, seal: &Seal, organisation: &Oin) -> Result<Vec<Session>, StoreError> {
    let found =
        query("SELECT id, organisation, version, record FROM session WHERE organisation = $1").bind(organisation.as_str());
    found.all(connection).await?.iter().map(|row| opened(seal, row)).collect()
}

/// Writes a version: the first, or the one after that which is there, unless that is ended.
pub(super) async fn put(connection: &mut Connection, seal: &Seal, session: &Session) -> Result<Result<(), Conflict>, StoreError> {
    let is_new = session.version == 1;
    let organisation = &session.visitor.organisation;
    if is_new {
        let others = of(connection, seal, organisation).await?;
        let hers = |other: &&Session| other.ended.is_none() && other.visitor.reference == session.visitor.reference;
        if others.iter().filter(hers).count() >= MOST_OF_A_PERSON {
            return Ok(Err(Conflict::TooMany));
        }
    } else if !find(connection, seal, &session.id).await?.is_some_and(|kept| may_follow(&kept, session)) {
        return Ok(Err(Conflict::StateChanged));
    }
    let sealed = seal.close(Place::newest(TABLE, session.id.as_str(), session.version), session)?;
    let statement = if is_new {
        "INSERT INTO session (version, record, id, organisation, began) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE session SET version = $1, record = $2 WHERE id = $3 AND organisation = $4 AND began = $5 AND version = $1 - 1"
    };
    let write = query(statement).bind(session.version).bind(sealed).bind(session.id.as_str()).bind(organisation.as_str());
    let written = write.bind(session.began.millis()).execute(connection).await?;
    Ok(if written == 1 { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// A session stays whose it is and as old as it is; what is ended stays so.
fn may_follow(kept: &Session, next: &Session) -> bool {
    kept.ended.is_none()
        && kept.visitor == next.visitor
        && kept.began == next.began
        && kept.version.checked_add(1) == Some(next.version)
}

/// Whether nobody has ended it since, and it is hers who is thought to have it.
pub(super) async fn stands(connection: &mut Connection, seal: &Seal, seen: &Session) -> Result<Result<(), Conflict>, StoreError> {
    let kept = find(connection, seal, &seen.id).await?;
    let same = kept.is_some_and(|kept| kept.ended.is_none() && kept.visitor == seen.visitor && kept.began == seen.began);
    Ok(if same { Ok(()) } else { Err(Conflict::StateChanged) })
}

/// Removes those that stand no more whatever was done.
pub(super) async fn sweep(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    let delete = query("DELETE FROM session WHERE began <= $1").bind(now.minus(LONGEST).millis());
    delete.execute(connection).await.map(drop)
}

fn opened(seal: &Seal, row: &Row) -> Result<Session, StoreError> {
    let id: String = row.get(0)?;
    let session: Session = seal.open(Place::row(TABLE, &id, row.get(2)?)?, row.get(3)?)?;
    if session.id.as_str() == id && row.get::<&str, _>(1)? == session.visitor.organisation.as_str() {
        Ok(session)
    } else {
        Err(StoreError::Corrupt { table: TABLE, column: "organisation", row: id })
    }
}
