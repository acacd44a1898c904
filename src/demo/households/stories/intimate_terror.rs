//! Seven years of control and violence.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::consent::Outcome;
use super::super::entries::{
    area, care as in_care, child_measure, conviction, diagnosis, incident, measure, pending, risk, safety, substance, supervision,
};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, care_to_veilig_thuis, plan};
use crate::catalogue::Category;
use crate::demo::organisations::Slug::{MentalHealth, Police, Probation, Prosecution, VeiligThuis, YouthProtection};

/// H05: seven years of control and violence, in the files of six organisations.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Purmerend"));
    let man = f.person(Role::Parent, Gender::Male, 45, "Marcel Johannes", "de|Graaf");
    let woman = f.person(Role::Parent, Gender::Female, 42, "Agnieszka", "Kowalczyk");
    let girl = f.person(Role::Child, Gender::Female, 16, "Julia", "de|Graaf");
    let boy = f.person(Role::Child, Gender::Male, 13, "Milan", "de|Graaf");
    let everybody = [man, woman, girl, boy];
    f.with(woman, |person| {
        person.nationality_group = "eu";
        person.nickname("Aga");
    });
    f.kinship.couple((man, woman), f.calendar.days_ago(6_600), None);
    f.kinship.child(girl, &[man, woman], &[man, woman]);
    f.kinship.child(boy, &[man, woman], &[man, woman]);
    f.known(&[Police, VeiligThuis, YouthProtection], &everybody);
    let cast = [man, woman, girl, boy];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    probation(&mut f, cast);
    veilig_thuis(&mut f, cast);
    youth_protection(&mut f, cast);
    mental_health(&mut f, cast);
    f.consent(
        woman,
        woman,
        care_to_veilig_thuis(&[Category::CareInvolvement, Category::Diagnosis], Outcome::Withdrawn { given: 120, withdrawn: 30 }),
    );
    f.consent(man, man, super::care_to_probation(Outcome::Given(90)));
    plan(
        Story::IntimateTerror,
        f,
        "Intimate terror over seven years in six sources: reports under Wpg articles 8, 9, 13 and 14 side by side, \
        consent withdrawn by the woman, probation entries with and without a passed 51c test. The case for the expertise team.",
    )
}

fn police(f: &mut Family, [man, woman, girl, boy]: [usize; 4]) {
    f.incident(
        Police,
        2_640,
        [&[man], &[woman], &[girl]],
        incident(
            "partner-violence",
            "woning",
            "haren trekken",
            "geen zichtbaar",
            true,
            "Buurman belt. {A2} zegt dat er niets is; {K1} huilt.",
        ),
    )
    .wpg("14");
    f.incident(
        Police,
        1_980,
        [&[man], &[woman], &[girl, boy]],
        incident(
            "partner-violence",
            "woning",
            "slaan met vlakke hand",
            "gescheurde lip",
            true,
            "{A2} wil geen aangifte. Man bepaalt met wie zij belt.",
        ),
    )
    .draft("Tweede melding; zij doet geen aangifte en wordt gecontroleerd.");
    f.incident(
        Police,
        1_330,
        [&[man], &[woman], &[]],
        incident("threat", "telefoon", "dreigen met verspreiden van beelden", "geen", false, "Zij wil weg; hij dreigt."),
    )
    .wpg("13");
    f.incident(
        Police,
        610,
        [&[man], &[woman], &[girl, boy]],
        incident(
            "partner-violence",
            "woning",
            "wurging",
            "puntbloedingen in de ogen",
            true,
            "{K1} belt 112. Letselrapport opgemaakt.",
        ),
    )
    .draft("Niet-fatale wurging, vastgelegd in een letselrapport; de dochter belde.");
    f.incident(
        Police,
        600,
        [&[man], &[woman], &[]],
        incident("partner-violence", "onbekend", "observatie in onderzoek", "geen", false, "Restinformatie uit een onderzoek."),
    )
    .wpg("9");
    f.incident(
        Police,
        66,
        [&[man], &[woman], &[boy]],
        incident("partner-violence", "woning", "schoppen", "kneuzingen", true, "{K2} sprong ertussen en kreeg een elleboog."),
    )
    .draft("De jongste sprong ertussen en raakte zelf gewond.");
    f.add(
        Police,
        65,
        &[man],
        risk("RiHG", &[("pleger", 9), ("verloop", 9), ("achtergrond", 7)], "high", "Wurging, controle, isolatie."),
    );
    f.add(
        Police,
        590,
        &[man],
        measure(
            "temporary-restraining-order",
            f.day(562),
            &["Huis verlaten", "Geen contact"],
            &[woman, girl, boy],
            "Burgemeester van Waterland",
        ),
    );
    f.add(
        Police,
        64,
        &[man],
        measure("contact-ban", f.day(-110), &["Geen contact met de kinderen op school"], &[girl, boy], "Officier van justitie"),
    );
    f.add(Police, 500, &[man], conviction("Sr 304", "mishandeling van levensgezel", "6 weken voorwaardelijk", "final"));
    f.add(Police, 60, &[man], pending("poging tot zware mishandeling", "summoned", Some(f.calendar.days_ago(-47))));
}

