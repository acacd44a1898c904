//! HTTP dictionaries (RFC 8941 §3.2) read more strictly than the RFC: a key that comes twice is refused, where the RFC lets the last one
//! win and two readers may then see two different messages.

use std::convert::Infallible;

use sfv::visitor::{DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, KeyRef, Parser, Version};

/// The parameters of an item or list, in the order received; no key twice.
pub type Parameters<'v> = Vec<(&'v KeyRef, BareItemFromInput<'v>)>;

/// One bare item with its parameters.
#[derive(Debug)]
pub struct Item<'v> {
    /// The bare item.
    pub value: BareItemFromInput<'v>,
    /// Its parameters.
    pub parameters: Parameters<'v>,
}

/// What a dictionary key stands for.
#[derive(Debug)]
pub enum Value<'v> {
    /// A bare item.
    Item(BareItemFromInput<'v>),
    /// An inner list.
    List(Vec<Item<'v>>),
}

/// One member of a dictionary.
#[derive(Debug)]
pub struct Member<'v> {
    /// Its key, unique in the dictionary.
    pub key: &'v KeyRef,
    /// Its value.
    pub value: Value<'v>,
    /// The parameters of the value.
    pub parameters: Parameters<'v>,
}

/// Reads one field value as a dictionary.
///
/// # Errors
/// [`MalformedField`] when it is none, or a key of the dictionary or of any parameters comes twice.
pub fn dictionary(value: &str) -> Result<Vec<Member<'_>>, MalformedField> {
    let members = Parser::new(value).with_version(Version::Rfc8941).parse_dictionary_with_visitor(Members(Vec::new()));
    let members = members.map_err(|_| MalformedField::Syntax)?;
    if members.iter().any(has_repeated_parameter) || repeats(members.iter().map(|member| member.key)) {
        return Err(MalformedField::RepeatedKey);
    }
    Ok(members)
}

/// A field value that is not what its header field must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedField {
    /// Not a dictionary at all.
    #[error("not a structured-field dictionary (RFC 8941 §3.2)")]
    Syntax,
    /// The same key twice.
    #[error("the same key comes twice")]
    RepeatedKey,
}

fn has_repeated_parameter(member: &Member<'_>) -> bool {
    let within = match &member.value {
        Value::Item(_) => false,
        Value::List(items) => items.iter().any(|item| repeats(item.parameters.iter().map(|(key, _)| *key))),
    };
    within || repeats(member.parameters.iter().map(|(key, _)| *key))
}

/// Sorted rather than compared pair by pair: the sender chooses how many there are.
fn repeats<'k>(keys: impl Iterator<Item = &'k KeyRef>) -> bool {
    let mut keys: Vec<&str> = keys.map(KeyRef::as_str).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair.first() == pair.last())
}

struct Members<'v>(Vec<Member<'v>>);

impl<'v> DictionaryVisitor<'v> for Members<'v> {
    type Out = Vec<Member<'v>>;
    type Error = Infallible;

    fn entry(&mut self, key: &'v KeyRef) -> Result<impl EntryVisitor<'v>, Infallible> {
        Ok(Entry { members: &mut self.0, key })
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.0)
    }
}

struct Entry<'m, 'v> {
    members: &'m mut Vec<Member<'v>>,
    key: &'v KeyRef,
}

impl<'m, 'v> Entry<'m, 'v> {
    fn add(self, value: Value<'v>) -> &'m mut Member<'v> {
        self.members.push_mut(Member { key: self.key, value, parameters: Vec::new() })
    }
}

impl<'v> ItemVisitor<'v> for Entry<'_, 'v> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(self, item: BareItemFromInput<'v>) -> Result<impl ParameterVisitor<'v, Out = ()>, Infallible> {
        Ok(Collect(&mut self.add(Value::Item(item)).parameters))
    }
}

impl<'v> EntryVisitor<'v> for Entry<'_, 'v> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'v>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'v>, Infallible> {
        Ok(List { member: self.add(Value::List(Vec::new())) })
    }
}

struct List<'m, 'v> {
    member: &'m mut Member<'v>,
}

impl<'v> InnerListVisitor<'v> for List<'_, 'v> {
    type Error = Infallible;

    fn item(&mut self) -> Result<impl ItemVisitor<'v>, Infallible> {
        Ok(match &mut self.member.value {
            Value::List(items) => Some(ListItem(items)),
            Value::Item(_) => None,
        })
    }

    fn finish(self) -> Result<impl ParameterVisitor<'v>, Infallible> {
        Ok(Collect(&mut self.member.parameters))
    }
}

struct ListItem<'m, 'v>(&'m mut Vec<Item<'v>>);

impl<'v> ItemVisitor<'v> for ListItem<'_, 'v> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(self, value: BareItemFromInput<'v>) -> Result<impl ParameterVisitor<'v, Out = ()>, Infallible> {
        Ok(Collect(&mut self.0.push_mut(Item { value, parameters: Vec::new() }).parameters))
    }
}

struct Collect<'m, 'v>(&'m mut Parameters<'v>);

impl<'v> ParameterVisitor<'v> for Collect<'_, 'v> {
    type Out = ();
    type Error = Infallible;

    fn parameter(&mut self, key: &'v KeyRef, value: BareItemFromInput<'v>) -> Result<(), Infallible> {
        self.0.push((key, value));
        Ok(())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_repeated_keys_everywhere() {
        for value in ["a=1, a=2", "a=1;p=1;p=1", "a=(1;p;p 2)", "a=(1 2);p=1;p=2", "a, b, c, a"] {
            assert_eq!(dictionary(value).unwrap_err(), MalformedField::RepeatedKey, "{value}");
        }
    }

    #[test]
    fn refuses_what_is_no_dictionary() {
        for value in ["a=", "a=1,", "=1", "A=1", "a=(1", "a=@1", "a=1 b=2", "a=\"\u{e9}\"", "a=1\n"] {
            assert_eq!(dictionary(value).unwrap_err(), MalformedField::Syntax, "{value}");
        }
    }

    #[test]
    fn keeps_order_items_and_parameters() {
        let members = dictionary("b=(\"x\";q \"y\");n=1, a=:AAE=:;z=tok").unwrap();
        assert_eq!(members.iter().map(|member| member.key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        let Value::List(items) = &members[0].value else { panic!("a list") };
        assert_eq!((items.len(), items[0].parameters.len(), items[1].parameters.len()), (2, 1, 0));
        assert_eq!(members[0].parameters[0].0.as_str(), "n");
        let Value::Item(item) = &members[1].value else { panic!("an item") };
        assert_eq!(item.as_byte_sequence(), Some(&[0, 1][..]));
        assert_eq!(members[1].parameters.len(), 1);
    }
}
