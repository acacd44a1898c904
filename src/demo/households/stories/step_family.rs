//! A stepfather and a half-sister.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, conviction, incident, measure, pending, risk, safety, supervision};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{ChildProtectionBoard, Police, Probation, Prosecution, VeiligThuis, YouthProtection};

/// H02: a mother with children of two fathers, the stepfather under supervision.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Zaandam"));
    let mother = f.person(Role::Parent, Gender::Female, 38, "Cheryl Anita", "Zeefuik");
    let stepfather = f.person(Role::StepParent, Gender::Male, 41, "Dennis", "van der|Linden");
    let father = f.person(Role::ExPartner, Gender::Male, 42, "Romeo Errol", "Pinas");
    let boy = f.person(Role::Child, Gender::Male, 14, "Jayden", "Pinas");
    let girl = f.person(Role::Child, Gender::Female, 11, "Naomi", "Pinas");
    let half_sister = f.person(Role::Child, Gender::Female, 3, "Liv", "van der|Linden");
    let at_home = [mother, stepfather, boy, girl, half_sister];
    f.move_to(&[father], Some("Almere"));
    f.kinship.couple((mother, father), f.calendar.days_ago(5_900), Some(f.calendar.days_ago(2_300)));
    f.kinship.couple((mother, stepfather), f.calendar.days_ago(1_700), None);
    f.kinship.child(boy, &[mother, father], &[mother, father]);
    f.kinship.child(girl, &[mother, father], &[mother, father]);
    f.kinship.child(half_sister, &[mother, stepfather], &[mother, stepfather]);
    f.known(&[Police, VeiligThuis], &at_home);
    f.known(&[YouthProtection], &[mother, stepfather, father, boy, girl, half_sister]);
    let cast = [mother, stepfather, father, boy, girl, half_sister];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    probation(&mut f, cast);
    veilig_thuis(&mut f, cast);
    youth_protection(&mut f, cast);
    child_protection_board(&mut f, cast);
    plan(
        Story::StepFamily,
        f,
        "Stepfather, half-sister and a father elsewhere: convicted, supervised by probation, a new case at court, \
        a supervision order (ots) for the two older children. The father is known to youth protection only.",
    )
}

fn police(f: &mut Family, [mother, stepfather, _, boy, girl, half_sister]: [usize; 6]) {
    f.incident(
        Police,
        700,
        [&[stepfather], &[mother], &[boy, girl]],
        incident(
            "partner-violence",
            "woning",
            "bij de keel gegrepen",
            "striemen in de hals",
            true,
            "{A1} doet aangifte. {K1} belde 112, {K2} zat bij hem op de kamer.",
        ),
    )
    .draft("Oudste kind belde zelf het alarmnummer; moeder had striemen in de hals.");
    f.incident(
        Police,
        205,
        [&[stepfather], &[boy], &[girl, half_sister]],
        incident(
            "child-abuse",
            "woning",
            "arm omgedraaid",
            "verstuikte pols",
            true,
            "Stiefvader wilde de telefoon van {K1} afpakken.",
        ),
    );
    f.add(
        Police,
        204,
        &[stepfather],
        risk(
            "RiHG",
            &[("pleger", 8), ("verloop", 8), ("achtergrond", 6)],
            "high",
            "Eerder veroordeeld voor mishandeling; gebruikt bij spanning.",
        ),
    );
    f.add(Police, 204, &[stepfather], conviction("Sr 300", "mishandeling", "taakstraf 80 uur", "final"));
    f.add(Police, 200, &[stepfather], pending("mishandeling van een kind", "hearing", Some(f.calendar.days_ago(-34))));
}

fn prosecution(f: &mut Family, [mother, stepfather, _, boy, ..]: [usize; 6]) {
    f.add(
        Prosecution,
        560,
        &[stepfather],
        conviction("Sr 304", "mishandeling van levensgezel", "taakstraf 80 uur, 2 maanden voorwaardelijk", "final"),
    )
    .mandate("CPG-2025-0417");
    f.add(Prosecution, 198, &[stepfather], pending("mishandeling van een kind", "hearing", Some(f.calendar.days_ago(-34))))
        .mandate("CPG-2026-0209")
        .draft("De zaak over de verstuikte pols staat over enkele weken op zitting.");
    f.add(
        Prosecution,
        560,
        &[stepfather],
        measure(
            "special-conditions",
            f.day(-170),
            &["Meewerken aan agressieregulatie", "Meldplicht bij de reclassering"],
            &[mother, boy],
            "Politierechter Waterland",
        ),
    )
    .mandate("CPG-2025-0417");
}

