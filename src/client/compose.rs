//! The body of `POST /v1/disclosures`, made of parts that are valid each.

use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::catalogue::{Category, Form, PurposeCode};
use crate::organisation::Oin;
use crate::pseudonym::Pseudonym;
use crate::subject::SubjectId;

/// Whom a question is about.
#[derive(Debug)]
pub enum Whom {
    /// By an identifier.
    Identifier(SubjectId),
    /// By a pseudonym that this organisation was given before, in the same case and purpose.
    Pseudonym(Pseudonym),
    /// By an offer that was made to this organisation, for the same purpose.
    Offer(Uuid),
}

/// What is asked.
#[derive(Debug)]
pub struct Question {
    /// For which purpose.
    pub purpose: PurposeCode,
    /// In which case.
    pub case: Option<String>,
    /// As a case's team or director.
    pub acting_as: Option<String>,
    /// About whom.
    pub whom: Whom,
    /// What.
    pub categories: Vec<Category>,
    /// Of whom; empty leaves it to the purpose's default.
    pub sources: Vec<Oin>,
    /// In which form at most.
    pub form: Form,
    /// Why.
    pub necessity: String,
    /// Who asks, by the organisation's own reference.
    pub actor: String,
    /// The role of who asks.
    pub role: String,
    /// On whose behalf.
    pub on_behalf_of: Option<String>,
}

impl Question {
    /// The body, wiped from memory after use: it can hold a citizen number.
    pub fn body(&self) -> Zeroizing<Vec<u8>> {
        let mut body = json!({
            "purpose": self.purpose,
            "case": self.case,
            "actingAs": self.acting_as,
            "subject": self.whom.json(),
            "categories": self.categories,
            "form": self.form,
            "actor": {"reference": self.actor, "role": self.role, "onBehalfOf": self.on_behalf_of},
            "necessity": self.necessity,
        });
        if let (false, Value::Object(members)) = (self.sources.is_empty(), &mut body) {
            members.insert("sources".to_owned(), json!(self.sources));
        }
        Zeroizing::new(body.to_string().into_bytes())
    }
}

impl Whom {
    /// As it stands in a body.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Identifier(SubjectId::Bsn(bsn)) => json!({"scheme": "bsn", "value": bsn.expose()}),
            Self::Identifier(SubjectId::VNumber(number)) => json!({"scheme": "v-number", "value": number.expose()}),
            Self::Identifier(SubjectId::Local { source, value }) => {
                json!({"scheme": "local", "source": source, "value": value.expose()})
            }
            Self::Offer(offer) => json!({"scheme": "offer", "value": offer.to_string()}),
            Self::Pseudonym(pseudonym) => json!({"scheme": "pseudonym", "value": pseudonym.to_string()}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::request::{SubjectReference, parse};

    fn question(whom: Whom, sources: Vec<Oin>) -> Question {
        Question {
            purpose: "safety-assessment".parse().unwrap(),
            case: None,
            acting_as: None,
            whom,
            categories: vec![Category::Identity, Category::Measures],
            sources,
            form: Form::Reduced,
            necessity: "why".to_owned(),
            actor: "vt-1".to_owned(),
            role: "caseworker".to_owned(),
            on_behalf_of: Some("vt-2".to_owned()),
        }
    }

    /// What the client makes, the gateway reads: every scheme, with and without sources.
    #[test]
    fn the_gateway_reads_every_body() {
        let source: Oin = "00000099000000001000".parse().unwrap();
        let number = || "A-17".parse().unwrap();
        let identifiers = [
            SubjectId::Bsn("999990019".parse().unwrap()),
            SubjectId::VNumber(number()),
            SubjectId::Local { source: source.clone(), value: number() },
        ];
        for identifier in identifiers {
            let read = parse(&question(Whom::Identifier(identifier.clone()), vec![source.clone()]).body()).unwrap();
            let SubjectReference::Identifier(subject) = &read.subject else { panic!("an identifier") };
            assert!(*subject.open_personal() == identifier);
            assert_eq!((read.form, read.sources), (Form::Reduced, Some(vec![source.clone()])));
            assert_eq!(read.actor.on_behalf_of.as_deref(), Some("vt-2"));
        }
        let pseudonym = Pseudonym::draw(&crate::entropy::SystemEntropy::default()).unwrap();
        let read = parse(&question(Whom::Pseudonym(pseudonym), Vec::new()).body()).unwrap();
        assert!(matches!(read.subject, SubjectReference::Pseudonym(read) if read == pseudonym) && read.sources.is_none());
    }
}
