//! In hiding from a former partner.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::consent::Outcome;
use super::super::entries::{
    area, care as in_care, child_measure, conviction, diagnosis, incident, measure, pending, risk, safety, supervision,
};
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, care_to_veilig_thuis, plan};
use crate::catalogue::Category;
use crate::demo::organisations::Slug::{MentalHealth, Police, Probation, Prosecution, VeiligThuis, YouthProtection};

/// H04: a mother with two children at a secret address; her former partner looks for her.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
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
    f.with(mother, |person| {
        person.note(
            "Lives at a secret address and is protected from her former partner: \
             nobody who acts for him may learn anything of her.",
        );
    });
    f.with(ex, |person| {
        person.note(
            "The children and their mother are protected from him; one incident in his own file was at their secret address.",
        );
    });
    f.known(&[Police, VeiligThuis], &[mother, ex, son, daughter]);
    f.known(&[YouthProtection], &[mother, son, daughter]);
    let cast = [mother, ex, son, daughter];
    police(&mut f, cast);
    prosecution(&mut f, cast);
    probation(&mut f, cast);
    veilig_thuis(&mut f, cast);
    youth_protection(&mut f, cast);
    mental_health(&mut f, cast);
    f.consent(mother, mother, care_to_veilig_thuis(&[Category::CareInvolvement, Category::Diagnosis], Outcome::Given(60)));
    plan(
        Story::SecretAddress,
        f,
        "A mother and two children at a secret address, protected from the ex-partner who stalks them: her address, \
        its town included, must not come out in any category, not even as \
        the place of an incident or the zone of a ban in his own file.",
    )
}

fn police(f: &mut Family, [mother, ex, son, daughter]: [usize; 4]) {
    f.incident(
        Police,
        620,
        [&[ex], &[mother], &[son, daughter]],
        incident(
            "partner-violence",
            "voormalige woning, Rotterdam",
            "schoppen en slaan",
            "gebroken rib",
            true,
            "{A1} met letsel naar de spoedpost; {K1} verstopte zich met {K2} in de kast.",
        ),
    )
    .draft("Moeder met een gebroken rib naar de spoedpost, beide kinderen waren thuis.");
    f.incident(
        Police,
        290,
        [&[ex], &[mother], &[]],
        incident(
            "stalking",
            "werk van het slachtoffer, Rotterdam",
            "opwachten en bellen",
            "geen",
            false,
            "{A2} staat vier dagen achtereen bij haar werk; 71 gemiste oproepen.",
        ),
    );
    f.incident(
        Police,
        24,
        [&[ex], &[mother], &[son]],
        incident(
            "order-breach",
            "nabij de woning, Middelburg",
            "achtervolging met auto",
            "geen",
            true,
            "Gezien op 200 meter van het geheime adres. {A1} vermoedt een baken onder haar auto.",
        ),
    )
    .draft("Hij reed langs het nieuwe adres; zij en {K1} zagen hem.");
    f.add(
        Police,
        23,
        &[ex],
        risk("SASH", &[("stalking", 9), ("toegang", 7), ("dreiging", 8)], "high", "Escalerende stalking; zoekt via familie."),
    );
    f.add(
        Police,
        285,
        &[ex],
        measure(
            "contact-ban",
            f.day(-400),
            &["Geen contact, ook niet via derden", "Niet in Middelburg"],
            &[mother, son, daughter],
            "Rechtbank Waterland",
        ),
    );
    f.add(Police, 23, &[ex], pending("belaging", "investigation", None));
    f.add(Police, 600, &[ex], conviction("Sr 302", "zware mishandeling", "8 maanden waarvan 4 voorwaardelijk", "final"));
}

