//! The matrix as a heat map: one block per purpose, one row per source and recipient, one column per category. Colour says on what a cell rests, letters
//! in which form, so that nobody has to tell colours apart.

use std::fmt::Write;

use super::matrix::letter;
use crate::catalogue::Category;
use crate::policy::{Bundle, MatrixLine, Verdict};

const LEFT: usize = 330;
const COLUMN: usize = 62;
const ROW: usize = 22;
const HEAD: usize = 150;
/// What the legend needs.
const LEGEND: usize = 1180;

/// The document.
pub(super) fn svg(bundle: &Bundle, lines: &[MatrixLine]) -> String {
    let categories: Vec<Category> =
        Category::ALL.into_iter().filter(|category| lines.iter().any(|line| line.category == *category)).collect();
    let mut body = String::new();
    let mut top = legend(&mut body);
    for purpose in bundle.purposes() {
        let of_purpose: Vec<&MatrixLine> = lines.iter().filter(|line| line.purpose == purpose.id).collect();
        if of_purpose.is_empty() {
            continue;
        }
        let title = format!("{}: {} / {}", purpose.id, purpose.texts.en, purpose.texts.nl);
        text(&mut body, (10, top + 20), "title", &title);
        columns(&mut body, top + HEAD, &categories);
        top += HEAD;
        for same in of_purpose.chunk_by(|one, other| (one.source, one.recipient) == (other.source, other.recipient)) {
            row(&mut body, top, &categories, same);
            top += ROW;
        }
        top += 24;
    }
    let width = (LEFT + COLUMN * categories.len() + 110).max(LEGEND);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" viewBox=\"0 0 {width} {top}\" role=\"img\">\n\
         <title>Who may have what of whom</title>\n<style>{STYLE}</style>\n\
         <rect width=\"{width}\" height=\"{top}\" fill=\"#fff\"/>\n{body}</svg>"
    )
}

const STYLE: &str = "text{font:12px sans-serif;fill:#1a1a1a}.title{font-weight:bold;font-size:15px}.mark{font-weight:bold;text-anchor:middle}\
                     .end{text-anchor:end}.none{fill:#f1f1f1}.allowed{fill:#9fd8a4}.consent{fill:#a8c8f0}.override{fill:#f6bf83}";

/// The explanation; gives the height that it takes.
fn legend(body: &mut String) -> usize {
    text(body, (10, 24), "title", "Who may have what of whom, when everything that a row asks for is fulfilled");
    for (place, (class, what)) in [
        ("allowed", "by law (wettelijke grondslag)"),
        ("consent", "with consent (toestemming)"),
        ("override", "by override of the source (doorbreking)"),
        ("none", "never (nooit)"),
    ]
    .into_iter()
    .enumerate()
    {
        let left = 10 + place * 270;
        let _ = writeln!(body, "<rect class=\"{class}\" x=\"{left}\" y=\"38\" width=\"18\" height=\"14\"/>");
        text(body, (left + 24, 50), "plain", what);
    }
    let forms = "X exact · K reduced (coarser: year, band, level, municipality) · F signal (yes, no, unknown) · R summary in a professional's words. \
                 A form includes the coarser ones after it; a cell may rest on several grounds.";
    text(body, (10, 74), "plain", forms);
    90
}

fn columns(body: &mut String, bottom: usize, categories: &[Category]) {
    for (place, category) in categories.iter().enumerate() {
        let (x, y) = (LEFT + place * COLUMN + COLUMN / 2, bottom - 6);
        let _ = writeln!(body, "<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-45 {x} {y})\">{category}</text>");
    }
}

fn row(body: &mut String, top: usize, categories: &[Category], lines: &[&MatrixLine]) {
    let Some(first) = lines.first() else { return };
    let name = format!("{} → {}", first.source, first.recipient);
    text(body, (LEFT - 8, top + 15), "end", &name);
    for (place, category) in categories.iter().enumerate() {
        let here: Vec<&MatrixLine> = lines.iter().copied().filter(|line| line.category == *category).collect();
        cell(body, (LEFT + place * COLUMN, top), &here);
    }
}

/// One cell: as many parts beside each other as it has grounds.
fn cell(body: &mut String, (left, top): (usize, usize), lines: &[&MatrixLine]) {
    let grounds: Vec<Verdict> =
        Verdict::ALL.into_iter().filter(|verdict| lines.iter().any(|line| line.verdict == *verdict)).collect();
    if grounds.is_empty() {
        part(body, (left, top), COLUMN, "none", "");
    }
    let width = COLUMN / grounds.len().max(1);
    for (place, ground) in grounds.iter().enumerate() {
        let of_ground = lines.iter().filter(|line| line.verdict == *ground);
        let letters: Vec<String> = of_ground.map(|line| letter(line.form).to_string()).collect();
        part(body, (left + place * width, top), width, ground.code(), &letters.join(" "));
    }
}

fn part(body: &mut String, (left, top): (usize, usize), width: usize, class: &str, letters: &str) {
    let (shown, height) = (width.saturating_sub(1), ROW - 1);
    let _ = writeln!(body, "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{shown}\" height=\"{height}\"/>");
    if !letters.is_empty() {
        text(body, (left + width / 2, top + 15), "mark", letters);
    }
}

fn text(body: &mut String, (x, y): (usize, usize), class: &str, content: &str) {
    let safe = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{safe}</text>");
}
