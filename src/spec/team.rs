//! `teams:` and `taxonomies:`, who owns KPIs and how they are classified.

use super::allow;
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::diagnostic::{Findings, codes};
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
    /// Who reviews on the code host, as it is written there: `@acme/growth`, or an address.
    pub reviewers: Vec<String>,
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
        Field::new(
            "reviewers",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "Who reviews for it on the code host: names, `organisation/team`, or addresses. For `kpic owners`.",
        )
        .example("[acme/growth]"),
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
pub fn decode(entry: &Entry, findings: &mut Findings) -> Team {
    let reader = Reader::of(&entry.value);
    Team {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        lead: reader.text("lead"),
        reviewers: reader.texts("reviewers").iter().filter_map(|text| reviewer(text, findings)).collect(),
    }
}

/// A reviewer as code hosts write one. What is none is a finding: it would call somebody else, or break the line that it stands in.
fn reviewer(text: &Text, findings: &mut Findings) -> Option<String> {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
    let written = text.value.as_str();
    let name = written.strip_prefix('@').unwrap_or(written);
    if name.split('/').all(is_word) {
        return Some(format!("@{name}"));
    }
    let is_address =
        written.split_once('@').is_some_and(|(user, host)| user.split('+').all(is_word) && is_word(host) && host.contains('.'));
    if is_address {
        return Some(written.to_owned());
    }
    findings
        .report(&codes::WRONG_SHAPE, text.span, format!("`{written}` is not a reviewer on a code host"))
        .help("write a name (`ada`), a team (`acme/growth`) or an address (`ada@example.org`)");
    None
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
