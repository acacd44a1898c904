//! Police, prosecution and probation: `incident-reports`, `criminal-record`, `pending-prosecution`, `measures`,
//! `probation-status`.

use super::scalar::{Code, Day, Month, Person, Text, Year};
use super::{form, signal};
use crate::catalogue::offence::OffenceClass;

form! {
    /// One incident, exact.
    IncidentExact {
        /// When.
        date: Day,
        /// Kind of incident.
        kind: Code,
        /// Where; dropped when someone's address is secret.
        place: Text,
        /// Other persons involved.
        persons: Vec<Person>,
        /// Violence used.
        violence: Code,
        /// Injury.
        injury: Code,
        /// Children were present.
        children_present: bool,
        /// Free text: at the source only, never released.
        text: Text,
    }
}

form! {
    /// C05, exact: at the source only.
    IncidentReportsExact {
        /// The incidents.
        incidents: Vec<IncidentExact>,
    }
}

form! {
    /// One incident in a summary.
    IncidentSummary {
        /// In which month.
        month: Month,
        /// Kind of incident.
        kind: Code,
        /// Violence used.
        violence: Code,
        /// Children were present.
        children_present: bool,
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// C05, summary.
    IncidentReportsSummary {
        /// The incidents.
        incidents: Vec<IncidentSummary>,
    }
}

form! {
    /// One incident, reduced.
    IncidentReduced {
        /// In which year.
        year: Year,
        /// Kind of incident.
        kind: Code,
        /// Children were present.
        children_present: bool,
    }
}

form! {
    /// C05, reduced.
    IncidentReportsReduced {
        /// The incidents.
        incidents: Vec<IncidentReduced>,
        /// How many.
        count: u32,
    }
}

signal! {
    /// C05, signal.
    IncidentReportsSignal, any
}

form! {
    /// One conviction, exact.
    ConvictionExact {
        /// Date of the judgment.
        date: Day,
        /// Article of law.
        article: Text,
        /// Offence.
        offence: Text,
        /// Sentence.
        sentence: Text,
        /// Status, such as irrevocable (onherroepelijk).
        status: Code,
    }
}

form! {
    /// C06, exact.
    CriminalRecordExact {
        /// The convictions.
        convictions: Vec<ConvictionExact>,
    }
}

form! {
    /// One conviction, reduced.
    ConvictionReduced {
        /// Year of the judgment.
        year: Year,
        /// Class of the offence.
        offence_class: OffenceClass,
    }
}

form! {
    /// C06, reduced.
    CriminalRecordReduced {
        /// The convictions.
        convictions: Vec<ConvictionReduced>,
        /// How many.
        count: u32,
    }
}

signal! {
    /// C06, signal.
    CriminalRecordSignal, any
}

form! {
    /// One pending case, exact.
    PendingCaseExact {
        /// Case number (parketnummer).
        number: Text,
        /// Date of the offence.
        date: Day,
        /// Offence.
        offence: Text,
        /// Stage of the proceedings.
        stage: Code,
        /// Date of the hearing.
        hearing: Day,
    }
}

form! {
    /// C07, exact: at the source only.
    PendingProsecutionExact {
        /// The cases.
        cases: Vec<PendingCaseExact>,
    }
}

form! {
    /// One pending case in a summary.
    PendingCaseSummary {
        /// Month of the offence.
        month: Month,
        /// Class of the offence.
        offence_class: OffenceClass,
        /// Stage of the proceedings.
        stage: Code,
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// C07, summary.
    PendingProsecutionSummary {
        /// The cases.
        cases: Vec<PendingCaseSummary>,
    }
}

form! {
    /// One pending case, reduced.
    PendingCaseReduced {
        /// Class of the offence.
        offence_class: OffenceClass,
        /// Stage of the proceedings.
        stage: Code,
    }
}

form! {
    /// C07, reduced.
    PendingProsecutionReduced {
        /// The cases.
        cases: Vec<PendingCaseReduced>,
    }
}

signal! {
    /// C07, signal.
    PendingProsecutionSignal, any
}

form! {
    /// One measure, exact.
    MeasureExact {
        /// Kind, such as a temporary restraining order (huisverbod).
        kind: Code,
        /// From.
        from: Day,
        /// Until.
        until: Day,
        /// Conditions; dropped when someone's address is secret.
        conditions: Vec<Text>,
        /// Whom it protects.
        protected_persons: Vec<Person>,
        /// Who imposed it.
        authority: Text,
    }
}

form! {
    /// C08, exact.
    MeasuresExact {
        /// The measures.
        measures: Vec<MeasureExact>,
    }
}

form! {
    /// One measure, reduced.
    MeasureReduced {
        /// Kind.
        kind: Code,
        /// Until.
        until: Day,
    }
}

form! {
    /// C08, reduced.
    MeasuresReduced {
        /// The measures.
        measures: Vec<MeasureReduced>,
    }
}

signal! {
    /// C08, signal.
    MeasuresSignal, any
}

form! {
    /// Supervision (toezicht), exact.
    Supervision {
        /// Kind.
        kind: Code,
        /// From.
        from: Day,
        /// Until.
        until: Day,
        /// Conditions; dropped when someone's address is secret.
        conditions: Vec<Text>,
        /// Compliance (naleving), coded.
        compliance: Code,
        /// The supervising officer.
        officer: Text,
    }
}

form! {
    /// C09, exact.
    ProbationStatusExact {
        /// The supervision.
        supervision: Supervision,
    }
}

form! {
    /// C09, reduced.
    ProbationStatusReduced {
        /// Kind.
        kind: Code,
        /// Compliance (naleving), coded.
        compliance: Code,
        /// Until.
        until: Day,
    }
}

signal! {
    /// C09, signal.
    ProbationStatusSignal, any
}
