//! `tests:`, rows given and figures expected.

use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::load::{Entry, Node};
use crate::text::Name;

/// A spec test as written.
#[derive(Debug, Clone)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// Which rule it shows.
    pub description: Option<Text>,
    /// The last visible day; the project's if left out.
    pub as_of: Option<Text>,
    /// The rows of each source; a source that is not named has none.
    pub given: Vec<(Name, Vec<Node>)>,
    /// For each KPI, perhaps with a slice, what is expected.
    pub expect: Vec<(Name, Node)>,
}

/// The keys of a test.
pub static TEST: Record = Record {
    what: "a test",
    fields: &[
        Field::new("description", Shape::Text, "The rule that the test shows.").example("Refunds are no revenue."),
        Field::new("as_of", Shape::Text, "The last visible day. Default: the project's.").example("2024-02-29"),
        Field::new(
            "given",
            Shape::Map(&Shape::List(&Shape::Map(&Shape::Any))),
            "The rows of each source, as maps from column to value. A source that is not listed has no rows.",
        )
        .example("{ orders: [ { ordered_at: 2024-01-03, amount: 10, status: paid } ] }"),
        Field::new(
            "expect",
            Shape::Map(&Shape::Either(&[Shape::Map(&Shape::Any), Shape::List(&Shape::Map(&Shape::Any))])),
            "For `kpi` a map from period to value; for `kpi by dimension` a list of rows; for `guardrails` a list of all \
             periods in which each of them fires; for `key_results`, `key_results_history` and `objectives` a list of rows \
            with the columns of that view.",
        )
        .example("{ revenue: { 2024-01: 10, 2024-02: 0 } }")
        .required(),
    ],
};

/// Reads one test.
pub fn decode(entry: &Entry) -> Test {
    let reader = Reader::of(&entry.value);
    let given = reader.entries("given").iter();
    Test {
        name: entry.key.clone(),
        description: reader.text("description"),
        as_of: reader.text("as_of"),
        given: given.map(|entry| (entry.key.clone(), Reader::list_of(&entry.value).to_vec())).collect(),
        expect: reader.entries("expect").iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect(),
    }
}
