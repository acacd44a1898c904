//! What can be picked up, and the claims under Idempotency-Keys.

use std::time::Duration;

use super::connection::Connection;
use super::exactly;
use super::statement::{Row, Sql, among, query};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::store::{
    Claim, DisclosureRow, Expected, IdempotencyClaim, Revision, StoreError, StoredDelivery, StoredDisclosure, SubjectIndex,
    WaitingReceipt,
};

/// How long an Idempotency-Key means the same disclosure (`design.md` §4).
const CLAIM_TERM: Duration = Duration::from_hours(24);

pub(super) async fn claim(
    connection: &mut Connection,
    organisation: &Oin,
    key: &str,
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let query = query(
        "SELECT body, disclosure, claimed_at, answered FROM idempotency WHERE organisation = $1 AND key = $2 AND claimed_at > $3",
    );
    let query = query.bind(organisation.as_str()).bind(key).bind(now.minus(CLAIM_TERM).millis());
    let Some(row) = query.optional(connection).await? else { return Ok(None) };
    let body: &[u8] = row.get(0)?;
    Ok(Some(Claim {
        body: exactly(body, "idempotency", "body", organisation)?,
        disclosure: row.get(1)?,
        claimed_at: Timestamp::from_millis(row.get(2)?),
        answered: row.get(3)?,
    }))
}

/// Makes the claim. `false` when another request holds it: one in progress, or one with another body.
pub(super) async fn take_claim(
    connection: &mut Connection,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO idempotency (organisation, key, body, disclosure, claimed_at, answered) VALUES ($1, $2, $3, $4, $5, FALSE)
         ON CONFLICT (organisation, key) DO UPDATE SET body = excluded.body, disclosure = excluded.disclosure, claimed_at = excluded.claimed_at, answered = FALSE
           WHERE idempotency.claimed_at <= $6
              OR idempotency.body = excluded.body
                 AND (NOT idempotency.answered AND idempotency.disclosure = excluded.disclosure
                      OR NOT idempotency.answered AND idempotency.claimed_at <= $7
                      OR idempotency.answered AND idempotency.disclosure = $8)",
    )
    .bind(claim.organisation.as_str())
    .bind(&claim.key)
    .bind(claim.body.as_slice())
    .bind(&claim.disclosure)
    .bind(now.millis())
    .bind(now.minus(CLAIM_TERM).millis())
    .bind(claim.stale_before.millis())
    .bind(claim.replaces.as_deref())
    .execute(connection)
    .await?;
    Ok(done == 1)
}

/// Notes that the claim was answered by this disclosure. `false` when the claim is another's by now: of two requests with one key only the one that
/// holds it may disclose.
pub(super) async fn answered(
    connection: &mut Connection,
    organisation: &Oin,
    key: &str,
    disclosure: &str,
) -> Result<bool, StoreError> {
    let query = query("UPDATE idempotency SET answered = TRUE WHERE organisation = $1 AND key = $2 AND disclosure = $3");
    Ok(query.bind(organisation.as_str()).bind(key).bind(disclosure).execute(connection).await? == 1)
}

pub(super) async fn disclosure(
    connection: &mut Connection,
    id: &str,
    now: Timestamp,
) -> Result<Option<StoredDisclosure>, StoreError> {
    let found = query(
        "SELECT recipient, created, open_until, expires, revision, void_at, subject, organisations, recipients, facts, bundle, request, payload_class, idempotency_key, case_id
         FROM disclosure WHERE id = $1 AND expires > $2",
    );
    let row = found.bind(id).bind(now.millis()).optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = |column: &'static str| StoreError::Corrupt { table: "disclosure", column, row: id.to_owned() };
    let instant = |column: &'static str| row.get(column).map(Timestamp::from_millis);
    let oin = |text: &str, column| text.parse::<Oin>().map_err(|_| corrupt(column));
    let subject: Option<Vec<u8>> = row.get("subject")?;
    let facts: Vec<u8> = row.get("facts")?;
    let case: Option<String> = row.get("case_id")?;
    let organisations: String = row.get("organisations")?;
    let recipients: String = row.get("recipients")?;
    let row = DisclosureRow {
        id: id.to_owned(),
        recipient: oin(row.get("recipient")?, "recipient")?,
        created: instant("created")?,
        open_until: instant("open_until")?,
        expires: instant("expires")?,
        expected: Expected {
            revision: Revision(row.get("revision")?),
            void_at: instant("void_at")?,
            subject: subject.map(|subject| exactly(&subject, "disclosure", "subject", id)).transpose()?.map(SubjectIndex),
            organisations: organisations.split_whitespace().map(|text| oin(text, "organisations")).collect::<Result<_, _>>()?,
            recipients: recipients.split_whitespace().map(|text| oin(text, "recipients")).collect::<Result<_, _>>()?,
            case: case.map(|id| id.parse().map_err(|_| corrupt("case_id"))).transpose()?,
            digest: exactly(&facts, "disclosure", "facts", id)?,
        },
        bundle: row.get("bundle")?,
        request: row.get("request")?,
        payload_class: row.get("payload_class")?,
        idempotency_key: row.get("idempotency_key")?,
    };
    let deliveries =
        query("SELECT sealed, receipt FROM delivery WHERE disclosure = $1 ORDER BY seq").bind(id).all(connection).await?;
    let delivery = |row: &Row| Ok(StoredDelivery { sealed: row.get(0)?, receipt: row.get(1)? });
    Ok(Some(StoredDisclosure { row, deliveries: deliveries.iter().map(delivery).collect::<Result<_, StoreError>>()? }))
}

