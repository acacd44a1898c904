//! [`Recorded`] → the answer: takes nothing that is not in the log, and cannot alter it. Leaves at the purpose's fixed
//! instant (invariant 8).

use serde::Serialize;
use uuid::Uuid;

use super::Gateway;
use super::record::Recorded;
use crate::clock::Timestamp;
use crate::store::StoredDelivery;

/// The answer to `POST /v1/disclosures` and `GET /v1/disclosures/{id}`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Delivered {
    /// The disclosure's id (`UUIDv7`).
    #[schema(value_type = String)]
    disclosure: String,
    /// `open` while a summary can still come.
    status: Status,
    /// Oldest first; each holds only what is new.
    deliveries: Vec<Delivery>,
}

/// Whether more can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// An asked category can still come as a summary.
    Open,
    /// Nothing more comes.
    Complete,
}

/// One sealed payload with its receipt.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Delivery {
    /// A compact JWE (RFC 7516) to the recipient's registered key.
    sealed: String,
    /// A C2SP tlog-proof that binds the payload to the log.
    receipt: String,
}

impl Delivered {
    /// The body of the response.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What is kept for pick-up.
    pub(super) fn kept(id: &str, open_until: Timestamp, deliveries: Vec<StoredDelivery>, now: Timestamp) -> Self {
        let deliveries = deliveries.into_iter().map(|StoredDelivery { sealed, receipt }| Delivery { sealed, receipt });
        Self { disclosure: id.to_owned(), status: status(open_until, now), deliveries: deliveries.collect() }
    }
}

fn status(open_until: Timestamp, now: Timestamp) -> Status {
    if now < open_until { Status::Open } else { Status::Complete }
}

/// Waits for the instant at which the answer may leave, then gives it.
pub async fn deliver(gateway: &Gateway, recorded: Recorded) -> Delivered {
    let Recorded { matter, plan, earlier, jwe, receipt, .. } = recorded;
    gateway.wait_for_answer(&plan.purpose, matter.asked_at).await;
    let id: Uuid = matter.id;
    let earlier = earlier.into_iter().map(|StoredDelivery { sealed, receipt }| Delivery { sealed, receipt });
    Delivered {
        disclosure: id.to_string(),
        status: status(plan.open_until(&matter), gateway.clock.now()),
        deliveries: earlier.chain([Delivery { sealed: jwe, receipt }]).collect(),
    }
}
