//! Problem documents (RFC 9457).

use serde::Serialize;

use crate::exchange::refusal::Refusal;

/// A problem document, as `application/problem+json`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Problem<'a> {
    /// `urn:sluis:problem:<suffix>`.
    r#type: String,
    /// The same for every problem of this type.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What exactly, and what to do.
    detail: &'a str,
    /// An opaque id under which the operator finds the problem.
    instance: String,
    /// Where in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
}

/// One fault in a body.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FieldError<'a> {
    /// Where, as a JSON Pointer (RFC 6901); the empty text is the whole body.
    pointer: &'a str,
    /// What is expected there.
    detail: &'a str,
}

/// The document that tells a caller of `refusal`.
pub fn document(refusal: &Refusal, instance: &str) -> Vec<u8> {
    let (status, suffix, title) = refusal.kind.describe();
    let errors = refusal.faults.iter().map(|fault| FieldError { pointer: &fault.pointer, detail: &fault.expected }).collect();
    let problem = Problem {
        r#type: format!("urn:sluis:problem:{suffix}"),
        title,
        status,
        detail: &refusal.detail,
        instance: format!("urn:uuid:{instance}"),
        errors,
    };
    serde_json::to_vec(&problem).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Fault;

    #[test]
    fn a_document_has_the_members_of_rfc_9457() {
        let fault = Fault { pointer: "/purpose".to_owned(), expected: "a text".to_owned() };
        let document: serde_json::Value = serde_json::from_slice(&document(&Refusal::schema(vec![fault]), "x")).expect("JSON");
        assert_eq!(document["type"], "urn:sluis:problem:schema-invalid");
        assert_eq!(document["status"], 400);
        assert_eq!(document["errors"][0]["pointer"], "/purpose");
    }
}
