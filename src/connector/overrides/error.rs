//! Why an override is not entered, approved or ended.

use crate::catalogue::Category;
use crate::connector::household::InvalidSubject;
use crate::connector::professionals::StepError;
use crate::connector::store::{SourceError, StateError};
use crate::entropy::EntropyUnavailable;

/// An override is not entered, approved or ended. Names fields, never what stands in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// No override with this id.
    #[error("there is no override with this id")]
    NotFound,
    /// Not an id.
    #[error("the id of an override is 128 random bits, base64url without padding: 22 characters")]
    Id,
    /// Another override has the id.
    #[error("another override has this id: sign it under a new one")]
    Taken,
    /// Not in a state for this step.
    #[error("the override is not in a state that allows this step")]
    WrongState,
    /// A field is empty, double, too long or not what it must be.
    #[error("{0} is missing, empty, longer than 2,000 characters or not valid: every field of an override is required")]
    Field(&'static str),
    /// Not after now, or more than seven days ahead.
    #[error("expiresAt must lie after now and at most seven days ahead")]
    Expiry,
    /// The source's ceiling does not list the category for this purpose and every recipient.
    #[error("the ceiling of this source does not list {0} for this purpose and every recipient: an override cannot open it")]
    BeyondCeiling(Category),
    /// The source's ceiling lists the category, in other forms than these.
    #[error("the ceiling of this source lists {category} for this purpose and these recipients in other forms: {listed}")]
    OtherForms {
        /// The category.
        category: Category,
        /// The forms that it lists.
        listed: String,
    },
    /// No override opens this category.
    #[error("{0} never leaves a source: no override opens it")]
    NeverLeaves(Category),
    /// She consulted herself.
    #[error("colleague is another professional than the one who enters the override")]
    OwnColleague,
    /// The source does not know the person.
    #[error("this source does not know the subject")]
    UnknownPerson,
    /// The approver is the one who entered it.
    #[error("an override is approved by another professional, with another key, than the one who entered it")]
    SamePerson,
    /// The identifier is malformed.
    #[error(transparent)]
    Subject(#[from] InvalidSubject),
    /// The signature or the professional is not accepted.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The source's database cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
