//! For what a consent may be asked: one purpose (`domain.md` §6: specific, never bundled), and only what the policies would give on it.

use super::Recording;
use super::draft::{Draft, Opening};
use super::rules::fault;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::consent::within_ceiling;
use crate::json::Fault;
use crate::organisation::{Kind, Oin};

/// Whoever says no may say it about everything; whoever says yes must have been asked for something.
pub(super) fn check(draft: &Draft, recording: &Recording<'_>, faults: &mut Vec<Fault>) {
    let before = faults.len();
    for (place, purpose) in draft.purposes.iter().enumerate() {
        if recording.bundle.purpose(purpose).is_none() {
            faults.push(fault(format!("/purposes/{place}"), "a purpose that the policies serve"));
        }
    }
    if draft.opening == Opening::Refused {
        return;
    }
    if draft.purposes.len() > 1 {
        faults.push(fault("/purposes".to_owned(), "one purpose: a consent is specific, never bundled; record one for each"));
    }
    let [purpose] = draft.purposes.as_slice() else { return };
    if faults.len() > before {
        return;
    }
    for (place, recipient) in draft.recipients.iter().enumerate() {
        // Who does not take part here, or is the source itself, is a fault already.
        let Some(kind) = kind_of(recipient, recording) else { continue };
        if !draft.categories.iter().any(|category| gives(recording, kind, purpose, *category, draft.max_form)) {
            let expected = "a recipient that the policies could give one of these categories for this purpose on a consent, in a form up to maxForm";
            faults.push(fault(format!("/recipients/{place}"), expected));
        }
    }
    if faults.len() > before {
        return;
    }
    let kinds: Vec<Kind> = draft.recipients.iter().filter_map(|recipient| kind_of(recipient, recording)).collect();
    for (place, category) in draft.categories.iter().enumerate() {
        if !kinds.is_empty() && !kinds.iter().any(|kind| gives(recording, *kind, purpose, *category, draft.max_form)) {
            let expected =
                "a category that the policies could give these recipients for this purpose on a consent, in a form up to maxForm";
            faults.push(fault(format!("/categories/{place}"), expected));
        }
    }
}

fn kind_of(recipient: &Oin, recording: &Recording<'_>) -> Option<Kind> {
    recording.known.get(recipient).copied().filter(|_| *recipient != recording.recorder.oin)
}

/// Whether a consent could open anything of this category for the recipient, by itself or as one of those who receive as one.
fn gives(recording: &Recording<'_>, recipient: Kind, purpose: &PurposeCode, category: Category, ceiling: Form) -> bool {
    // A consent for a team names who attends it in any case; of whom care's data does not come to, the policies say when they are asked.
    let kinds = std::iter::once(recipient).chain(Kind::JOINTLY);
    let within = |form: &Form| within_ceiling(*form, ceiling);
    kinds.into_iter().any(|kind| {
        let opened = recording.bundle.opened_by_consent(kind, purpose, recording.recorder.kind, category);
        opened.iter().any(|form| within(&form))
    })
}
