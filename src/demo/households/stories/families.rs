//! Families of every shape: three generations, a step-family, two addresses.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, conviction, incident, measure, pending, risk, safety, supervision};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};
use crate::demo::organisations::Slug::{
    ChildProtectionBoard, Municipality, Police, Probation, Prosecution, VeiligThuis, YouthProtection,
};

/// H01: grandmother, her daughter with husband, their two children and a grandchild share a house.
pub fn three_generations(random: SplitMix64, calendar: Calendar) -> Plan {
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

    f.incident(Police, 1_460, [&[father], &[mother], &[son]], incident("partner-violence", "woning", "duwen, servies gegooid",
        "schram op onderarm", true, "Buren melden geschreeuw. {A2} heeft gedronken, {A3} is van streek. {K1} staat op de trap."));
    f.incident(Police, 420, [&[father], &[son], &[grandmother]], incident("child-abuse", "woning", "klap in het gezicht",
        "gezwollen wang", true, "{K1} vertelt dat zijn vader hem sloeg toen hij voor zijn oma opkwam."))
        .draft("Zoon van zestien kreeg een klap toen hij tussenbeide kwam; grootmoeder was erbij en was geschrokken.");
    f.incident(Police, 48, [&[son], &[mother], &[toddler]], incident("threat", "woning", "dreigen met een mes",
        "geen", true, "{K1} dreigt zijn moeder met een keukenmes; {K2} zit in de kinderstoel."))
        .draft("De zoon herhaalt het gedrag dat hij thuis heeft gezien. {K2} was in de keuken.");
    f.add(Police, 47, &[father], risk("RiHG", &[("pleger", 6), ("verloop", 7), ("achtergrond", 5)], "mid",
        "Alcohol en geldzorgen; geen wapens in huis."));
    f.incident(VeiligThuis, 400, [&[father], &[son], &[grandmother, toddler]], incident("child-abuse", "woning", "slaan",
        "kneuzing", true, "Melding van school: leerling met gezwollen wang."))
        .draft("School zag letsel bij de oudste zoon; hij noemde een klap van zijn vader.");
    f.incident(VeiligThuis, 45, [&[son], &[mother], &[toddler]], incident("threat", "woning", "bedreiging met mes", "geen", true,
        "Politie meldt bedreiging door minderjarige zoon."));
    f.add(VeiligThuis, 38, &everybody, safety(3, [true, false], &["intergenerational-violence", "alcohol", "weapon-in-reach"],
        &["Ruzie aan tafel na alcohol", "Peuter in de keuken tijdens ruzie", "Zoon grijpt naar een mes"],
        "Geweld gaat over van vader op zoon; drie generaties op 90 m² met één badkamer.")
        .agreed(&["Messen achter slot", "Oma belt de buurvrouw bij ruzie", "Vader slaapt bij zijn broer na drinken"]))
        .draft("Structureel onveilig. Geweld herhaalt zich over generaties; het gezin wil dat het stopt.");
    f.add(VeiligThuis, 38, &[toddler, son], risk("LIRIK-JB", &[("kind", 3), ("ouder", 6), ("omgeving", 5)], "high",
        "Jonge moeder is zelf slachtoffer geweest van getuige zijn.")).hypothesis()
        .draft("Hoog risico op herhaling zolang het gezin zo krap woont.");
    f.add(VeiligThuis, 36, &[mother], area("housing", "severe", "Zes personen in een woning met drie slaapkamers.",
        &["local-team", "housing-association"], "Urgentieverklaring afgewezen in het voorjaar."))
        .draft("De woning is veel te klein; urgentie werd afgewezen.");
    f.add(VeiligThuis, 36, &[father], area("debt", "concern", "Huurachterstand van vier maanden.", &["debt-counselling"],
        "Betalingsregeling loopt, eerste termijn voldaan."));
    f.add(Municipality, 60, &[daughter], area("housing", "concern", "Staat ingeschreven voor een eigen woning met {K2}.",
        &["local-team"], "Wachttijd negen jaar.")).draft("Jonge moeder zoekt een eigen woning.");
    plan(Story::ThreeGenerations, f, "Three generations under one roof: violence passes from father to son (17), a toddler looks on. \
        Police and Veilig Thuis both reported it; one police draft names the toddler and must be blocked.")
}

