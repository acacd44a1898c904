//! Persons in hiding or under threat of their own family.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::entries::{area, child_measure, conviction, diagnosis, incident, measure, pending, risk, safety, supervision};
use super::super::entries::care as in_care;
use super::super::family::{Family, Outcome};
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, care_to_veilig_thuis, plan};
use crate::catalogue::Category;
use crate::demo::organisations::Slug::{
    ChildProtectionBoard, MentalHealth, Municipality, Police, Probation, Prosecution, VeiligThuis, YouthProtection,
};

/// H04: a mother with two children at a secret address; her former partner looks for her.
pub fn secret_address(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Middelburg"));
    let mother = f.person(Role::Parent, Gender::Female, 33, "Samira", "El Amrani");
    let ex = f.person(Role::ExPartner, Gender::Male, 37, "Karim", "Chafik");
    let son = f.person(Role::Child, Gender::Male, 6, "Ilias", "Chafik");
    let daughter = f.person(Role::Child, Gender::Female, 4, "Salma", "Chafik");
    f.move_to(&[ex], Some("Rotterdam"));
    f.kinship.couple((mother, ex), f.calendar.days_ago(3_300), Some(f.calendar.days_ago(310)));
    f.kinship.child(son, &[mother, ex], &[mother]);
    f.kinship.child(daughter, &[mother, ex], &[mother]);
    for hidden in [mother, son, daughter] {
        f.with(hidden, |person| {
            person.secret_address = true;
            person.protect_from(ex);
        });
    }
    f.with(mother, |person| person.note("Lives at a secret address and is protected from her former partner: nobody who acts for him may learn anything of her."));
    f.with(ex, |person| person.note("The children and their mother are protected from him; one incident in his own file was at their secret address."));
    f.known(&[Police, VeiligThuis], &[mother, ex, son, daughter]);
    f.known(&[YouthProtection], &[mother, son, daughter]);

    f.incident(Police, 620, [&[ex], &[mother], &[son, daughter]], incident("partner-violence", "voormalige woning, Rotterdam",
        "schoppen en slaan", "gebroken rib", true, "{A1} met letsel naar de spoedpost; {K1} verstopte zich met {K2} in de kast."))
        .draft("Moeder met een gebroken rib naar de spoedpost, beide kinderen waren thuis.");
    f.incident(Police, 290, [&[ex], &[mother], &[]], incident("stalking", "werk van het slachtoffer, Rotterdam", "opwachten en bellen",
        "geen", false, "{A2} staat vier dagen achtereen bij haar werk; 71 gemiste oproepen."));
    f.incident(Police, 24, [&[ex], &[mother], &[son]], incident("order-breach", "nabij de woning, Middelburg", "achtervolging met auto",
        "geen", true, "Gezien op 200 meter van het geheime adres. {A1} vermoedt een baken onder haar auto."))
        .draft("Hij reed langs het nieuwe adres; zij en {K1} zagen hem.");
    f.add(Police, 23, &[ex], risk("SASH", &[("stalking", 9), ("toegang", 7), ("dreiging", 8)], "high", "Escalerende stalking; zoekt via familie."));
    f.add(Police, 285, &[ex], measure("contact-ban", f.day(-400), &["Geen contact, ook niet via derden", "Niet in Middelburg"], &[mother, son, daughter],
        "Rechtbank Waterland"));
    f.add(Police, 23, &[ex], pending("belaging", "investigation", None));
    f.add(Police, 600, &[ex], conviction("Sr 302", "zware mishandeling", "8 maanden waarvan 4 voorwaardelijk", "final"));
    f.add(Prosecution, 500, &[ex], conviction("Sr 302", "zware mishandeling", "8 maanden waarvan 4 voorwaardelijk", "final"))
        .mandate("CPG-2025-0660");
    f.add(Prosecution, 22, &[ex], pending("belaging en overtreding contactverbod", "summoned", Some(f.calendar.days_ago(-18))))
        .mandate("CPG-2026-0304").draft("Opnieuw aangehouden voor belaging; voorgeleiding is geweest.");
    f.add(Prosecution, 285, &[ex], measure("contact-ban", f.day(-400), &["Geen contact, ook niet via derden"], &[mother, son, daughter],
        "Rechtbank Waterland")).mandate("CPG-2026-0304");
    f.add(Probation, 280, &[ex], supervision("conditional-sentence", f.day(-400), &["Contactverbod", "Enkelband"], "breached", "rw-0118"));
    f.add(Probation, 20, &[ex], measure("area-ban", f.day(-400), &["Niet binnen 5 km van Middelburg"], &[mother, son, daughter],
        "Rechtbank Waterland"));
    f.add(Probation, 20, &[ex], risk("B-SAFER", &[("geweld", 8), ("stalking", 9), ("kwetsbaarheid", 6)], "high", "Overtrad het verbod tweemaal."))
        .draft("Hoog risico; overtrad het contactverbod opnieuw.");
    f.incident(VeiligThuis, 610, [&[ex], &[mother], &[son, daughter]], incident("partner-violence", "woning", "slaan", "gebroken rib", true,
        "Melding van de spoedpost.")).draft("Spoedpost meldt ernstig letsel bij moeder.");
    f.add(VeiligThuis, 21, &[mother, son, daughter], safety(2, [true, true], &["stalking", "secret-address-found", "death-threat"],
        &["Ex-partner vindt het adres", "Ophalen bij school", "Berichten via familie"], "Acuut onveilig sinds het adres mogelijk bekend is.")
        .agreed(&["Noodknop", "School kent de foto van de auto", "Noodplan voor vertrek"]))
        .draft("Acuut onveilig: het adres is mogelijk bekend geworden.");
    f.add(VeiligThuis, 21, &[mother], risk("SASH", &[("stalking", 9), ("angst", 9)], "high", "Slachtoffer schat de kans op geweld als zeker in."))
        .hypothesis().draft("Het slachtoffer zelf schat het gevaar als zeer hoog in.");
    f.add(VeiligThuis, 20, &[mother], area("housing", "severe", "Tweede verhuizing in een jaar dreigt.", &["shelter"], "Opvangplek is gereserveerd."));
    f.add(YouthProtection, 200, &[son, daughter], child_measure("supervision-order", f.day(-165), "Jeugdbescherming De Dijk",
        "Geen omgang met vader; speltherapie voor {K1}.")).court_order("C/99/26/0933").draft("Geen omgang met de vader zolang de dreiging duurt.");
    f.add(MentalHealth, 150, &[mother], in_care("Centrum voor Psychotrauma", "db-psy-14", "practitioner", None)).meldcode("db-psy-14");
    f.add(MentalHealth, 148, &[mother], diagnosis("F43.1", "ICD-10", Some("geheelde ribfractuur"), "EMDR, wekelijks")).meldcode("db-psy-14")
        .draft("Zij heeft klachten na jaren van geweld en volgt wekelijks traumabehandeling.");
    f.consent(mother, mother, care_to_veilig_thuis(&[Category::CareInvolvement, Category::Diagnosis], Outcome::Given(60)));
    plan(Story::SecretAddress, f, "A mother and two children at a secret address, protected from the ex-partner who stalks them: her address, \
        its town included, must not come out in any category, not even as the place of an incident in his own file.")
}

