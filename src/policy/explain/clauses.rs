//! A policy's clauses, cut into conditions that can be evaluated one by one.

use cedar_policy::{ParseErrors, Policy};

/// One condition of a policy, as Cedar text that must be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(String);

impl Condition {
    /// As Cedar text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it looks at consent, override, case or what the source states: everything else is about who asks for what.
    pub fn depends_on_person(&self) -> bool {
        ["context.consent", "context.override", "context.case", "context.facts", "context has"]
            .iter()
            .any(|part| self.0.contains(part))
    }

    /// A permit with this condition alone.
    pub fn policy(&self) -> Result<Policy, Box<ParseErrors>> {
        let text = format!("permit (principal, action, resource) when {{ {} }};", self.0);
        Policy::parse(None, text).map_err(Box::new)
    }
}

/// The conditions of a policy: those of `when` as they stand, those of `unless` denied.
pub fn conditions(policy: &Policy) -> Vec<Condition> {
    // As Cedar writes it: one layout, no comments.
    let text = policy.to_cedar().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((keyword, body, after)) = next_clause(rest) {
        if keyword == "when" {
            found.extend(conjuncts(body).into_iter().map(|part| Condition(part.to_owned())));
        } else {
            found.push(Condition(format!("!({})", body.trim())));
        }
        rest = after;
    }
    found
}

/// The next clause: its keyword, what stands between its braces, and what follows.
fn next_clause(text: &str) -> Option<(&'static str, &str, &str)> {
    let head = depths(text).find_map(|(at, depth, quoted)| {
        let keyword = ["when", "unless"].into_iter().find(|word| text.get(at..).is_some_and(|rest| rest.starts_with(word)))?;
        let rest = text.get(at.checked_add(keyword.len())?..)?;
        (depth == 0 && !quoted && rest.trim_start().starts_with('{')).then_some((keyword, at))
    });
    let (keyword, at) = head?;
    let from = at.checked_add(text.get(at..)?.find('{')?)?.checked_add(1)?;
    let body = text.get(from..)?;
    let end = depths(body)
        .find(|(at, depth, quoted)| *depth == 0 && !quoted && body.get(*at..).is_some_and(|rest| rest.starts_with('}')))?
        .0;
    Some((keyword, body.get(..end)?, body.get(end.checked_add(1)?..)?))
}

/// The parts between the outermost `&&`. What has an outermost `||` or `if` is one part.
fn conjuncts(text: &str) -> Vec<&str> {
    let outermost = |sign: &str| -> Vec<usize> {
        let is_sign = |(at, depth, quoted): (usize, usize, bool)| {
            (depth == 0 && !quoted && text.get(at..).is_some_and(|rest| rest.starts_with(sign))).then_some(at)
        };
        depths(text).filter_map(is_sign).collect()
    };
    if !outermost("||").is_empty() || !outermost("if ").is_empty() {
        return vec![text.trim()];
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for at in outermost("&&") {
        parts.push(text.get(from..at).unwrap_or_default());
        from = at.saturating_add(2);
    }
    parts.push(text.get(from..).unwrap_or_default());
    // A part that is all in brackets is cut again.
    let parts = parts.into_iter().map(str::trim);
    let opened = parts.flat_map(|part| match inner(part) {
        Some(within) => conjuncts(within),
        None => vec![part],
    });
    opened.collect()
}

/// What stands in brackets, when they are around the whole.
fn inner(text: &str) -> Option<&str> {
    let within = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i64;
    for character in within.chars() {
        depth = depth.saturating_add(match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        });
        if depth < 0 {
            return None;
        }
    }
    Some(within)
}

/// Each character's place, how many brackets are open before it, and whether it stands in a text.
fn depths(text: &str) -> impl Iterator<Item = (usize, usize, bool)> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.char_indices().map(move |(at, character)| {
        let before = (at, depth, quoted);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth = depth.saturating_add(1),
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        before
    })
}