/// H02: a mother with children of two fathers, the stepfather under supervision.
pub fn step_family(random: SplitMix64, calendar: Calendar) -> Plan {
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

    f.incident(Police, 700, [&[stepfather], &[mother], &[boy, girl]], incident("partner-violence", "woning", "bij de keel gegrepen",
        "striemen in de hals", true, "{A1} doet aangifte. {K1} belde 112, {K2} zat bij hem op de kamer."))
        .draft("Oudste kind belde zelf het alarmnummer; moeder had striemen in de hals.");
    f.incident(Police, 205, [&[stepfather], &[boy], &[girl, half_sister]], incident("child-abuse", "woning", "arm omgedraaid",
        "verstuikte pols", true, "Stiefvader wilde de telefoon van {K1} afpakken."));
    f.add(Police, 204, &[stepfather], risk("RiHG", &[("pleger", 8), ("verloop", 8), ("achtergrond", 6)], "high",
        "Eerder veroordeeld voor mishandeling; gebruikt bij spanning."));
    f.add(Police, 204, &[stepfather], conviction("Sr 300", "mishandeling", "taakstraf 80 uur", "final"));
    f.add(Police, 200, &[stepfather], pending("mishandeling van een kind", "hearing", Some(f.calendar.days_ago(-34))));
    f.add(Prosecution, 560, &[stepfather], conviction("Sr 304", "mishandeling van levensgezel",
        "taakstraf 80 uur, 2 maanden voorwaardelijk", "final")).mandate("CPG-2025-0417");
    f.add(Prosecution, 198, &[stepfather], pending("mishandeling van een kind", "hearing", Some(f.calendar.days_ago(-34))))
        .mandate("CPG-2026-0209").draft("De zaak over de verstuikte pols staat over enkele weken op zitting.");
    f.add(Prosecution, 560, &[stepfather], measure("special-conditions", f.day(-170),
        &["Meewerken aan agressieregulatie", "Meldplicht bij de reclassering"], &[mother, boy], "Politierechter Waterland"))
        .mandate("CPG-2025-0417");
    f.add(Probation, 540, &[stepfather], supervision("conditional-sentence", f.day(-170),
        &["Agressieregulatietraining", "Meldplicht om de twee weken"], "partly", "rw-0231"));
    f.add(Probation, 540, &[stepfather], measure("special-conditions", f.day(-170), &["Meldplicht", "Gedragstraining"],
        &[mother, boy], "Politierechter Waterland"));
    f.add(Probation, 90, &[stepfather], risk("RISc", &[("huiselijk geweld", 7), ("middelen", 5), ("houding", 4)], "high",
        "Mist afspraken na ruzies thuis; ziet zichzelf niet als pleger."))
        .draft("Komt afspraken deels na; het risico op herhaling is hoog zolang de training niet is afgerond.");
    f.add(Probation, 88, &[stepfather], area("work", "concern", "Uitzendwerk, vaak wisselend.", &["job-coach"], "Twee maanden aaneen gewerkt."))
        .draft("Werk is onzeker; met {A1} erover gesproken.");
    f.incident(VeiligThuis, 195, [&[stepfather], &[boy], &[girl, half_sister]], incident("child-abuse", "woning", "arm omgedraaid",
        "verstuikte pols", true, "Huisarts meldt na bezoek met verstuikte pols."))
        .draft("Huisarts zag een verstuikte pols die niet bij het verhaal paste.");
    f.add(VeiligThuis, 180, &[mother, stepfather, boy, girl, half_sister], safety(4, [true, false],
        &["physical-violence", "loyalty-conflict", "witness"],
        &["Ruzie over telefoons en regels", "Stiefvader straft lichamelijk", "Kinderen durven niet naar huis"],
        "Kinderen uit de eerste relatie worden anders behandeld dan hun halfzusje.")
        .agreed(&["Moeder corrigeert, stiefvader niet", "Oudste mag naar zijn vader bellen"]))
        .draft("De twee oudste kinderen lopen meer gevaar dan hun halfzusje.");
    f.add(VeiligThuis, 180, &[boy, girl], risk("LIRIK-JB", &[("kind", 4), ("ouder", 7)], "high", "Stiefvader nog in behandeling."));
    f.add(YouthProtection, 150, &[boy, girl], child_measure("supervision-order", f.day(-215), "Jeugdbescherming De Dijk",
        "Veiligheidsafspraken, omgang met vader weer opbouwen, {K1} naar weerbaarheidstraining."))
        .court_order("C/99/26/1147").draft("Ondertoezichtstelling van een jaar; contact met de vader wordt opgebouwd.");
    f.add(YouthProtection, 120, &[boy], area("school", "concern", "Spijbelt op maandag na weekenden thuis.", &["school-social-work"],
        "Mentor belt elke maandag; verzuim halveerde.")).draft("Verzuim op maandag is gehalveerd sinds de mentor belt.");
    f.add(ChildProtectionBoard, 170, &[boy, girl], child_measure("board-inquiry", f.day(152), "Raad voor de Kinderbescherming",
        "Onderzoek afgerond met advies tot ondertoezichtstelling.")).draft("De raad adviseerde een ondertoezichtstelling.");
    plan(Story::StepFamily, f, "Stepfather, half-sister and a father elsewhere: convicted, supervised by probation, a new case at court, \
        a supervision order (ots) for the two older children. The father is known to youth protection only.")
}

