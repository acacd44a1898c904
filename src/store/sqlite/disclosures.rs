//! What can be picked up, and the claims under Idempotency-Keys.

use std::time::Duration;

use sqlx::{Row, SqliteConnection};

use super::{exactly, unavailable};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::store::{
    Claim, DisclosureRow, Expected, IdempotencyClaim, Revision, StoreError, StoredDelivery, StoredDisclosure, SubjectIndex,
    WaitingReceipt,
};

/// How long an Idempotency-Key means the same disclosure (`design.md` §4).
const CLAIM_TERM: Duration = Duration::from_hours(24);

pub(super) async fn claim(
    connection: &mut SqliteConnection,
    organisation: &Oin,
    key: &str,
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let row = sqlx::query(
        "SELECT body, disclosure, claimed_at, answered FROM idempotency WHERE organisation = ? AND key = ? AND claimed_at > ?",
    )
    .bind(organisation.as_str())
    .bind(key)
    .bind(now.minus(CLAIM_TERM).millis())
    .fetch_optional(connection)
    .await
    .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let body: &[u8] = row.try_get(0).map_err(unavailable)?;
    Ok(Some(Claim {
        body: exactly(body, "idempotency", "body", organisation)?,
        disclosure: row.try_get(1).map_err(unavailable)?,
        claimed_at: Timestamp::from_millis(row.try_get(2).map_err(unavailable)?),
        answered: row.try_get(3).map_err(unavailable)?,
    }))
}

/// Makes the claim. `false` when another request holds it: one in progress, or one with another body.
pub(super) async fn take_claim(
    connection: &mut SqliteConnection,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO idempotency (organisation, key, body, disclosure, claimed_at, answered) VALUES (?1, ?2, ?3, ?4, ?5, 0)
         ON CONFLICT (organisation, key) DO UPDATE SET body = excluded.body, disclosure = excluded.disclosure, claimed_at = excluded.claimed_at, answered = 0
           WHERE idempotency.claimed_at <= ?6
              OR idempotency.body = excluded.body
                 AND (idempotency.answered = 0 AND idempotency.disclosure = excluded.disclosure
                      OR idempotency.answered = 0 AND idempotency.claimed_at <= ?7
                      OR idempotency.answered = 1 AND idempotency.disclosure = ?8)",
    )
    .bind(claim.organisation.as_str())
    .bind(&claim.key)
    .bind(claim.body.as_slice())
    .bind(&claim.disclosure)
    .bind(now.millis())
    .bind(now.minus(CLAIM_TERM).millis())
    .bind(claim.stale_before.millis())
    .bind(&claim.replaces)
    .execute(connection)
    .await
    .map_err(unavailable)?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the claim was answered by this disclosure. `false` when the claim is another's by now: of two requests with one key only the one that
/// holds it may disclose.
pub(super) async fn answered(
    connection: &mut SqliteConnection,
    organisation: &Oin,
    key: &str,
    disclosure: &str,
) -> Result<bool, StoreError> {
    let query = sqlx::query("UPDATE idempotency SET answered = 1 WHERE organisation = ? AND key = ? AND disclosure = ?");
    let done = query.bind(organisation.as_str()).bind(key).bind(disclosure).execute(connection).await.map_err(unavailable)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn disclosure(
    connection: &mut SqliteConnection,
    id: &str,
    now: Timestamp,
) -> Result<Option<StoredDisclosure>, StoreError> {
    let row = sqlx::query(
        "SELECT recipient, created, open_until, expires, revision, void_at, subject, organisations, recipients, facts, bundle, request, payload_class, idempotency_key, case_id
         FROM disclosure WHERE id = ? AND expires > ?",
    )
    .bind(id)
    .bind(now.millis())
    .fetch_optional(&mut *connection)
    .await
    .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "disclosure", column, row: id.to_owned() };
    let instant = |column: &'static str| row.try_get(column).map(Timestamp::from_millis).map_err(unavailable);
    let oin = |text: &str, column| text.parse::<Oin>().map_err(|_| corrupt(column));
    let subject: Option<Vec<u8>> = row.try_get("subject").map_err(unavailable)?;
    let facts: Vec<u8> = row.try_get("facts").map_err(unavailable)?;
    let case: Option<String> = row.try_get("case_id").map_err(unavailable)?;
    let organisations: String = row.try_get("organisations").map_err(unavailable)?;
    let recipients: String = row.try_get("recipients").map_err(unavailable)?;
    let row = DisclosureRow {
        id: id.to_owned(),
        recipient: oin(row.try_get("recipient").map_err(unavailable)?, "recipient")?,
        created: instant("created")?,
        open_until: instant("open_until")?,
        expires: instant("expires")?,
        expected: Expected {
            revision: Revision(row.try_get("revision").map_err(unavailable)?),
            void_at: instant("void_at")?,
            subject: subject.map(|subject| exactly(&subject, "disclosure", "subject", id)).transpose()?.map(SubjectIndex),
            organisations: organisations.split_whitespace().map(|text| oin(text, "organisations")).collect::<Result<_, _>>()?,
            recipients: recipients.split_whitespace().map(|text| oin(text, "recipients")).collect::<Result<_, _>>()?,
            case: case.map(|id| id.parse().map_err(|_| corrupt("case_id"))).transpose()?,
            digest: exactly(&facts, "disclosure", "facts", id)?,
        },
        bundle: row.try_get("bundle").map_err(unavailable)?,
        request: row.try_get("request").map_err(unavailable)?,
        payload_class: row.try_get("payload_class").map_err(unavailable)?,
        idempotency_key: row.try_get("idempotency_key").map_err(unavailable)?,
    };
    let query =
        sqlx::query_as::<_, (String, String)>("SELECT sealed, receipt FROM delivery WHERE disclosure = ? ORDER BY seq").bind(id);
    let deliveries = query.fetch_all(connection).await.map_err(unavailable)?;
    let deliveries = deliveries.into_iter().map(|(sealed, receipt)| StoredDelivery { sealed, receipt }).collect();
    Ok(Some(StoredDisclosure { row, deliveries }))
}

