mod questions;
mod transforms;

use std::collections::BTreeMap;
use std::time::Duration;

use cedar_policy::PolicySet;
use questions::Questions;

use super::*;
use crate::catalogue::minimise::may_know_secret_address;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::organisation::Kind;

fn bundle() -> Bundle {
    Bundle::embedded().unwrap_or_else(|error| panic!("{error}"))
}

fn code(text: &str) -> PurposeCode {
    PurposeCode::try_from(text.to_owned()).expect("a code")
}

#[test]
fn the_table_tests_hold_and_each_policy_decides_one() {
    let report = bundle().run_cases().unwrap_or_else(|error| panic!("{error}"));
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.undecided.is_empty(), "policies that decide no case: {:?}", report.undecided);
    assert!(report.passed > 350, "{}", report.passed);
}

#[test]
fn a_table_test_that_does_not_hold_is_told() {
    let mut files = bundle().files;
    let text = files.get_mut("tests/probation.toml").expect("there");
    *text = text.replacen("risk-assessment = \"withheld: not-permitted\"", "risk-assessment = \"summary\"", 1);
    let report = Bundle::from_files(files).expect("loads").run_cases().expect("reads");
    assert_eq!(report.failures.len(), 1);
    assert!(
        report.failures[0].starts_with("tests/probation.toml:") && report.failures[0].contains("row 20: police"),
        "{}",
        report.failures[0]
    );
}