/// H03: parents apart, children half the week with each.
pub fn shared_custody(random: SplitMix64, calendar: Calendar) -> Plan {
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

    f.incident(Police, 260, [&[father], &[mother], &[daughter]], incident("disturbance", "parkeerplaats sportveld", "duwen",
        "geen", true, "Ruzie bij de overdracht. {K2} huilt in de auto."));
    f.incident(VeiligThuis, 250, [&[mother, father], &[son, daughter], &[]], incident("neglect", "beide woningen",
        "psychisch: kinderen betrokken in de strijd", "geen", true, "Beide ouders melden over elkaar."))
        .hypothesis().draft("Ouders melden over en weer; de kinderen zitten klem tussen twee huizen.");
    f.add(VeiligThuis, 230, &everybody, safety(6, [false, false], &["parental-conflict", "loyalty-conflict"],
        &["Overdracht op straat", "Kinderen brengen boodschappen over", "Vader staat onaangekondigd voor de deur"],
        "Geen direct gevaar; langdurige strijd schaadt de kinderen.")
        .agreed(&["Overdracht via school", "Ouders mailen via de app"]))
        .draft("Niet acuut onveilig; een complexe scheiding met twee adressen.");
    f.add(VeiligThuis, 230, &[daughter], risk("LIRIK-JB", &[("kind", 5), ("ouder", 4)], "mid", "Bedplassen en buikpijn voor wisseldagen."));
    f.add(YouthProtection, 140, &[son, daughter], child_measure("voluntary-help", f.day(-40), "Jeugdbescherming De Dijk",
        "Ouderschap na scheiding; omgangsregeling week om week."))
        .draft("Vrijwillige hulp: ouderschap na scheiding. Ouders hebben samen gezag.");
    f.add(YouthProtection, 139, &[mother, father], measure("contact-ban", f.day(-40), &["Overdracht alleen op school", "Geen bezoek onaangekondigd"],
        &[son, daughter], "Rechtbank, kinderrechter")).court_order("C/99/26/0862");
    f.add(YouthProtection, 100, &[daughter], area("health", "concern", "Buikpijn op wisseldagen.", &["family-doctor"],
        "Minder klachten sinds de overdracht via school gaat."));
    f.add(Municipality, 130, &[mother], area("debt", "concern", "Dubbele woonlasten na de verkoop van het huis.", &["debt-counselling"],
        "Budgetplan gemaakt.")).draft("Geldzorgen na de scheiding, budgetplan loopt.");
    plan(Story::SharedCustody, f, "Shared custody (co-ouderschap) with two addresses: both parents have custody, both reported the other; \
        the children belong to two homes.")
}
