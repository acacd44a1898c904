//! Lists of which a row that is taken away, or put back, leaves no gap: how many rows each has stands in the head, under its code.

use super::connection::Connection;
use super::integer;
use super::statement::query;
use crate::store::StoreError;

/// How many rows each list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    /// Consents, in `consent_head`.
    pub(super) consents: u64,
    /// What rested on consents, in `reliance`.
    pub(super) reliances: u64,
    /// Tasks that are open, in `task`.
    pub(super) open_tasks: u64,
    /// What is held back, in `embargo`.
    pub(super) embargoes: u64,
    /// Legal holds that stand, in `legal_hold`.
    pub(super) holds: u64,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) enum List {
    Consents,
    Reliances,
    OpenTasks,
    Embargoes,
    Holds,
}

impl Lists {
    /// The numbers as the head's code has them.
    pub(super) const fn bytes(&self) -> [[u8; 8]; 4] {
        let Self { consents, reliances, open_tasks, holds, embargoes: _ } = *self;
        [consents.to_be_bytes(), reliances.to_be_bytes(), open_tasks.to_be_bytes(), holds.to_be_bytes()]
    }

    /// What the head's code has beside them, once there is an embargo: of a store that has none the code is as it was before there could be any.
    pub(super) fn held_back(&self) -> Option<Vec<u8>> {
        (self.embargoes > 0).then(|| [b"embargoes".as_slice(), &self.embargoes.to_be_bytes()].concat())
    }

    /// That a list has as many rows as it must.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the head's column.
    pub(super) async fn whole(&self, connection: &mut Connection, list: List) -> Result<(), StoreError> {
        let (column, count, expected) = match list {
            List::Consents => ("consents", "SELECT count(*) FROM consent_head", self.consents),
            List::Reliances => ("reliances", "SELECT count(*) FROM reliance", self.reliances),
            List::OpenTasks => ("open_tasks", "SELECT count(*) FROM task WHERE open", self.open_tasks),
            List::Embargoes => ("embargoes", "SELECT count(*) FROM embargo", self.embargoes),
            List::Holds => ("holds", "SELECT count(*) FROM legal_hold", self.holds),
        };
        let found: i64 = query(count).one(connection).await?.get(0)?;
        if found == integer(expected) { Ok(()) } else { Err(StoreError::Corrupt { table: "head", column, row: "1".to_owned() }) }
    }
}