fn prosecution(f: &mut Family, [man, _, girl, boy]: [usize; 4]) {
    f.add(Prosecution, 480, &[man], conviction("Sr 304", "mishandeling van levensgezel", "6 weken voorwaardelijk", "final"))
        .mandate("CPG-2025-0702");
    f.add(Prosecution, 58, &[man], pending("poging tot zware mishandeling", "summoned", Some(f.calendar.days_ago(-47))))
        .mandate("CPG-2026-0288")
        .draft("Gedagvaard voor poging tot zware mishandeling; eerdere straf was voorwaardelijk.");
    f.add(
        Prosecution,
        58,
        &[man],
        measure("contact-ban", f.day(-110), &["Geen contact met de kinderen op school"], &[girl, boy], "Officier van justitie"),
    )
    .mandate("CPG-2026-0288");
}

fn probation(f: &mut Family, [man, woman, ..]: [usize; 4]) {
    f.add(
        Probation,
        470,
        &[man],
        supervision("conditional-sentence", f.day(-250), &["Behandeling bij een forensische polikliniek"], "complies", "rw-0140"),
    );
    f.add(
        Probation,
        55,
        &[man],
        risk("B-SAFER", &[("geweld", 9), ("controle", 9)], "high", "Coöperatief in gesprek, controlerend thuis."),
    )
    .draft("Naar buiten meewerkend, thuis controlerend.");
    f.add(
        Probation,
        55,
        &[man],
        measure("special-conditions", f.day(-250), &["Ambulante behandeling"], &[woman], "Politierechter Waterland"),
    );
    f.add(
        Probation,
        54,
        &[man],
        area("network", "concern", "Zijn moeder kiest zijn kant.", &["family-network-meeting"], "Netwerkberaad afgebroken."),
    )
    .facts(|facts| facts.test51c = Some(false));
}

fn veilig_thuis(f: &mut Family, [man, woman, girl, boy]: [usize; 4]) {
    for (ago, kind, violence, injury) in [
        (2_630, "partner-violence", "fysiek", "geen"),
        (1_970, "partner-violence", "fysiek en psychisch", "gescheurde lip"),
        (600, "partner-violence", "wurging", "puntbloedingen"),
        (63, "child-abuse", "fysiek", "kneuzing schouder"),
    ] {
        f.incident(
            VeiligThuis,
            ago,
            [&[man], &[woman], &[girl, boy]],
            incident(kind, "woning", violence, injury, true, "Politiemelding."),
        )
        .draft("Herhaalde melding over dit gezin; de hulp liep telkens vast.");
    }
    f.add(
        VeiligThuis,
        50,
        &[man, woman, girl, boy],
        safety(
            1,
            [true, true],
            &["intimate-terror", "strangulation", "isolation", "coercive-control"],
            &["Wurging in de slaapkamer", "Kinderen springen ertussen", "Man leest alle berichten"],
            "Meer dan tien hulpverleners in zeven jaar, geen blijvend resultaat.",
        )
        .agreed(&["Codewoord met school", "Tas bij de buren", "Vrouw wordt alleen op het werk gebeld"]),
    )
    .draft("Structureel en acuut onveilig; reguliere hulp is vastgelopen. Voorstel: expertiseteam.");
    f.add(
        VeiligThuis,
        50,
        &[woman, girl, boy],
        risk("B-SAFER", &[("geweld", 9), ("controle", 9), ("kwetsbaarheid", 8)], "high", "Wurging in de voorgeschiedenis."),
    )
    .draft("Zeer hoog risico.");
    f.add(VeiligThuis, 49, &[girl], child_measure("voluntary-help", f.day(-60), "Lokaal team", "Vertrouwenspersoon op school."))
        .draft("Zij heeft een vertrouwenspersoon.");
    f.add(
        VeiligThuis,
        48,
        &[woman],
        area(
            "network",
            "severe",
            "Mag geen contact met haar zus.",
            &["women-shelter", "language-course"],
            "Taalles gestopt na een maand.",
        ),
    )
    .draft("Zij is geïsoleerd; eerdere hulp werd afgebroken door de partner.");
}

fn youth_protection(f: &mut Family, [_, _, girl, boy]: [usize; 4]) {
    f.add(
        YouthProtection,
        45,
        &[girl, boy],
        child_measure(
            "supervision-order",
            f.day(-320),
            "Jeugdbescherming De Dijk",
            "Veiligheid van de kinderen bij moeder; vader onder begeleiding.",
        ),
    )
    .court_order("C/99/26/1320")
    .draft("Ondertoezichtstelling voor beide kinderen.");
    f.add(YouthProtection, 44, &[boy], diagnosis("F43.2", "ICD-10", Some("kneuzing schouder"), "Traumascreening"))
        .draft("De jongen wacht op traumabehandeling.");
    f.add(
        YouthProtection,
        44,
        &[girl],
        area("school", "good", "Haalt goede cijfers, school is haar rustplek.", &["mentor"], "Voelt zich gehoord."),
    )
    .draft("School is voor haar de veilige plek.");
}

fn mental_health(f: &mut Family, [man, woman, ..]: [usize; 4]) {
    f.add(
        MentalHealth,
        300,
        &[woman],
        in_care("Polikliniek Angst en Trauma", "db-psy-09", "practitioner", Some(f.calendar.days_ago(210))),
    );
    f.add(MentalHealth, 298, &[woman], diagnosis("F43.1", "ICD-10", None, "Behandeling voortijdig gestopt"))
        .draft("Behandeling stopte toen de partner mee wilde naar elke afspraak.");
    f.add(MentalHealth, 180, &[man], in_care("Forensische polikliniek", "db-for-03", "practitioner", None)).meldcode("db-for-03");
    f.add(MentalHealth, 178, &[man], substance("alcohol", "mid", "Gesprekken om de week")).meldcode("db-for-03");
}