/// Destroys the deliveries of a disclosure but those whose sealed text is among `stay`.
pub(super) async fn destroy_deliveries(connection: &mut Connection, disclosure: &str, stay: &[String]) -> Result<(), StoreError> {
    let destroy = query(Sql::Each {
        sqlite: "DELETE FROM delivery WHERE disclosure = $1 AND sealed NOT IN (SELECT value FROM json_each($2))",
        postgres: "DELETE FROM delivery WHERE disclosure = $1 AND sealed <> ALL ($2)",
    });
    destroy.bind(disclosure).bind(stay.to_vec()).execute(connection).await.map(drop)
}

/// Whether the disclosure is kept with this sealed request.
pub(super) async fn is_version(connection: &mut Connection, disclosure: &str, version: &[u8]) -> Result<bool, StoreError> {
    let query = query("SELECT count(*) FROM disclosure WHERE id = $1 AND request = $2");
    Ok(query.bind(disclosure).bind(version).one(connection).await?.get::<i64, _>(0)? == 1)
}

pub(super) async fn remove_contributions(connection: &mut Connection, numbers: &[i64]) -> Result<(), StoreError> {
    let query = query(among!("DELETE FROM contribution_receipt WHERE seq", "$1")).bind(numbers.to_vec());
    query.execute(connection).await.map(drop)
}

pub(super) async fn contributions(connection: &mut Connection, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError> {
    let query = query(
        "SELECT seq, disclosure, source, items, receipt
         FROM (SELECT *, row_number() OVER (PARTITION BY source ORDER BY seq) AS place FROM contribution_receipt) AS placed
         WHERE place <= $1 ORDER BY seq",
    );
    let waiting = |row: &Row| {
        let disclosure: String = row.get(1)?;
        let corrupt = |_| StoreError::Corrupt { table: "contribution_receipt", column: "source", row: disclosure.clone() };
        let source = row.get::<&str, _>(2)?.parse().map_err(corrupt)?;
        let items = row.get::<&str, _>(3)?.split_whitespace().map(str::to_owned).collect();
        Ok(WaitingReceipt { number: row.get(0)?, source, items, receipt: row.get(4)?, disclosure })
    };
    query.bind(limit).all(connection).await?.iter().map(waiting).collect()
}

/// How many rows a step of sweeping removes: for as long as it takes nobody else commits. The same number stands in `step!`.
const STEP: usize = 256;

/// What is swept: by which statement, and how long behind its instant.
pub(super) type Sweep = (&'static str, Duration);

/// A step from the instant `$1` up to `$2`, oldest first. How many it takes stands in the text: PostgreSQL plans for so many. It begins where the last one
/// ended: rows that were removed stay in its indexes for as long as anybody may still see them.
macro_rules! step {
    ($table:literal, $key:literal, $instant:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $instant,
            " BETWEEN $1 AND $2 ORDER BY ",
            $instant,
            " LIMIT 256) RETURNING ",
            $instant
        )
    };
}

/// What is removed when it is past its term.
pub(super) const SWEEPS: [Sweep; 4] = [
    (step!("nonce", "organisation, nonce", "expires"), Duration::ZERO),
    (step!("disclosure", "id", "expires"), Duration::ZERO),
    (step!("offer", "id", "ends"), Duration::ZERO),
    (step!("idempotency", "organisation, key", "claimed_at"), CLAIM_TERM),
];

/// One step of a sweep from an instant on, in milliseconds; from where there may be more.
pub(super) async fn sweep(
    connection: &mut Connection,
    (statement, term): Sweep,
    (from, now): (i64, Timestamp),
) -> Result<Option<i64>, StoreError> {
    let removed = query(statement).bind(from).bind(now.minus(term).millis()).all(connection).await?;
    let mut last = from;
    for row in &removed {
        last = last.max(row.get(0)?);
    }
    Ok((removed.len() >= STEP).then_some(last))
}
