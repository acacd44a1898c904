//! Generated households: families as they come, with files at some of the organisations. For numbers (benchmarks) and variety
//! (screens).

use super::calendar::Calendar;
use super::cast::{Cast, people};
use super::consent::Outcome;
use super::entries::{
    area, care, child_measure, compulsory, conviction, diagnosis, incident, measure, pending, risk, safety, substance,
    supervision,
};
use super::family::Family;
use super::random::SplitMix64;
use super::stories::{Plan, care_to_probation, care_to_veilig_thuis};
use crate::catalogue::Category;
use crate::demo::organisations::Slug::{
    ChildProtectionBoard, MentalHealth, Municipality, Police, Probation, Prosecution, VeiligThuis, YouthProtection,
};

/// One generated household: two adults, up to three children, files that fit together.
pub fn household(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, None);
    let cast = people(&mut f);
    police(&mut f, &cast);
    veilig_thuis(&mut f, &cast);
    if f.random.chance(35) {
        justice(&mut f, &cast);
    }
    if f.random.chance(40) {
        health(&mut f, &cast);
    }
    if !cast.children.is_empty() && f.random.chance(40) {
        youth(&mut f, &cast);
    }
    if f.random.chance(25) {
        municipality(&mut f, &cast);
    }
    Plan { family: f, story: None, note: "Generated household.".to_owned() }
}

fn days(f: &mut Family, low: usize, high: usize) -> i64 {
    i64::try_from(f.random.between(low, high)).unwrap_or(0)
}

const VIOLENCE: [(&str, &str, &str, &str); 6] = [
    (
        "partner-violence",
        "duwen en schelden",
        "geen zichtbaar",
        "Ruzie over geld. {A2} wil rust, {A1} is vertrokken voor de politie er is.",
    ),
    (
        "partner-violence",
        "slaan met de vlakke hand",
        "rode wang",
        "{A2} opent huilend de deur. Zij wil eerst met haar zus overleggen.",
    ),
    (
        "partner-violence",
        "schoppen",
        "blauwe plekken op de benen",
        "Buren melden gebonk. {A1} heeft gedronken en is aangehouden.",
    ),
    ("threat", "dreigen met woorden", "geen", "{A2} laat berichten zien waarin {A1} dreigt haar iets aan te doen."),
    ("disturbance", "gooien met huisraad", "snee in de hand", "Glasscherven in de keuken; beiden zijn overstuur."),
    ("stalking", "opwachten en veelvuldig bellen", "geen", "{A1} wacht haar op bij het werk en belt tientallen keren per dag."),
];

const DRAFTS: [&str; 4] = [
    "Herhaald geweld tussen partners; er was eerder hulp die niet beklijfde.",
    "Het slachtoffer is bang en durft geen aangifte te doen.",
    "Geweld na drankgebruik, beide partners zeggen hulp te willen.",
    "De kinderen zijn erbij geweest en slapen slecht.",
];

const LEVELS: [(&str, i64); 3] = [("low", 2), ("mid", 5), ("high", 8)];

fn police(f: &mut Family, cast: &Cast) {
    f.known(&[Police], &cast.everybody());
    let count = f.random.between(1, 4);
    for _ in 0..count {
        let ago = days(f, 10, 2_400);
        let (kind, violence, injury, text) = f.random.pick(&VIOLENCE);
        let draft = f.random.pick(&DRAFTS);
        let article = if f.random.chance(88) { "8" } else { f.random.pick(&["13", "9", "14"]) };
        let present = !cast.children.is_empty();
        let entry = incident(kind, "woning", violence, injury, present, text);
        f.incident(Police, ago, [&[cast.suspect], &[cast.victim], &cast.children], entry).wpg(article).draft(draft);
    }
    let (level, score) = f.random.pick(&LEVELS);
    let ago = days(f, 5, 200);
    f.add(
        Police,
        ago,
        &[cast.suspect],
        risk("RiHG", &[("pleger", score), ("verloop", score + 1)], level, "Ingevuld na de laatste melding."),
    );
    let (kind, until) = if f.random.chance(30) { ("temporary-restraining-order", 12) } else { ("contact-ban", -120) };
    let protects: Vec<usize> = [cast.victim].into_iter().chain(cast.children.iter().copied()).collect();
    let until = f.day(until);
    f.add(Police, 22, &[cast.suspect], measure(kind, until, &["Geen contact"], &protects, "Burgemeester van Waterland"));
}

fn veilig_thuis(f: &mut Family, cast: &Cast) {
    let everybody = cast.everybody();
    f.known(&[VeiligThuis], &everybody);
    let (kind, violence, injury, _) = f.random.pick(&VIOLENCE);
    let draft = f.random.pick(&DRAFTS);
    let ago = days(f, 10, 900);
    let entry = incident(kind, "woning", violence, injury, !cast.children.is_empty(), "Melding van de politie.");
    f.incident(VeiligThuis, ago, [&[cast.suspect], &[cast.victim], &cast.children], entry).draft(draft);
    let scale = u8::try_from(f.random.between(1, 8)).unwrap_or(5);
    let flags = [scale < 4, f.random.chance(20)];
    let assessment = safety(
        scale,
        flags,
        &["physical-violence", "alcohol"],
        &["Ruzie in het weekend", "Kinderen in de buurt", "Berichten in de nacht"],
        "Gesproken met beide partners, apart van elkaar.",
    );
    f.add(VeiligThuis, 9, &everybody, assessment.agreed(&["Bij ruzie gaat een van beiden een blok om"])).draft(draft);
    let (level, score) = f.random.pick(&LEVELS);
    let at_risk: Vec<usize> = [cast.victim].into_iter().chain(cast.children.iter().copied()).collect();
    f.add(
        VeiligThuis,
        9,
        &at_risk,
        risk("LIRIK-JB", &[("kind", score), ("ouder", score)], level, "Op basis van twee gesprekken."),
    )
    .hypothesis();
    if f.random.chance(40) {
        f.add(
            VeiligThuis,
            8,
            &[cast.victim],
            area("housing", "concern", "Wil verhuizen.", &["local-team"], "Staat op de wachtlijst."),
        )
        .draft("Zij zoekt een andere woning.");
    }
}

