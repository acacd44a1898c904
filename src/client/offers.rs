//! Offers: made by a source, listed by the recipient that may collect them.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Client, Trace, Trouble, read};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::source::offers::{OfferKind, OfferMessage};

/// An offer that the gateway has taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferMade {
    /// Its id.
    pub offer: String,
    /// Until when it can be collected.
    pub expires_at: Timestamp,
}

/// An offer that waits for this organisation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferWaiting {
    /// Its id.
    pub offer: String,
    /// Who offers.
    pub source: Oin,
    /// For which purpose.
    pub purpose: String,
    /// What there is.
    pub kind: OfferKind,
    /// Since when it waits.
    pub made_at: Timestamp,
    /// Until when it can be collected.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Waiting {
    offers: Vec<OfferWaiting>,
}

impl Client {
    /// `POST /v1/offers`.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn make_offer(&self, message: &OfferMessage) -> Result<OfferMade, Trouble> {
        let body = Zeroizing::new(json!(message).to_string().into_bytes());
        self.plainly(&Method::POST, "/v1/offers", Some(&body)).await
    }

    /// `GET /v1/offers`: what waits, oldest first.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn offers(&self) -> Result<Vec<OfferWaiting>, Trouble> {
        Ok(self.plainly::<Waiting>(&Method::GET, "/v1/offers", None).await?.offers)
    }

    /// `POST /v1/offers/{id}/withdrawals`.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn withdraw_offer(&self, id: &str) -> Result<(), Trouble> {
        let target = format!("/v1/offers/{id}/withdrawals");
        self.plainly::<serde_json::Value>(&Method::POST, &target, Some(b"{}")).await.map(drop)
    }

    /// Signs, sends, verifies; the answer is not sealed.
    async fn plainly<T: DeserializeOwned>(&self, method: &Method, target: &str, body: Option<&[u8]>) -> Result<T, Trouble> {
        let call = self.to(method, target, body);
        let mut trace = Trace::default();
        let answer = self.call(&call, &mut trace).await?;
        read(&answer)
    }
}
