//! Parents apart, one family at two addresses.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, incident, measure, risk, safety};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{Municipality, Police, VeiligThuis, YouthProtection};

/// H03: parents apart, children half the week with each.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Deventer"));
    let mother = f.person(Role::Parent, Gender::Female, 40, "Willemijn", "ter|Braak");
    let father = f.person(Role::ExPartner, Gender::Male, 43, "Bas Hendrik", "Wouters");
    let son = f.person(Role::Child, Gender::Male, 12, "Thijs", "Wouters");
    let daughter = f.person(Role::Child, Gender::Female, 8, "Roos", "Wouters");
    f.move_to(&[father], Some("Zwolle"));
    f.kinship.couple((mother, father), f.calendar.days_ago(5_400), Some(f.calendar.days_ago(900)));
    f.kinship.child(son, &[mother, father], &[mother, father]);
    f.kinship.child(daughter, &[mother, father], &[mother, father]);
    let everybody = [mother, father, son, daughter];
    f.known(&[VeiligThuis, YouthProtection], &everybody);
    f.known(&[Municipality], &[mother, son, daughter]);
    let cast = [mother, father, son, daughter];
    police(&mut f, cast);
    veilig_thuis(&mut f, cast);
    youth_protection(&mut f, cast);
    municipality(&mut f, cast);
    plan(
        Story::SharedCustody,
        f,
        "Shared custody (co-ouderschap) with two addresses: both parents have custody, both reported the other; \
        the children belong to two homes.",
    )
}

fn police(f: &mut Family, [mother, father, _, daughter]: [usize; 4]) {
    f.incident(
        Police,
        260,
        [&[father], &[mother], &[daughter]],
        incident(
            "disturbance",
            "parkeerplaats sportveld",
            "duwen",
            "geen",
            true,
            "Ruzie bij de overdracht. {K2} huilt in de auto.",
        ),
    );
}

fn veilig_thuis(f: &mut Family, [mother, father, son, daughter]: [usize; 4]) {
    f.incident(
        VeiligThuis,
        250,
        [&[mother, father], &[son, daughter], &[]],
        incident(
            "neglect",
            "beide woningen",
            "psychisch: kinderen betrokken in de strijd",
            "geen",
            true,
            "Beide ouders melden over elkaar.",
        ),
    )
    .hypothesis()
    .draft("Ouders melden over en weer; de kinderen zitten klem tussen twee huizen.");
    f.add(
        VeiligThuis,
        230,
        &[mother, father, son, daughter],
        safety(
            6,
            [false, false],
            &["parental-conflict", "loyalty-conflict"],
            &["Overdracht op straat", "Kinderen brengen boodschappen over", "Vader staat onaangekondigd voor de deur"],
            "Geen direct gevaar; langdurige strijd schaadt de kinderen.",
        )
        .agreed(&["Overdracht via school", "Ouders mailen via de app"]),
    )
    .draft("Niet acuut onveilig; een complexe scheiding met twee adressen.");
    f.add(
        VeiligThuis,
        230,
        &[daughter],
        risk("LIRIK-JB", &[("kind", 5), ("ouder", 4)], "mid", "Bedplassen en buikpijn voor wisseldagen."),
    );
}

fn youth_protection(f: &mut Family, [mother, father, son, daughter]: [usize; 4]) {
    f.add(
        YouthProtection,
        140,
        &[son, daughter],
        child_measure(
            "voluntary-help",
            f.day(-40),
            "Jeugdbescherming De Dijk",
            "Ouderschap na scheiding; omgangsregeling week om week.",
        ),
    )
    .draft("Vrijwillige hulp: ouderschap na scheiding. Ouders hebben samen gezag.");
    f.add(
        YouthProtection,
        139,
        &[mother, father],
        measure(
            "contact-ban",
            f.day(-40),
            &["Overdracht alleen op school", "Geen bezoek onaangekondigd"],
            &[son, daughter],
            "Rechtbank, kinderrechter",
        ),
    )
    .court_order("C/99/26/0862");
    f.add(
        YouthProtection,
        100,
        &[daughter],
        area(
            "health",
            "concern",
            "Buikpijn op wisseldagen.",
            &["family-doctor"],
            "Minder klachten sinds de overdracht via school gaat.",
        ),
    );
}

fn municipality(f: &mut Family, [mother, ..]: [usize; 4]) {
    f.add(
        Municipality,
        130,
        &[mother],
        area("debt", "concern", "Dubbele woonlasten na de verkoop van het huis.", &["debt-counselling"], "Budgetplan gemaakt."),
    )
    .draft("Geldzorgen na de scheiding, budgetplan loopt.");
}
