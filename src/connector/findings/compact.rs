//! A text as its letters and digits alone: what stands between them does not hide what they say.

use super::fold::{fold_into, skeleton};
use crate::subject::{decimal, is_invisible};

/// A letter (as the one that it looks like) or digit, and where it stands.
struct Mark {
    value: char,
    at: usize,
    /// Whether anything visible stands before it.
    apart: bool,
}

/// A text without what is neither letter nor digit.
pub(super) struct Compact(Vec<Mark>);

impl Compact {
    pub(super) fn new(text: &str) -> Self {
        let (mut marks, mut apart, mut folded) = (Vec::new(), true, String::new());
        for (at, letter) in text.chars().enumerate() {
            folded.clear();
            match decimal(letter) {
                Some(digit) => folded.push(digit),
                None if letter.is_alphanumeric() => fold_into(&mut folded, letter),
                None => {}
            }
            if folded.is_empty() {
                apart |= !is_invisible(letter);
                continue;
            }
            for value in skeleton(&folded).chars() {
                marks.push(Mark { value, at, apart: std::mem::take(&mut apart) });
            }
        }
        Self(marks)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digits alone.
    pub(super) fn digits(&self) -> String {
        self.0.iter().map(|mark| mark.value).filter(char::is_ascii_digit).collect()
    }

    /// The ranges (characters of the text) that hold `pattern`, not as a part of a longer word or number.
    pub(super) fn find_whole<'a>(&'a self, pattern: &'a Self) -> impl Iterator<Item = (usize, usize)> + 'a {
        let bordered = |(start, _): &(usize, _)| self.is_border(*start) && self.is_border(start + pattern.0.len());
        self.places(pattern).filter(bordered).map(|(_, range)| range)
    }

    /// The ranges that hold `pattern`, wherever.
    pub(super) fn find_part<'a>(&'a self, pattern: &'a Self) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.places(pattern).map(|(_, range)| range)
    }

    fn places<'a>(&'a self, pattern: &'a Self) -> impl Iterator<Item = (usize, (usize, usize))> + 'a {
        let windows = self.0.windows(pattern.0.len().max(1)).enumerate().filter(|_| !pattern.is_empty());
        windows.filter_map(|(start, window)| {
            let same = window.iter().zip(&pattern.0).all(|(mark, wanted)| mark.value == wanted.value);
            let range = (window.first()?.at, window.last()?.at + 1);
            same.then_some((start, range))
        })
    }

    /// Whether a word or number ends before the mark at `place`.
    fn is_border(&self, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|before| self.0.get(before));
        let (Some(before), Some(after)) = (before, self.0.get(place)) else { return true };
        after.apart || before.value.is_ascii_digit() != after.value.is_ascii_digit()
    }
}
