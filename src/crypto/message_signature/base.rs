//! The signature base (RFC 9421 §2.5): the text that is signed.

use super::component::Component;
use super::message::Message;

/// Builds the base of these components of `message`. `parameters` is the value of `@signature-params`: the component list with the
/// signature's parameters, serialised (RFC 9421 §2.3).
///
/// # Errors
/// The first component that is not in the message, stands in it more than once, or is not visible ASCII, which no base can hold.
pub fn signature_base<'c>(components: &'c [Component], parameters: &str, message: &dyn Message) -> Result<String, &'c Component> {
    let mut base = String::with_capacity(64 * (components.len() + 1) + 2 * parameters.len());
    for component in components {
        let value = message.value(component).filter(|value| is_one_line(value)).ok_or(component)?;
        component.write(&mut base);
        base.push_str(": ");
        base.push_str(&value);
        base.push('\n');
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(parameters);
    Ok(base)
}

/// Appends the component list as it stands in Signature-Input and in `@signature-params`.
pub(super) fn write_components(components: &[Component], text: &mut String) {
    text.push('(');
    for (index, component) in components.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        component.write(text);
    }
    text.push(')');
}

/// A line break in a value would let it forge the lines after it.
fn is_one_line(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}
