//! The report as a text for the person whom it is about: nobody needs to know the law to read it.

use std::fmt::Write as _;

use super::{Report, ReportLine, RestsOn};
use crate::clock::Day;
use crate::policy::Language;

impl Report {
    /// The report as a text to read.
    pub fn text(&self, language: Language) -> String {
        let words = Words::of(language);
        let mut text = format!("{}\n\n", words.title);
        let mut write = |line: String| writeln!(text, "{line}").ok();
        write(format!("{}: {}", words.by, self.organisation.name));
        write(format!("{}: {}", words.made_on, words.day(self.made_on)));
        write(format!("{}: {}\n", words.period, words.period_of(self.from, self.until)));
        if self.lines.is_empty() {
            write(format!("{}\n", words.nothing));
        }
        for line in &self.lines {
            write(words.line(line));
        }
        write(words.rights.replace("{}", &self.organisation.name));
        text
    }
}

/// What the report is written with.
struct Words {
    title: &'static str,
    by: &'static str,
    made_on: &'static str,
    period: &'static str,
    from: &'static str,
    until: &'static str,
    all: &'static str,
    nothing: &'static str,
    recipient: &'static str,
    source: &'static str,
    purpose: &'static str,
    categories: &'static str,
    rests_on: &'static str,
    consent: &'static str,
    law: &'static str,
    overriding: &'static str,
    basis: &'static str,
    not_recorded: &'static str,
    rights: &'static str,
    months: [&'static str; 12],
}

const DUTCH: Words = Words {
    title: "Wie gegevens over u heeft ontvangen",
    by: "Overzicht van",
    made_on: "Gemaakt op",
    period: "Periode",
    from: "vanaf",
    until: "tot en met",
    all: "alles wat is vastgelegd tot en met de dag waarop dit overzicht is gemaakt",
    nothing: "Dit overzicht bevat geen verstrekte gegevens over u.",
    recipient: "Ontvanger",
    source: "Afkomstig van",
    purpose: "Doel",
    categories: "Gegevens",
    rests_on: "Berust op",
    consent: "uw toestemming",
    law: "de wet, waarvoor uw toestemming niet nodig is",
    overriding: "een besluit om het zonder uw toestemming te delen, wegens gevaar",
    basis: "Wettelijk kader van dit doel",
    not_recorded: "niet vastgelegd",
    rights: "Uw rechten\n\nDit overzicht noemt organisaties en geen medewerkers. Met vragen kunt u terecht bij de functionaris gegevensbescherming van {}. U \
             kunt deze organisatie vragen uw gegevens te mogen inzien, ze te verbeteren of te verwijderen, of het gebruik ervan te beperken, en u kunt bezwaar \
             maken (Algemene verordening gegevensbescherming, artikelen 15 tot en met 18 en 21). Voor gegevens van politie en justitie staan uw rechten in de \
             Wet politiegegevens (artikelen 25 tot en met 28) en de Wet justitiële en strafvorderlijke gegevens. Bent u het met het antwoord niet eens? Dan \
             kunt u een klacht indienen bij de Autoriteit Persoonsgegevens (autoriteitpersoonsgegevens.nl) of naar de rechter gaan.",
    months: [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
};

const ENGLISH: Words = Words {
    title: "Who received data about you",
    by: "Report by",
    made_on: "Made on",
    period: "Period",
    from: "from",
    until: "up to and including",
    all: "everything recorded up to and including the day on which this report was made",
    nothing: "This report contains no data about you that was given to others.",
    recipient: "Recipient",
    source: "Came from",
    purpose: "Purpose",
    categories: "Data",
    rests_on: "Rests on",
    consent: "your consent",
    law: "the law, for which your consent is not needed",
    overriding: "a decision to share it without your consent, because of danger",
    basis: "Legal framework of this purpose",
    not_recorded: "not recorded",
    rights: "Your rights\n\nThis report names organisations and no employees. With questions you can turn to the data protection officer (functionaris \
             gegevensbescherming) of {}. You can ask this organisation for access to your data, to have it corrected or deleted, or to have its use \
             restricted, and you can object (General Data Protection Regulation, articles 15 to 18 and 21). For data of police and justice your rights stand in \
             the Police Data Act (Wet politiegegevens, articles 25 to 28) and the Judicial and Criminal Procedure Data Act (Wet justitiële en \
             strafvorderlijke gegevens). Do you disagree with the answer? Then you can complain to the Dutch Data Protection Authority (Autoriteit \
             Persoonsgegevens, autoriteitpersoonsgegevens.nl) or go to court.",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

impl Words {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::Nl => &DUTCH,
            Language::En => &ENGLISH,
        }
    }

    fn day(&self, day: Day) -> String {
        let (day, month, year) = day.parts();
        let month = self.months.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
        format!("{day} {month} {year}")
    }

    fn period_of(&self, from: Option<Day>, until: Option<Day>) -> String {
        let from = from.map(|day| format!("{} {}", self.from, self.day(day)));
        let until = until.map(|day| format!("{} {}", self.until, self.day(day)));
        let said: Vec<String> = from.into_iter().chain(until).collect();
        if said.is_empty() { self.all.to_owned() } else { said.join(" ") }
    }

    fn line(&self, line: &ReportLine) -> String {
        let sources = line.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join("; ");
        let source = if sources.is_empty() { String::new() } else { format!("  {}: {sources}\n", self.source) };
        let known = |text: &str| if text.is_empty() { self.not_recorded.to_owned() } else { text.to_owned() };
        let bases = match line.legal_basis.as_slice() {
            [] => format!(" {}", self.not_recorded),
            bases => format!("\n    - {}", bases.join("\n    - ")),
        };
        let rests_on = line.rests_on.iter().map(|on| match on {
            RestsOn::Consent => self.consent,
            RestsOn::Law => self.law,
            RestsOn::Override => self.overriding,
        });
        let rests_on = rests_on.collect::<Vec<_>>().join("; ");
        let rests_on = if rests_on.is_empty() { rests_on } else { format!("  {}: {rests_on}\n", self.rests_on) };
        format!(
            "{}\n  {}: {}\n{source}  {}: {}\n  {}: {}\n{rests_on}  {}:{bases}\n",
            self.day(line.date),
            self.recipient,
            line.recipient.name,
            self.purpose,
            known(&line.purpose),
            self.categories,
            line.categories.join("; "),
            self.basis,
        )
    }
}
