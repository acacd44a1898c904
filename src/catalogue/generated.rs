//! Records made at random from a seed, for tests only: valid ones, odd ones, and ones with members that no form knows.

use serde_json::{Map, Value, json};

use super::fields::fields;
use super::path::{Path, entries, put};
use super::shape::Shape;
use super::{Category, Form};

/// A linear congruential generator (Knuth's MMIX constants): the same seed gives the same tests.
pub struct Lcg(u64);

impl Lcg {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// One of `from`.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = usize::try_from(self.below(from.len() as u64)).unwrap();
        from[index].clone()
    }

    /// An exact record of a category, with fields missing, odd or unknown here and there.
    pub fn record(&mut self, category: Category) -> Value {
        let mut record = Map::new();
        let length = usize::try_from(self.below(4)).unwrap();
        for field in fields(category, Form::Exact) {
            let path = Path::of(field.path);
            if self.below(6) == 0 {
                continue;
            }
            match path {
                Path::Each(list, leaf) => {
                    for index in 0..length {
                        let value = self.value(field.shape);
                        entries(&mut record, list, length).unwrap()[index][leaf] = value;
                    }
                }
                _ => put(&mut record, path, self.value(field.shape)),
            }
        }
        for extra in ["unknown", "bsn", "municipality", "providerKind", "structural", "acute"] {
            if self.below(3) == 0 {
                record.insert(extra.to_owned(), json!("yes"));
            }
        }
        Value::Object(record)
    }

    fn value(&mut self, shape: Shape) -> Value {
        if self.below(12) == 0 {
            return self.pick(&[json!(null), json!(7), json!(true), json!([]), json!({}), json!("…"), json!({"kind": "x"})]);
        }
        match shape {
            Shape::Day => format!("20{:02}-{:02}-{:02}", self.below(27), 1 + self.below(12), 1 + self.below(28)).into(),
            Shape::Flag => json!(self.below(2) == 0),
            Shape::Level => self.pick(&[json!("low"), json!("mid"), json!("hoog"), json!("?")]),
            Shape::Person => self.person(),
            Shape::Persons => (0..self.below(3)).map(|_| self.person()).collect(),
            Shape::Texts | Shape::Codes => {
                self.pick(&[json!(["one", "two"]), json!("one"), json!([{"kind": "three", "by": "x"}])])
            }
            Shape::Scores => json!({"total": 12.5}),
            Shape::Pseudonym => json!("p1_000000000000000000000000000"),
            _ => {
                self.pick(&[json!("mishandeling"), json!("300"), json!("5"), json!("severe"), json!("Purmerend"), json!("Edam")])
            }
        }
    }

    fn person(&mut self) -> Value {
        self.pick(&[
            json!({"letter": "A1", "ageBand": "25-34", "name": "x"}),
            json!({"letter": "K1", "birthDate": "2020-05-05"}),
            json!("A2"),
            json!({"letter": "?"}),
        ])
    }
}
