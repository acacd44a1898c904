//! What a purpose keeps of each category and form: paths from the purpose file, checked against the field tables when the file is
//! read.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::fields::{Field, How, exists, fields};
use super::{Category, Form};

/// The paths to keep, per category and form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transforms(BTreeMap<(Category, Form), Vec<String>>);

impl Transforms {
    /// The paths to keep of a category in a form; empty when the purpose does not use that form.
    pub fn paths(&self, category: Category, form: Form) -> &[String] {
        self.0.get(&(category, form)).map_or(&[], Vec::as_slice)
    }

    /// Whether a path is kept: asked for the pseudonyms that only the gateway can fill in.
    pub fn keeps(&self, category: Category, form: Form, path: &str) -> bool {
        self.paths(category, form).iter().any(|kept| kept == path)
    }

    /// A category and form of which it keeps a person's name or pseudonym, or where somebody lives.
    pub(super) fn naming(&self) -> Option<(Category, Form)> {
        let names = |paths: &[String]| paths.iter().any(|path| path.ends_with("pseudonym") || path.ends_with("person"));
        let naming = |(category, _): &&(Category, Form), paths: &Vec<String>| {
            matches!(category, Category::Identity | Category::Address) || names(paths)
        };
        self.0.iter().find(|(key, paths)| naming(key, paths)).map(|(key, _)| *key)
    }

    /// Every category and form that the purpose uses.
    pub fn iter(&self) -> impl Iterator<Item = (Category, Form, &[String])> {
        self.0.iter().map(|((category, form), paths)| (*category, *form, paths.as_slice()))
    }
}

/// The `[transforms.<category>]` tables of a purpose file, before they are checked.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct TransformTables(BTreeMap<Spanned<String>, FormTable>);

type FormTable = BTreeMap<Spanned<String>, Vec<Spanned<String>>>;

/// What is wrong with a table, and where in the file.
pub(super) struct Wrong {
    pub at: Range<usize>,
    pub message: String,
}

impl TransformTables {
    /// Checks every table: known categories, forms and paths, nothing twice, no free text, and no form that keeps what the finer
    /// one drops.
    pub(super) fn check(self) -> Result<Transforms, Wrong> {
        let mut checked = Transforms::default();
        let mut starts = BTreeMap::new();
        for (name, forms) in self.0 {
            let category = Category::from_code(name.get_ref())
                .ok_or_else(|| Wrong { at: name.span(), message: format!("unknown category `{}`", name.get_ref()) })?;
            for (form_name, paths) in forms {
                let form = Form::from_code(form_name.get_ref())
                    .ok_or_else(|| Wrong { at: form_name.span(), message: format!("unknown form `{}`", form_name.get_ref()) })?;
                starts.insert((category, form), paths.iter().map(Spanned::span).collect::<Vec<_>>());
                checked.0.insert((category, form), check_paths(category, form, form_name.span(), paths)?);
            }
        }
        for ((category, form), places) in &starts {
            refuse_widening(&checked, *category, *form, places)?;
        }
        Ok(checked)
    }
}

fn check_paths(category: Category, form: Form, at: Range<usize>, paths: Vec<Spanned<String>>) -> Result<Vec<String>, Wrong> {
    if !exists(category, form) {
        return Err(Wrong { at, message: format!("`{category}` has no form `{form}`") });
    }
    if paths.is_empty() {
        return Err(Wrong {
            at,
            message: format!("the form `{form}` of `{category}` keeps nothing: leave it out or name the fields to keep"),
        });
    }
    let mut kept: Vec<String> = Vec::with_capacity(paths.len());
    for path in paths {
        let (at, path) = (path.span(), path.into_inner());
        if path.rsplit('.').next() == Some("text") {
            return Err(Wrong { at, message: format!("`{path}` is free text, which is never released: use the form `summary`") });
        }
        if !fields(category, form).iter().any(|field| field.path == path) {
            return Err(Wrong { at, message: format!("`{category}` in the form `{form}` has no field `{path}`") });
        }
        if kept.contains(&path) {
            return Err(Wrong { at, message: format!("`{path}` is listed twice") });
        }
        kept.push(path);
    }
    Ok(kept)
}

/// A coarser form may only keep what is computed from something that the finer forms of this purpose keep.
fn refuse_widening(all: &Transforms, category: Category, form: Form, places: &[Range<usize>]) -> Result<(), Wrong> {
    let finer: &[Form] = match form {
        Form::Signal => &[Form::Reduced, Form::Exact],
        Form::Reduced => &[Form::Exact],
        Form::Exact | Form::Summary => &[],
    };
    for finer in finer.iter().copied().filter(|finer| !all.paths(category, *finer).is_empty()) {
        let kept = chosen(all, category, finer);
        for (field, at) in chosen(all, category, form).iter().zip(places) {
            if field.how != How::Gateway && !kept.iter().any(|finer| covers(finer, field)) {
                let message =
                    format!("`{}` widens: the form `{finer}` of `{category}` keeps nothing that it is computed from", field.path);
                return Err(Wrong { at: at.clone(), message });
            }
        }
    }
    Ok(())
}

fn chosen(all: &Transforms, category: Category, form: Form) -> Vec<&'static Field> {
    let find = |path: &String| fields(category, form).iter().find(|field| field.path == path);
    all.paths(category, form).iter().filter_map(find).collect()
}

/// Whether what `finer` is computed from holds what `coarser` is computed from: the same part, or a part of the same list or
/// record.
fn covers(finer: &Field, coarser: &Field) -> bool {
    let inside = |whole: &str| finer.from.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    coarser.from.is_empty() || inside(coarser.from)
}