fn prosecution(f: &mut Family, [mother, ex, son, daughter]: [usize; 4]) {
    f.add(Prosecution, 500, &[ex], conviction("Sr 302", "zware mishandeling", "8 maanden waarvan 4 voorwaardelijk", "final"))
        .mandate("CPG-2025-0660");
    f.add(Prosecution, 22, &[ex], pending("belaging en overtreding contactverbod", "summoned", Some(f.calendar.days_ago(-18))))
        .mandate("CPG-2026-0304")
        .draft("Opnieuw aangehouden voor belaging; voorgeleiding is geweest.");
    f.add(
        Prosecution,
        285,
        &[ex],
        measure(
            "contact-ban",
            f.day(-400),
            &["Geen contact, ook niet via derden"],
            &[mother, son, daughter],
            "Rechtbank Waterland",
        ),
    )
    .mandate("CPG-2026-0304");
}

fn probation(f: &mut Family, [mother, ex, son, daughter]: [usize; 4]) {
    f.add(
        Probation,
        280,
        &[ex],
        supervision("conditional-sentence", f.day(-400), &["Contactverbod", "Enkelband"], "breached", "rw-0118"),
    );
    f.add(
        Probation,
        20,
        &[ex],
        measure("area-ban", f.day(-400), &["Niet binnen 5 km van Middelburg"], &[mother, son, daughter], "Rechtbank Waterland"),
    );
    f.add(
        Probation,
        20,
        &[ex],
        risk("B-SAFER", &[("geweld", 8), ("stalking", 9), ("kwetsbaarheid", 6)], "high", "Overtrad het verbod tweemaal."),
    )
    .draft("Hoog risico; overtrad het contactverbod opnieuw.");
}

fn veilig_thuis(f: &mut Family, [mother, ex, son, daughter]: [usize; 4]) {
    f.incident(
        VeiligThuis,
        610,
        [&[ex], &[mother], &[son, daughter]],
        incident("partner-violence", "woning", "slaan", "gebroken rib", true, "Melding van de spoedpost."),
    )
    .draft("Ernstig letsel bij moeder, medisch vastgesteld.");
    f.add(
        VeiligThuis,
        21,
        &[mother, son, daughter],
        safety(
            2,
            [true, true],
            &["stalking", "secret-address-found", "death-threat"],
            &["Ex-partner vindt het adres", "Ophalen bij school", "Berichten via familie"],
            "Acuut onveilig sinds het adres mogelijk bekend is.",
        )
        .agreed(&["Noodknop", "School kent de foto van de auto", "Noodplan voor vertrek"]),
    )
    .draft("Acuut onveilig: het adres is mogelijk bekend geworden.");
    f.add(
        VeiligThuis,
        21,
        &[mother],
        risk("SASH", &[("stalking", 9), ("angst", 9)], "high", "Slachtoffer schat de kans op geweld als zeker in."),
    )
    .hypothesis()
    .draft("Het slachtoffer zelf schat het gevaar als zeer hoog in.");
    f.add(
        VeiligThuis,
        20,
        &[mother],
        area("housing", "severe", "Tweede verhuizing in een jaar dreigt.", &["shelter"], "Opvangplek is gereserveerd."),
    );
}

fn youth_protection(f: &mut Family, [_, _, son, daughter]: [usize; 4]) {
    f.add(
        YouthProtection,
        200,
        &[son, daughter],
        child_measure(
            "supervision-order",
            f.day(-165),
            "Jeugdbescherming De Dijk",
            "Geen omgang met vader; speltherapie voor {K1}.",
        ),
    )
    .court_order("C/99/26/0933")
    .draft("Geen omgang met de vader zolang de dreiging duurt.");
}

fn mental_health(f: &mut Family, [mother, ..]: [usize; 4]) {
    f.add(MentalHealth, 150, &[mother], in_care("Centrum voor Psychotrauma", "db-psy-14", "practitioner", None))
        .meldcode("db-psy-14");
    f.add(MentalHealth, 148, &[mother], diagnosis("F43.1", "ICD-10", Some("geheelde ribfractuur"), "EMDR, wekelijks"))
        .meldcode("db-psy-14")
        .draft("Zij heeft klachten na jaren van geweld en volgt wekelijks traumabehandeling.");
}
