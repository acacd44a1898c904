//! Names of known persons in text: case- and diacritic-folded, with genitive -s, particles optional, initials with surname. A name that is
//! also a common word, or of two letters, counts only where it is used as a name. Spelt out, cut up or in letters that look alike, it is the
//! same name.

use std::collections::HashSet;

use super::fold::{fold_into, skeleton};
use crate::subject::is_invisible;

/// Words inside names that say nothing alone.
const PARTICLES: [&str; 27] = [
    "van", "de", "der", "den", "het", "t", "te", "ter", "ten", "in", "op", "aan", "el", "al", "la", "le", "von", "zu", "di",
    "da", "du", "dos", "bin", "ben", "ibn", "ould", "d",
];

/// Words before a name.
const TITLES: [&str; 15] = [
    "heer", "dhr", "meneer", "mijnheer", "mevrouw", "mevr", "mw", "familie", "fam", "gezin", "juf", "meester", "oma", "opa",
    "genaamd",
];

/// Common words that open sentences about a household: at the beginning of a sentence their capital says nothing.
const KIN: [&str; 10] = ["broer", "heer", "kind", "man", "moeder", "oma", "opa", "vader", "vrouw", "zus"];

/// Dutch words that are names too: they count only with a capital or in the place of a name.
const COMMON: [&str; 100] = [
    "angel",
    "appel",
    "baas",
    "bakker",
    "beau",
    "beek",
    "beer",
    "berg",
    "bloem",
    "boer",
    "bol",
    "boom",
    "bos",
    "broer",
    "brug",
    "bruin",
    "burg",
    "dag",
    "dam",
    "dijk",
    "dorp",
    "duif",
    "duin",
    "eind",
    "engel",
    "geluk",
    "goed",
    "graaf",
    "groen",
    "groot",
    "haan",
    "haas",
    "hart",
    "heer",
    "heuvel",
    "hof",
    "hond",
    "hoop",
    "huis",
    "jager",
    "jong",
    "juni",
    "kamp",
    "kerk",
    "kind",
    "klein",
    "kok",
    "koning",
    "kramer",
    "lam",
    "lang",
    "leeuw",
    "lente",
    "lief",
    "man",
    "mark",
    "meer",
    "mei",
    "merel",
    "moeder",
    "mol",
    "molen",
    "muis",
    "noor",
    "oma",
    "opa",
    "oud",
    "paard",
    "peer",
    "poort",
    "post",
    "prins",
    "roos",
    "rood",
    "ruiter",
    "schaap",
    "schilder",
    "slager",
    "smit",
    "steen",
    "ster",
    "sterk",
    "storm",
    "timmerman",
    "tol",
    "ton",
    "trouw",
    "tuin",
    "vader",
    "valk",
    "veld",
    "vis",
    "visser",
    "vogel",
    "vos",
    "vrede",
    "vriend",
    "vrouw",
    "wil",
    "wolf",
];

/// How many letters a name has at least, to be told by letters that only look like its own; when spelt out; when cut in pieces.
const MIN_SKELETON: usize = 4;
const MIN_SPELT: usize = 3;
const MIN_CUT: usize = 5;

/// The names of the known persons, prepared.
pub(super) struct KnownPersons(Vec<Names>);

#[derive(Default)]
struct Names {
    /// Count wherever they stand.
    strong: HashSet<String>,
    /// Count only in the place of a name.
    weak: HashSet<String>,
    /// The [`skeleton`] of each name that is long enough to be told by it.
    skeletons: HashSet<String>,
    /// How many letters the longest of all has.
    longest: usize,
}

struct Token {
    folded: String,
    from: usize,
    until: usize,
    capital: bool,
    /// One to three capitals, as initials are written.
    initials: bool,
    /// First of a sentence, where a capital says nothing.
    first: bool,
}

impl KnownPersons {
    pub(super) fn new(persons: &[&[String]]) -> Self {
        Self(persons.iter().map(|names| Names::new(names)).collect())
    }

    /// The ranges (characters) that name one of them; adjacent ones joined.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let tokens = tokens(text);
        let mut named: Vec<bool> = (0..tokens.len()).map(|at| self.0.iter().any(|names| names.named(&tokens, at))).collect();
        for names in &self.0 {
            names.include_cut_up(&tokens, &mut named);
        }
        include_initials(&tokens, &mut named);
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        let mut joined = false;
        for (token, named) in tokens.iter().zip(named) {
            match ranges.last_mut() {
                Some(last) if named && joined => last.1 = token.until,
                _ if named => ranges.push((token.from, token.until)),
                _ => {}
            }
            joined = named || (joined && is_particle(&token.folded));
        }
        ranges
    }
}

