//! Psychosis, alcohol, and four answers to the question of consent.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::consent::Outcome;
use super::super::entries::{
    area, care as in_care, compulsory, conviction, diagnosis, incident, pending, risk, safety, substance, supervision,
};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, care_to_probation, care_to_veilig_thuis, plan};
use crate::catalogue::Category;
use crate::demo::organisations::Slug::{MentalHealth, Police, Probation, Prosecution, VeiligThuis};

/// H07: psychosis and alcohol in the family; each member answered the question of consent in another way.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Nijmegen"));
    let man = f.person(Role::Parent, Gender::Male, 36, "Jeroen", "van den|Heuvel");
    let woman = f.person(Role::Parent, Gender::Female, 34, "Elif", "Yıldız");
    let girl = f.person(Role::Child, Gender::Female, 12, "Defne", "van den|Heuvel");
    let boy = f.person(Role::Child, Gender::Male, 5, "Can", "van den|Heuvel");
    let uncle = f.person(Role::AdultChild, Gender::Male, 31, "Stefan", "van den|Heuvel");
    f.kinship.couple((man, woman), f.calendar.days_ago(4_800), None);
    for child in [girl, boy] {
        f.kinship.child(child, &[man, woman], &[man, woman]);
    }
    f.known(&[VeiligThuis], &[man, woman, girl, boy]);
    f.with(uncle, |person| person.note("Brother of the father, lives in; his consent to share with probation has expired."));
    let cast = [man, woman, girl, boy, uncle];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    probation(&mut f, cast);
    veilig_thuis(&mut f, cast);
    mental_health(&mut f, cast);
    let all = [Category::CareInvolvement, Category::Diagnosis, Category::SubstanceUse];
    f.consent(man, man, care_to_veilig_thuis(&all, Outcome::Given(45)));
    f.consent(woman, woman, care_to_veilig_thuis(&all, Outcome::Refused(44)));
    // She turned 12 at least twelve days ago: before that it was not hers to give.
    f.consent(
        girl,
        girl,
        care_to_veilig_thuis(&[Category::CareInvolvement, Category::Diagnosis], Outcome::Withdrawn { given: 11, withdrawn: 9 }),
    );
    f.consent(uncle, uncle, care_to_probation(Outcome::Expired(280)));
    plan(
        Story::Care,
        f,
        "Mental-health care for a whole family: the father (psychosis, alcohol, compulsory care) gave consent, the mother \
        refused, the daughter of 12 gave it herself and withdrew it, the uncle's has expired. One draft names \
        the mother; one record is held back.",
    )
}

fn police(f: &mut Family, [man, woman, girl, boy, uncle]: [usize; 5]) {
    f.incident(
        Police,
        130,
        [&[man], &[woman], &[girl, boy]],
        incident(
            "partner-violence",
            "woning",
            "verward, gooide met een stoel",
            "geen",
            true,
            "{A1} hoort stemmen. Crisisdienst ter plaatse.",
        ),
    )
    .draft("Verwarde man gooide met meubels; crisisdienst werd gebeld.");
    f.add(
        Police,
        129,
        &[man],
        risk("RiHG", &[("pleger", 5), ("verloop", 4), ("achtergrond", 8)], "mid", "Psychiatrische oorzaak."),
    );
    f.add(Police, 800, &[uncle], conviction("Sr 310", "diefstal", "geldboete € 450", "final"));
}

fn prosecution(f: &mut Family, [_, _, _, _, uncle]: [usize; 5]) {
    f.add(Prosecution, 780, &[uncle], conviction("Sr 310", "diefstal", "geldboete € 450", "final"));
    f.add(Prosecution, 320, &[uncle], pending("rijden onder invloed", "appeal", Some(f.calendar.days_ago(-60))))
        .mandate("CPG-2026-0090")
        .draft("Hoger beroep tegen een veroordeling voor rijden onder invloed.");
}

fn probation(f: &mut Family, [_, _, _, _, uncle]: [usize; 5]) {
    f.add(
        Probation,
        310,
        &[uncle],
        supervision("suspended-detention", f.day(-50), &["Alcoholverbod met controle"], "partly", "rw-0307"),
    );
    f.add(
        Probation,
        300,
        &[uncle],
        area("health", "concern", "Drinkt in weekenden.", &["addiction-care"], "Terugval in de zomer."),
    )
    .draft("Terugval in drinken in de zomer, nu weer in behandeling.");
}

