//! Every text of the pages, in Fluent (Project Fluent syntax 1.0): Dutch first, English second. Terms of law keep their Dutch name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use crate::policy::Language;

const DUTCH: &str = include_str!("texts/nl.ftl");
const ENGLISH: &str = include_str!("texts/en.ftl");

/// The texts of all languages.
pub(super) struct Texts(BTreeMap<Language, FluentBundle<FluentResource>>);

/// A file of texts is wrong: what, and in which language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("src/web/texts, {language}: {reason}")]
pub(crate) struct TextsError {
    language: &'static str,
    reason: String,
}

impl Texts {
    /// Those in this program.
    ///
    /// # Errors
    /// [`TextsError`]: not Fluent, or a text stands there twice.
    pub(super) fn embedded() -> Result<Self, TextsError> {
        let bundles =
            [(Language::Nl, DUTCH), (Language::En, ENGLISH)].map(|(language, file)| Ok((language, bundle(language, file)?)));
        Ok(Self(bundles.into_iter().collect::<Result<_, TextsError>>()?))
    }

    /// A text. One that is not there is shown by its name and told to the operator: no page fails for a word.
    pub(super) fn text<'a>(&'a self, language: Language, name: &'a str, values: &[(&str, &str)]) -> Cow<'a, str> {
        let found = self.0.get(&language).and_then(|bundle| {
            let pattern = bundle.get_message(name)?.value()?;
            let values: FluentArgs<'_> = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
            errors.is_empty().then_some(text)
        });
        found.map_or_else(
            || {
                tracing::error!(name, ?language, "a page lacks this text, or a value in it");
                Cow::Borrowed(name)
            },
            Cow::Owned,
        )
    }
}

fn bundle(language: Language, file: &str) -> Result<FluentBundle<FluentResource>, TextsError> {
    let code = super::language::code(language);
    let wrong = |reason: String| TextsError { language: code, reason };
    let locale = code.parse().map_err(|_| wrong("no language".to_owned()))?;
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // The marks that would stand around values serve texts of both directions; ours run one way.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| wrong(format!("{errors:?}")))?;
    bundle.add_resource(resource).map_err(|errors| wrong(format!("{errors:?}")))?;
    Ok(bundle)
}

#[cfg(test)]
mod tests;
