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

/// An offer that this organisation made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferOwn {
    /// Its id.
    pub offer: String,
    /// Who may collect.
    pub recipient: Oin,
    /// For which purpose.
    pub purpose: String,
    /// What there is.
    pub kind: OfferKind,
    /// Whether it waits or was collected.
    pub state: String,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when it can be collected.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Page<T> {
    offers: Vec<T>,
    more: bool,
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

    /// `GET /v1/offers`: what waits, newest first.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn offers(&self) -> Result<Vec<OfferWaiting>, Trouble> {
        self.pages("/v1/offers", |offer: &OfferWaiting| offer.offer.clone()).await
    }

    /// `GET /v1/offers/made`: what this organisation offered, newest first.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn offers_made(&self) -> Result<Vec<OfferOwn>, Trouble> {
        self.pages("/v1/offers/made", |offer: &OfferOwn| offer.offer.clone()).await
    }

    /// Every page of a list; a page without offers is the last, whatever it says.
    async fn pages<T: DeserializeOwned>(&self, path: &str, id: fn(&T) -> String) -> Result<Vec<T>, Trouble> {
        let mut all: Vec<T> = Vec::new();
        loop {
            let target = all.last().map_or_else(|| path.to_owned(), |last| format!("{path}?after={}", id(last)));
            let page: Page<T> = self.plainly(&Method::GET, &target, None).await?;
            let more = page.more && !page.offers.is_empty();
            all.extend(page.offers);
            if !more {
                return Ok(all);
            }
        }
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
