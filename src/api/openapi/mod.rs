//! The OpenAPI 3.1 document, generated from the code (API Design Rules: `/v1/openapi.json`, readable without login).

mod bodies;
mod log;
mod log_search;
mod log_views;
mod shared;

use serde_json::Value;
use utoipa::openapi::security::SecurityScheme;
use utoipa::{Modify, OpenApi};

pub(super) use self::bodies::{
    Accepted, ConsentBody, ConsentEnding, ConsentQuery, Consents, DisclosureBody, Nothing, NoticeAnswer, Notices,
};
pub(super) use self::log::{
    LegalHoldLift, LegalHoldLifted, LegalHoldRequest, LegalHolds, LogErased, LogErasureRequest, OfficersLook,
};
pub(super) use self::log_search::{LogOpening, LogQuery};
pub(super) use self::log_views::{Embargoes, LogEmbargo, LogExport, LogOverview, LogReport};
use crate::catalogue::{Category, Form, schema};
use crate::http::reply::API_VERSION;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sluis",
        description = "Privacy-preserving exchange of case information. Every request is signed (RFC 9421) over mutual TLS; every answer is \
                       signed by the gateway, sealed to its recipient and recorded in a tamper-evident log.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
        contact(name = "Sluis", url = "https://example.org/sluis", email = "sluis@example.org"),
    ),
    paths(
        crate::api::consents::invalidate,
        crate::api::consents::list,
        crate::api::consents::one,
        crate::api::consents::query,
        crate::api::consents::record,
        crate::api::consents::refuse,
        crate::api::consents::withdraw,
        crate::api::disclosures::create,
        crate::api::disclosures::pick_up,
        crate::api::explanations::explain,
        crate::api::log::embargoes::embargo,
        crate::api::log::exports::export,
        crate::api::log::queries::open,
        crate::api::log::queries::query,
        crate::api::log::shown::overview,
        crate::api::log::shown::report,
        crate::api::log::erasures::erase,
        crate::api::log::holds::lift,
        crate::api::log::holds::list,
        crate::api::log::holds::place,
        crate::api::notices::answer,
        crate::api::notices::list,
        crate::api::notices::one,
        crate::api::offers::list,
        crate::api::offers::made,
        crate::api::offers::make,
        crate::api::offers::withdraw,
        crate::api::overrides::take,
        crate::api::releases::take,
    ),
    components(schemas(crate::exchange::seal::Payload<'static>, crate::http::problem::Problem)),
    tags(
        (name = "Disclosures", description = "Asking for information and picking it up"),
        (name = "Offers", description = "What waits for collection, without saying about whom"),
        (name = "Consents", description = "A source's register of who agreed to what"),
        (name = "Log", description = "What privacy officers (FG) ask of the disclosure log, each under her own signature"),
        (name = "Notices", description = "What an organisation still has to do about what it received or decided"),
        (name = "Sources", description = "What the connector of a source brings unasked"),
    ),
    modifiers(&Completion),
)]
struct Document;

/// What the macros cannot say.
struct Completion;

impl Modify for Completion {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        document.servers = Some(vec![utoipa::openapi::Server::new("https://gateway.example/v1")]);
        let description =
            Some("Mutual TLS with a registered certificate, and an RFC 9421 signature by a registered key".to_owned());
        let scheme = SecurityScheme::MutualTls { description, deprecated: None, extensions: None };
        if let Some(components) = &mut document.components {
            components.security_schemes.insert("mutualTls".to_owned(), scheme.into());
        }
    }
}

/// The document as JSON, with the schema of every category and form beside those of the API itself.
pub fn json() -> String {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    shared::complete(&mut document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (category, form) in Category::ALL.into_iter().flat_map(|category| Form::ALL.map(|form| (category, form))) {
            if let Some(schema) = schema(category, form) {
                schemas.insert(camel(category.code()) + &camel(form.code()), schema);
            }
        }
    }
    let strict = [
        "DisclosureRequest",
        "Subject",
        "Actor",
        "Grounds",
        "OverrideReport",
        "OverrideContent",
        "SignedStep",
        "Release",
        "Offer",
        "Nothing",
    ];
    let registers = ["ConsentRecording", "ConsentEnding", "ConsentQuery", "NoticeAnswer"];
    let log = [
        "LogQuery",
        "LogQueryRequest",
        "LogFilter",
        "LogOpening",
        "LogOpeningRequest",
        "OfficersLook",
        "LogErasureRequest",
        "LogErasure",
        "LegalHoldRequest",
        "LegalHoldPlacing",
        "LegalHoldLift",
        "LegalHoldLifting",
    ];
    let views = [
        "LogOverview",
        "LogOverviewRequest",
        "LogReport",
        "LogReportRequest",
        "LogReportFilter",
        "LogExport",
        "LogExportRequest",
    ];
    let embargoes = ["LogEmbargo", "LogEmbargoRequest", "LogEmbargoPlacing", "LogEmbargoLifting"];
    let log = log.into_iter().chain(views).chain(embargoes);
    for name in strict.into_iter().chain(registers).chain(log).chain(["Identifier", "SourceItem", "ItemFacts", "OtherPerson"]) {
        if let Some(schema) = document.pointer_mut(&format!("/components/schemas/{name}")).and_then(Value::as_object_mut) {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// `care-involvement` as `CareInvolvement`.
fn camel(code: &str) -> String {
    let capitalised = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>()).unwrap_or_default()
    };
    code.split('-').map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_with_every_form() {
        let document: Value = serde_json::from_str(&json()).expect("JSON");
        assert_eq!(document["openapi"], "3.1.0");
        let events = ["/consents/{id}/withdrawals", "/consents/{id}/refusals", "/consents/{id}/invalidations"];
        let registers = ["/consents", "/consent-queries", "/notices/{id}/answers", "/log/queries", "/log/openings"];
        let views = ["/log/overviews", "/log/subject-reports", "/log/exports", "/log/embargoes"];
        for path in ["/disclosures", "/offers", "/overrides", "/releases"].into_iter().chain(events).chain(registers).chain(views)
        {
            let operation = &document["paths"][path]["post"];
            assert!(operation["responses"]["503"].is_object() && operation["responses"]["200"].is_object(), "{path}");
            let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().expect("a body");
            let schema = document.pointer(body.trim_start_matches('#')).expect("its schema");
            assert_eq!(schema["additionalProperties"], false, "{path}: unknown members are refused");
        }
        let report = &document["components"]["schemas"]["OverrideReport"];
        assert!(report["required"].as_array().expect("a list").contains(&"content".into()));
        assert!(document["components"]["schemas"]["CareInvolvementSignal"]["properties"].is_object());
        assert!(document["components"]["schemas"].get("CitizenNumberExact").is_none(), "the citizen number has no form");
    }
}
