//! `teams:` and `taxonomies:`, who owns KPIs and how they are classified.

use super::allow;
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::load::Entry;
use crate::text::Name;

/// A team as written.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it does.
    pub description: Option<Text>,
    /// Who leads it.
    pub lead: Option<Text>,
}

/// A set of values to classify KPIs by.
#[derive(Debug, Clone)]
pub struct Taxonomy {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it classifies.
    pub description: Option<Text>,
    /// Its values.
    pub values: Vec<Text>,
    /// Whether each value needs a KPI.
    pub cover: bool,
}

/// The keys of a team.
pub static TEAM: Record = Record {
    what: "a team",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("Growth"),
        Field::new("description", Shape::Text, "What it does.").example("Wins customers and keeps the funnel healthy."),
        Field::new("lead", Shape::Text, "Who leads it.").example("Head of growth"),
        allow::FIELD,
    ],
};

/// The keys of a taxonomy.
pub static TAXONOMY: Record = Record {
    what: "a taxonomy",
    fields: &[
        Field::new("title", Shape::Text, "Its title.").example("Segment"),
        Field::new("description", Shape::Text, "What it classifies.").example("Which customers a KPI is about."),
        Field::new("values", Shape::List(&Shape::Name), "Its values, in their order.")
            .example("[consumer, business]")
            .required(),
        Field::new("cover", Shape::Truth, "Whether each value needs a KPI. Default: false."),
    ],
};

/// The taxonomies that every project has unless it defines them itself.
pub const BUILT_IN: [(&str, &[&str]); 2] = [
    ("stage", &["awareness", "consideration", "decision", "retention"]),
    ("driver", &["revenue_velocity", "value_realization", "customer_health", "cost_productivity", "operating_resilience"]),
];

/// Reads one team.
pub fn decode(entry: &Entry) -> Team {
    let reader = Reader::of(&entry.value);
    Team {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        lead: reader.text("lead"),
    }
}

/// Reads one taxonomy.
pub fn decode_taxonomy(entry: &Entry) -> Taxonomy {
    let reader = Reader::of(&entry.value);
    Taxonomy {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        values: reader.texts("values"),
        cover: reader.truth("cover").unwrap_or(false),
    }
}