/// What the loader says when a text in a file is replaced.
fn refused(file: &str, change: (&str, &str)) -> String {
    let mut files = bundle().files;
    let text = files.get_mut(file).expect("the file");
    let changed = text.replacen(change.0, change.1, 1);
    assert_ne!(*text, changed, "the change applies");
    *text = changed;
    match Bundle::from_files(files) {
        Ok(_) => panic!("accepted: {} → {}", change.0, change.1),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_cannot_be_is_refused_with_file_and_line() {
    const RULES: &str = "rules/safety-assessment.cedar";
    const GUARDS: &str = "rules/guards.cedar";
    let permit = "@id(\"sa.police.person\")\n";
    for (file, change, starts, says) in [
        (RULES, (permit, ""), "policies/rules/safety-assessment.cedar:5:", "no @id"),
        (RULES, ("@why(\"Veilig Thuis must know who lives where, with whom, and which measures hold\")\n", ""), "", "no @why"),
        (
            RULES,
            ("@why_nl(\"Veilig Thuis moet weten wie waar woont, met wie, en welke maatregelen gelden\")\n", ""),
            "",
            "no @why_nl",
        ),
        (RULES, ("@legal(\"Bpg 4:2(1)(i); Wpg 8, 13\")\n", ""), "policies/rules/safety-assessment.cedar:5:", "no @legal"),
        (RULES, ("@row(\"2\")\n", ""), "policies/rules/safety-assessment.cedar:5:", "no @row"),
        (RULES, ("@row(\"2\")\n", "@row(\"99\")\n"), "policies/rules/safety-assessment.cedar:9:", "no row of the matrix"),
        (RULES, ("\"sa.police.incidents\"", "\"sa.police.person\""), "", "taken by rules/safety-assessment.cedar:5"),
        (RULES, ("\"sa.police.incidents\"", "\"Sa Police\""), "", "lower-case"),
        (
            RULES,
            ("Sluis::Category::\"incident-reports\"", "Sluis::Category::\"incident-report\""),
            "",
            "unknown category `incident-report`",
        ),
        (
            RULES,
            ("Sluis::OrgKind::\"police\"", "Sluis::OrgKind::\"politie\""),
            "policies/rules/safety-assessment.cedar:",
            "politie",
        ),
        (RULES, ("context.facts.test51c", "context.facts.test51d"), "policies/rules/safety-assessment.cedar:", "test51d"),
        (RULES, ("context.facts has wpgArticle && ", ""), "policies/rules/safety-assessment.cedar:23:", "wpgArticle"),
        (RULES, ("when { context.purpose == Sluis::Purpose::\"safety-assessment\" }\n", ""), "", "has the clause"),
        (
            RULES,
            (permit, "forbid (principal, action, resource);\n@id(\"sa.police.person\")\n"),
            "policies/rules/safety-assessment.cedar:5:",
            "permits only",
        ),
        (GUARDS, ("@withheld(\"citizen-number\")\n", ""), "policies/rules/guards.cedar:3:", "no @withheld"),
        (GUARDS, ("@withheld(\"reporter\")", "@withheld(\"unheard-of\")"), "policies/reasons/", "unheard-of"),
        (GUARDS, ("forbid (", "permit ("), "policies/rules/guards.cedar:3:", "forbids only"),
        (GUARDS, ("};", "}"), "policies/rules/guards.cedar:", ""),
        (
            "purposes/probation.toml",
            ("[transforms.probation-status]", "[transforms.probation-state]"),
            "policies/purposes/probation.toml:",
            "unknown category",
        ),
        ("purposes/probation.toml", ("\"wjsg-39f\"", "\"wjsg-39g\""), "policies/reasons/", "wjsg-39g"),
        (
            "purposes/probation.toml",
            ("id = \"probation\"", "id = \"probatie\""),
            "policies/purposes/probation.toml:2:",
            "file's name",
        ),
        ("schema.cedarschema", ("test51c: Bool", "test51: Bool"), "policies/rules/", "test51c"),
        (
            "schema.cedarschema",
            ("subjectAge?: Long", "subjectAge?: Long,\n    shoeSize: Long"),
            "policies/schema.cedarschema",
            "facts",
        ),
        (
            "purposes/anonymous-consultation.toml",
            ("reduced = [\"members[].letter\"", "reduced = [\"members[].pseudonym\""),
            "policies/purposes/anonymous-consultation.toml:",
            "names nobody",
        ),
        ("reasons/nl.toml", ("[withheld.reporter]", "[withheld.melder]"), "policies/reasons/nl.toml:", "reporter"),
    ] {
        let error = refused(file, change);
        assert!(error.starts_with(starts) && error.contains(says), "{change:?}: {error}");
    }
}

#[test]
fn a_permit_needs_a_transform_for_every_form_it_gives() {
    let error = refused("purposes/probation.toml", ("[transforms.substance-use]\nreduced = [\"level\"]\n", ""));
    assert!(
        error.contains("purposes/probation.toml does not say what to keep of `substance-use` in the form `reduced`"),
        "{error}"
    );
}

#[test]
fn files_belong_together() {
    for gone in
        ["rules/probation.cedar", "purposes/probation.toml", "rules/guards.cedar", "schema.cedarschema", "reasons/en.toml"]
    {
        let mut files = bundle().files;
        files.remove(gone);
        assert!(Bundle::from_files(files).is_err(), "without {gone}");
    }
    let mut files = bundle().files;
    files.remove("tests/probation.toml");
    assert!(Bundle::from_files(files).expect("loads").run_cases().is_err());
}

#[test]
fn the_folder_and_the_binary_hold_the_same() {
    let folder = Bundle::load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))).expect("loads");
    assert_eq!(folder.hash(), bundle().hash());
    assert_eq!(folder.hash().len(), 64);
    let mut files = bundle().files;
    files.get_mut("rules/guards.cedar").expect("there").push('\n');
    assert_ne!(Bundle::from_files(files).expect("loads").hash(), folder.hash());
    assert!(Bundle::load(std::path::Path::new("/nowhere")).is_err());
}

