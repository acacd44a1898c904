//! Component identifiers (RFC 9421 §2): the name of a field or of a derived component, with parameters.

use std::borrow::Cow;

use sfv::BareItemFromInput;

use super::error::MalformedSignature;
use crate::crypto::structured::Item;

/// One covered component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    name: Cow<'static, str>,
    parameters: Vec<Parameter>,
}

/// A parameter of a component (RFC 9421 §2.1, §2.2.8, §2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `req`: taken from the request that the response answers.
    Request,
    /// `key`: one member of a field that is a dictionary.
    Key(String),
    /// `name`: of the query parameter.
    Name(String),
}

impl Component {
    /// A component without parameters.
    pub const fn plain(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), parameters: Vec::new() }
    }

    /// The same component of the request that a response answers.
    pub fn of_request(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), parameters: vec![Parameter::Request] }
    }

    /// One member of a dictionary field of the request that a response answers.
    pub fn member_of_request(name: &'static str, key: &str) -> Self {
        Self { name: Cow::Borrowed(name), parameters: vec![Parameter::Request, Parameter::Key(key.to_owned())] }
    }

    /// From an item of a component list.
    ///
    /// # Errors
    /// [`MalformedSignature::Component`] unless it is a string that names a field in lower case or a derived component, with no other
    /// parameters than `req`, `key` and `name`.
    pub fn from_item(item: &Item<'_>) -> Result<Self, MalformedSignature> {
        let name = item.value.as_string().map(sfv::StringRef::as_str).filter(|name| is_name(name));
        let name = name.ok_or(MalformedSignature::Component)?;
        let parameter = |(key, value): &(&sfv::KeyRef, BareItemFromInput<'_>)| Parameter::read(key.as_str(), value);
        let parameters = item.parameters.iter().map(parameter).collect::<Option<_>>();
        Ok(Self { name: Cow::Owned(name.to_owned()), parameters: parameters.ok_or(MalformedSignature::Component)? })
    }

    /// The name: a lower-case field name, or one that starts with `@`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Whether this is the component of that name, without parameters.
    pub fn is_plain(&self, name: &str) -> bool {
        self.parameters.is_empty() && self.name == name
    }

    /// Appends the identifier as it stands in the signature base: `"name";parameters`.
    pub(super) fn write(&self, text: &mut String) {
        text.push('"');
        text.push_str(&self.name);
        text.push('"');
        self.parameters.iter().for_each(|parameter| parameter.write(text));
    }
}

impl Parameter {
    fn read(key: &str, value: &BareItemFromInput<'_>) -> Option<Self> {
        let text = || value.as_string().map(|text| text.as_str().to_owned());
        match key {
            "req" => value.as_boolean().filter(|flag| *flag).map(|_| Self::Request),
            "key" => text().map(Self::Key),
            "name" => text().map(Self::Name),
            _ => None,
        }
    }

    fn write(&self, text: &mut String) {
        let (name, value) = match self {
            Self::Request => return text.push_str(";req"),
            Self::Key(value) => (";key=\"", value),
            Self::Name(value) => (";name=\"", value),
        };
        text.push_str(name);
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    }
}

/// A field name is a token in lower case (RFC 9421 §2.1); derived components have `@` in front. No character of either needs escaping.
fn is_name(name: &str) -> bool {
    let token = name.strip_prefix('@').unwrap_or(name);
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !token.is_empty() && token.bytes().all(allowed)
}
