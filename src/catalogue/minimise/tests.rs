use serde_json::json;

use super::*;
use crate::catalogue::generated::Lcg;

const TODAY: &str = "2026-11-21";

fn all_paths(category: Category, form: Form) -> Vec<String> {
    fields(category, form).iter().map(|field| field.path.to_owned()).collect()
}

fn paths(text: &[&str]) -> Vec<String> {
    text.iter().map(|path| (*path).to_owned()).collect()
}

fn forms() -> impl Iterator<Item = (Category, Form)> {
    Category::ALL
        .into_iter()
        .flat_map(|category| Form::ALL.map(|form| (category, form)))
        .filter(|(category, form)| exists(*category, *form))
}

#[test]
fn the_citizen_number_and_the_reporter_have_no_form() {
    for category in [Category::CitizenNumber, Category::Reporter] {
        for form in Form::ALL {
            let wanted = FormError::NoSuchForm { category, form };
            assert_eq!(minimise_at_source(category, form, &json!({}), &[], Secrecy::Open, TODAY), Err(wanted));
            assert!(records::schema(category, form).is_none());
        }
    }
    assert!(!exists(Category::Diagnosis, Form::Signal) && !exists(Category::Diagnosis, Form::Reduced));
}

#[test]
fn the_typed_structures_hold_the_fields_of_the_tables() {
    for (category, form) in forms() {
        let schema = records::schema(category, form).expect("a schema for each form");
        assert_eq!(schema["additionalProperties"], json!(false), "{category}/{form}");
        let mut listed: Vec<String> = Vec::new();
        for (name, property) in schema["properties"].as_object().expect("an object") {
            let inner = |of: &Value, prefix: String| -> Vec<String> {
                of["properties"].as_object().map_or(vec![], |inner| inner.keys().map(|leaf| format!("{prefix}{leaf}")).collect())
            };
            let nested = if property["type"] == "array" {
                inner(&property["items"], format!("{name}[]."))
            } else {
                inner(property, format!("{name}."))
            };
            listed.extend(if nested.is_empty() || name == "person" { vec![name.clone()] } else { nested });
        }
        let mut wanted = all_paths(category, form);
        listed.sort();
        wanted.sort();
        assert_eq!(listed, wanted, "{category}/{form}: {schema}");
        let text = schema.to_string();
        assert!(!text.contains("$ref") && !text.contains("allOf"), "{category}/{form} is self-contained: {text}");
    }
}

#[test]
fn dates_and_birth_dates_are_coarsened() {
    let record =
        json!({"givenNames": "Test", "birthDate": "2010-11-22", "gender": "female", "nickname": "x", "bsn": "999990019"});
    let reduced = minimise_at_source(
        Category::Identity,
        Form::Reduced,
        &record,
        &paths(&["ageBand", "gender", "pseudonym"]),
        Secrecy::Open,
        TODAY,
    );
    assert_eq!(reduced, Ok(json!({"ageBand": "12-15", "gender": "female"})));
    let signal = minimise_at_source(Category::Identity, Form::Signal, &record, &paths(&["known"]), Secrecy::Open, TODAY);
    assert_eq!(signal, Ok(json!({"known": "yes"})));
    let exact =
        minimise_at_source(Category::Identity, Form::Exact, &record, &paths(&["givenNames", "birthDate"]), Secrecy::Open, TODAY);
    assert_eq!(exact, Ok(json!({"givenNames": "Test", "birthDate": "2010-11-22"})));
}