#[test]
fn static_answers_do_not_depend_on_the_person() {
    let bundle = bundle();
    let (assessment, acute) = (code("safety-assessment"), code("acute-safety"));
    let ever =
        |to, purpose: &PurposeCode, from, category| bundle.ever_permitted(to, purpose, from, category).iter().collect::<Vec<_>>();
    let all = [Form::Exact, Form::Reduced, Form::Signal];
    assert_eq!(ever(Kind::VeiligThuis, &assessment, Kind::Police, Category::Identity), all);
    assert_eq!(ever(Kind::VeiligThuis, &assessment, Kind::Police, Category::IncidentReports), [Form::Summary]);
    assert_eq!(
        ever(Kind::VeiligThuis, &assessment, Kind::Prosecution, Category::PendingProsecution),
        [Form::Reduced, Form::Signal, Form::Summary]
    );
    assert_eq!(ever(Kind::VeiligThuis, &assessment, Kind::MentalHealth, Category::SubstanceUse), [Form::Reduced]);
    assert_eq!(ever(Kind::Police, &acute, Kind::MentalHealth, Category::Address), all);
    for (to, purpose, from, category) in [
        (Kind::Police, &assessment, Kind::MentalHealth, Category::Diagnosis),
        (Kind::Police, &acute, Kind::MentalHealth, Category::Diagnosis),
        (Kind::Municipality, &assessment, Kind::Police, Category::Identity),
        (Kind::VeiligThuis, &assessment, Kind::Police, Category::CitizenNumber),
        (Kind::VeiligThuis, &code("team-discussion"), Kind::Police, Category::Identity),
        (Kind::Police, &acute, Kind::Police, Category::Identity),
        (Kind::VeiligThuis, &code("accountability"), Kind::Police, Category::Identity),
        (Kind::Police, &acute, Kind::ExpertiseTeam, Category::Identity),
    ] {
        assert!(bundle.ever_permitted(to, purpose, from, category).is_empty(), "{to} {purpose} {from} {category}");
    }
}

#[test]
fn only_an_unconditional_cell_may_say_no() {
    let bundle = bundle();
    let (assessment, probation) = (code("safety-assessment"), code("probation"));
    let footing = |to, purpose: &PurposeCode, from, category, form| bundle.footing(to, purpose, from, category, form);
    let vt = Kind::VeiligThuis;
    assert_eq!(footing(vt, &assessment, Kind::YouthProtection, Category::Measures, Form::Signal), Footing::Always);
    assert!(!bundle.rests_on_person(vt, &assessment, Kind::YouthProtection, Category::Measures, Form::Signal));
    assert_eq!(footing(vt, &assessment, Kind::Police, Category::Measures, Form::Signal), Footing::Facts);
    assert_eq!(footing(vt, &assessment, Kind::MentalHealth, Category::CareInvolvement, Form::Signal), Footing::ConsentOrOverride);
    assert_eq!(footing(vt, &assessment, Kind::MentalHealth, Category::Identity, Form::Signal), Footing::Never);
    assert_eq!(
        footing(Kind::Probation, &probation, Kind::Prosecution, Category::Address, Form::Exact),
        Footing::Facts,
        "secret?"
    );
    assert_eq!(footing(Kind::Probation, &probation, Kind::Prosecution, Category::Address, Form::Signal), Footing::Always);
}

