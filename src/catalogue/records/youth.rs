//! Youth and daily life: `child-protection-measure`, `living-areas`.

use super::scalar::{Code, Day, Level, Month, Presence, Text, Year};
use super::{form, signal};

form! {
    /// One child-protection measure, exact.
    ChildMeasure {
        /// Kind, such as supervision (ondertoezichtstelling).
        kind: Code,
        /// From.
        from: Day,
        /// Until.
        until: Day,
        /// The body that carries it out.
        body: Text,
        /// The court order.
        court_order_id: Text,
        /// The plan; dropped when someone's address is secret.
        plan: Text,
    }
}

form! {
    /// C16, exact: at the source only.
    ChildProtectionExact {
        /// The measures.
        measures: Vec<ChildMeasure>,
    }
}

form! {
    /// C16, summary: the most recent measure.
    ChildProtectionSummary {
        /// Kind.
        kind: Code,
        /// Month in which it began.
        month: Month,
        /// The plan in the professional's prose.
        plan_summary: Text,
    }
}

form! {
    /// C16, reduced: the most recent measure.
    ChildProtectionReduced {
        /// Kind.
        kind: Code,
        /// Year in which it began.
        year: Year,
    }
}

signal! {
    /// C16, signal.
    ChildProtectionSignal, any
}

form! {
    /// One area of life, exact.
    AreaExact {
        /// The area: work, debts, housing, help history.
        area: Code,
        /// The situation.
        situation: Text,
        /// Help given.
        help: Vec<Text>,
        /// Its effect.
        effect: Text,
    }
}

form! {
    /// C17, exact: at the source only.
    LivingAreasExact {
        /// The areas.
        areas: Vec<AreaExact>,
    }
}

form! {
    /// One area of life in a summary.
    AreaSummary {
        /// The area.
        area: Code,
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// C17, summary.
    LivingAreasSummary {
        /// The areas.
        areas: Vec<AreaSummary>,
    }
}

form! {
    /// One area of life, reduced.
    AreaReduced {
        /// The area.
        area: Code,
        /// Level of the concern.
        level: Level,
        /// Whether it is a concern.
        concern: Presence,
        /// Kinds of help given.
        help_kinds: Vec<Code>,
    }
}

form! {
    /// C17, reduced.
    LivingAreasReduced {
        /// The areas.
        areas: Vec<AreaReduced>,
    }
}

signal! {
    /// C17, signal.
    LivingAreasSignal, any
}
