//! The professionals who may release, refuse and override, with their public keys.

use serde::{Deserialize, Serialize};

use super::state::{State, StateError, parsed};
use crate::connector::seal::Place;

/// A professional. Name and registration are sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfessionalRow {
    /// The source's own opaque reference.
    pub reference: String,
    /// The name, for colleagues.
    pub name: String,
    /// The registration number (BIG, SKJ, service number).
    pub registration: String,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
    /// May take steps now.
    pub active: bool,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    registration: String,
}

impl State {
    /// Enters a professional, or replaces name, registration, key and standing of one with this reference. `false` when the key belongs to
    /// another professional: two persons never share a key.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn put_professional(&self, row: &ProfessionalRow) -> Result<bool, StateError> {
        let sealed = Sealed { name: row.name.clone(), registration: row.registration.clone() };
        let sealed = self.seal(place(&row.reference), &sealed)?;
        let statement = "INSERT INTO professional (reference, public_key, active, sealed) VALUES (?1, ?2, ?3, ?4) \
            ON CONFLICT (reference) DO UPDATE SET public_key = excluded.public_key, active = excluded.active, sealed = excluded.sealed";
        let insert = sqlx::query(statement).bind(&row.reference).bind(row.public_key.as_slice()).bind(row.active).bind(sealed);
        match insert.execute(&self.pool).await {
            Ok(_) => Ok(true),
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The professional with this reference.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn professional(&self, reference: &str) -> Result<Option<ProfessionalRow>, StateError> {
        let query = "SELECT public_key, active, sealed FROM professional WHERE reference = ?1";
        let row: Option<(Vec<u8>, bool, Vec<u8>)> = sqlx::query_as(query).bind(reference).fetch_optional(&self.pool).await?;
        let Some((public_key, active, sealed)) = row else { return Ok(None) };
        let Sealed { name, registration } = self.open_sealed(place(reference), &sealed)?;
        let public_key = parsed(<[u8; 32]>::try_from(public_key.as_slice()), "professional", "public_key")?;
        Ok(Some(ProfessionalRow { reference: reference.to_owned(), name, registration, public_key, active }))
    }
}

fn place(reference: &str) -> Place<'_> {
    Place { table: "professional", column: "sealed", row: reference }
}
