//! Folding: case, diacritics and width do not matter, invisible characters are not there; and which letters look alike.

use crate::subject::is_invisible;

/// The letters of each line fold to the plain letters before it; lower case only.
const FOLDS: [(&str, &str); 28] = [
    ("a", "àáâãäåāăąǎạảấầẩẫậắằẳẵặ"),
    ("ae", "æǽ"),
    ("c", "çćĉċč"),
    ("d", "ďđ"),
    ("dh", "ð"),
    ("e", "èéêëēĕėęěẹẻẽếềểễệ"),
    ("g", "ĝğġģǧ"),
    ("h", "ĥħ"),
    ("i", "ìíîïĩīĭįıǐỉị"),
    ("ij", "\u{133}"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņň\u{149}"),
    ("o", "òóôõöøōŏőǒọỏốồổỗộơớờởỡợ"),
    ("oe", "œ"),
    ("r", "ŕŗř"),
    ("s", "śŝşšș\u{17f}"),
    ("ss", "ß"),
    ("t", "ţťŧț"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųǔụủưứừửữự"),
    ("w", "ŵ"),
    ("y", "ýÿŷỳỵỷỹ"),
    ("z", "źżž"),
    ("fi", "\u{fb01}"),
    ("fl", "\u{fb02}"),
    ("ff", "\u{fb00}"),
];

/// Letters of other scripts by the Latin letter that they look like, lower case; small l, i and capital I are one.
const LOOK_ALIKES: [(char, &str); 19] = [
    ('a', "аα"),
    ('b', "вβ"),
    ('c', "сϲ"),
    ('d', "ԁ"),
    ('e', "еε"),
    ('h', "нη"),
    ('j', "ј"),
    ('k', "кκ"),
    ('l', "iіιӏ|"),
    ('m', "м"),
    ('n', "п"),
    ('o', "оο"),
    ('p', "рρ"),
    ('s', "ѕ"),
    ('t', "тτ"),
    ('u', "υ"),
    ('v', "ν"),
    ('x', "хχ"),
    ('y', "уγ"),
];

/// The letters of `folded`, each as the one letter that it looks like.
pub(super) fn skeleton(folded: &str) -> String {
    let like = |letter: char| LOOK_ALIKES.iter().find(|(_, others)| others.contains(letter)).map_or(letter, |(plain, _)| *plain);
    folded.chars().map(like).collect()
}

/// A letter in a wide, mathematical or circled form, as the plain letter.
fn plain(letter: char) -> char {
    let code = u32::from(letter);
    let letter_of = |place: u32| {
        let upper = place < 26;
        char::from_u32(if upper { 0x41 + place } else { 0x61 + place - 26 }).unwrap_or(letter)
    };
    match code {
        0xff21..=0xff3a => letter_of(code - 0xff21),
        0xff41..=0xff5a => letter_of(code - 0xff41 + 26),
        0x1_d400..=0x1_d6a3 => letter_of((code - 0x1_d400) % 52),
        0x24b6..=0x24e9 => letter_of(code - 0x24b6),
        _ => letter,
    }
}

/// Adds the folded form of `letter` to `word`: lower case, without diacritics. Combining and invisible marks add nothing.
pub(super) fn fold_into(word: &mut String, letter: char) {
    if is_invisible(letter) {
        return;
    }
    for lower in plain(letter).to_lowercase() {
        match FOLDS.iter().find(|(_, letters)| letters.contains(lower)) {
            Some((plain, _)) => word.push_str(plain),
            None if is_invisible(lower) => {}
            None => word.push(lower),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_plain_letter_is_in_the_table() {
        assert!(FOLDS.iter().flat_map(|(_, letters)| letters.chars()).all(|letter| !letter.is_ascii() && letter.is_alphabetic()));
    }

    #[test]
    fn letters_fold_to_plain_ones() {
        let fold = |text: &str| {
            let mut word = String::new();
            text.chars().for_each(|letter| fold_into(&mut word, letter));
            word
        };
        for (text, folded) in [
            ("IJsbrand", "ijsbrand"),
            ("\u{132}sbrand", "ijsbrand"),
            ("Zoë", "zoe"),
            ("ŞAHİN", "sahin"),
            ("Łukasz", "lukasz"),
            ("Đặng", "dang"),
            ("Søren", "soren"),
            ("Strauß", "strauss"),
            ("fijnf\u{ad}y", "fijnfy"),
            ("Фатима", "фатима"),
            ("Ｆａｔｉｍａ", "fatima"),
            ("𝐅𝒂𝖙𝚒𝗆𝓪", "fatima"),
            ("Ⓕⓐtima", "fatima"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
    #[test]
    fn letters_that_look_alike_are_one() {
        for (text, plain) in [("kоwаlczyk", "kowalczyk"), ("kowaiczyk", "kowalczyk"), ("isabel", "lsabel"), ("мαrк", "mark")]
        {
            assert_eq!(skeleton(text), skeleton(plain), "{text}");
        }
    }
}
