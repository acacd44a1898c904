//! How precisely an item's recording date goes out.

use super::fields::fields;
use super::shape::{Shape, is_day};
use super::{Category, Form};

/// The day of recording (`YYYY-MM-DD`) cut to the form's precision: `exact` the day, `signal` the year, `reduced` and `summary`
/// the month when the form has a month or a day of its own, otherwise the year. `None` when `day` is no day or the form does not
/// exist.
pub fn recorded_at(category: Category, form: Form, day: &str) -> Option<String> {
    let known = fields(category, form);
    if known.is_empty() || !is_day(day) {
        return None;
    }
    let monthly = known.iter().any(|field| matches!(field.shape, Shape::Month | Shape::Day));
    let length = match form {
        Form::Exact => 10,
        Form::Reduced | Form::Summary if monthly => 7,
        Form::Reduced | Form::Summary | Form::Signal => 4,
    };
    day.get(..length).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_cut_to_what_the_form_shows() {
        let cut = |category, form| recorded_at(category, form, "2026-11-21");
        assert_eq!(cut(Category::IncidentReports, Form::Exact).as_deref(), Some("2026-11-21"));
        assert_eq!(cut(Category::IncidentReports, Form::Summary).as_deref(), Some("2026-11"));
        assert_eq!(cut(Category::IncidentReports, Form::Reduced).as_deref(), Some("2026"));
        assert_eq!(cut(Category::Measures, Form::Reduced).as_deref(), Some("2026-11"));
        assert_eq!(cut(Category::Measures, Form::Signal).as_deref(), Some("2026"));
        assert_eq!(cut(Category::Diagnosis, Form::Signal), None);
        assert_eq!(recorded_at(Category::Measures, Form::Exact, "21-11-2026"), None);
    }
}
