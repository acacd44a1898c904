//! Bodies of `/v1/log/…`, for the document.

use utoipa::ToSchema;

use super::bodies::Subject;
use crate::actions::retention::HoldView;
use crate::notice::OwnSignature;

/// A privacy officer's request without further members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct OfficersLook {
    /// The reference by which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// Empty.
    request: super::Nothing,
    /// Her signature, with her own enrolled Ed25519 key, over the canonical JSON (RFC 8785) of
    /// `{"action":"log-<last part of the path>","gateway":…,"organisation":…,"professional":…,"request":…,"signedAt":…}`: the gateway's OIN and her
    /// organisation's. Not older than 15 minutes, and good for one request.
    signed: OwnSignature,
}

/// The erasure of one entry.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogErasureRequest {
    /// The reference by which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// Which, and why.
    request: LogErasure,
    /// Her signature, as of every request to `/log`.
    signed: OwnSignature,
}

/// Which entry is erased, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogErasure {
    /// Its index.
    entry: u64,
    /// On what ground. Name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    ground: String,
}

/// An entry was erased.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogErased {
    /// Its index.
    erased: u64,
    /// The index of the entry that says so.
    entry: u64,
}

/// A legal hold to be placed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHoldRequest {
    /// The reference by which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What is held: one of the first four, and why.
    request: LegalHoldPlacing,
    /// Her signature, as of every request to `/log`.
    signed: OwnSignature,
}

/// What is held: one of `subject`, `case`, `disclosure` and `entries`, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHoldPlacing {
    /// All that is about a person.
    #[schema(required = false)]
    subject: Option<Subject>,
    /// All that belongs to a case.
    #[schema(required = false, max_length = 120)]
    case: Option<String>,
    /// All that belongs to a disclosure.
    #[schema(required = false)]
    disclosure: Option<String>,
    /// These entries, by index.
    #[schema(required = false, min_items = 1, max_items = 200)]
    entries: Option<Vec<u64>>,
    /// On what ground. Name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    ground: String,
}

/// A legal hold to be lifted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHoldLift {
    /// The reference by which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// Which, and why.
    request: LegalHoldLifting,
    /// Her signature, as of every request to `/log`.
    signed: OwnSignature,
}

/// Which hold is lifted, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHoldLifting {
    /// Its id.
    hold: String,
    /// On what ground. Name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    ground: String,
}

/// A legal hold was lifted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHoldLifted {
    /// Its id.
    lifted: String,
    /// How many entries past their term it had kept, which are erased now; `null` when they still are to be: within a minute or so.
    erased: Option<u64>,
}

/// Legal holds that stand.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LegalHolds {
    /// Oldest first.
    holds: Vec<HoldView>,
}