/// Destroys the deliveries of a disclosure but those whose sealed text is among `stay`.
pub(super) async fn destroy_deliveries(
    connection: &mut SqliteConnection,
    disclosure: &str,
    stay: &[String],
) -> Result<(), StoreError> {
    let stay = serde_json::to_string(stay).map_err(|_| StoreError::Unavailable("a list of deliveries".to_owned()))?;
    sqlx::query("DELETE FROM delivery WHERE disclosure = ? AND sealed NOT IN (SELECT value FROM json_each(?))")
        .bind(disclosure)
        .bind(stay)
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable)
}

/// Whether the disclosure is kept with this sealed request.
pub(super) async fn is_version(connection: &mut SqliteConnection, disclosure: &str, version: &[u8]) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM disclosure WHERE id = ? AND request = ?");
    query.bind(disclosure).bind(version).fetch_one(connection).await.map(|found| found == 1).map_err(unavailable)
}

pub(super) async fn remove_contributions(connection: &mut SqliteConnection, numbers: &[i64]) -> Result<(), StoreError> {
    // One parameter, so that it is the same statement for any number of them.
    let list = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let query =
        sqlx::query("DELETE FROM contribution_receipt WHERE seq IN (SELECT value FROM json_each(?))").bind(format!("[{list}]"));
    query.execute(connection).await.map(drop).map_err(unavailable)
}

pub(super) async fn contributions(connection: &mut SqliteConnection, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError> {
    let query = sqlx::query_as::<_, (i64, String, String, String, String)>(
        "SELECT seq, disclosure, source, items, receipt
         FROM (SELECT *, row_number() OVER (PARTITION BY source ORDER BY seq) AS place FROM contribution_receipt)
         WHERE place <= ? ORDER BY seq",
    );
    let rows = query.bind(limit).fetch_all(connection).await.map_err(unavailable)?;
    let waiting = rows.into_iter().map(|(number, disclosure, source, items, receipt)| {
        let corrupt = |_| StoreError::Corrupt { table: "contribution_receipt", column: "source", row: disclosure.clone() };
        let source = source.parse().map_err(corrupt)?;
        Ok(WaitingReceipt { number, source, items: items.split_whitespace().map(str::to_owned).collect(), receipt, disclosure })
    });
    waiting.collect()
}

pub(super) async fn sweep(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    let past = [
        ("DELETE FROM nonce WHERE expires <= ?", now),
        ("DELETE FROM disclosure WHERE expires <= ?", now),
        ("DELETE FROM offer WHERE ends <= ?", now),
        ("DELETE FROM idempotency WHERE claimed_at <= ?", now.minus(CLAIM_TERM)),
    ];
    for (statement, instant) in past {
        sqlx::query(statement).bind(instant.millis()).execute(&mut *connection).await.map_err(unavailable)?;
    }
    Ok(())
}
