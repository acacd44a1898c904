//! `POST /v1/overrides`: a source reports an override (doorbreking) of its professionals, or its end.

use std::time::Duration;

use super::Api;
use super::releases::body;
use crate::actions::ActionError;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::json::Fault;
use crate::source::overrides::OverrideMessage;

/// Takes an override.
pub(super) async fn take(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let message: OverrideMessage = body(authenticated)?;
    let registry = api.gateway.registry.refresh().await?;
    let caller = authenticated.caller().renewed(&registry, api.gateway.clock.now())?;
    if caller.organisation().connector.is_none() {
        return Err(Refusal::new(ProblemType::NotPermitted, "only a source makes an override"));
    }
    let bundle = api.gateway.policy.load_full();
    let Some(purpose) = bundle.purpose(&message.content.purpose) else {
        return Err(Refusal::new(ProblemType::NotPermitted, "no policy serves this purpose"));
    };
    let nonce = authenticated.nonce().clone();
    api.desk.accept_override(caller.oin(), &message, purpose.emergency, nonce).await.map_err(refusal)?;
    Ok(Reply::json(br#"{"status":"accepted"}"#.to_vec()))
}

fn refusal(error: ActionError) -> Refusal {
    match error {
        ActionError::Invalid(expected) => Refusal::schema(vec![Fault { pointer: String::new(), expected }]),
        ActionError::Append(error) => error.into(),
        ActionError::Store(error) => error.into(),
        ActionError::Journal(_) => {
            Refusal::new(ProblemType::LogUnavailable, "the override was not taken; try again").retry_after(Duration::from_secs(5))
        }
    }
}
