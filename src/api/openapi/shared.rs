//! What every operation has: it is signed, and may be refused before it is looked at. The operations themselves say only what is their own.

use serde_json::{Map, Value, json};

/// The problems of every operation: status and types (`design.md` §4).
const PROBLEMS: [(&str, &str); 9] = [
    ("400", "malformed-request"),
    ("401", "signature-missing, -malformed, -invalid, -coverage, -expired, nonce-replayed"),
    ("403", "organisation-suspended"),
    ("404", "not-found"),
    ("405", "method-not-allowed"),
    ("421", "misdirected-request"),
    ("429", "rate-limited"),
    ("431", "head-too-large"),
    ("503", "log-unavailable, store-unavailable"),
];

/// Those that a request with a body may get besides; for 400, instead.
const PROBLEMS_OF_BODIES: [(&str, &str); 3] =
    [("400", "malformed-request, malformed-digest, schema-invalid"), ("413", "body-too-large"), ("415", "media-type")];

const HEADERS: [(&str, &str); 2] = [("Signature-Input", "RFC 9421, one label, tag sluis-v1"), ("Signature", "RFC 9421")];

const HEADER_OF_BODIES: (&str, &str) = ("Content-Digest", "RFC 9530: sha-256 or sha-512");

/// Completes each operation of a document with what it shares with all; what it says itself stands.
pub(super) fn complete(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).filter(|operation| operation.contains_key("responses")) {
        complete_operation(operation);
    }
}

fn complete_operation(operation: &mut Map<String, Value>) {
    let has_body = operation.contains_key("requestBody");
    let of_body = |list: &'static [(&str, &str)]| list.iter().filter(move |_| has_body);
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        for (status, types) in of_body(&PROBLEMS_OF_BODIES).chain(&PROBLEMS) {
            responses.entry(*status).or_insert_with(|| json!({"description": types}));
        }
        responses.iter_mut().for_each(|(status, response)| complete_response(status, response));
    }
    let headers = HEADERS.iter().chain(of_body(std::slice::from_ref(&HEADER_OF_BODIES)));
    let mut parameters: Vec<Value> = headers
        .map(|(name, description)| {
            json!({"name": name, "in": "header", "description": description, "required": true, "schema": {"type": "string"}})
        })
        .collect();
    if let Some(own) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        parameters.append(own);
    }
    operation.insert("parameters".to_owned(), Value::Array(parameters));
}

/// A good answer tells the version, every other one is a problem document.
fn complete_response(status: &str, response: &mut Value) {
    if status.starts_with('2') {
        response["headers"] =
            json!({"API-Version": {"schema": {"type": "string"}, "description": "The full version of the API"}});
    } else {
        let schema = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
        response["content"] = json!({"application/problem+json": schema});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_says_itself_stands_and_the_rest_is_added() {
        let own = json!({"404": {"description": "none of yours"}, "200": {"description": "It waits"}});
        let id = json!({"name": "id", "in": "path"});
        let mut document = json!({"paths": {
            "/a": {"post": {"requestBody": {}, "responses": own}},
            "/b": {"get": {"parameters": [id], "responses": own}},
        }});
        complete(&mut document);
        let (post, get) = (&document["paths"]["/a"]["post"], &document["paths"]["/b"]["get"]);
        let names = |operation: &Value| {
            let parameters = operation["parameters"].as_array().expect("a list").iter();
            parameters.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(post), ["Signature-Input", "Signature", "Content-Digest"]);
        assert_eq!(names(get), ["Signature-Input", "Signature", "id"]);
        assert_eq!(post["responses"]["404"]["description"], "none of yours");
        assert_eq!(post["responses"]["415"]["description"], "media-type");
        assert!(get["responses"].get("415").is_none());
        for (status, types) in PROBLEMS.iter().filter(|(status, _)| *status != "404") {
            let response = &get["responses"][status];
            assert_eq!(response["description"], *types, "{status}");
            assert!(response["content"]["application/problem+json"].is_object(), "{status}");
        }
        assert!(
            get["responses"]["200"]["headers"]["API-Version"].is_object() && get["responses"]["200"].get("content").is_none()
        );
    }
}