#[test]
fn lists_become_counts_and_signals() {
    let record = json!({"incidents": [
        {"date": "2025-03-01", "kind": "assault", "place": "Kerkplein 1", "childrenPresent": true, "text": "…", "reporter": "x"},
        {"date": "2026-01-05", "kind": "threat", "childrenPresent": false}]});
    let kept = all_paths(Category::IncidentReports, Form::Reduced);
    let reduced = minimise_at_source(Category::IncidentReports, Form::Reduced, &record, &kept, Secrecy::Open, TODAY);
    let wanted = json!({"incidents": [{"year": 2025, "kind": "assault", "childrenPresent": true},
        {"year": 2026, "kind": "threat", "childrenPresent": false}], "count": 2});
    assert_eq!(reduced, Ok(wanted));
    let only_count =
        minimise_at_source(Category::IncidentReports, Form::Reduced, &record, &paths(&["count"]), Secrecy::Open, TODAY);
    assert_eq!(only_count, Ok(json!({"count": 2})));
    for (record, any) in [(json!({"incidents": []}), "no"), (json!({}), "unknown"), (record, "yes")] {
        let signal = minimise_at_source(Category::IncidentReports, Form::Signal, &record, &paths(&["any"]), Secrecy::Open, TODAY);
        assert_eq!(signal, Ok(json!({ "any": any })));
    }
}

#[test]
fn the_other_categories_are_coarsened_as_the_table_says() {
    let cases = [
        (
            Category::CriminalRecord,
            json!({"convictions": [{"date": "2020-02-03", "article": "Sr 300"}]}),
            json!({"convictions": [{"year": 2020, "offenceClass": "violence"}], "count": 1}),
        ),
        (
            Category::PendingProsecution,
            json!({"cases": [{"number": "05/1", "offence": "bedreiging", "stage": "dagvaarding"}]}),
            json!({"cases": [{"offenceClass": "threat", "stage": "dagvaarding"}]}),
        ),
        (
            Category::ProbationStatus,
            json!({"supervision": {"kind": "toezicht", "compliance": "good", "until": "2027-01-01", "officer": "x"}}),
            json!({"kind": "toezicht", "compliance": "good", "until": "2027-01-01"}),
        ),
        (
            Category::SafetyAssessment,
            json!({"date": "2026-05-06", "scale": 3, "structural": true, "acute": "unknown", "threats": ["x"]}),
            json!({"month": "2026-05", "scaleBand": "0-3", "structural": "yes", "acute": "unknown"}),
        ),
        (
            Category::RiskAssessment,
            json!({"date": "2026-05-06", "instrument": "B-SAFER", "level": "hoog", "text": "…"}),
            json!({"month": "2026-05", "instrument": "B-SAFER", "level": "high"}),
        ),
        (
            Category::CareInvolvement,
            json!({"provider": "Instelling X", "providerKind": "mental-health", "role": "behandelaar"}),
            json!({"providerKind": "mental-health", "contactRole": "behandelaar"}),
        ),
        (
            Category::SubstanceUse,
            json!({"substances": [{"severity": "mild"}, {"severity": "severe"}, {"severity": "?"}]}),
            json!({"level": "high"}),
        ),
        (
            Category::ChildProtectionMeasure,
            json!({"measures": [{"kind": "ots", "from": "2022-01-01"}, {"kind": "uhp", "from": "2024-01-01"}]}),
            json!({"kind": "uhp", "year": 2024}),
        ),
        (
            Category::LivingAreas,
            json!({"areas": [{"area": "debts", "situation": "…", "concern": true, "help": [{"kind": "debt-relief"}]}]}),
            json!({"areas": [{"area": "debts", "concern": "yes", "helpKinds": ["debt-relief"]}]}),
        ),
        (
            Category::Household,
            json!({"members": [{"person": {"letter": "K1", "birthDate": "2020-01-01", "name": "x"}, "relation": "child",
            "pseudonym": "p1_000000000000000000000000000"}]}),
            json!({"members": [{"letter": "K1", "ageBand": "4-11", "relation": "child"}]}),
        ),
    ];
    for (category, record, wanted) in cases {
        assert_eq!(derive(category, Form::Reduced, &record, Secrecy::Open, TODAY), Ok(wanted), "{category}");
    }
}

