//! What the policies are asked: facts only, no judgement.

use std::sync::Arc;

use crate::case_room::CaseFact;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::{ConsentFact, OverrideFact};
use crate::organisation::{Kind, Oin};

/// An organisation as the certificate and the registry give it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Its OIN.
    pub oin: Oin,
    /// Its kind.
    pub kind: Kind,
}

/// Under which article of the Wpg the police hold an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WpgArticle {
    /// Art. 8: everyday police work.
    Everyday,
    /// Art. 9: investigation of a particular case.
    Investigation,
    /// Art. 10: serious threats to the legal order.
    SeriousThreat,
    /// Art. 12: informants.
    Informants,
    /// Art. 13: support of the police task.
    Support,
    /// Art. 14: removed.
    Removed,
    /// Any other text.
    Other,
}

impl WpgArticle {
    /// All articles.
    pub const ALL: [Self; 7] =
        [Self::Everyday, Self::Support, Self::Investigation, Self::SeriousThreat, Self::Informants, Self::Removed, Self::Other];

    /// From what a source states, such as `8`; anything unknown is [`WpgArticle::Other`], which fulfils no condition.
    pub fn from_text(text: &str) -> Self {
        Self::ALL.into_iter().find(|article| article.code() == text.trim()).unwrap_or(Self::Other)
    }

    /// The code in the policies.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Everyday => "8",
            Self::Investigation => "9",
            Self::SeriousThreat => "10",
            Self::Informants => "12",
            Self::Support => "13",
            Self::Removed => "14",
            Self::Other => "other",
        }
    }
}

/// What a source states of an item, as far as the policies look at it: of a reference only that it is there. By default nothing
/// is stated, which fulfils no condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, stated or not")]
pub struct Facts {
    /// The Wpg article.
    pub wpg_article: Option<WpgArticle>,
    /// The police made a decision under Wpg art. 19 about it.
    pub wpg19_decision: bool,
    /// The police made a decision under Wpg art. 20 about it.
    pub wpg20_decision: bool,
    /// A Wjsg 39f mandate is named.
    pub mandate: bool,
    /// A court order is named.
    pub court_order: bool,
    /// A professional is named who answers for the disclosure.
    pub professional: bool,
    /// The steps of the meldcode are done.
    pub meldcode_steps: bool,
    /// The Wjsg 51c test was made and passed.
    pub test51c: bool,
    /// Severity or interest is recorded (Wmo 4.1.1(2)(e)).
    pub severity: bool,
    /// The subject is the one whom a temporary restraining order removes from the house.
    pub under_restraining_order: bool,
    /// The item holds data of a temporary restraining order (huisverbod); `None`: not stated, which counts as
    /// such data in every category that can hold it (measures, incidents, assessments of safety and of risk).
    pub restraining_order: Option<bool>,
    /// Someone in the item has a secret address; `None`: not stated.
    pub secret_address: Option<bool>,
    /// The subject's age in whole years on the day of the answer; `None`: not stated.
    pub subject_age: Option<u8>,
    /// A professional of the source holds the item back.
    pub withheld_by_source: bool,
    /// A person in the item is protected from someone for whom the recipient acts.
    pub protected_from_recipient: bool,
}

impl Facts {
    /// Facts that fulfil every condition, for a subject of an age that the consent covers: what is assumed before a source is
    /// asked.
    pub fn fulfilling(wpg_article: WpgArticle, consent: Option<&ConsentFact>) -> Self {
        Self {
            wpg_article: Some(wpg_article),
            wpg19_decision: true,
            wpg20_decision: true,
            mandate: true,
            court_order: true,
            professional: true,
            meldcode_steps: true,
            test51c: true,
            severity: true,
            under_restraining_order: true,
            restraining_order: Some(false),
            secret_address: Some(false),
            subject_age: Some(consent.and_then(|consent| consent.ages).map_or(30, |ages| ages.from)),
            withheld_by_source: false,
            protected_from_recipient: false,
        }
    }
}

/// One question: may this recipient have this category of this source, and in which form?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The purpose.
    pub purpose: PurposeCode,
    /// Who receives: of the kind of the team or the director when it acts as one, under its own OIN.
    pub recipient: Party,
    /// The kind that the asking organisation has of its own, whatever it acts as.
    pub asker: Kind,
    /// Whose data.
    pub source: Party,
    /// The category.
    pub category: Category,
    /// The finest form asked for; `Summary` asks for the summary alone.
    pub finest: Form,
    /// The moment.
    pub now: Timestamp,
    /// The one governing consent, if any.
    pub consent: Option<Arc<ConsentFact>>,
    /// The override to go by, if any.
    pub derogation: Option<Arc<OverrideFact>>,
    /// The case that the request stands in, if any.
    pub case: Option<Arc<CaseFact>>,
    /// What the source states of the item. `None` asks whether the source may be asked: facts that fulfil every condition are
    /// assumed.
    pub facts: Option<Facts>,
}
