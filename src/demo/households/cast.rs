//! Who lives in a generated household.

use super::family::Family;
use super::names::{BACKGROUNDS, Background};
use super::person::{Gender, Role};
use super::random::SplitMix64;

/// Who lives in a generated household.
pub struct Cast {
    /// Suspected of the violence.
    pub suspect: usize,
    /// Its victim.
    pub victim: usize,
    /// Minors, none to three.
    pub children: Vec<usize>,
}

impl Cast {
    /// All of them.
    pub fn everybody(&self) -> Vec<usize> {
        [self.suspect, self.victim].into_iter().chain(self.children.iter().copied()).collect()
    }
}

fn background(random: &mut SplitMix64) -> Background {
    let mut left = random.below(100);
    for (weight, background) in BACKGROUNDS {
        if left < weight {
            return background;
        }
        left -= weight;
    }
    Background::default()
}

/// Two adults, together or apart, and up to three children.
pub fn people(f: &mut Family) -> Cast {
    let (his, hers) = (background(&mut f.random), background(&mut f.random));
    let separated = f.random.chance(30);
    let old = f.random.between(23, 52);
    let oldest_child = old.saturating_sub(20).min(17);
    let count = if old > 50 { 0 } else { f.random.between(0, 3) };
    let suspect_role = match (separated, count) {
        (true, _) => Role::ExPartner,
        (false, 0) => Role::Partner,
        (false, _) => Role::Parent,
    };
    let victim_role = if count == 0 { Role::Partner } else { Role::Parent };
    let surname = surname(&mut f.random, his);
    let suspect = member(f, suspect_role, Gender::Male, old, (his, &surname));
    let own_name = self::surname(&mut f.random, hers);
    let victim = member(f, victim_role, Gender::Female, old.saturating_sub(2), (hers, &own_name));
    let together = i64::try_from(oldest_child).unwrap_or(0) * 365 + 500;
    let until = separated.then(|| f.day(200));
    f.kinship.couple((suspect, victim), f.calendar.days_ago(together), until);
    let mut children = Vec::with_capacity(count);
    for _ in 0..count {
        let gender = if f.random.chance(50) { Gender::Female } else { Gender::Male };
        let age = f.random.between(0, oldest_child);
        let child = member(f, Role::Child, gender, age, (his, &surname));
        let custody: &[usize] = if separated && f.random.chance(40) { &[victim] } else { &[suspect, victim] };
        f.kinship.child(child, &[suspect, victim], custody);
        children.push(child);
    }
    if separated {
        f.move_to(&[suspect], None);
        hide_sometimes(f, suspect, victim, &children);
    }
    Cast { suspect, victim, children }
}

fn hide_sometimes(f: &mut Family, suspect: usize, victim: usize, children: &[usize]) {
    if !f.random.chance(15) {
        return;
    }
    for &hidden in children.iter().chain([&victim]) {
        f.with(hidden, |person| {
            person.secret_address = true;
            person.protect_from(suspect);
        });
    }
}

fn surname(random: &mut SplitMix64, background: Background) -> String {
    let (particle, surname) = random.pick(background.surnames);
    format!("{particle}|{surname}")
}

fn member(f: &mut Family, role: Role, gender: Gender, age: usize, (background, surname): (Background, &str)) -> usize {
    let first = f.random.pick(background.given(gender));
    let given =
        if f.random.chance(35) { format!("{first} {}", f.random.pick(background.given(gender))) } else { first.to_owned() };
    let person = f.person(role, gender, i32::try_from(age).unwrap_or(0), &given, surname);
    let has_v_number = background.nationality_group == "non-eu" && f.random.chance(50);
    f.with(person, |member| {
        member.nationality_group = background.nationality_group;
        if has_v_number {
            member.with_v_number();
        }
    });
    person
}
