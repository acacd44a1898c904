//! Towns and street names for synthetic addresses. Postcodes have the real shape and lie in the town's real range; street and
//! number are drawn apart from them, so an address means no house.

use super::person::Address;
use super::random::SplitMix64;

/// A town with the four digits of its first and last postcode.
const TOWNS: [(&str, usize, usize); 24] = [
    ("Purmerend", 1441, 1448),
    ("Edam", 1135, 1135),
    ("Volendam", 1131, 1132),
    ("Monnickendam", 1141, 1141),
    ("Zaandam", 1501, 1509),
    ("Hoorn", 1621, 1628),
    ("Enkhuizen", 1601, 1602),
    ("Alkmaar", 1811, 1827),
    ("Den Helder", 1781, 1788),
    ("Amsterdam", 1011, 1108),
    ("Haarlem", 2011, 2037),
    ("Almere", 1311, 1363),
    ("Lelystad", 8211, 8245),
    ("Utrecht", 3511, 3585),
    ("Rotterdam", 3011, 3089),
    ("Middelburg", 4331, 4337),
    ("Tilburg", 5011, 5049),
    ("Venlo", 5911, 5928),
    ("Nijmegen", 6511, 6546),
    ("Deventer", 7411, 7429),
    ("Enschede", 7511, 7548),
    ("Zwolle", 8011, 8045),
    ("Groningen", 9711, 9747),
    ("Heerenveen", 8441, 8448),
];

const STREETS: [&str; 20] = [
    "Sluisstraat",
    "Dijkweg",
    "Lijnbaan",
    "Meerpad",
    "Zuiderkade",
    "Elzenlaan",
    "Wilgenhof",
    "Molenpad",
    "Havendijk",
    "Kerkplein",
    "Schoolstraat",
    "Reigerstraat",
    "Korenbloemlaan",
    "Tussen de Grachten",
    "Veerhaven",
    "Oostersingel",
    "Marktveld",
    "Linnenweg",
    "Akkerwinde",
    "Touwslagershof",
];

/// Postcode letters: F, I, O, Q, U and Y are rarely or never given out, nor are the pairs SA, SD and SS.
const LETTERS: [char; 20] = ['A', 'B', 'C', 'D', 'E', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];

/// An address in one of the towns, with a telephone number of the range 06-0, which is not given out.
pub fn address(random: &mut SplitMix64) -> Address {
    let (city, first, last) = random.pick(&TOWNS);
    address_in(random, city, first, last)
}

/// An address in the town of that name; in any town when there is none of that name.
pub fn address_at(random: &mut SplitMix64, name: &str) -> Address {
    match TOWNS.into_iter().find(|(city, _, _)| *city == name) {
        Some((city, first, last)) => address_in(random, city, first, last),
        None => address(random),
    }
}

fn address_in(random: &mut SplitMix64, city: &'static str, first: usize, last: usize) -> Address {
    let digits = random.between(first, last);
    let first_letter = LETTERS.get(random.below(LETTERS.len())).copied().unwrap_or('A');
    let second_letter = LETTERS.get(random.below(LETTERS.len())).copied().unwrap_or('B');
    let second_letter = if first_letter == 'S' { 'B' } else { second_letter };
    let suffix = if random.chance(15) { random.pick(&["a", "b", "-2", " bis"]) } else { "" };
    Address {
        street: random.pick(&STREETS).to_owned(),
        house_number: format!("{}{suffix}", random.between(1, 240)),
        postcode: format!("{digits} {first_letter}{second_letter}"),
        city: city.to_owned(),
        phone: format!("06-0{:03} {:04}", random.below(1000), random.below(10_000)),
    }
}