/// H09: a young woman threatened by her own family.
pub fn honour_threat(random: SplitMix64, calendar: Calendar) -> Plan {
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
    f.with(mother, super::super::family::Member::with_v_number);
    f.with(father, super::super::family::Member::with_v_number);
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

    f.incident(Police, 75, [&[father, brother], &[daughter], &[sister]], incident("honour-related-violence", "ouderlijke woning",
        "opsluiting, afpakken telefoon, dreigen met de dood", "blauwe plekken", true,
        "{A4} belt via een vriendin. Familie wil haar naar het buitenland brengen.")).wpg("9")
        .draft("De familie dreigt haar naar het buitenland te brengen vanwege een relatie.");
    f.incident(Police, 40, [&[brother], &[daughter], &[]], incident("threat", "school, Enschede", "bedreiging via sociale media", "geen", false,
        "{A3} laat via een neef weten dat de familie haar zoekt.")).facts(|facts| facts.decision_id = Some("WPG20-2026-0031".to_owned()));
    f.add(Police, 39, &[brother], risk("Checklist eergerelateerd geweld", &[("eerverlies", 8), ("druk familie", 9)], "high",
        "Familieraad is bijeen geweest."));
    f.add(Police, 38, &[brother], pending("bedreiging", "investigation", None));
    f.add(Prosecution, 36, &[brother], pending("bedreiging met enig misdrijf tegen het leven", "investigation", None))
        .draft("Onderzoek naar bedreiging loopt; de zaak is gevoelig.");
    f.incident(VeiligThuis, 74, [&[father, brother], &[daughter], &[sister]], incident("honour-related-violence", "ouderlijke woning",
        "vrijheidsbeneming en bedreiging", "blauwe plekken", true, "Melding door mentor van het mbo."))
        .draft("Mentor meldt: studente durft niet naar huis. BSN {bsn:A4}.");
    f.add(VeiligThuis, 70, &[daughter, sister], safety(2, [true, true], &["honour-related-threat", "forced-departure", "death-threat"],
        &["Familie vindt de opvang", "Zusje wordt als pressiemiddel gebruikt", "Gedwongen vertrek naar het buitenland"],
        "Acuut voor de oudste dochter; voor de jongste zijn er zorgen over haar toekomst.")
        .agreed(&["Geheime opvang", "Paspoort bij de politie", "School let op afwezigheid van het zusje"]))
        .draft("Acuut onveilig voor de oudste; de jongste dochter vraagt ook bescherming.");
    f.add(VeiligThuis, 70, &[sister], risk("Checklist eergerelateerd geweld", &[("druk familie", 6)], "mid", "Mag niet meer alleen naar school."))
        .hypothesis();
    f.add(VeiligThuis, 68, &[daughter], area("school", "concern", "Opleiding stilgelegd sinds vertrek.", &["shelter", "school-social-work"],
        "Kan vanuit de opvang online lessen volgen."));
    f.add(ChildProtectionBoard, 50, &[sister], child_measure("board-inquiry", f.day(-20), "Raad voor de Kinderbescherming",
        "Onderzoek naar de noodzaak van een maatregel.")).draft("Onderzoek loopt, nog geen besluit.");
    f.add(Municipality, 60, &[daughter], measure("temporary-restraining-order", f.day(32), &["Verlaten van de woning", "Geen contact"], &[sister],
        "Burgemeester van Waterland"));
    plan(Story::HonourThreat, f, "Honour-related threat: a student (19) hides from father and brother, her sister (15) is still at home. One police \
        report is held under Wpg article 9, another has a Wpg 20 decision; a Veilig Thuis draft holds a BSN and must be blocked.")
}
