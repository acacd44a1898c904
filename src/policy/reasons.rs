//! The texts of reasons and legal bases, per language and audience.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::faults::Faults;
use super::files::Files;
use crate::catalogue::purpose::FileError;
use crate::catalogue::{Category, Form};

/// A language of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Nl, Self::En];

    const fn file(self) -> &'static str {
        match self {
            Self::Nl => "reasons/nl.toml",
            Self::En => "reasons/en.toml",
        }
    }
}

/// Who reads a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The privacy officer, the policy author.
    Officer,
    /// The source, about its own items: it learns nothing that lies with the recipient, such as for whom that acts.
    Source,
    /// The data subject (AVG 15), in words of its own.
    Subject,
    /// The recipient, who learns nothing that depends on the person.
    Recipient,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonsFile {
    withheld: Spanned<BTreeMap<String, Wording>>,
    legal_basis: Spanned<BTreeMap<String, String>>,
    category: Spanned<BTreeMap<String, String>>,
    form: Spanned<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wording {
    officer: String,
    recipient: String,
    /// Whether a source is told, in the officer's words.
    #[serde(default)]
    source: bool,
    /// How the subject is told, if it is.
    subject: Option<String>,
}

impl Wording {
    /// The reason itself; `None` when this audience is not told it.
    fn told(&self, audience: Audience) -> Option<&str> {
        match audience {
            Audience::Officer => Some(&self.officer),
            Audience::Source => self.source.then_some(&*self.officer),
            Audience::Subject => self.subject.as_deref(),
            Audience::Recipient => None,
        }
    }
}

/// All texts.
pub struct Reasons(BTreeMap<Language, ReasonsFile>);

impl Reasons {
    /// Reads both files and checks that each explains every code; every fault is kept.
    pub fn load(files: &Files, reasons: &[&str], legal_bases: &[&str], faults: &mut Faults) -> Self {
        let mut texts = BTreeMap::new();
        for language in Language::ALL {
            let name = language.file();
            let missing = || FileError { file: name.to_owned(), line: 1, message: "this file is missing".to_owned() };
            let Some(text) = faults.keep(files.get(name).ok_or_else(missing)) else { continue };
            let at = |offset: usize, message: String| FileError::at(name, text, offset, message);
            let read = toml::from_str::<ReasonsFile>(text)
                .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()));
            let Some(read) = faults.keep(read) else { continue };
            for code in reasons.iter().filter(|code| !read.withheld.get_ref().contains_key(**code)) {
                faults.add(at(read.withheld.span().start, format!("the reason `{code}` has no text: add [withheld.{code}]")));
            }
            for code in legal_bases.iter().filter(|code| !read.legal_basis.get_ref().contains_key(**code)) {
                let message = format!("the legal basis `{code}` has no text: add it to [legal_basis]");
                faults.add(at(read.legal_basis.span().start, message));
            }
            let names = [
                ("category", &read.category, Category::ALL.map(Category::code).to_vec()),
                ("form", &read.form, Form::ALL.map(Form::code).to_vec()),
            ];
            for (table, names, codes) in names {
                for code in codes.into_iter().filter(|code| !names.get_ref().contains_key(*code)) {
                    faults.add(at(names.span().start, format!("the {table} `{code}` has no name: add it to [{table}]")));
                }
            }
            texts.insert(language, read);
        }
        Self(texts)
    }

    /// The text of a reason; who is not told the reason itself reads what the recipient does.
    pub fn withheld(&self, code: &str, language: Language, audience: Audience) -> Option<&str> {
        let wording = self.wording(code, language)?;
        Some(wording.told(audience).unwrap_or(&wording.recipient))
    }

    /// Whether this audience is told this reason: only what both languages tell it.
    pub fn is_told(&self, code: &str, audience: Audience) -> bool {
        Language::ALL.iter().all(|language| self.wording(code, *language).is_some_and(|wording| wording.told(audience).is_some()))
    }

    fn wording(&self, code: &str, language: Language) -> Option<&Wording> {
        self.0.get(&language)?.withheld.get_ref().get(code)
    }

    /// What a category is called.
    pub fn category(&self, category: Category, language: Language) -> &str {
        let names = self.0.get(&language).map(|file| file.category.get_ref());
        names.and_then(|names| names.get(category.code())).map_or(category.code(), String::as_str)
    }

    /// What a form is called.
    pub fn form(&self, form: Form, language: Language) -> &str {
        let names = self.0.get(&language).map(|file| file.form.get_ref());
        names.and_then(|names| names.get(form.code())).map_or(form.code(), String::as_str)
    }

    /// The text of a legal basis.
    pub fn legal_basis(&self, code: &str, language: Language) -> Option<&str> {
        self.0.get(&language)?.legal_basis.get_ref().get(code).map(String::as_str)
    }
}