#[test]
fn a_secret_address_leaves_only_its_marker() {
    let record =
        json!({"street": "Dijkweg", "houseNumber": "1", "postcode": "1441AA", "city": "Purmerend", "phone": "1", "secret": true});
    for form in [Form::Exact, Form::Reduced] {
        for secrecy in [Secrecy::Hidden, Secrecy::Open] {
            let kept = all_paths(Category::Address, form);
            let minimised = minimise_at_source(Category::Address, form, &record, &kept, secrecy, TODAY);
            assert_eq!(minimised, Ok(json!({"secret": true})), "{form}: a marked record is believed");
            assert_eq!(check_at_gateway(Category::Address, form, &record, &kept, secrecy), Ok(json!({"secret": true})));
        }
    }
    let shown = derive(Category::Address, Form::Exact, &record, Secrecy::Shown, TODAY).expect("exempt");
    assert_eq!(shown["street"], "Dijkweg");
    assert_eq!(Secrecy::of(None, false), Secrecy::Hidden, "an absent fact hides");
}

#[test]
fn a_village_does_not_stand_for_its_municipality() {
    let reduced = |record: Value| derive(Category::Address, Form::Reduced, &record, Secrecy::Open, TODAY);
    assert_eq!(reduced(json!({"city": "Oost-Souburg", "secret": false})), Ok(json!({"secret": false})));
    assert_eq!(reduced(json!({"city": "Oost-Souburg", "municipality": "Vlissingen"})), Ok(json!({"municipality": "Vlissingen"})));
    assert_eq!(reduced(json!({"city": "Purmerend"})), Ok(json!({"municipality": "Purmerend"})));
}

#[test]
fn places_go_when_an_address_is_secret() {
    for (category, record, gone) in [
        (Category::IncidentReports, json!({"incidents": [{"kind": "assault", "place": "Dijkweg 1"}]}), "Dijkweg"),
        (Category::Measures, json!({"measures": [{"kind": "huisverbod", "conditions": ["not in Dijkweg"]}]}), "Dijkweg"),
        (Category::CareInvolvement, json!({"provider": "X", "unit": "Dijkweg"}), "Dijkweg"),
        (Category::ProbationStatus, json!({"supervision": {"kind": "x", "conditions": ["Dijkweg"]}}), "Dijkweg"),
    ] {
        let derived = |secrecy| derive(category, Form::Exact, &record, secrecy, TODAY).expect("derives").to_string();
        assert!(derived(Secrecy::Open).contains(gone) && !derived(Secrecy::Hidden).contains(gone), "{category}");
    }
}

#[test]
fn the_gateway_refuses_what_a_hostile_source_sends() {
    let check = |category, form, data: Value| check_at_gateway(category, form, &data, &all_paths(category, form), Secrecy::Open);
    let smuggled =
        json!({"incidents": [{"year": 2025, "kind": "x", "text": "secret", "date": "2025-03-01"}], "count": 1, "reporter": "x"});
    assert_eq!(
        check(Category::IncidentReports, Form::Reduced, smuggled),
        Ok(json!({"incidents": [{"year": 2025, "kind": "x"}], "count": 1}))
    );
    let pseudonym = json!({"ageBand": "25-34", "pseudonym": "p1_000000000000000000000000000"});
    assert_eq!(check(Category::Identity, Form::Reduced, pseudonym), Ok(json!({"ageBand": "25-34"})));
    let bad = |form, path| Err(FormError::BadField { category: Category::IncidentReports, form, path });
    for (data, path) in [
        (json!({"incidents": [{"year": "2025-03-01"}]}), "incidents[].year"),
        (json!({"incidents": [{"kind": "he hit her, she said"}]}), "incidents[].kind"),
        (json!({"incidents": {"kind": "x"}}), "incidents[].year"),
        (json!({"incidents": ["x"]}), "incidents[].year"),
        (json!({"incidents": vec![json!({}); 201]}), "incidents[].year"),
        (json!({"count": "many"}), "count"),
    ] {
        assert_eq!(check(Category::IncidentReports, Form::Reduced, data), bad(Form::Reduced, path));
    }
    let long = json!({"incidents": [{"summary": "x".repeat(2001)}]});
    assert_eq!(check(Category::IncidentReports, Form::Summary, long), bad(Form::Summary, "incidents[].summary"));
    assert_eq!(
        check(Category::Measures, Form::Signal, json!({})),
        Err(FormError::Incomplete { category: Category::Measures, form: Form::Signal })
    );
    assert!(check(Category::Measures, Form::Signal, json!({"any": "maybe"})).is_err());
    assert!(check(Category::Measures, Form::Signal, json!("yes")).is_err());
}

