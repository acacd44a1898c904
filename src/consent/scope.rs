//! Up to which form a consent or an override reaches.

use crate::catalogue::Form;

/// Whether a form lies within a ceiling. For this the four forms stand in one row: `signal`, `reduced`, `summary`, `exact`;
/// whoever agrees to a form agrees to what tells less.
pub const fn within_ceiling(form: Form, ceiling: Form) -> bool {
    rank(form) <= rank(ceiling)
}

const fn rank(form: Form) -> u8 {
    match form {
        Form::Signal => 0,
        Form::Reduced => 1,
        Form::Summary => 2,
        Form::Exact => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_holds_what_tells_less() {
        assert!(!within_ceiling(Form::Exact, Form::Summary) && !within_ceiling(Form::Summary, Form::Reduced));
        assert!(within_ceiling(Form::Signal, Form::Signal) && within_ceiling(Form::Summary, Form::Exact));
    }
}
