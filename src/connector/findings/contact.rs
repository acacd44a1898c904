//! Where known persons live and how they are reached, however it is written: street or place with house number, postcode, telephone, e-mail.

use super::compact::Compact;
use crate::connector::household::Contact;

/// What may stand between a street or place and the house number after it.
const BEFORE_NUMBER: [&str; 8] = ["", "nr", "nummer", "no", "huisnummer", "op", "op nr", "op nummer"];

/// What may stand between a house number and the street or place after it.
const AFTER_NUMBER: [&str; 5] = ["", "in", "te", "aan de", "aan het"];

/// Endings of streets, and how they are abbreviated.
const ABBREVIATED: [(&str, &str); 5] = [("straat", "str"), ("laan", "ln"), ("weg", "wg"), ("plein", "pln"), ("kade", "kd")];

/// What is said for the `@` where an address is written out.
const AT: [&str; 3] = ["", "at", "apenstaartje"];

/// How many digits a telephone number has after country code and leading zero.
const SUBSCRIBER: usize = 9;

/// The contacts, prepared.
#[derive(Default)]
pub(super) struct Contacts {
    /// Count only as whole words and numbers.
    whole: Vec<Compact>,
    /// Count within longer numbers too: what stands before is a code of country or area.
    part: Vec<Compact>,
}

impl Contacts {
    pub(super) fn new(contacts: &[Contact]) -> Self {
        let mut all = Self::default();
        for contact in contacts {
            all.add_places(contact);
            all.whole.extend(contact.postcode.as_deref().map(Compact::new));
            if let Some((local, domain)) = contact.email.as_deref().and_then(|email| email.split_once('@')) {
                all.whole.extend(AT.map(|at| Compact::new(&format!("{local} {at} {domain}"))));
            }
            if let Some(digits) = contact.phone.as_deref().map(|phone| Compact::new(phone).digits()) {
                let subscriber = digits.len().checked_sub(SUBSCRIBER).and_then(|from| digits.get(from..));
                let (numbers, number) = subscriber.map_or((&mut all.whole, &*digits), |number| (&mut all.part, number));
                numbers.push(Compact::new(number));
            }
        }
        all
    }

    /// The ranges (characters) that tell one of them, in order; those that overlap joined.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let text = Compact::new(text);
        let whole = self.whole.iter().flat_map(|pattern| text.find_whole(pattern));
        let mut ranges: Vec<_> = whole.chain(self.part.iter().flat_map(|pattern| text.find_part(pattern))).collect();
        ranges.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.0 < last.1 => last.1 = last.1.max(range.1),
                _ => joined.push(range),
            }
        }
        joined
    }

    fn add_places(&mut self, contact: &Contact) {
        let Contact { street, house_number, city, .. } = contact;
        // The number without its addition: `12` finds `12a` and `12-bis` too.
        let digits =
            |text: &str| text.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let number: String = house_number.as_deref().map(digits).unwrap_or_default();
        if number.is_empty() {
            // A register that writes both in one.
            self.whole
                .extend(street.as_deref().filter(|street| street.contains(|sign: char| sign.is_ascii_digit())).map(Compact::new));
            return;
        }
        for place in street.as_deref().map(spellings).unwrap_or_default().iter().chain(city).filter(|place| has_letter(place)) {
            self.whole.extend(BEFORE_NUMBER.map(|between| Compact::new(&format!("{place} {between} {number}"))));
            self.whole.extend(AFTER_NUMBER.map(|between| Compact::new(&format!("{number} {between} {place}"))));
        }
    }
}

fn has_letter(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

/// The street as it is written, and abbreviated or in full.
fn spellings(street: &str) -> Vec<String> {
    let street = street.trim().trim_end_matches('.').to_lowercase();
    let other = |from: &str, to: &str| street.strip_suffix(from).map(|stem| format!("{stem}{to}"));
    let others = ABBREVIATED.iter().flat_map(|(full, short)| [other(full, short), other(short, full)]);
    let others: Vec<String> = others.flatten().collect();
    [street.clone()].into_iter().chain(others).collect()
}
