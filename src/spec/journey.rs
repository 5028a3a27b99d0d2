//! `journeys:`, the order in which one entity passes the steps that matter.

use super::allow;
use super::reader::{FormulaText, Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::load::{Entry, Value};
use crate::text::{Files, Name};

/// A journey as written.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Its name.
    pub name: Name,
    /// What it follows.
    pub description: Option<Text>,
    /// A noun for one journey.
    pub row: Option<Text>,
    /// `first` or `every`.
    pub starts: Option<Text>,
    /// `strict` or `any`.
    pub order: Option<Text>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Whether the steps could not be read, so that none must be called missing.
    pub is_partial: bool,
}

/// A step of a journey as written.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// The source and its time column: `users.created_at`.
    pub at: Option<Text>,
    /// The path to whoever takes the step.
    pub entity: Option<Text>,
    /// Which rows are the step.
    pub filter: Option<FormulaText>,
}

/// The keys of a step.
static STEP: Record = Record {
    what: "a step",
    fields: &[
        Field::new("at", Shape::Text, "The source of the step's rows, and their time column: `source.column`.")
            .example("users.created_at")
            .required(),
        Field::new("entity", Shape::Text, "The column or path that says who takes the step. Rows with null are left out.")
            .example("user_id")
            .required(),
        Field::new("where", Shape::Formula, "Which rows of the source are the step. Default: all.")
            .example("name = 'qualified'"),
    ],
};

/// The keys of a journey.
pub static JOURNEY: Record = Record {
    what: "a journey",
    fields: &[
        Field::new("description", Shape::Text, "What it follows, from where to where.")
            .example("From the first visit to the first purchase."),
        Field::new("row", Shape::Text, "A noun for one journey.").example("user"),
        Field::new(
            "starts",
            Shape::Word(&["first", "every"]),
            "Whether an entity has one journey, from its earliest first step, or one from every first step. Default: first.",
        ),
        Field::new(
            "order",
            Shape::Word(&["strict", "any"]),
            "Whether a step has to come after all steps before it, or only after the first. Default: strict.",
        ),
        Field::new(
            "steps",
            Shape::Named("a step", &Shape::Record(&STEP)),
            "The steps, in order; each is a column with the time at which it was reached.",
        )
        .required(),
        allow::FIELD,
    ],
};

/// Reads one journey.
pub fn decode(entry: &Entry, files: &Files) -> Journey {
    let reader = Reader::of(&entry.value);
    let step = |entry: &Entry| {
        let reader = Reader::of(&entry.value);
        Step {
            name: entry.key.clone(),
            at: reader.text("at"),
            entity: reader.text("entity"),
            filter: reader.formula("where", files),
        }
    };
    Journey {
        name: entry.key.clone(),
        description: reader.text("description"),
        row: reader.text("row"),
        starts: reader.text("starts"),
        order: reader.text("order"),
        steps: reader.entries("steps").iter().map(step).collect(),
        is_partial: !reader.get("steps").is_some_and(|node| matches!(node.value, Value::Map(_) | Value::Null)),
    }
}
