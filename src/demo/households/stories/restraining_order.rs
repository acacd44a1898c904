//! A restraining order that runs now.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, incident, measure, pending, risk, safety};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{Municipality, Police, Prosecution, VeiligThuis, YouthProtection};

/// H06: a restraining order since four days; the newborn has no citizen number yet.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Hoorn"));
    let man = f.person(Role::Parent, Gender::Male, 29, "Vikash", "Ramdin");
    let woman = f.person(Role::Parent, Gender::Female, 27, "Sanne Elisabeth", "Kuipers");
    let toddler = f.person(Role::Child, Gender::Male, 3, "Ravi", "Ramdin");
    let newborn = f.person(Role::Child, Gender::Female, 0, "Anjali", "Ramdin");
    let birth = f.day(5);
    f.with(newborn, |person| {
        person.born_on(birth);
        person.without_bsn();
        person.note("A newborn without BSN, known at Veilig Thuis and youth protection under their own numbers only.");
    });
    f.kinship.couple((man, woman), f.calendar.days_ago(2_000), None);
    for child in [toddler, newborn] {
        f.kinship.child(child, &[man, woman], &[man, woman]);
    }
    f.known(&[Police, Municipality], &[man, woman, toddler]);
    f.known(&[VeiligThuis, YouthProtection], &[man, woman, toddler, newborn]);
    let cast = [man, woman, toddler, newborn];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    municipality(&mut f, cast);
    veilig_thuis(&mut f, cast);
    youth_protection(&mut f, cast);
    plan(
        Story::RestrainingOrder,
        f,
        "A temporary restraining order (huisverbod) that runs now: imposed four days ago, six to go. The newborn \
        has no BSN yet and is found by the local numbers of Veilig Thuis and youth protection only.",
    )
}

fn police(f: &mut Family, [man, woman, toddler, ..]: [usize; 4]) {
    f.incident(
        Police,
        160,
        [&[man], &[woman], &[toddler]],
        incident(
            "partner-violence",
            "woning",
            "duwen van de zwangere vrouw",
            "geen",
            true,
            "{A2} is zes maanden zwanger. {A1} erkent dat hij te ver ging.",
        ),
    );
    f.incident(
        Police,
        4,
        [&[man], &[woman], &[toddler]],
        incident(
            "partner-violence",
            "woning",
            "slaan terwijl zij het kind voedde",
            "blauw oog",
            true,
            "Kraamzorg belt 112. {K1} zat onder de tafel.",
        ),
    )
    .draft("Geweld in de kraamweek; de peuter zat onder de tafel.");
    f.add(
        Police,
        4,
        &[man],
        risk("RiHG", &[("pleger", 7), ("verloop", 8), ("achtergrond", 4)], "high", "Geweld in de kraamtijd; eerste huisverbod."),
    );
    f.add(
        Police,
        4,
        &[man],
        measure(
            "temporary-restraining-order",
            f.day(-6),
            &["Huis verlaten voor tien dagen", "Geen contact met achterblijvers"],
            &[woman, toddler],
            "Burgemeester van Waterland",
        ),
    );
    f.add(Police, 3, &[man], pending("mishandeling", "investigation", None));
}

fn prosecution(f: &mut Family, [man, ..]: [usize; 4]) {
    f.add(Prosecution, 3, &[man], pending("mishandeling van levensgezel", "investigation", None))
        .mandate("CPG-2026-0331")
        .draft("Verdachte heengezonden met huisverbod; beslissing volgt.");
}

fn municipality(f: &mut Family, [man, woman, toddler, ..]: [usize; 4]) {
    f.add(
        Municipality,
        4,
        &[man],
        measure(
            "temporary-restraining-order",
            f.day(-6),
            &["Huis verlaten voor tien dagen", "Geen contact met achterblijvers", "Hulpverlening binnen drie dagen"],
            &[woman, toddler],
            "Burgemeester van Waterland",
        ),
    );
    f.add(
        Municipality,
        3,
        &[woman],
        area(
            "parenting",
            "concern",
            "Kraamtijd alleen met twee kleine kinderen.",
            &["maternity-care", "local-team"],
            "Kraamzorg met twee dagen verlengd.",
        ),
    )
    .draft("Er is extra kraamzorg en het lokale team komt dagelijks.");
}

fn veilig_thuis(f: &mut Family, [man, woman, toddler, newborn]: [usize; 4]) {
    f.incident(
        VeiligThuis,
        3,
        [&[man], &[woman], &[toddler, newborn]],
        incident("partner-violence", "woning", "slaan", "blauw oog", true, "Melding kraamzorg en politie."),
    )
    .draft("Geweld in de kraamweek; moeder en kinderen zijn veilig bij familie.");
    f.add(
        VeiligThuis,
        2,
        &[man, woman, toddler, newborn],
        safety(
            3,
            [false, true],
            &["physical-violence", "postpartum", "sleep-deprivation"],
            &["Ruzie tijdens de voeding", "Man komt terug voor het verbod afloopt", "Peuter zonder toezicht"],
            "Huisverbod geeft rust; beide ouders willen hulp.",
        )
        .agreed(&["Opa haalt de peuter dagelijks op", "Verlenging wordt op dag acht beoordeeld"]),
    )
    .draft("Acuut onveilig, maar beide ouders willen hulp; huisverbod geeft ruimte.");
    f.add(VeiligThuis, 2, &[toddler, newborn], risk("LIRIK-JB", &[("kind", 8), ("ouder", 5)], "high", "Zeer jonge leeftijd."))
        .draft("Jonge leeftijd maakt het risico hoog.");
}

fn youth_protection(f: &mut Family, [_, woman, toddler, newborn]: [usize; 4]) {
    f.add(
        YouthProtection,
        2,
        &[toddler, newborn],
        child_measure(
            "voluntary-help",
            f.day(-88),
            "Jeugdbescherming De Dijk",
            "Intensieve ambulante hulp, start binnen 48 uur.",
        ),
    )
    .draft("Intensieve hulp start binnen twee dagen.");
    f.add(
        YouthProtection,
        1,
        &[woman],
        area("parenting", "concern", "Moeder is moe maar sensitief.", &["intensive-home-help"], "Gestart."),
    );
}