#[test]
fn consent_is_relied_on_before_an_override() {
    let bundle = bundle();
    let mut questions = Questions::new(5);
    let mut found = std::collections::BTreeSet::new();
    for _ in 0..6000 {
        let question = questions.next();
        let decision = bundle.decide(&question);
        let basis = bundle.basis(&decision);
        assert_eq!(basis.is_some(), decision.form().is_some());
        found.extend(basis);
        if basis == Some(Basis::Override) {
            let without = bundle.decide(&Question { derogation: None, ..question });
            assert!(without.form() != decision.form(), "the override was needed for this form");
        }
    }
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn every_reason_has_a_text_and_recipients_cannot_tell_them_apart() {
    let bundle = bundle();
    for language in Language::ALL {
        let withheld = bundle.reason_text("consent-refused", language, Audience::Recipient);
        for person_dependent in [
            "consent-missing",
            "override-missing",
            "condition-not-met",
            "secret-address",
            "protected-person",
            "wpg-removed",
            "withheld-by-source",
        ] {
            assert_eq!(bundle.reason_text(person_dependent, language, Audience::Recipient), withheld, "{person_dependent}");
            assert!(bundle.reason_text(person_dependent, language, Audience::Officer).is_some());
        }
        assert!(bundle.legal_basis_text("wmo-4.1.1", language).is_some());
    }
    assert_eq!(bundle.reason_text("no-such-reason", Language::Nl, Audience::Officer), None);
}

/// Broken on purpose to see it fail: `source = true` at a guarded person's reason; a subject's words there.
#[test]
fn sources_and_subjects_are_not_told_what_concerns_others() {
    let bundle = bundle();
    let reads =
        |code: &str, audience| Language::ALL.map(|language| bundle.reason_text(code, language, audience).expect("a text"));
    let untold = reads("protected-person", Audience::Recipient);
    for (code, source, subject) in [
        ("protected-person", false, false),
        ("case-not-met", false, false),
        ("evaluation-error", false, false),
        ("withheld-by-source", true, false),
        ("wpg-article", true, false),
        ("secret-address", true, false),
        ("consent-withdrawn", true, true),
        ("health-to-justice", true, true),
        ("no-such-reason", false, false),
    ] {
        for (audience, told) in [(Audience::Source, source), (Audience::Subject, subject)] {
            assert_eq!(bundle.tells_reason(code, audience), told, "{code} {audience:?}");
            assert!(told || code == "no-such-reason" || reads(code, audience) == untold, "{code} {audience:?}");
        }
    }
    for code in ["consent-withdrawn", "reporter", "not-permitted"] {
        assert_ne!(reads(code, Audience::Subject), reads(code, Audience::Officer), "{code}: words of its own");
        assert_ne!(reads(code, Audience::Subject), reads(code, Audience::Recipient), "{code}");
    }
}

#[test]
fn the_shipped_purposes_read_as_the_domain_model_says() {
    let bundle = bundle();
    let purpose = |text: &str| bundle.purpose(&code(text)).expect(text).clone();
    assert!(purpose("acute-safety").emergency && !purpose("safety-assessment").emergency);
    assert!(purpose("probation").acts_for_subject);
    assert_eq!(purpose("acute-safety").deadline, Duration::from_hours(4));
    assert_eq!(purpose("safety-assessment").default_sources.as_ref().expect("it has one").kinds, [Kind::Police]);
    assert!(purpose("probation").default_sources.is_none() && bundle.purpose(&code("no-such-purpose")).is_none());
    for purpose in bundle.purposes() {
        for (category, form, paths) in purpose.transforms.iter() {
            assert!(paths.iter().all(|path| !path.ends_with("text")), "{} {category}/{form}", purpose.id);
        }
    }
}

/// Decides without slices, static knowledge or memory: every policy of every purpose, each form in turn, the request checked
/// against the schema.
fn in_full(bundle: &Bundle, everything: &PolicySet, question: &Question) -> Option<Form> {
    let cascade: &[Form] = match question.finest {
        Form::Exact => &[Form::Exact, Form::Reduced, Form::Signal],
        Form::Reduced => &[Form::Reduced, Form::Signal],
        Form::Signal => &[Form::Signal],
        Form::Summary => &[Form::Summary],
    };
    let consent = question.consent.as_deref();
    let facts = match question.facts {
        Some(facts) => vec![facts],
        None => WpgArticle::ALL.iter().map(|article| Facts::fulfilling(*article, consent)).collect(),
    };
    let allows = |form: &Form| {
        facts.iter().any(|facts| {
            let prepared = bundle.engine.prepare(question, facts).expect("fits");
            let evaluation = bundle.engine.evaluate_claimed(&prepared, *form, *form, everything, Some(bundle.engine.schema()));
            assert!(!evaluation.failed, "{question:?}");
            evaluation.allowed
        })
    };
    cascade.iter().copied().find(allows)
}

fn everything(bundle: &Bundle) -> PolicySet {
    let mut all = bundle.rules.guards.clone();
    for slices in bundle.rules.slices.values() {
        for policy in slices.all.policies().filter(|policy| policy.effect() == cedar_policy::Effect::Permit) {
            all.add(policy.clone()).expect("ids are unique");
        }
    }
    all
}

#[test]
fn remembered_decisions_equal_full_evaluation() {
    let bundle = bundle();
    let everything = everything(&bundle);
    let outcomes = in_halves(|half| {
        let mut questions = Questions::new(2026 + half);
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..3_500 {
            let question = questions.next();
            // The same facts at several moments, so that what is remembered is asked for before, between and after its changes.
            for step in 0..3 {
                let question = Question { now: question.now.plus(Duration::from_millis(step * 1100)), ..question.clone() };
                let remembered = bundle.decide(&question);
                assert_eq!(remembered, bundle.decide(&question));
                assert_eq!(remembered, bundle.decide_fresh(&question));
                assert_eq!(remembered.form(), in_full(&bundle, &everything, &question), "{question:?}");
                assert!(!remembered.alarm());
                let outcome =
                    remembered.form().map_or_else(|| remembered.reason().unwrap_or("").to_owned(), |form| form.to_string());
                *outcomes.entry(outcome).or_default() += 1;
            }
        }
        outcomes
    });
    assert!(outcomes.values().sum::<usize>() >= 21_000);
    for outcome in [
        "exact",
        "reduced",
        "signal",
        "summary",
        "not-permitted",
        "override-missing",
        "override-not-covering",
        "consent-missing",
        "consent-not-covering",
        "condition-not-met",
        "protected-person",
        "wpg-removed",
        "case-not-met",
        "case-closed",
        "anonymous-case",
        "anonymous-consultation",
        "health-to-justice",
        "restraining-order",
        "aggregates-only",
        "subject-only",
    ] {
        assert!(outcomes.get(outcome).is_some_and(|times| *times > 10), "{outcome} hardly came up: {outcomes:?}");
    }
}

#[test]
fn a_purpose_that_the_policies_do_not_have_permits_nothing() {
    let bundle = bundle();
    let mut questions = Questions::new(8);
    for _ in 0..50 {
        let question = Question { purpose: code("no-such-purpose"), ..questions.next() };
        assert_eq!(bundle.decide(&question).reason(), Some(reason::UNKNOWN_PURPOSE));
        assert_eq!(bundle.decide(&question), bundle.decide_fresh(&question));
    }
}

#[test]
fn no_permitted_question_lies_in_a_forbidden_region() {
    let bundle = bundle();
    let regions = bundle.invariants().expect("invariants").into_iter().map(|invariant| invariant.region);
    let regions = PolicySet::from_policies(regions).expect("ids are unique");
    let entered = in_halves(|half| {
        let mut questions = Questions::new(14 + half);
        let (mut permitted, mut entered) = (0, BTreeMap::new());
        for _ in 0..10_000 {
            let question = questions.next();
            let Some(facts) = question.facts else { continue };
            let form = bundle.decide(&question).form();
            let prepared = bundle.engine.prepare(&question, &facts).expect("fits");
            permitted += usize::from(form.is_some());
            for tried in Form::ALL {
                let inside = bundle.engine.evaluate_claimed(&prepared, tried, tried, &regions, None);
                assert!(!inside.failed, "{question:?}");
                assert!(form != Some(tried) || !inside.allowed, "{:?}: {question:?}", inside.policies);
                inside.policies.into_iter().for_each(|id| *entered.entry(id).or_insert(0) += 1);
            }
        }
        assert!(permitted > 150, "{permitted}");
        entered
    });
    // The form that is decided and the one that is claimed are the same here: one region is out of reach.
    let reached = entered.len() + usize::from(!entered.contains_key("never.another-form"));
    assert_eq!(reached, regions.policies().count(), "each region was tried: {entered:?}");
}

/// Does half of the work in each of two threads, and counts together what both counted.
fn in_halves(work: impl Fn(u64) -> BTreeMap<String, usize> + Sync) -> BTreeMap<String, usize> {
    std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            scope.spawn({
                let work = &work;
                move || work(half)
            })
        });
        let mut all = BTreeMap::new();
        for half in halves {
            for (what, times) in half.join().expect("a half without failure") {
                *all.entry(what).or_default() += times;
            }
        }
        all
    })
}