impl Names {
    fn new(names: &[String]) -> Self {
        let mut all = Self::default();
        for name in names {
            let words = folded(name);
            // Written as one word: "Annemarie" for "Anne-Marie", "vandenberg" for "van den Berg".
            let joined = name.split_whitespace().map(folded).chain([folded(name)]).filter(|words| words.len() > 1);
            all.strong.extend(joined.map(|words| words.concat()).filter(|joined| joined.chars().count() > 3));
            let only_particles = words.iter().all(|word| is_particle(word));
            for word in words.into_iter().filter(|word| only_particles || !is_particle(word)) {
                let common = COMMON.contains(&word.as_str()) || is_particle(&word) || word.chars().count() < 3;
                if common {
                    all.weak.insert(word)
                } else {
                    all.strong.insert(word)
                };
            }
        }
        let long = |word: &&String| word.chars().count() >= MIN_SKELETON;
        all.skeletons = all.strong.iter().filter(long).map(|word| skeleton(word)).collect();
        all.longest = all.strong.iter().chain(&all.weak).map(|word| word.chars().count()).max().unwrap_or_default();
        all
    }

    /// Words that are one of the names only together: spelt out (`K o w a l c z y k`) or cut up (`Kowal-czyk`).
    fn include_cut_up(&self, tokens: &[Token], named: &mut [bool]) {
        for first in 0..tokens.len() {
            let (mut joined, mut spelt) = (String::new(), true);
            for (last, token) in tokens.iter().enumerate().skip(first) {
                joined.push_str(&token.folded);
                spelt &= token.folded.chars().count() == 1;
                let length = joined.chars().count();
                if length > self.longest {
                    break;
                }
                let long_enough = length >= if spelt { MIN_SPELT } else { MIN_CUT };
                if last > first && long_enough && self.are_name(&joined, spelt) {
                    named.iter_mut().skip(first).take(last - first + 1).for_each(|named| *named = true);
                }
            }
        }
    }

    fn are_name(&self, joined: &str, spelt: bool) -> bool {
        self.strong.contains(joined) || self.looks_like(joined) || (spelt && self.weak.contains(joined))
    }

    fn looks_like(&self, word: &str) -> bool {
        word.chars().count() >= MIN_SKELETON && self.skeletons.contains(&skeleton(word))
    }

    fn named(&self, tokens: &[Token], at: usize) -> bool {
        let Some(token) = tokens.get(at) else { return false };
        let is_in =
            |set: &HashSet<String>| set.contains(&token.folded) || genitive(&token.folded).is_some_and(|stem| set.contains(stem));
        if is_in(&self.strong)
            || self.looks_like(&token.folded)
            || genitive(&token.folded).is_some_and(|stem| self.looks_like(stem))
        {
            return true;
        }
        let written_as_name = token.capital && !(token.first && KIN.contains(&token.folded.as_str()));
        is_in(&self.weak) && (written_as_name || self.stands_as_name(tokens, at))
    }

    /// Before it stand initials, a title or another name of the same person, or after it such a name.
    fn stands_as_name(&self, tokens: &[Token], at: usize) -> bool {
        let significant = |token: &&Token| !is_particle(&token.folded);
        let before = tokens.get(..at).unwrap_or_default().iter().rev().find(significant);
        let after = tokens.get(at + 1..).unwrap_or_default().iter().find(significant);
        let title = |token: &Token| TITLES.contains(&token.folded.as_str());
        before.is_some_and(|token| token.initials || title(token) || self.knows(token))
            || after.is_some_and(|token| self.knows(token))
    }

    fn knows(&self, token: &Token) -> bool {
        self.strong.contains(&token.folded) || self.weak.contains(&token.folded)
    }
}

/// Initials right before a name, particles between them or not, belong to it.
fn include_initials(tokens: &[Token], named: &mut [bool]) {
    let mut before_name = false;
    for (token, named) in tokens.iter().zip(named.iter_mut()).rev() {
        if before_name && token.initials {
            *named = true;
        }
        before_name = *named || (before_name && is_particle(&token.folded));
    }
}

fn genitive(word: &str) -> Option<&str> {
    word.strip_suffix('s').filter(|stem| !stem.is_empty())
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

fn folded(name: &str) -> Vec<String> {
    tokens(name).into_iter().map(|token| token.folded).collect()
}

/// The words of a text; apostrophes, hyphens and digits end a word, invisible marks do not.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    let mut first = true;
    for (at, letter) in text.chars().enumerate() {
        let continues = open && is_invisible(letter);
        if letter.is_alphabetic() || continues {
            if !open {
                let (capital, folded) = (letter.is_uppercase(), String::new());
                tokens.push(Token { folded, from: at, until: at, capital, initials: true, first });
                first = false;
            }
            open = true;
            if let Some(token) = tokens.last_mut() {
                token.initials &= (letter.is_uppercase() || is_invisible(letter)) && at - token.from < 3;
                token.until = at + 1;
                fold_into(&mut token.folded, letter);
            }
        } else {
            // `A1` is a person's letter here, not an initial.
            if let Some(token) = tokens.last_mut().filter(|_| open && letter.is_numeric()) {
                token.initials = false;
            }
            open = false;
            let after_initial = tokens.last().is_some_and(|token| token.initials && token.until == at);
            first |= matches!(letter, '!' | '?' | '\n') || (letter == '.' && !after_initial);
        }
    }
    tokens
}
