//! Three generations under one roof.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, incident, risk, safety};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{Municipality, Police, VeiligThuis};

/// H01: grandmother, her daughter with husband, their two children and a grandchild share a house.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Volendam"));
    let grandmother = f.person(Role::Grandparent, Gender::Female, 73, "Hendrika Johanna", "Schilder-Tol");
    let father = f.person(Role::Parent, Gender::Male, 50, "Cornelis", "Veerman");
    let mother = f.person(Role::Parent, Gender::Female, 47, "Margaretha", "Veerman-Schilder");
    let daughter = f.person(Role::AdultChild, Gender::Female, 22, "Lisa Maria", "Veerman");
    let son = f.person(Role::Child, Gender::Male, 17, "Jaap", "Veerman");
    let toddler = f.person(Role::Child, Gender::Female, 2, "Mila", "Veerman");
    let everybody = [grandmother, father, mother, daughter, son, toddler];
    f.with(grandmother, |person| person.nickname("Oma Riek"));
    f.kinship.couple((father, mother), f.calendar.days_ago(9_100), None);
    f.kinship.child(mother, &[grandmother], &[]);
    f.kinship.child(daughter, &[father, mother], &[]);
    f.kinship.child(son, &[father, mother], &[father, mother]);
    f.kinship.child(toddler, &[daughter], &[daughter]);
    f.known(&[Police, VeiligThuis], &everybody);
    f.known(&[Municipality], &[grandmother, daughter, toddler]);
    let cast = [grandmother, father, mother, daughter, son, toddler];
    police(&mut f, cast);
    veilig_thuis(&mut f, cast);
    municipality(&mut f, cast);
    plan(
        Story::ThreeGenerations,
        f,
        "Three generations under one roof: violence passes from father to son (17), a toddler looks on. \
        Police and Veilig Thuis both reported it; one police draft names the toddler and must be blocked.",
    )
}

fn police(f: &mut Family, [grandmother, father, mother, _, son, toddler]: [usize; 6]) {
    f.incident(
        Police,
        1_460,
        [&[father], &[mother], &[son]],
        incident(
            "partner-violence",
            "woning",
            "duwen, servies gegooid",
            "schram op onderarm",
            true,
            "Buren melden geschreeuw. {A2} heeft gedronken, {A3} is van streek. {K1} staat op de trap.",
        ),
    );
    f.incident(
        Police,
        420,
        [&[father], &[son], &[grandmother]],
        incident(
            "child-abuse",
            "woning",
            "klap in het gezicht",
            "gezwollen wang",
            true,
            "{K1} vertelt dat zijn vader hem sloeg toen hij voor zijn oma opkwam.",
        ),
    )
    .draft("Zoon van zestien kreeg een klap toen hij tussenbeide kwam; grootmoeder was erbij en was geschrokken.");
    f.incident(
        Police,
        48,
        [&[son], &[mother], &[toddler]],
        incident(
            "threat",
            "woning",
            "dreigen met een mes",
            "geen",
            true,
            "{K1} dreigt zijn moeder met een keukenmes; {K2} zit in de kinderstoel.",
        ),
    )
    .draft("De zoon herhaalt het gedrag dat hij thuis heeft gezien. {K2} was in de keuken.");
    f.add(
        Police,
        47,
        &[father],
        risk("RiHG", &[("pleger", 6), ("verloop", 7), ("achtergrond", 5)], "mid", "Alcohol en geldzorgen; geen wapens in huis."),
    );
}

fn veilig_thuis(f: &mut Family, [grandmother, father, mother, daughter, son, toddler]: [usize; 6]) {
    f.incident(
        VeiligThuis,
        400,
        [&[father], &[son], &[grandmother, toddler]],
        incident("child-abuse", "woning", "slaan", "kneuzing", true, "Melding van school: leerling met gezwollen wang."),
    )
    .draft("Letsel gezien bij de oudste zoon; hij noemde een klap van zijn vader.");
    f.incident(
        VeiligThuis,
        45,
        [&[son], &[mother], &[toddler]],
        incident("threat", "woning", "bedreiging met mes", "geen", true, "Politie meldt bedreiging door minderjarige zoon."),
    );
    f.add(
        VeiligThuis,
        38,
        &[grandmother, father, mother, daughter, son, toddler],
        safety(
            3,
            [true, false],
            &["intergenerational-violence", "alcohol", "weapon-in-reach"],
            &["Ruzie aan tafel na alcohol", "Peuter in de keuken tijdens ruzie", "Zoon grijpt naar een mes"],
            "Geweld gaat over van vader op zoon; drie generaties op 90 m² met één badkamer.",
        )
        .agreed(&["Messen achter slot", "Oma belt de buurvrouw bij ruzie", "Vader slaapt bij zijn broer na drinken"]),
    )
    .draft("Structureel onveilig. Geweld herhaalt zich over generaties; het gezin wil dat het stopt.");
    f.add(
        VeiligThuis,
        38,
        &[toddler, son],
        risk(
            "LIRIK-JB",
            &[("kind", 3), ("ouder", 6), ("omgeving", 5)],
            "high",
            "Jonge moeder is zelf slachtoffer geweest van getuige zijn.",
        ),
    )
    .hypothesis()
    .draft("Hoog risico op herhaling zolang het gezin zo krap woont.");
    f.add(
        VeiligThuis,
        36,
        &[mother],
        area(
            "housing",
            "severe",
            "Zes personen in een woning met drie slaapkamers.",
            &["local-team", "housing-association"],
            "Urgentieverklaring afgewezen in het voorjaar.",
        ),
    )
    .draft("De woning is veel te klein; urgentie werd afgewezen.");
    f.add(
        VeiligThuis,
        36,
        &[father],
        area(
            "debt",
            "concern",
            "Huurachterstand van vier maanden.",
            &["debt-counselling"],
            "Betalingsregeling loopt, eerste termijn voldaan.",
        ),
    );
}

fn municipality(f: &mut Family, [_, _, _, daughter, ..]: [usize; 6]) {
    f.add(
        Municipality,
        60,
        &[daughter],
        area(
            "housing",
            "concern",
            "Staat ingeschreven voor een eigen woning met {K2}.",
            &["local-team"],
            "Wachttijd negen jaar.",
        ),
    )
    .draft("Jonge moeder zoekt een eigen woning.");
}
