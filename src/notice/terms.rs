//! The clocks (`domain.md` §6, §8).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::organisation::Kind;

/// Within how many working days a recipient answers a withdrawal.
pub const WITHDRAWAL_WORKING_DAYS: u32 = 10;
/// Within how many weeks Veilig Thuis tells the subject.
pub const NOTIFICATION_WEEKS: u32 = 4;
/// By how many weeks Veilig Thuis may put that off, each time with a reason.
const EXTENSION_WEEKS: u32 = 2;
const WEEK: Duration = Duration::from_hours(7 * 24);

/// When a breach must have been reported that was found at `found`: within 72 hours, on whatever days those fall (AVG 33(1)).
pub fn breach_due(found: Timestamp) -> Timestamp {
    found.plus(Duration::from_hours(72))
}

/// When a withdrawal must be answered.
pub fn withdrawal_due(recorded: Timestamp) -> Timestamp {
    recorded.plus_working_days(WITHDRAWAL_WORKING_DAYS)
}

/// When the subject must have been told of what `owner` received at `recorded`: by its own clock, and never later than the purpose says.
pub fn notification_due(owner: Kind, recorded: Timestamp, purpose_days: u32) -> Timestamp {
    let clock = if owner == Kind::VeiligThuis { recorded.plus(WEEK * NOTIFICATION_WEEKS) } else { recorded.plus_month() };
    clock.min(recorded.plus(Duration::from_hours(24) * purpose_days))
}

/// Until when, at most, a notification may be put off now: Veilig Thuis two weeks beyond its clock each time, others a month.
pub(super) fn deferrable_until(owner: Kind, due: Timestamp, now: Timestamp) -> Timestamp {
    let from = due.max(now);
    if owner == Kind::VeiligThuis { from.plus(WEEK * EXTENSION_WEEKS) } else { from.plus_month() }
}