#[test]
fn a_policy_that_cannot_be_evaluated_denies_and_alarms() {
    let mut files = bundle().files;
    let rules = files.get_mut("rules/probation.cedar").expect("there");
    // Passes validation; overflows at run time, where Cedar would skip the policy and let the others decide.
    rules.push_str(concat!(
        "@id(\"pr.overflow\") @why(\"x\") @why_nl(\"x\") @legal(\"x\") @row(\"1\")\n",
        "permit (principal is Sluis::Recipient, action == Sluis::Action::\"signal\", resource is Sluis::Slice)\n",
        "when { context.purpose == Sluis::Purpose::\"probation\" }\n",
        "when { resource.category == Sluis::Category::\"probation-status\" }\n",
        "when { context.facts has subjectAge && context.facts.subjectAge * 9223372036854775807 > 0 };\n",
    ));
    let bundle = Bundle::from_files(files).unwrap_or_else(|error| panic!("{error}"));
    let mut questions = Questions::new(1);
    let facts = Facts { subject_age: Some(40), ..Facts::default() };
    let question = Question {
        purpose: code("probation"),
        recipient: questions.parties[2].clone(),
        asker: questions.parties[2].kind,
        source: questions.parties[3].clone(),
        category: Category::ProbationStatus,
        finest: Form::Signal,
        consent: None,
        derogation: None,
        case: None,
        facts: Some(facts),
        ..questions.next()
    };
    let decision = bundle.decide(&question);
    assert!(decision.alarm(), "{decision:?}");
    assert_eq!(decision.reason(), Some(reason::EVALUATION_ERROR));
    let before = Question { facts: Some(Facts { subject_age: None, ..facts }), ..question };
    assert_eq!(bundle.decide(&before).form(), Some(Form::Signal), "the other permit decides when nothing fails");
}

