//! Care: `care-involvement`, `diagnosis`, `substance-use`, `compulsory-care`.

use super::scalar::{Code, Day, Level, Text};
use super::{form, signal};

form! {
    /// C12, exact.
    CareInvolvementExact {
        /// The provider.
        provider: Text,
        /// The provider's unit; dropped when someone's address is secret.
        unit: Text,
        /// The professional in charge.
        professional: Text,
        /// Role of the professional.
        role: Code,
        /// From.
        from: Day,
        /// Until.
        until: Day,
    }
}

form! {
    /// C12, reduced.
    CareInvolvementReduced {
        /// Kind of provider.
        provider_kind: Code,
        /// Role of the contact.
        contact_role: Code,
    }
}

signal! {
    /// C12, signal: in treatment.
    CareInvolvementSignal, any
}

form! {
    /// One diagnosis, exact.
    DiagnosisEntry {
        /// Code in the system.
        code: Text,
        /// The system, such as DSM-5.
        system: Code,
        /// When.
        date: Day,
        /// Injury.
        injury: Text,
        /// Treatment.
        treatment: Text,
    }
}

form! {
    /// C13, exact: at the source only. There is no reduced form and no signal.
    DiagnosisExact {
        /// The diagnoses.
        diagnoses: Vec<DiagnosisEntry>,
    }
}

form! {
    /// C13, summary.
    DiagnosisSummary {
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// One substance, exact.
    SubstanceExact {
        /// Kind of substance.
        kind: Code,
        /// Severity of the use.
        severity: Code,
        /// Treatment.
        treatment: Text,
        /// Since.
        from: Day,
    }
}

form! {
    /// C14, exact: at the source only.
    SubstanceUseExact {
        /// The substances.
        substances: Vec<SubstanceExact>,
    }
}

form! {
    /// C14, reduced.
    SubstanceUseReduced {
        /// The highest level of all substances.
        level: Level,
    }
}

form! {
    /// One compulsory measure, exact.
    CompulsoryMeasure {
        /// Kind, such as a care authorisation (zorgmachtiging).
        kind: Code,
        /// From.
        from: Day,
        /// Until.
        until: Day,
    }
}

form! {
    /// C15, exact: at the source only.
    CompulsoryCareExact {
        /// The measures.
        measures: Vec<CompulsoryMeasure>,
    }
}

signal! {
    /// C15, signal.
    CompulsoryCareSignal, any
}
