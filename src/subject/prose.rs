//! Citizen numbers in prose: nine digits that pass the 11-proof, also with separators between them, in whatever digits, within longer numbers. A
//! source looks for them before it lets a summary go, and the gateway again.

use super::Bsn;

/// How many separating characters may stand between two digits of one number.
const MAX_GAP: usize = 3;

struct Digit {
    value: char,
    at: usize,
    /// Whether a separator stands before it.
    apart: bool,
}

/// The ranges (characters) that hold a citizen number.
pub fn find_bsns(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for run in runs(text) {
        for window in run.windows(9) {
            let number: String = window.iter().map(|digit| digit.value).collect();
            if number.parse::<Bsn>().is_err() || !aligned(&run, window) {
                continue;
            }
            let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
            match found.last_mut() {
                Some(previous) if first.at < previous.1 => previous.1 = last.at + 1,
                _ => found.push((first.at, last.at + 1)),
            }
        }
    }
    found
}

/// A window that joins groups (`12 34…`) must begin and end where groups do: else every date beside a time would be a number. Inside one
/// unbroken group every window counts.
fn aligned(run: &[Digit], window: &[Digit]) -> bool {
    let joins = window.iter().skip(1).any(|digit| digit.apart);
    let begins = window.first().is_some_and(|first| first.apart);
    let last = window.last().map_or(0, |last| last.at);
    let next = run.iter().find(|digit| digit.at > last);
    !joins || (begins && next.is_none_or(|next| next.apart))
}

/// Runs of digits with at most [`MAX_GAP`] characters, none a letter or a line's end, between them.
fn runs(text: &str) -> Vec<Vec<Digit>> {
    let mut runs: Vec<Vec<Digit>> = Vec::new();
    let mut gap = usize::MAX;
    for (at, letter) in text.chars().enumerate() {
        if let Some(digit) = decimal(letter) {
            if gap > MAX_GAP {
                runs.push(Vec::new());
            }
            if let Some(run) = runs.last_mut() {
                run.push(Digit { value: digit, at, apart: gap > 0 });
            }
            gap = 0;
        } else if letter.is_alphabetic() || letter == '\n' {
            gap = usize::MAX;
        } else if !is_invisible(letter) {
            gap = gap.saturating_add(1);
        }
    }
    runs
}

/// A decimal digit of the scripts that may be typed or pasted here, as ASCII.
pub fn decimal(letter: char) -> Option<char> {
    let zero = match letter {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{1d7ce}'..='\u{1d7ff}' => {
            return char::from_digit((u32::from(letter) - 0x1_d7ce) % 10, 10);
        }
        _ => return None,
    };
    char::from_digit(u32::from(letter) - u32::from(zero), 10)
}

/// Combining diacritics, soft hyphens, zero-width characters, marks of direction: they do not end a word or number.
pub fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}
