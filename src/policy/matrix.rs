//! The matrix: who may have what of whom, for which purpose and in which form, as the policies themselves answer when everything that a row asks for is
//! fulfilled. Nothing here is drawn by hand.

use super::bundle::{Bundle, LoadError};
use super::forms::FormSet;
use super::reach::Reach;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::organisation::Kind;

/// On what a cell rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The law allows it (A), on the facts that the row asks for.
    Allowed,
    /// With consent (C).
    Consent,
    /// By override (O).
    Override,
}

impl Verdict {
    /// The three.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Consent, Self::Override];

    /// The code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Consent => "consent",
            Self::Override => "override",
        }
    }
}

/// One line: of each cell and verdict the finest of `exact`, `reduced` and `signal`, and the summary, stand apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MatrixLine {
    /// The purpose.
    pub purpose: PurposeCode,
    /// The kind of the source.
    pub source: Kind,
    /// The kind of the recipient.
    pub recipient: Kind,
    /// The category.
    pub category: Category,
    /// The form.
    pub form: Form,
    /// On what it rests.
    pub verdict: Verdict,
}

impl Bundle {
    /// Every line of the matrix, of one purpose or of all; in order of purpose, source, recipient, category.
    ///
    /// # Errors
    /// [`LoadError::Model`], when the policies cannot be evaluated.
    pub fn matrix(&self, only: Option<&PurposeCode>) -> Result<Vec<MatrixLine>, LoadError> {
        let mut lines = Vec::new();
        for purpose in self.purposes().filter(|purpose| only.is_none_or(|code| *code == purpose.id)) {
            let named: Vec<Category> =
                Category::ALL.into_iter().filter(|category| self.is_named(&purpose.id, *category)).collect();
            for source in Kind::ALL {
                for recipient in Kind::ALL {
                    for &category in &named {
                        let reach = self.reach(recipient, &purpose.id, source, category);
                        let reach = reach.map_err(|error| LoadError::Model(error.to_string()))?;
                        let line = |(form, verdict)| MatrixLine {
                            purpose: purpose.id.clone(),
                            source,
                            recipient,
                            category,
                            form,
                            verdict,
                        };
                        lines.extend(verdicts(&reach).into_iter().map(line));
                    }
                }
            }
        }
        Ok(lines)
    }

    /// Whether a permit of the purpose names the category: every permit names its categories.
    fn is_named(&self, purpose: &PurposeCode, category: Category) -> bool {
        self.rules.slices.get(purpose.as_str()).is_some_and(|slices| slices.of(category).is_some())
    }
}

/// What consent or an override adds to what the law allows anyway.
fn verdicts(reach: &Reach) -> Vec<(Form, Verdict)> {
    let added = |forms: FormSet| forms.iter().filter(|form| !reach.on_facts.contains(*form)).collect::<FormSet>();
    let of = |verdict| match verdict {
        Verdict::Allowed => reach.on_facts,
        Verdict::Consent => added(reach.with_consent),
        Verdict::Override => added(reach.with_override),
    };
    let lines = |verdict| {
        let forms: FormSet = of(verdict);
        let summary = forms.contains(Form::Summary).then_some(Form::Summary);
        forms.finest().into_iter().chain(summary).map(move |form| (form, verdict))
    };
    Verdict::ALL.into_iter().flat_map(lines).collect()
}
