//! Sessions of people as a store keeps them: on every node the same, and ended on all at once.

use async_trait::async_trait;

use super::StoreError;
use crate::organisation::Oin;
use crate::organisation::session::{Session, SessionId};

/// The most sessions of one person that stand at a time: a desk, a laptop, a telephone, and each again that was not signed out of.
pub const MOST_OF_A_PERSON: usize = 10;

/// What a store keeps of sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The newest version of a session; `None` when there is none by this id (any more).
    ///
    /// # Errors
    /// [`StoreError`]: also when the row is not what was sealed for its place. Then nobody has the session.
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// The sessions of an organisation's people that are kept, the newest first: also those that stand no more, until [`Store::sweep`](super::Store::sweep)
    /// takes them away.
    ///
    /// # Errors
    /// As [`Self::session`].
    async fn sessions_of(&self, organisation: &Oin) -> Result<Vec<Session>, StoreError>;
}
