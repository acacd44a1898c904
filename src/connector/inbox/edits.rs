//! A professional's texts put into a draft.

use serde_json::Value;

use super::InboxError;
use super::content::{Edit, Part};
use crate::catalogue::shape::{self, MAX_TEXT};

/// The parts with the professional's texts in them: what is signed, checked and released.
///
/// # Errors
/// [`InboxError::Edit`] for a text that does not belong where it is put, [`InboxError::NothingWritten`] when no text is left,
/// [`InboxError::TooLong`] and [`InboxError::Control`] for a text, drafted or edited, that the catalogue does not allow: the gateway would drop
/// it.
pub fn apply_edits(mut parts: Vec<Part>, edits: &[Edit]) -> Result<Vec<Part>, InboxError> {
    for (index, edit) in edits.iter().enumerate() {
        apply(&mut parts, edit).ok_or(InboxError::Edit(index))?;
    }
    let written = |part: &Part| part.drafts.iter().any(|name| has_text(&part.data, name));
    if !parts.iter().any(written) {
        return Err(InboxError::NothingWritten);
    }
    for (place, part) in parts.iter().enumerate() {
        part.drafts.iter().try_for_each(|name| check_texts(place, &mut String::new(), &part.data, name))?;
    }
    Ok(parts)
}

/// That every text called `name` is one that the catalogue allows.
fn check_texts(part: usize, pointer: &mut String, value: &Value, name: &str) -> Result<(), InboxError> {
    let mut below = |key: &str, member: &Value| {
        let length = pointer.len();
        pointer.extend(["/", key]);
        match member.as_str().filter(|_| key == name) {
            Some(text) => check_text(part, pointer, text)?,
            None => check_texts(part, pointer, member, name)?,
        }
        pointer.truncate(length);
        Ok(())
    };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(key, member)| below(key, member)),
        Value::Array(elements) => elements.iter().enumerate().try_for_each(|(place, item)| below(&place.to_string(), item)),
        _ => Ok(()),
    }
}

fn check_text(part: usize, field: &str, text: &str) -> Result<(), InboxError> {
    let has = text.chars().count();
    if has > MAX_TEXT {
        return Err(InboxError::TooLong { part, field: field.to_owned(), has });
    }
    if shape::is_text(text) { Ok(()) } else { Err(InboxError::Control { part, field: field.to_owned() }) }
}

fn apply(parts: &mut [Part], edit: &Edit) -> Option<()> {
    let part = parts.get_mut(edit.part)?;
    let (parent, name) = edit.field.rsplit_once('/')?;
    if !part.drafts.iter().any(|draft| draft == name) {
        return None;
    }
    let object = part.data.pointer_mut(parent)?.as_object_mut()?;
    if edit.text.trim().is_empty() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), Value::String(edit.text.clone()));
    }
    Some(())
}

fn has_text(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| {
            let text = key == name && member.as_str().is_some_and(|text| !text.trim().is_empty());
            text || has_text(member, name)
        }),
        Value::Array(elements) => elements.iter().any(|element| has_text(element, name)),
        _ => false,
    }
}
