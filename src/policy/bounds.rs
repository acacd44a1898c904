//! How large and how nested a bundle may be. Cedar's parser, validator and evaluator call themselves for every bracket and operator: a text that goes
//! too deep would take the whole process down, whoever approved it. Our own policies stay far below each bound.

use super::faults::Faults;
use super::files::Files;
use super::statements::code;
use crate::catalogue::purpose::FileError;

/// Files in a bundle.
pub const FILES: usize = 256;
/// Bytes of all files together.
const BYTES: usize = 8 * 1024 * 1024;
/// Statements in all files together.
const STATEMENTS: usize = 2_000;
/// Brackets within brackets.
const NESTED: usize = 32;
/// Brackets, operators and `if`s in one statement.
const OPERATORS: usize = 1_000;

/// Finds what is too large, or too nested, before anything of it is parsed.
pub fn check(files: &Files, faults: &mut Faults) {
    let whole = |message: String| FileError { file: "schema.cedarschema".to_owned(), line: 1, message };
    let bytes = files.values().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if files.len() > FILES || bytes > BYTES {
        faults.add(whole(format!("the policies are {} files of {bytes} bytes; at most {FILES} of {BYTES}", files.len())));
    }
    let mut statements = 0_usize;
    for (name, text) in files.iter().filter(|(name, _)| name.contains(".cedar")) {
        faults.keep(check_text(name, text, &mut statements));
    }
}

fn check_text(name: &str, text: &str, statements: &mut usize) -> Result<(), FileError> {
    let refused = |at: usize, what: String| FileError::at(name, text, at, format!("{what}: write it simpler"));
    // In a schema `<` opens a type; in a policy it compares.
    let (opening, closing) = if name.ends_with("schema") { ("([{<", ")]}>") } else { ("([{", ")]}") };
    let (mut nested, mut operators, mut word) = (0_usize, 0_usize, String::new());
    for (at, character) in code(text) {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        operators = operators.saturating_add(usize::from(std::mem::take(&mut word) == "if"));
        match character {
            ';' => (nested, operators, *statements) = (0, 0, statements.saturating_add(1)),
            _ if opening.contains(character) => {
                nested = nested.saturating_add(1);
                operators = operators.saturating_add(1);
            }
            _ if closing.contains(character) => nested = nested.saturating_sub(1),
            '.' | '&' | '|' | '!' | '<' | '>' | '=' | '+' | '-' | '*' | '?' => operators = operators.saturating_add(1),
            _ => {}
        }
        if nested > NESTED {
            return Err(refused(at, format!("brackets go more than {NESTED} deep here")));
        }
        if operators > OPERATORS {
            return Err(refused(at, format!("this statement has more than {OPERATORS} brackets and operators")));
        }
        if *statements > STATEMENTS {
            return Err(refused(at, format!("the policies have more than {STATEMENTS} statements")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Category;
    use crate::organisation::Kind;
    use crate::policy::{Bundle, FormSet};

    const GUARDS: &str = "rules/guards.cedar";

    /// A bundle whose first guard has one more condition.
    fn guarded(condition: &str) -> Result<Bundle, String> {
        let mut files = Bundle::embedded().expect("a bundle").files;
        let text = files.get_mut(GUARDS).expect("the guards");
        *text = text.replacen("\nwhen {", &format!("\nwhen {{ {condition} }}\nwhen {{"), 1);
        Bundle::from_files(files).map_err(|error| error.to_string())
    }

    /// As the gateway reads and decides: on a thread with the stack that the runtime gives.
    fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).expect("a thread");
        thread.join().expect("it ends")
    }

    #[test]
    fn what_goes_too_deep_is_refused_where_it_stands() {
        let and = |count: usize| ["context.facts.mandate"].repeat(count).join(" && ");
        let either = |count: usize| "if context.facts.mandate then true else ".repeat(count) + "false";
        let deep = |count: usize| format!("{}context.facts.mandate{}", "(".repeat(count), ")".repeat(count));
        let list = |count: usize| format!("{}1{} == [[1]]", "[".repeat(count), "]".repeat(count));
        for condition in [deep(500), deep(100_000), list(1_000), and(1_000), either(2_000), "!".repeat(2_000) + "true"] {
            let refused = on_a_small_stack(move || guarded(&condition)).expect_err("too deep");
            assert!(refused.contains("rules/guards.cedar:") && refused.contains("write it simpler"), "{refused}");
        }
    }

    /// At the bounds everything works: they are low enough.
    #[test]
    fn what_is_within_the_bounds_is_read_and_decided() {
        let deep = format!("{}context.facts.mandate{}", "(".repeat(NESTED - 1), ")".repeat(NESTED - 1));
        let and = ["context.facts.mandate"].repeat(220).join(" && ");
        let either = "if context.facts.mandate then true else ".repeat(300) + "false";
        for condition in [deep, and, either] {
            on_a_small_stack(move || {
                let bundle = guarded(&condition).unwrap_or_else(|error| panic!("{error}"));
                let purpose = "safety-assessment".parse().expect("a code");
                let forms = bundle.ever_permitted(Kind::VeiligThuis, &purpose, Kind::Police, Category::Identity);
                assert!(forms != FormSet::NONE, "it decides");
            });
        }
    }

    #[test]
    fn a_schema_of_sets_in_sets_and_too_many_files_are_refused() {
        let mut files = Bundle::embedded().expect("a bundle").files;
        let text = files.get_mut("schema.cedarschema").expect("a schema");
        *text = text.replacen("mandate: Bool", &format!("mandate: {}Bool{}", "Set<".repeat(400), ">".repeat(400)), 1);
        let refused = on_a_small_stack(|| Bundle::from_files(files)).expect_err("too deep").to_string();
        assert!(refused.starts_with("policies/schema.cedarschema:") && refused.contains("deep"), "{refused}");
        let mut files = Bundle::embedded().expect("a bundle").files;
        files.extend((0..FILES).map(|number| (format!("tests/{number}.toml"), String::new())));
        assert!(Bundle::from_files(files).expect_err("too many").to_string().contains("at most 256"));
        let mut files = Bundle::embedded().expect("a bundle").files;
        files.get_mut(GUARDS).expect("guards").push_str(&"permit(principal, action, resource);\n".repeat(STATEMENTS));
        assert!(Bundle::from_files(files).expect_err("too many").to_string().contains("2000 statements"));
    }
}