fn veilig_thuis(f: &mut Family, [man, woman, girl, boy, ..]: [usize; 5]) {
    f.incident(
        VeiligThuis,
        128,
        [&[man], &[woman], &[girl, boy]],
        incident("partner-violence", "woning", "gooien met meubels", "geen", true, "Melding crisisdienst."),
    )
    .draft("Er zijn zorgen om de kinderen, die erbij waren.");
    f.add(
        VeiligThuis,
        110,
        &[man, woman, girl, boy],
        safety(
            5,
            [false, false],
            &["psychiatric-illness", "substance-use"],
            &["Man slikt medicijnen niet", "Dochter zorgt voor haar broertje", "Alcohol in huis"],
            "Veilig zolang medicatie wordt ingenomen.",
        )
        .agreed(&["Medicatie onder toezicht", "Crisiskaart op de koelkast"]),
    )
    .draft("Veilig zolang de behandeling loopt.");
    f.add(VeiligThuis, 110, &[girl, boy], risk("LIRIK-JB", &[("kind", 4), ("ouder", 6)], "mid", "Dochter is mantelzorger."))
        .hypothesis();
}

fn mental_health(f: &mut Family, [man, woman, girl, _, uncle]: [usize; 5]) {
    f.add(MentalHealth, 900, &[man], in_care("FACT-team Noord", "db-spv-21", "case-manager", None)).meldcode("db-spv-21");
    f.add(MentalHealth, 128, &[man], in_care("Crisisdienst", "db-cri-02", "crisis-service", Some(f.calendar.days_ago(121))))
        .meldcode("db-spv-21");
    f.add(MentalHealth, 890, &[man], diagnosis("F20.0", "ICD-10", None, "Antipsychotica, thuisbezoek wekelijks"))
        .meldcode("db-spv-21")
        .draft("Hij is kwetsbaar voor psychose; met medicatie en wekelijks bezoek gaat het goed.");
    f.add(MentalHealth, 880, &[man], substance("alcohol", "high", "Detox in het voorjaar"))
        .meldcode("db-spv-21")
        .draft("Drinken verergert de klachten; {A2} houdt het bij.");
    f.add(MentalHealth, 880, &[man], substance("cannabis", "mid", "Gestopt volgens eigen zeggen"))
        .hypothesis()
        .meldcode("db-spv-21");
    f.add(MentalHealth, 128, &[man], compulsory("crisis-measure", f.day(121))).meldcode("db-spv-21");
    f.add(MentalHealth, 118, &[man], compulsory("care-authorisation", f.day(-60))).meldcode("db-spv-21");
    f.add(
        MentalHealth,
        100,
        &[man],
        risk("HCR-20", &[("historisch", 9), ("klinisch", 6), ("toekomst", 5)], "mid", "Risico hangt aan medicatietrouw."),
    )
    .meldcode("db-spv-21")
    .draft("Het risico hangt aan medicatie en drinken.");
    f.add(
        MentalHealth,
        99,
        &[man],
        safety(
            5,
            [false, false],
            &["psychosis", "medication-refusal"],
            &["Stemmen geven opdrachten", "Medicatie weggegooid"],
            "Signaleringsplan besproken met naasten.",
        )
        .agreed(&["Bij vroege signalen belt de naaste het team"]),
    )
    .meldcode("db-spv-21")
    .draft("Er is een signaleringsplan dat ook de naasten kennen.");
    f.add(MentalHealth, 400, &[woman], in_care("Polikliniek Stemming", "db-psy-17", "practitioner", None)).meldcode("db-psy-17");
    f.add(MentalHealth, 395, &[woman], diagnosis("F33.1", "ICD-10", None, "Cognitieve gedragstherapie"))
        .meldcode("db-psy-17")
        .draft("Zij wordt behandeld voor somberheid.");
    f.add(MentalHealth, 90, &[girl], in_care("Jeugd en Gezin", "db-jgd-05", "practitioner", None)).meldcode("db-jgd-05");
    f.add(MentalHealth, 88, &[girl], diagnosis("F43.2", "ICD-10", None, "KOPP-groep"))
        .meldcode("db-jgd-05")
        .draft("Zij neemt deel aan een groep voor kinderen van ouders met psychische problemen.");
    f.add(MentalHealth, 500, &[uncle], in_care("Verslavingszorg", "db-ver-08", "practitioner", None)).meldcode("db-ver-08");
    f.add(MentalHealth, 495, &[uncle], substance("alcohol", "mid", "Terugvalpreventie"))
        .meldcode("db-ver-08")
        .draft("Hij volgt terugvalpreventie.");
    f.add(MentalHealth, 494, &[uncle], diagnosis("F10.2", "ICD-10", None, "Ambulant"))
        .facts(|facts| facts.withheld_by_source = Some(true))
        .draft("Wordt door de behandelaar zelf teruggehouden.");
}