#[test]
fn an_error_never_holds_a_value() {
    let data = json!({"incidents": [{"kind": "Jansen, Dijkweg 1"}]});
    let error = check_at_gateway(Category::IncidentReports, Form::Reduced, &data, &paths(&["incidents[].kind"]), Secrecy::Open);
    assert!(!error.expect_err("a bad field").to_string().contains("Jansen"));
}

#[test]
fn what_a_source_minimised_passes_the_gateway_unchanged() {
    let mut random = Lcg::new(7);
    for round in 0..300 {
        for (category, form) in forms() {
            let record = random.record(category);
            let secrecy = random.pick(&[Secrecy::Open, Secrecy::Hidden, Secrecy::Shown]);
            let mut kept = all_paths(category, form);
            if form != Form::Signal {
                kept.retain(|_| random.below(3) > 0);
            }
            let once = minimise_at_source(category, form, &record, &kept, secrecy, TODAY)
                .unwrap_or_else(|error| panic!("{round}: {error}"));
            let checked = check_at_gateway(category, form, &once, &kept, secrecy);
            assert!(checked.as_ref() == Ok(&once), "{category}/{form}: {once} became {checked:?}");
        }
    }
}

#[test]
fn coarser_forms_are_computed_from_the_finer() {
    let mut random = Lcg::new(11);
    for _ in 0..300 {
        for category in Category::ALL {
            if !exists(category, Form::Exact) || !exists(category, Form::Reduced) {
                continue;
            }
            let record = random.record(category);
            let exact = derive(category, Form::Exact, &record, Secrecy::Open, TODAY).expect("derives");
            let mut stated = exact.clone();
            copy_stated(category, &record, &mut stated);
            let direct = derive(category, Form::Reduced, &record, Secrecy::Open, TODAY).expect("derives");
            let through = derive(category, Form::Reduced, &stated, Secrecy::Open, TODAY).expect("derives");
            assert!(direct == through, "{category}: {direct} is not computed from {exact}");
        }
    }
}

/// Members that the table's exact form does not have and that a record states beside it.
fn copy_stated(category: Category, record: &Value, exact: &mut Value) {
    for name in ["structural", "acute", "providerKind", "municipality"] {
        if let Some(value) = record.get(name) {
            exact[name] = value.clone();
        }
    }
    if category == Category::LivingAreas {
        for (index, area) in record["areas"].as_array().into_iter().flatten().enumerate() {
            for name in ["level", "concern"] {
                if let Some(value) = area.get(name) {
                    exact["areas"][index][name] = value.clone();
                }
            }
        }
    }
}

#[test]
fn every_way_to_compute_a_field_starts_at_a_field_of_the_exact_form() {
    for (category, form) in forms() {
        let exact: Vec<&str> = fields(category, Form::Exact).iter().map(|field| field.path).collect();
        for field in fields(category, form).iter().filter(|field| !matches!(field.how, How::Gateway | How::Prose)) {
            let prefix = field.from.strip_suffix("[]").map(|list| format!("{list}[]."));
            let starts = |path: &&str| {
                **path == *field.from
                    || prefix.as_ref().is_some_and(|prefix| path.starts_with(prefix))
                    || path.starts_with(&format!("{}.", field.from))
            };
            assert!(field.from.is_empty() || exact.iter().any(starts), "{category}/{form}: {} from {}", field.path, field.from);
        }
    }
}
