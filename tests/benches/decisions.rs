//! Sixty policy decisions: evaluated, and remembered.

use std::time::{Duration, Instant};

use sluis::catalogue::{Category, Form};
use sluis::clock::Timestamp;
use sluis::demo::organisations::Slug;
use sluis::policy::{Bundle, Party, Question};

use crate::Outcome;
use crate::figures::{Figures, median, micros, millis};
use crate::world::{PURPOSE, REQUESTER};

/// The sources of the questions; each is asked about ten categories.
const SOURCES: [Slug; 6] =
    [Slug::Police, Slug::Prosecution, Slug::Probation, Slug::MentalHealth, Slug::YouthProtection, Slug::Municipality];

const CATEGORIES: usize = 10;
const ROUNDS: usize = 50;

/// Decides sixty questions of one request to six sources.
pub(crate) fn sixty(figures: &mut Figures) -> Outcome<()> {
    let bundle = Bundle::embedded()?;
    let questions = questions()?;
    let begun = Instant::now();
    for question in &questions {
        drop(bundle.decide_fresh(question));
    }
    figures.beside("60 decisions, the very first of a process, ms", millis(begun.elapsed()));
    let round = |decide: &dyn Fn(&Question)| {
        let begun = Instant::now();
        questions.iter().for_each(decide);
        begun.elapsed()
    };
    let mut cold: Vec<Duration> =
        (0..ROUNDS).map(|_| round(&|question| drop(std::hint::black_box(bundle.decide_fresh(question))))).collect();
    round(&|question| drop(bundle.decide(question)));
    let mut warm: Vec<Duration> =
        (0..ROUNDS).map(|_| round(&|question| drop(std::hint::black_box(bundle.decide(question))))).collect();
    figures.set_on_both("decisions60_cold_ms", millis(median(&mut cold)));
    figures.set_on_both("decisions60_warm_us", micros(median(&mut warm)));
    Ok(())
}

fn questions() -> Outcome<Vec<Question>> {
    let recipient = REQUESTER.organisation();
    let mut questions = Vec::new();
    for source in SOURCES.map(Slug::organisation) {
        for category in Category::ALL.into_iter().take(CATEGORIES) {
            questions.push(Question {
                purpose: PURPOSE.to_owned().try_into()?,
                recipient: Party { oin: recipient.parsed_oin()?, kind: recipient.kind },
                asker: recipient.kind,
                source: Party { oin: source.parsed_oin()?, kind: source.kind },
                category,
                finest: Form::Exact,
                now: Timestamp::from_seconds(1_800_000_000),
                consent: None,
                derogation: None,
                case: None,
                facts: None,
            });
        }
    }
    Ok(questions)
}
