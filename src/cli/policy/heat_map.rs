//! The matrix as a heat map: one block per purpose, one row per source and recipient, one column per category that the purpose knows. Colour says on
//! what a cell rests, and so does a small letter behind that of the form: nobody has to tell colours apart. Titles, legend and the narrower blocks fit
//! a telephone's width; wider blocks scroll.

use std::fmt::Write;

use super::matrix::mark;
use crate::catalogue::{Category, Purpose};
use crate::policy::{Bundle, MatrixLine, Verdict};

const LEFT: usize = 150;
const COLUMN: usize = 48;
const ROW: usize = 32;
/// What the slanted names of the columns need, upwards and to the right of the last.
const NAMES: usize = 112;
/// What titles and legend need.
const NARROWEST: usize = 340;
const LINE: usize = 18;

/// The document.
pub(super) fn svg(bundle: &Bundle, lines: &[MatrixLine]) -> String {
    let mut body = String::new();
    let (mut top, mut width) = (legend(&mut body), NARROWEST);
    for purpose in bundle.purposes() {
        let of_purpose: Vec<&MatrixLine> = lines.iter().filter(|line| line.purpose == purpose.id).collect();
        if !of_purpose.is_empty() {
            let size = block(&mut body, top, purpose, &of_purpose);
            (top, width) = (top + size.1 + 2 * LINE, width.max(size.0));
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" viewBox=\"0 0 {width} {top}\" role=\"img\" \
         aria-labelledby=\"sluis-matrix-title sluis-matrix-desc\">\n\
         <title id=\"sluis-matrix-title\">Who may have what of whom · Wie wat van wie mag krijgen</title>\n\
         <desc id=\"sluis-matrix-desc\">{DESCRIPTION}</desc>\n<style>{STYLE}</style>\n\
         <rect width=\"{width}\" height=\"{top}\" fill=\"#fff\"/>\n{body}</svg>"
    )
}

const DESCRIPTION: &str = "A table per purpose: rows are a source and a recipient, columns are categories of data, a cell holds the forms in which the \
                           category may be given and on what that rests. The same as text: sluis policy matrix, or with --csv. Per doel een tabel: \
                           een rij is een bron met een ontvanger, een kolom een soort gegevens; in een cel staat in welke vorm het mag en waarop dat rust.";

const STYLE: &str = "text{font:12px sans-serif;fill:#1a1a1a}text.title{font-weight:bold;font-size:15px}text.mark{font-weight:bold;text-anchor:middle}\
                     text.end{text-anchor:end}.none{fill:#f1f1f1}.allowed{fill:#9fd8a4}.consent{fill:#a8c8f0}.override{fill:#f6bf83}";

/// The explanation; gives the height that it takes.
fn legend(body: &mut String) -> usize {
    text(body, (10, 24), "title", "Who may have what of whom");
    text(body, (10, 24 + LINE), "plain", "Wie wat van wie mag krijgen,");
    text(body, (10, 24 + 2 * LINE), "plain", "when everything that a row asks for is fulfilled");
    let mut y = 24 + 4 * LINE;
    for (class, what) in [
        ("allowed", "X: by law · wettelijke grondslag"),
        ("consent", "Xc: with consent · toestemming"),
        ("override", "Xo: by override of the source · doorbreking"),
        ("none", "never · nooit"),
    ] {
        let _ = writeln!(body, "<rect class=\"{class}\" x=\"10\" y=\"{}\" width=\"18\" height=\"14\"/>", y - 12);
        text(body, (34, y), "plain", what);
        y += LINE;
    }
    for line in [
        "X exact · precies",
        "K reduced: year, band, level · grover: jaar, klasse",
        "F signal: yes, no, unknown · signaal: ja, nee, onbekend",
        "R summary by a professional · samenvatting",
        "X includes K and F, K includes F · X omvat K en F",
    ] {
        text(body, (10, y), "plain", line);
        y += LINE;
    }
    y + LINE
}

/// One purpose; gives the width and the height that it takes.
fn block(body: &mut String, top: usize, purpose: &Purpose, lines: &[&MatrixLine]) -> (usize, usize) {
    for (place, (class, line)) in
        [("title", purpose.id.as_str()), ("plain", &purpose.texts.en), ("plain", &purpose.texts.nl)].into_iter().enumerate()
    {
        text(body, (10, top + place * LINE), class, line);
    }
    let categories: Vec<Category> =
        Category::ALL.into_iter().filter(|category| lines.iter().any(|line| line.category == *category)).collect();
    let head = top + 2 * LINE + NAMES;
    names(body, head, &categories);
    let mut bottom = head;
    for same in lines.chunk_by(|one, other| (one.source, one.recipient) == (other.source, other.recipient)) {
        row(body, bottom, &categories, same);
        bottom += ROW;
    }
    // The last of the slanted names leans over the block's right edge, by as much as it is long.
    let last = categories.last().map_or(0, |category| category.code().len() * 5);
    (LEFT + COLUMN * categories.len() + last.saturating_sub(COLUMN / 2), bottom - top)
}

fn names(body: &mut String, bottom: usize, categories: &[Category]) {
    for (place, category) in categories.iter().enumerate() {
        let (x, y) = (LEFT + place * COLUMN + COLUMN / 2, bottom - 6);
        let _ = writeln!(body, "<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-45 {x} {y})\">{category}</text>");
    }
}

fn row(body: &mut String, top: usize, categories: &[Category], lines: &[&MatrixLine]) {
    let Some(first) = lines.first() else { return };
    text(body, (LEFT - 8, top + 13), "end", first.source.code());
    text(body, (LEFT - 8, top + 26), "end", &format!("→ {}", first.recipient));
    for (place, category) in categories.iter().enumerate() {
        let here: Vec<&MatrixLine> = lines.iter().copied().filter(|line| line.category == *category).collect();
        cell(body, (LEFT + place * COLUMN, top), &here);
    }
}

/// One cell: a part for each ground, as wide as what stands in it asks.
fn cell(body: &mut String, (left, top): (usize, usize), lines: &[&MatrixLine]) {
    if lines.is_empty() {
        part(body, (left, top), COLUMN, "none", "");
    }
    let mut at = left;
    for ground in Verdict::ALL {
        let marks: Vec<String> = lines.iter().filter(|line| line.verdict == ground).map(|line| mark(line)).collect();
        if !marks.is_empty() {
            let width = COLUMN * marks.len() / lines.len();
            part(body, (at, top), width, ground.code(), &marks.join(" "));
            at += width;
        }
    }
}

fn part(body: &mut String, (left, top): (usize, usize), width: usize, class: &str, letters: &str) {
    let (shown, height) = (width.saturating_sub(1), ROW - 1);
    let _ = writeln!(body, "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{shown}\" height=\"{height}\"/>");
    if !letters.is_empty() {
        text(body, (left + width / 2, top + 20), "mark", letters);
    }
}

fn text(body: &mut String, (x, y): (usize, usize), class: &str, content: &str) {
    let safe = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{safe}</text>");
}
