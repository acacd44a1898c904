//! Under threat of her own family.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, incident, measure, pending, risk, safety};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{ChildProtectionBoard, Municipality, Police, Prosecution, VeiligThuis};

/// H09: a young woman threatened by her own family.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Enschede"));
    let father = f.person(Role::Parent, Gender::Male, 49, "Khaled", "Darwish");
    let mother = f.person(Role::Parent, Gender::Female, 45, "Hala", "Darwish-Nassar");
    let brother = f.person(Role::AdultChild, Gender::Male, 23, "Omar", "Darwish");
    let daughter = f.person(Role::AdultChild, Gender::Female, 19, "Nour", "Darwish");
    let sister = f.person(Role::Child, Gender::Female, 15, "Lama", "Darwish");
    let everybody = [father, mother, brother, daughter, sister];
    for person in everybody {
        f.with(person, |member| member.nationality_group = "non-eu");
    }
    f.with(mother, super::super::member::Member::with_v_number);
    f.with(father, super::super::member::Member::with_v_number);
    f.move_to(&[daughter], Some("Groningen"));
    f.with(daughter, |person| {
        person.secret_address = true;
        person.protect_from(father);
        person.protect_from(brother);
        person.note("In a shelter at a secret address, protected from her father and her brother.");
    });
    f.kinship.couple((father, mother), f.calendar.days_ago(8_700), None);
    for child in [brother, daughter] {
        f.kinship.child(child, &[father, mother], &[]);
    }
    f.kinship.child(sister, &[father, mother], &[father, mother]);
    f.known(&[Police, VeiligThuis], &everybody);
    let cast = [father, mother, brother, daughter, sister];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    veilig_thuis(&mut f, cast);
    child_protection_board(&mut f, cast);
    municipality(&mut f, cast);
    plan(
        Story::HonourThreat,
        f,
        "Honour-related threat: a student (19) hides from father and brother, her sister (15) is still at home. One police \
        report is held under Wpg article 9, another has a Wpg 20 decision; a Veilig Thuis draft holds a BSN and must be blocked.",
    )
}

fn police(f: &mut Family, [father, _, brother, daughter, sister]: [usize; 5]) {
    f.incident(
        Police,
        75,
        [&[father, brother], &[daughter], &[sister]],
        incident(
            "honour-related-violence",
            "ouderlijke woning",
            "opsluiting, afpakken telefoon, dreigen met de dood",
            "blauwe plekken",
            true,
            "{A4} belt via een vriendin. Familie wil haar naar het buitenland brengen.",
        ),
    )
    .wpg("9")
    .draft("De familie dreigt haar naar het buitenland te brengen vanwege een relatie.");
    f.incident(
        Police,
        40,
        [&[brother], &[daughter], &[]],
        incident(
            "threat",
            "school, Enschede",
            "bedreiging via sociale media",
            "geen",
            false,
            "{A3} laat via een neef weten dat de familie haar zoekt.",
        ),
    )
    .facts(|facts| {
        facts.decision_id = Some("WPG20-2026-0031".to_owned());
        facts.decision_article = Some("20".to_owned());
    });
    f.add(
        Police,
        39,
        &[brother],
        risk(
            "Checklist eergerelateerd geweld",
            &[("eerverlies", 8), ("druk familie", 9)],
            "high",
            "Familieraad is bijeen geweest.",
        ),
    );
    f.add(Police, 38, &[brother], pending("bedreiging", "investigation", None));
}

fn prosecution(f: &mut Family, [_, _, brother, ..]: [usize; 5]) {
    f.add(Prosecution, 36, &[brother], pending("bedreiging met enig misdrijf tegen het leven", "investigation", None))
        .draft("Onderzoek naar bedreiging loopt; de zaak is gevoelig.");
}

fn veilig_thuis(f: &mut Family, [father, _, brother, daughter, sister]: [usize; 5]) {
    f.incident(
        VeiligThuis,
        74,
        [&[father, brother], &[daughter], &[sister]],
        incident(
            "honour-related-violence",
            "ouderlijke woning",
            "vrijheidsbeneming en bedreiging",
            "blauwe plekken",
            true,
            "Melding door mentor van het mbo.",
        ),
    )
    .draft("Studente durft niet naar huis. BSN {bsn:A4}.");
    f.add(
        VeiligThuis,
        70,
        &[daughter, sister],
        safety(
            2,
            [true, true],
            &["honour-related-threat", "forced-departure", "death-threat"],
            &["Familie vindt de opvang", "Zusje wordt als pressiemiddel gebruikt", "Gedwongen vertrek naar het buitenland"],
            "Acuut voor de oudste dochter; voor de jongste zijn er zorgen over haar toekomst.",
        )
        .agreed(&["Geheime opvang", "Paspoort bij de politie", "School let op afwezigheid van het zusje"]),
    )
    .draft("Acuut onveilig voor de oudste; de jongste dochter vraagt ook bescherming.");
    f.add(
        VeiligThuis,
        70,
        &[sister],
        risk("Checklist eergerelateerd geweld", &[("druk familie", 6)], "mid", "Mag niet meer alleen naar school."),
    )
    .hypothesis();
    f.add(
        VeiligThuis,
        68,
        &[daughter],
        area(
            "school",
            "concern",
            "Opleiding stilgelegd sinds vertrek.",
            &["shelter", "school-social-work"],
            "Kan vanuit de opvang online lessen volgen.",
        ),
    );
}

fn child_protection_board(f: &mut Family, [_, _, _, _, sister]: [usize; 5]) {
    f.add(
        ChildProtectionBoard,
        50,
        &[sister],
        child_measure(
            "board-inquiry",
            f.day(-20),
            "Raad voor de Kinderbescherming",
            "Onderzoek naar de noodzaak van een maatregel.",
        ),
    )
    .draft("Onderzoek loopt, nog geen besluit.");
}

fn municipality(f: &mut Family, [_, _, brother, daughter, sister]: [usize; 5]) {
    f.add(
        Municipality,
        60,
        &[brother],
        measure(
            "temporary-restraining-order",
            f.day(32),
            &["Verlaten van de woning", "Geen contact"],
            &[daughter, sister],
            "Burgemeester van Waterland",
        ),
    );
}
