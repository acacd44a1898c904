//! One version of the policies: read, checked and ready to decide. Never changes; another version is another bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::bounds;
use super::cache::DecisionCache;
use super::decision::reason;
use super::engine::Engine;
use super::faults::Faults;
use super::files::{self, Files, Unreadable};
use super::forms::FormSet;
use super::inventory::{self, Inventory};
use super::manifest::{Approval, Archive, NotApproved};
use super::question::{Facts, Party, Question};
use super::reach::{Footing, Reach};
use super::reasons::{Audience, Language, Reasons};
use super::rules::{self, Note, Rules};
use super::vocabulary::Unfit;
use crate::case_room::CaseFact;
use crate::catalogue::purpose::{CaseTrack, FileError};
use crate::catalogue::{Category, Form, Purpose, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::{Kind, Oin};

/// Recipient, the kind that asks, purpose, source, category.
type ReachKey = (Kind, Kind, PurposeCode, Kind, Category);

/// One version of the policies.
pub struct Bundle {
    hash: String,
    /// What its manifest says, and who signed that.
    approval: Option<Approval>,
    pub(super) files: Files,
    pub(super) purposes: BTreeMap<String, Arc<Purpose>>,
    pub(super) rules: Rules,
    reasons: Reasons,
    pub(super) engine: Engine,
    reaches: RwLock<HashMap<ReachKey, Arc<Reach>>>,
    pub(super) cache: DecisionCache,
    /// Two organisations that exist nowhere: who the static questions are about.
    nobody: (Oin, Oin),
}

/// Why a bundle cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file says something that cannot be.
    #[error("policies/{0}")]
    File(#[from] FileError),
    /// The model and the rules do not fit together.
    #[error("policies/schema.cedarschema: {0}")]
    Model(String),
    /// It is sound, and is not approved all the same.
    #[error(transparent)]
    NotApproved(#[from] NotApproved),
}

/// What could be read of the files.
struct Parts {
    purposes: BTreeMap<String, Arc<Purpose>>,
    /// None without a schema.
    rules: Option<Rules>,
    reasons: Reasons,
}

impl Parts {
    /// `None` for what is too large or too nested: nothing of that is parsed.
    fn read(files: &Files, faults: &mut Faults) -> Option<Self> {
        bounds::check(files, faults);
        if faults.count() > 0 {
            return None;
        }
        let purposes = files.iter().filter(|(name, _)| name.starts_with("purposes/"));
        let purposes = purposes.filter_map(|(name, text)| faults.keep(Purpose::parse(name, text)));
        let purposes = purposes.map(|purpose| (purpose.id.as_str().to_owned(), Arc::new(purpose))).collect();
        let rules = rules::load(files, &purposes, faults);
        let notes = rules.iter().flat_map(|rules| rules.notes.values());
        let codes: Vec<&str> = notes.filter_map(|note| note.withheld.as_deref()).chain(reason::BUILT_IN).collect();
        let bases: Vec<&str> = purposes.values().flat_map(|purpose| purpose.legal_bases.iter().map(String::as_str)).collect();
        let reasons = Reasons::load(files, &codes, &bases, faults);
        Some(Self { purposes, rules, reasons })
    }
}

impl LoadError {
    /// The error with its path as it is in a folder, and not as part of this program.
    pub fn within(&self, folder: &Path) -> String {
        let text = self.to_string();
        let folder = folder.display();
        text.strip_prefix("policies/").map_or_else(|| format!("{folder}: {text}"), |rest| format!("{folder}/{rest}"))
    }
}

impl Bundle {
    /// Reads a folder laid out as `policies/`.
    ///
    /// # Errors
    /// [`LoadError`] with file and line: anything unknown, missing, twice, not valid against the schema, or not explained.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Self::from_files(files::read(folder)?)
    }

    /// The policies that are part of the binary.
    ///
    /// # Errors
    /// [`LoadError`], as [`Bundle::load`].
    pub fn embedded() -> Result<Self, LoadError> {
        Self::from_files(files::embedded()?)
    }

    /// A bundle from texts by their path under `policies/`.
    ///
    /// # Errors
    /// [`LoadError`], as [`Bundle::load`].
    pub fn from_files(files: Files) -> Result<Self, LoadError> {
        let mut faults = Faults::default();
        let parts = Parts::read(&files, &mut faults);
        faults.none()?;
        Self::assemble(files, parts)
    }

    /// As [`Bundle::load`] or [`Bundle::embedded`] and [`Bundle::inventory`], for the author of the files: reading goes on after a fault.
    ///
    /// # Errors
    /// Every fault that was found, by file and line; of a statement or a purpose's file that does not read, the first.
    pub fn examine(folder: Option<&Path>) -> Result<(Self, Inventory), Vec<LoadError>> {
        let one = |error: LoadError| vec![error];
        let files = folder.map_or_else(files::embedded, files::read).map_err(|error| one(error.into()))?;
        let mut faults = Faults::default();
        let parts = Parts::read(&files, &mut faults);
        if let Some(Parts { purposes, rules, .. }) = &parts {
            inventory::complete(&files, purposes, rules.as_ref(), &mut faults);
        }
        if faults.count() > 0 {
            return Err(faults.into_sorted().into_iter().map(LoadError::from).collect());
        }
        let bundle = Self::assemble(files, parts).map_err(one)?;
        let inventory = bundle.inventory().map_err(one)?;
        Ok((bundle, inventory))
    }

    /// Of parts without faults.
    fn assemble(files: Files, parts: Option<Parts>) -> Result<Self, LoadError> {
        let unfit = |error: Unfit| LoadError::Model(error.to_string());
        let oin = |text: &str| text.parse::<Oin>().map_err(|error| LoadError::Model(error.to_string()));
        let Some(Parts { purposes, rules: Some(rules), reasons }) = parts else {
            return Err(LoadError::Model("the policies cannot be read".to_owned()));
        };
        let bundle = Self {
            hash: files::hash(&files),
            approval: None,
            engine: Engine::new(rules.schema.clone()).map_err(unfit)?,
            nobody: (oin("00000000000000000001")?, oin("00000000000000000002")?),
            files,
            purposes,
            rules,
            reasons,
            reaches: RwLock::default(),
            cache: DecisionCache::default(),
        };
        bundle.check_model().map_err(unfit)?;
        bundle.required_invariants()?;
        Ok(bundle)
    }

    /// What the log names as the version that decided, hexadecimal: SHA-256 of its manifest, which lists every file and what it replaces; without
    /// one, over all files.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// As it was approved: `hash` is the manifest's.
    pub(super) fn approved(self, hash: String, approval: Approval) -> Self {
        Self { hash, approval: Some(approval), ..self }
    }

    /// The version that its manifest names; none without a manifest.
    pub fn version(&self) -> Option<&str> {
        self.approval.as_ref().map(|approval| approval.version.as_str())
    }

    /// Who approved it; nobody without a manifest.
    pub fn approved_by(&self) -> &[String] {
        self.approval.as_ref().map(|approval| approval.approved_by.as_slice()).unwrap_or_default()
    }

    /// Whether it may come in force after the version with the hash `in_force`. Without a manifest (development) every one may; an approved one only
    /// in the place of the very version that it was approved to replace: what two persons signed once does not come back by one.
    ///
    /// # Errors
    /// [`FileError`] names both versions, and what to do.
    pub fn follows(&self, in_force: Option<&str>) -> Result<(), FileError> {
        self.approval.as_ref().map_or(Ok(()), |approval| approval.follows(in_force))
    }

    /// All of it, to be read again by [`Bundle::of_archive`].
    pub fn archive(&self) -> Vec<u8> {
        let manifest = self.approval.as_ref().map(|approval| approval.manifest.clone());
        let approvals = self.approval.as_ref().and_then(|approval| approval.approvals.clone());
        serde_json::to_vec(&Archive { files: self.files.clone(), manifest, approvals }).unwrap_or_default()
    }

    /// Writes its files into a folder, without a manifest.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`], when they cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), LoadError> {
        Ok(files::write(folder, &self.files)?)
    }

    /// The purpose with this code.
    pub fn purpose(&self, code: &PurposeCode) -> Option<&Arc<Purpose>> {
        self.purposes.get(code.as_str())
    }

    /// All purposes, by code.
    pub fn purposes(&self) -> impl Iterator<Item = &Arc<Purpose>> {
        self.purposes.values()
    }

    /// What a policy says about itself.
    pub fn note(&self, id: &str) -> Option<&Note> {
        self.rules.notes.get(id)
    }

    /// What every policy says about itself, by id.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.rules.notes.values()
    }

    /// The text of a reason's code, for a reader.
    pub fn reason_text(&self, code: &str, language: Language, audience: Audience) -> Option<&str> {
        self.reasons.withheld(code, language, audience)
    }

    /// Whether a reader is told the reason with this code, and not only that there is nothing.
    pub fn tells_reason(&self, code: &str, audience: Audience) -> bool {
        self.reasons.is_told(code, audience)
    }

    /// What a category is called.
    pub fn category_name(&self, category: Category, language: Language) -> &str {
        self.reasons.category(category, language)
    }

    /// What a form is called.
    pub fn form_name(&self, form: Form, language: Language) -> &str {
        self.reasons.form(form, language)
    }

    /// What a purpose is called; its code where these policies do not have it.
    pub fn purpose_name<'a>(&'a self, purpose: &'a PurposeCode, language: Language) -> &'a str {
        self.purpose(purpose).map_or(purpose.as_str(), |known| match language {
            Language::Nl => &known.texts.nl,
            Language::En => &known.texts.en,
        })
    }

    /// The text of a legal basis's code.
    pub fn legal_basis_text(&self, code: &str, language: Language) -> Option<&str> {
        self.reasons.legal_basis(code, language)
    }

    /// Which forms can ever be permitted, whoever the person is: every fact stated, consent given, an override made. Empty means
    /// that the answer is always no, and that this may be said.
    pub fn ever_permitted(&self, recipient: Kind, purpose: &PurposeCode, source: Kind, category: Category) -> FormSet {
        self.reach(recipient, purpose, source, category).map_or(FormSet::NONE, |reach| reach.ever)
    }

    /// Which forms a consent opens: permitted with it, every condition fulfilled, and not without it.
    pub fn opened_by_consent(&self, recipient: Kind, purpose: &PurposeCode, source: Kind, category: Category) -> FormSet {
        let opened = |reach: Arc<Reach>| reach.with_consent.iter().filter(|form| !reach.on_facts.contains(*form)).collect();
        self.reach(recipient, purpose, source, category).map_or(FormSet::NONE, opened)
    }

    /// Which forms an override can open to an organisation of this kind, for itself or in a case that it attends or directs: permitted with it, every
    /// condition fulfilled, and not whatever the source states.
    pub fn opened_by_override(&self, asker: Kind, purpose: &PurposeCode, source: Kind, category: Category) -> FormSet {
        let opened = |reach: Arc<Reach>| reach.with_override.iter().filter(|form| !reach.always.contains(*form)).collect();
        let reach = |recipient: Kind| self.reach_as(recipient, asker, purpose, source, category).map_or(FormSet::NONE, opened);
        Kind::JOINTLY.into_iter().fold(reach(asker), |forms, jointly| forms.union(reach(jointly)))
    }

    /// On what a form of a cell rests.
    pub fn footing(&self, recipient: Kind, purpose: &PurposeCode, source: Kind, category: Category, form: Form) -> Footing {
        self.reach(recipient, purpose, source, category).map_or(Footing::Never, |reach| reach.footing(form))
    }

    /// Whether anything that depends on the person decides this cell at this form, so that absence must be `unavailable` and not
    /// a signal `no`.
    pub fn rests_on_person(&self, recipient: Kind, purpose: &PurposeCode, source: Kind, category: Category, form: Form) -> bool {
        self.footing(recipient, purpose, source, category, form) != Footing::Always
    }

    pub(super) fn reach(
        &self,
        recipient: Kind,
        purpose: &PurposeCode,
        source: Kind,
        category: Category,
    ) -> Result<Arc<Reach>, Unfit> {
        self.reach_as(recipient, recipient, purpose, source, category)
    }

    /// As [`Self::reach`], of an organisation of kind `asker` that asks as `recipient`: of a team it is the only one who attends.
    fn reach_as(
        &self,
        recipient: Kind,
        asker: Kind,
        purpose: &PurposeCode,
        source: Kind,
        category: Category,
    ) -> Result<Arc<Reach>, Unfit> {
        let key = (recipient, asker, purpose.clone(), source, category);
        if let Some(reach) = self.reaches.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(reach.clone());
        }
        let Some(slices) = self.rules.slices.get(purpose.as_str()) else { return Ok(Arc::default()) };
        let policies = slices.of(category).unwrap_or(&self.rules.guards);
        let mut question = Question { asker, ..self.static_question(recipient, purpose, source, category) };
        question.case = (asker != recipient).then(|| attended_by(asker));
        let need = self.purposes.get(purpose.as_str()).and_then(|purpose| purpose.case);
        let reach = Arc::new(Reach::compute(&self.engine, policies, &question, need)?);
        self.reaches.write().unwrap_or_else(PoisonError::into_inner).insert(key, reach.clone());
        Ok(reach)
    }

    pub(super) fn static_question(&self, recipient: Kind, purpose: &PurposeCode, source: Kind, category: Category) -> Question {
        Question {
            purpose: purpose.clone(),
            recipient: Party { oin: self.nobody.0.clone(), kind: recipient },
            asker: recipient,
            source: Party { oin: self.nobody.1.clone(), kind: source },
            category,
            finest: Form::Exact,
            now: Timestamp::from_seconds(1_000_000_000),
            consent: None,
            derogation: None,
            case: None,
            facts: None,
        }
    }

    /// Whether a question built by us fits the schema: a renamed attribute is found here, not at the first request.
    fn check_model(&self) -> Result<(), Unfit> {
        for purpose in self.purposes.values() {
            let question = self.static_question(Kind::VeiligThuis, &purpose.id, Kind::Police, Category::Identity);
            self.check_request(&question)?;
        }
        Ok(())
    }

    fn check_request(&self, question: &Question) -> Result<(), Unfit> {
        let facts = Facts::fulfilling(super::WpgArticle::Everyday, None);
        let with = Question {
            consent: Some(super::reach::fulfilling_consent(question)),
            derogation: Some(super::reach::fulfilling_override(question)),
            case: Some(super::reach::fulfilling_case(question, CaseTrack::Named)),
            ..question.clone()
        };
        let prepared = self.engine.prepare(&with, &facts)?;
        for form in Form::ALL {
            let schema = Some(self.engine.schema());
            if self.engine.evaluate_claimed(&prepared, form, form, &self.rules.guards, schema).failed {
                return Err(Unfit::because("the gateway's facts do not have the form that the schema asks for"));
            }
        }
        Ok(())
    }
}

/// A case of which only an organisation of this kind is known to attend.
fn attended_by(kind: Kind) -> Arc<CaseFact> {
    Arc::new(CaseFact {
        id: String::new(),
        version: 0,
        open: true,
        named: true,
        attendees: BTreeSet::new(),
        attendee_kinds: [kind].into(),
        director: None,
        family_informed: true,
        plan_made: true,
    })
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bundle({})", self.hash)
    }
}
