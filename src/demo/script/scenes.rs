//! The scenes: who asks whom for what about whom, and what comes of it. Persons by their id in `kit/persons.json`.

use crate::demo::organisations::Slug;

/// One request of the script.
pub struct Scene {
    /// What it shows, for a privacy officer.
    pub title: &'static str,
    /// Who asks.
    pub recipient: Slug,
    /// Of whom.
    pub sources: &'static [Slug],
    /// For which purpose.
    pub purpose: &'static str,
    /// About whom.
    pub subject: Subject,
    /// What.
    pub categories: &'static [&'static str],
    /// In which form at most.
    pub form: &'static str,
    /// Why.
    pub necessity: &'static str,
    /// As what the recipient asks.
    pub acting_as: Acting,
    /// What is expected.
    pub expected: Expected,
}

/// About whom a scene is.
#[derive(Clone, Copy)]
pub enum Subject {
    /// A person by citizen number.
    Person(&'static str),
    /// A person by a source's own number.
    Local(&'static str, Slug),
}

/// As what a recipient asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// For itself.
    Itself,
    /// For the expertise team of the demo's case, which it attends.
    Team,
    /// As the director of the demo's case.
    Director,
}

/// What is expected of a scene.
pub enum Expected {
    /// Exactly these items, as `category form`, in any order; nothing else is given.
    Given(&'static [&'static str]),
    /// A problem of this type.
    Refused(&'static str),
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given([]) => write!(f, "expected to be given nothing"),
            Self::Given(items) => write!(f, "expected to be given {}", items.join(", ")),
            Self::Refused(problem) => write!(f, "expected to be refused ({problem})"),
        }
    }
}

const POLICE_CORE: &[&str] = &["identity", "address", "household", "measures", "risk-assessment"];
const CARE: &[&str] = &["care-involvement", "substance-use", "diagnosis"];

