//! JSON Lines: one object per entry, its columns and its whole body under the names of the API.

use serde_json::json;

use super::{Exported, token};

pub(super) fn write(entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
    let (line, clear) = (entry.line, &entry.line.clear);
    let value = json!({
        "index": line.index,
        "time": clear.time,
        "kind": clear.kind,
        "party": clear.party,
        "source": clear.source,
        "recipient": clear.recipient,
        "purpose": clear.purpose,
        "categories": clear.categories,
        "outcome": clear.outcome,
        "overridden": clear.overridden,
        "subjectToken": clear.subject.as_ref().map(token),
        "actorToken": clear.actor.as_ref().map(token),
        "caseToken": clear.case.as_ref().map(token),
        "trace": clear.trace,
        "heldBack": entry.held_back,
        "erased": line.body.is_none(),
        "body": line.body,
    });
    super::line(&value, out)
}