fn probation(f: &mut Family, [mother, stepfather, _, boy, ..]: [usize; 6]) {
    f.add(
        Probation,
        540,
        &[stepfather],
        supervision(
            "conditional-sentence",
            f.day(-170),
            &["Agressieregulatietraining", "Meldplicht om de twee weken"],
            "partly",
            "rw-0231",
        ),
    );
    f.add(
        Probation,
        540,
        &[stepfather],
        measure(
            "special-conditions",
            f.day(-170),
            &["Meldplicht", "Gedragstraining"],
            &[mother, boy],
            "Politierechter Waterland",
        ),
    );
    f.add(
        Probation,
        90,
        &[stepfather],
        risk(
            "RISc",
            &[("huiselijk geweld", 7), ("middelen", 5), ("houding", 4)],
            "high",
            "Mist afspraken na ruzies thuis; ziet zichzelf niet als pleger.",
        ),
    )
    .draft("Komt afspraken deels na; het risico op herhaling is hoog zolang de training niet is afgerond.");
    f.add(
        Probation,
        88,
        &[stepfather],
        area("work", "concern", "Uitzendwerk, vaak wisselend.", &["job-coach"], "Twee maanden aaneen gewerkt."),
    )
    .draft("Werk is onzeker; met {A1} erover gesproken.");
}

fn veilig_thuis(f: &mut Family, [mother, stepfather, _, boy, girl, half_sister]: [usize; 6]) {
    f.incident(
        VeiligThuis,
        195,
        [&[stepfather], &[boy], &[girl, half_sister]],
        incident(
            "child-abuse",
            "woning",
            "arm omgedraaid",
            "verstuikte pols",
            true,
            "Huisarts meldt na bezoek met verstuikte pols.",
        ),
    )
    .draft("Een verstuikte pols die niet bij het verhaal paste.");
    f.add(
        VeiligThuis,
        180,
        &[mother, stepfather, boy, girl, half_sister],
        safety(
            4,
            [true, false],
            &["physical-violence", "loyalty-conflict", "witness"],
            &["Ruzie over telefoons en regels", "Stiefvader straft lichamelijk", "Kinderen durven niet naar huis"],
            "Kinderen uit de eerste relatie worden anders behandeld dan hun halfzusje.",
        )
        .agreed(&["Moeder corrigeert, stiefvader niet", "Oudste mag naar zijn vader bellen"]),
    )
    .draft("De twee oudste kinderen lopen meer gevaar dan hun halfzusje.");
    f.add(
        VeiligThuis,
        180,
        &[boy, girl],
        risk("LIRIK-JB", &[("kind", 4), ("ouder", 7)], "high", "Stiefvader nog in behandeling."),
    );
}

fn youth_protection(f: &mut Family, [_, _, _, boy, girl, ..]: [usize; 6]) {
    f.add(
        YouthProtection,
        150,
        &[boy, girl],
        child_measure(
            "supervision-order",
            f.day(-215),
            "Jeugdbescherming De Dijk",
            "Veiligheidsafspraken, omgang met vader weer opbouwen, {K1} naar weerbaarheidstraining.",
        ),
    )
    .court_order("C/99/26/1147")
    .draft("Ondertoezichtstelling van een jaar; contact met de vader wordt opgebouwd.");
    f.add(
        YouthProtection,
        120,
        &[boy],
        area(
            "school",
            "concern",
            "Spijbelt op maandag na weekenden thuis.",
            &["school-social-work"],
            "Mentor belt elke maandag; verzuim halveerde.",
        ),
    )
    .draft("Verzuim op maandag is gehalveerd sinds de mentor belt.");
}

fn child_protection_board(f: &mut Family, [_, _, _, boy, girl, ..]: [usize; 6]) {
    f.add(
        ChildProtectionBoard,
        170,
        &[boy, girl],
        child_measure(
            "board-inquiry",
            f.day(152),
            "Raad voor de Kinderbescherming",
            "Onderzoek afgerond met advies tot ondertoezichtstelling.",
        ),
    )
    .court_order("C/99/26/1147")
    .draft("De raad adviseerde een ondertoezichtstelling.");
}