fn justice(f: &mut Family, cast: &Cast) {
    let ago = days(f, 200, 1_500);
    let until = f.day(-150);
    let hearing = f.day(-28);
    let mandate = format!("CPG-2026-{:04}", f.random.between(1, 999));
    f.add(Prosecution, ago, &[cast.suspect], conviction("Sr 300", "mishandeling", "taakstraf 60 uur", "final")).mandate(&mandate);
    f.add(Police, ago, &[cast.suspect], conviction("Sr 300", "mishandeling", "taakstraf 60 uur", "final"));
    if f.random.chance(60) {
        f.add(Prosecution, 30, &[cast.suspect], pending("bedreiging", "summoned", Some(hearing)))
            .mandate(&mandate)
            .draft("Gedagvaard voor bedreiging.");
        f.add(Police, 32, &[cast.suspect], pending("bedreiging", "summoned", Some(hearing)));
    }
    f.add(
        Prosecution,
        90,
        &[cast.suspect],
        measure("special-conditions", until, &["Meldplicht"], &[cast.victim], "Politierechter Waterland"),
    );
    if f.random.chance(70) {
        let compliance = f.random.pick(&["complies", "partly", "breached"]);
        f.add(
            Probation,
            88,
            &[cast.suspect],
            supervision("conditional-sentence", until, &["Meldplicht", "Gedragstraining"], compliance, "rw-0199"),
        );
        f.add(
            Probation,
            88,
            &[cast.suspect],
            measure("special-conditions", until, &["Meldplicht"], &[cast.victim], "Politierechter Waterland"),
        );
        let (level, score) = f.random.pick(&LEVELS);
        f.add(Probation, 60, &[cast.suspect], risk("RISc", &[("huiselijk geweld", score)], level, "Tweede meting."))
            .draft("Het risico is bij de tweede meting gelijk gebleven.");
    }
}

fn health(f: &mut Family, cast: &Cast) {
    let client = if f.random.chance(60) { cast.suspect } else { cast.victim };
    let done = f.random.chance(50);
    let ago = days(f, 60, 700);
    f.add(MentalHealth, ago, &[client], care("Polikliniek", "db-psy-31", "practitioner", None));
    let (code, treatment) =
        f.random.pick(&[("F43.1", "EMDR"), ("F33.1", "Gesprekstherapie"), ("F60.3", "Groepstherapie"), ("F90.0", "Medicatie")]);
    let record = f
        .add(MentalHealth, ago - 2, &[client], diagnosis(code, "ICD-10", None, treatment))
        .draft("In behandeling, de klachten nemen af.");
    if done {
        record.meldcode("db-psy-31");
    }
    if f.random.chance(50) {
        let kind = f.random.pick(&["alcohol", "cannabis", "cocaine", "gambling"]);
        let severity = f.random.pick(&["low", "mid", "high"]);
        f.add(MentalHealth, ago - 5, &[client], substance(kind, severity, "Ambulant"));
    }
    if f.random.chance(8) {
        let until = f.day(-100);
        f.add(MentalHealth, 70, &[client], compulsory("care-authorisation", until));
    }
    let outcome = match f.random.below(6) {
        0 | 1 => Outcome::Given(40),
        2 => Outcome::Refused(40),
        3 => Outcome::Withdrawn { given: 100, withdrawn: 15 },
        4 => Outcome::Expired(250),
        _ => return,
    };
    f.consent(client, client, care_to_veilig_thuis(&[Category::CareInvolvement, Category::SubstanceUse], outcome));
    if client == cast.suspect {
        f.consent(client, client, care_to_probation(outcome));
    }
}

fn youth(f: &mut Family, cast: &Cast) {
    f.known(&[YouthProtection], &cast.everybody());
    let until = f.day(-140);
    if f.random.chance(50) {
        let order = format!("C/99/26/{:04}", f.random.between(1, 9_999));
        f.add(
            YouthProtection,
            75,
            &cast.children,
            child_measure("supervision-order", until, "Jeugdbescherming De Dijk", "Veiligheid thuis."),
        )
        .court_order(&order)
        .draft("Ondertoezichtstelling om de veiligheid thuis te herstellen.");
        f.known(&[ChildProtectionBoard], &cast.everybody());
        f.add(
            ChildProtectionBoard,
            100,
            &cast.children,
            child_measure("board-inquiry", until, "Raad voor de Kinderbescherming", "Onderzoek afgerond."),
        );
    } else {
        f.add(
            YouthProtection,
            75,
            &cast.children,
            child_measure("voluntary-help", until, "Jeugdbescherming De Dijk", "Opvoedhulp."),
        )
        .draft("Vrijwillige opvoedhulp.");
    }
    for &child in &cast.children {
        f.add(YouthProtection, 40, &[child], area("school", "concern", "Moe op school.", &["mentor"], "Gaat iets beter."))
            .draft("School merkt verbetering.");
    }
}

fn municipality(f: &mut Family, cast: &Cast) {
    f.known(&[Municipality], &cast.everybody());
    f.add(
        Municipality,
        50,
        &[cast.victim],
        area("debt", "concern", "Betalingsachterstand.", &["debt-counselling"], "Regeling getroffen."),
    )
    .draft("Er loopt een betalingsregeling.");
}