#[test]
fn who_may_know_a_secret_address_is_the_same_for_source_and_policies() {
    let bundle = bundle();
    let mut questions = Questions::new(3);
    let (mut shown, mut hidden) = (0, 0);
    for _ in 0..40_000 {
        let question = questions.next();
        if question.category != Category::Address || question.facts.is_none_or(|facts| facts.secret_address != Some(true)) {
            continue;
        }
        if bundle.decide(&question).form() == Some(Form::Exact) {
            assert!(may_know_secret_address(&question.purpose, question.recipient.kind, question.derogation.is_some()));
            shown += 1;
        } else {
            hidden += 1;
        }
    }
    assert!(shown > 0 && hidden > 50, "{shown} {hidden}");
}

#[test]
fn decisions_are_quick() {
    let bundle = bundle();
    let mut questions = Questions::new(99);
    let asked: Vec<Question> = (0..60).map(|_| Question { finest: Form::Exact, ..questions.next() }).collect();
    let time = |decide: &dyn Fn(&Question) -> Decision| {
        let start = std::time::Instant::now();
        for question in &asked {
            std::hint::black_box(decide(question));
        }
        start.elapsed()
    };
    let first = time(&|question| bundle.decide_fresh(question));
    let cold = (0..20).map(|_| time(&|question| bundle.decide_fresh(question))).min().expect("timed");
    time(&|question| bundle.decide(question));
    let warm = (0..20).map(|_| time(&|question| bundle.decide(question))).min().expect("timed");
    println!("60 decisions: first {first:?}, cold {cold:?}, warm {warm:?}");
    assert!(warm < Duration::from_millis(2), "unoptimised, generous: {warm:?}");
}
