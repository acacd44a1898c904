//! Folding: case and diacritics do not matter, invisible characters are not there.

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
    ("ij", "ij"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņňʼn"),
    ("o", "òóôõöøōŏőǒọỏốồổỗộơớờởỡợ"),
    ("oe", "œ"),
    ("r", "ŕŗř"),
    ("s", "śŝşšșſ"),
    ("ss", "ß"),
    ("t", "ţťŧț"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųǔụủưứừửữự"),
    ("w", "ŵ"),
    ("y", "ýÿŷỳỵỷỹ"),
    ("z", "źżž"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ff", "ff"),
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

/// Combining diacritics, soft hyphens, zero-width characters: they do not end a word or number.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}
