//! An old woman and the son who lives with her.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::consent::Outcome;
use super::super::entries::{area, care as in_care, diagnosis, incident, pending, risk, safety, substance};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan, risk_to_mental_health};
use crate::demo::organisations::Slug::{MentalHealth, Municipality, Police, Prosecution, VeiligThuis};

/// H08: an old woman and the son who lives with her.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Heerenveen"));
    let mother = f.person(Role::Grandparent, Gender::Female, 84, "Froukje", "Hoekstra-Postma");
    let son = f.person(Role::AdultChild, Gender::Male, 56, "Sietse", "Hoekstra");
    let daughter = f.person(Role::AdultChild, Gender::Female, 53, "Jeltje", "Dijkstra-Hoekstra");
    f.move_to(&[daughter], Some("Groningen"));
    for child in [son, daughter] {
        f.kinship.child(child, &[mother], &[]);
    }
    f.known(&[Police, Municipality], &[mother, son]);
    f.known(&[VeiligThuis], &[mother, son, daughter]);
    f.with(daughter, |person| person.note("Reported her brother; who reported must never leave Veilig Thuis."));
    let cast = [mother, son, daughter];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    veilig_thuis(&mut f, cast);
    municipality(&mut f, cast);
    mental_health(&mut f, cast);
    f.consent(mother, mother, risk_to_mental_health(Outcome::Given(20)));
    plan(
        Story::ElderAbuse,
        f,
        "Elder abuse: a woman of 84, her son lives in, takes her money and keeps home care out. Her daughter reported it; \
        the reporter is in the file of Veilig Thuis and never leaves it.",
    )
}

fn police(f: &mut Family, [mother, son, ..]: [usize; 3]) {
    f.incident(
        Police,
        210,
        [&[son], &[mother], &[]],
        incident(
            "elder-abuse",
            "woning",
            "vasthouden, schreeuwen",
            "blauwe plekken op de polsen",
            false,
            "Wijkverpleging ziet blauwe plekken. {A2} beheert de bankpas.",
        ),
    )
    .draft("Blauwe plekken gezien door de wijkverpleging; hij beheert haar geld.");
    f.incident(
        Police,
        33,
        [&[son], &[mother], &[]],
        incident("elder-abuse", "bank", "financieel: geld afgedwongen", "geen", false, "In drie maanden € 11.400 opgenomen."),
    );
    f.add(Police, 32, &[son], risk("RiHG", &[("pleger", 5), ("verloop", 6)], "mid", "Gokschulden; overbelast als mantelzorger."));
    f.add(Police, 32, &[son], pending("oplichting", "investigation", None));
}

fn prosecution(f: &mut Family, [_, son, ..]: [usize; 3]) {
    f.add(Prosecution, 30, &[son], pending("oplichting", "investigation", None)).draft("Vermogensonderzoek loopt.");
}

fn veilig_thuis(f: &mut Family, [mother, son, ..]: [usize; 3]) {
    f.incident(
        VeiligThuis,
        208,
        [&[son], &[mother], &[]],
        incident("elder-abuse", "woning", "lichamelijk en financieel", "blauwe plekken", false, "Dochter meldt."),
    )
    .draft("Zorgen om een vrouw op hoge leeftijd die afhankelijk is van haar zoon.");
    f.add(
        VeiligThuis,
        190,
        &[mother, son],
        safety(
            4,
            [true, false],
            &["elder-abuse", "financial-abuse", "carer-overload"],
            &["Zoon weert de thuiszorg", "Geen geld voor eten", "Vasthouden bij het wassen"],
            "Moeder is vergeetachtig en loyaal aan haar zoon.",
        )
        .agreed(&["Thuiszorg tweemaal per dag", "Dochter beheert de bankpas"]),
    )
    .draft("Ouderenmishandeling, lichamelijk en met geld; zij is afhankelijk.");
    f.add(VeiligThuis, 190, &[mother], risk("RITI", &[("afhankelijkheid", 8), ("isolement", 7)], "high", "Ziet weinig anderen."))
        .draft("Hoog door haar afhankelijkheid.");
    f.add(
        VeiligThuis,
        188,
        &[mother],
        area(
            "health",
            "severe",
            "Vergeetachtig, ondervoed.",
            &["home-care", "family-doctor"],
            "Casemanager dementie aangevraagd.",
        ),
    )
    .draft("Haar gezondheid gaat achteruit.");
}

fn municipality(f: &mut Family, [mother, son, ..]: [usize; 3]) {
    f.add(
        Municipality,
        100,
        &[son],
        area("debt", "severe", "Gokschulden van € 38.000.", &["debt-restructuring"], "Traject geweigerd."),
    )
    .draft("Hoge schulden, hulp afgewezen.");
    f.add(
        Municipality,
        100,
        &[mother],
        area("network", "concern", "Alleen contact met de zoon.", &["volunteer-visits"], "Bezoek eens per week."),
    );
}

fn mental_health(f: &mut Family, [mother, son, ..]: [usize; 3]) {
    f.add(MentalHealth, 95, &[mother], in_care("Ouderenpsychiatrie", "db-oud-11", "practitioner", None)).meldcode("db-oud-11");
    f.add(MentalHealth, 94, &[mother], diagnosis("F00.1", "ICD-10", Some("hematomen beide polsen"), "Dagbehandeling"))
        .meldcode("db-oud-11")
        .draft("Beginnende dementie; de blauwe plekken passen bij vastpakken.");
    f.add(MentalHealth, 60, &[son], in_care("Verslavingszorg", "db-ver-03", "practitioner", None));
    f.add(MentalHealth, 59, &[son], substance("gambling", "high", "Intake gedaan, niet teruggekomen"));
}