/// The script.
pub const SCENES: &[Scene] = &[
    Scene {
        title: "Veilig Thuis asks the police about a woman in a violent relationship",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::Police],
        purpose: "safety-assessment",
        subject: Subject::Person("P22"),
        categories: POLICE_CORE,
        form: "exact",
        necessity: "A report of domestic violence came in; the safety of mother and children must be assessed within five days.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["identity exact", "address exact", "household exact"]),
    },
    Scene {
        title: "Veilig Thuis asks the police about a mother with a secret address: only the marker comes",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::Police],
        purpose: "safety-assessment",
        subject: Subject::Person("P17"),
        categories: &["identity", "address"],
        form: "exact",
        necessity: "A neighbour reports threats at the door.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["identity exact", "address reduced"]),
    },
    Scene {
        title: "Veilig Thuis asks mental-health care: the patient has consented",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::MentalHealth],
        purpose: "safety-assessment",
        subject: Subject::Person("P29"),
        categories: CARE,
        form: "exact",
        necessity: "The treatment of the father bears on the safety plan.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["substance-use reduced", "care-involvement signal"]),
    },
    Scene {
        title: "The same question, the patient has refused consent: nothing is told, not even why",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::MentalHealth],
        purpose: "safety-assessment",
        subject: Subject::Person("P30"),
        categories: CARE,
        form: "exact",
        necessity: "The treatment of the mother bears on the safety plan.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&[]),
    },
    Scene {
        title: "The same question about somebody whom no source knows: the same answer",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::MentalHealth],
        purpose: "safety-assessment",
        subject: Subject::Person("P42"),
        categories: CARE,
        form: "exact",
        necessity: "A name that came up in another report.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&[]),
    },
    Scene {
        title: "Acute danger: mental-health care has broken secrecy (doorbreking) for the police",
        recipient: Slug::Police,
        sources: &[Slug::MentalHealth],
        purpose: "acute-safety",
        subject: Subject::Person("P21"),
        categories: &["identity", "address"],
        form: "exact",
        necessity: "A concrete threat against the former partner, tonight.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["identity exact", "address exact"]),
    },
    Scene {
        title: "Acute danger is claimed, but no source has made an override: nothing is given",
        recipient: Slug::Police,
        sources: &[Slug::MentalHealth],
        purpose: "acute-safety",
        subject: Subject::Person("P30"),
        categories: &["identity", "address"],
        form: "exact",
        necessity: "Said to be urgent.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&[]),
    },
    Scene {
        title: "Probation asks police and prosecution about a suspect",
        recipient: Slug::Probation,
        sources: &[Slug::Police, Slug::Prosecution],
        purpose: "probation",
        subject: Subject::Person("P21"),
        categories: &["identity", "criminal-record", "measures"],
        form: "exact",
        necessity: "Advice to the court on conditions.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["identity exact", "criminal-record exact", "measures exact"]),
    },
    Scene {
        title: "The prosecution asks probation how supervision goes",
        recipient: Slug::Prosecution,
        sources: &[Slug::Probation],
        purpose: "probation",
        subject: Subject::Person("P21"),
        categories: &["probation-status"],
        form: "exact",
        necessity: "Decision on a breach of conditions.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["probation-status exact"]),
    },
    Scene {
        title: "Veilig Thuis asks youth protection about a newborn who has no citizen number yet",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::YouthProtection],
        purpose: "safety-assessment",
        subject: Subject::Local("P28", Slug::YouthProtection),
        categories: &["household"],
        form: "reduced",
        necessity: "Safety of a baby in a home under a restraining order.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["household reduced"]),
    },
    Scene {
        title: "The police ask mental-health care for a diagnosis: never, whoever it is about",
        recipient: Slug::Police,
        sources: &[Slug::MentalHealth],
        purpose: "safety-assessment",
        subject: Subject::Person("P29"),
        categories: &["diagnosis"],
        form: "exact",
        necessity: "Curiosity.",
        acting_as: Acting::Itself,
        expected: Expected::Refused("not-permitted"),
    },
    Scene {
        title: "Case management has no authority to use the citizen number",
        recipient: Slug::CaseManagement,
        sources: &[Slug::Police],
        purpose: "safety-assessment",
        subject: Subject::Person("P22"),
        categories: &["identity"],
        form: "exact",
        necessity: "To find the right person.",
        acting_as: Acting::Itself,
        expected: Expected::Refused("not-permitted"),
    },
    Scene {
        title: "The same question about a girl who consented herself and then withdrew: nothing any more",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::MentalHealth],
        purpose: "safety-assessment",
        subject: Subject::Person("P31"),
        categories: CARE,
        form: "exact",
        necessity: "Her treatment bears on the safety plan.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&[]),
    },
    Scene {
        title: "The prosecution asks Veilig Thuis, which has broken secrecy because of the severity",
        recipient: Slug::Prosecution,
        sources: &[Slug::VeiligThuis],
        purpose: "prosecution",
        subject: Subject::Person("P21"),
        categories: &["safety-assessment"],
        form: "reduced",
        necessity: "Decision whether to prosecute repeated violence.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["safety-assessment reduced"]),
    },
    Scene {
        title: "Youth protection asks the child protection board, by order of the court",
        recipient: Slug::YouthProtection,
        sources: &[Slug::ChildProtectionBoard],
        purpose: "child-protection",
        subject: Subject::Person("P10"),
        categories: &["household"],
        form: "exact",
        necessity: "Supervision of a boy with parents in two homes.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["household exact"]),
    },
    Scene {
        title: "Mental-health care asks Veilig Thuis how unsafe its patient is at home: she has consented",
        recipient: Slug::MentalHealth,
        sources: &[Slug::VeiligThuis],
        purpose: "treatment",
        subject: Subject::Person("P34"),
        categories: &["risk-assessment"],
        form: "exact",
        necessity: "Her treatment must take the risk at home into account.",
        acting_as: Acting::Itself,
        expected: Expected::Given(&["risk-assessment reduced"]),
    },
    Scene {
        title: "The expertise team hears from the police what the pattern is: by year and kind, under a decision of Wpg 20",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::Police],
        purpose: "team-discussion",
        subject: Subject::Person("P40"),
        categories: &["incident-reports", "measures"],
        form: "reduced",
        necessity: "Discussion of a threat by the family.",
        acting_as: Acting::Team,
        expected: Expected::Given(&["incident-reports reduced"]),
    },
    Scene {
        title: "The team hears from probation how supervision runs: by an override (doorbreking) that names everyone who attends",
        recipient: Slug::VeiligThuis,
        sources: &[Slug::Probation],
        purpose: "team-discussion",
        subject: Subject::Person("P21"),
        categories: &["probation-status"],
        form: "reduced",
        necessity: "Whether the conditions still protect her.",
        acting_as: Acting::Team,
        expected: Expected::Given(&["probation-status reduced"]),
    },
    Scene {
        title: "The case director asks the municipality whom the restraining order (huisverbod) removes from the house",
        recipient: Slug::CaseManagement,
        sources: &[Slug::Municipality],
        purpose: "case-direction",
        subject: Subject::Local("P25", Slug::Municipality),
        categories: &["identity", "measures"],
        form: "exact",
        necessity: "Help must start while the order runs.",
        acting_as: Acting::Director,
        expected: Expected::Given(&["identity exact", "measures exact"]),
    },
    Scene {
        title: "Probation asks as the team of a case that it does not attend: for it there is no such case",
        recipient: Slug::Probation,
        sources: &[Slug::Police],
        purpose: "team-discussion",
        subject: Subject::Person("P40"),
        categories: &["incident-reports"],
        form: "reduced",
        necessity: "Said to be invited.",
        acting_as: Acting::Team,
        expected: Expected::Refused("not-found"),
    },
];
