//! Folding: case and diacritics do not matter, invisible characters are not there.

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

/// Adds the folded form of `letter` to `word`: lower case, without diacritics. Combining and invisible marks add nothing.
pub(super) fn fold_into(word: &mut String, letter: char) {
    if is_invisible(letter) {
        return;
    }
    for lower in letter.to_lowercase() {
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
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
