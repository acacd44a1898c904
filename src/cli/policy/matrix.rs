//! `sluis policy matrix`

use std::fmt::Write;

use clap::Args;

use super::{Policies, heat_map};
use crate::catalogue::{Form, PurposeCode};
use crate::cli::output::Failure;
use crate::cli::say;
use crate::policy::{Bundle, MatrixLine};

/// Print who may have what of whom, for which purpose and in which form, when everything that a row asks for is fulfilled. Per cell and verdict one line
/// for the finest of exact, reduced and signal, and one for a summary. Coarser forms than the one shown are permitted too.
#[derive(Args)]
pub(super) struct Matrix {
    #[command(flatten)]
    policies: Policies,
    /// Of one purpose only.
    #[arg(long, value_name = "PURPOSE")]
    purpose: Option<PurposeCode>,
    /// As comma-separated values: `purpose,source,recipient,category,form,verdict`.
    #[arg(long, conflicts_with = "svg")]
    csv: bool,
    /// As a heat map (SVG).
    #[arg(long)]
    svg: bool,
}

impl Matrix {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let bundle = self.policies.load()?;
        if let Some(code) = self.purpose.as_ref().filter(|code| bundle.purpose(code).is_none()) {
            let known: Vec<&str> = bundle.purposes().map(|purpose| purpose.id.as_str()).collect();
            return Err(Failure::usage(format!("{code} is no purpose\n  expected: one of {}", known.join(", "))));
        }
        let lines = bundle.matrix(self.purpose.as_ref()).map_err(|error| self.policies.refused(&error))?;
        say(&match (self.csv, self.svg) {
            (true, _) => csv(&lines),
            (_, true) => heat_map::svg(&bundle, &lines),
            _ => table(&bundle, &lines),
        });
        Ok(())
    }
}

fn csv(lines: &[MatrixLine]) -> String {
    let line = |line: &MatrixLine| {
        let MatrixLine { purpose, source, recipient, category, form, verdict } = line;
        format!("\n{purpose},{source},{recipient},{category},{form},{}", verdict.code())
    };
    format!("purpose,source,recipient,category,form,verdict{}", lines.iter().map(line).collect::<String>())
}

/// One line for each purpose, source and recipient, the categories behind it.
fn table(bundle: &Bundle, lines: &[MatrixLine]) -> String {
    let mut text =
        String::from("X exact, K reduced, F signal, R summary; plain: allowed by law, c: with consent, o: by override\n");
    for purpose in bundle.purposes() {
        let of_purpose: Vec<&MatrixLine> = lines.iter().filter(|line| line.purpose == purpose.id).collect();
        if of_purpose.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}  {} / {}", purpose.id, purpose.texts.en, purpose.texts.nl);
        for same in of_purpose.chunk_by(|one, other| (one.source, one.recipient) == (other.source, other.recipient)) {
            let Some(first) = same.first() else { continue };
            let cells: Vec<String> = same.iter().map(|line| format!("{} {}", line.category, mark(line))).collect();
            let _ = writeln!(text, "  {} → {}: {}", first.source, first.recipient, cells.join(", "));
        }
    }
    text.trim_end().to_owned()
}

/// The form's letter, and on what it rests: nothing for the law, `c` for consent, `o` for an override.
pub(super) fn mark(line: &MatrixLine) -> String {
    let behind = match line.verdict.code() {
        "consent" => "c",
        "override" => "o",
        _ => "",
    };
    format!("{}{behind}", letter(line.form))
}

/// The letter of the domain model's matrix.
const fn letter(form: Form) -> char {
    match form {
        Form::Exact => 'X',
        Form::Reduced => 'K',
        Form::Signal => 'F',
        Form::Summary => 'R',
    }
}
