//! `north_star:`, what the company aims for.

use super::allow;
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::load::Entry;
use crate::text::{Name, Span};

/// A North Star as written.
#[derive(Debug, Clone)]
pub struct NorthStar {
    /// The key of its section.
    pub name: Name,
    /// The whole of it.
    pub span: Span,
    /// How people call it.
    pub title: Option<Text>,
    /// The KPI that says how much.
    pub volume: Option<Name>,
    /// The KPI that shows at what cost.
    pub efficiency: Option<Name>,
    /// KPIs that must not suffer.
    pub counter: Vec<Name>,
    /// Why this and nothing else.
    pub because: Option<Text>,
    /// What follows for whom.
    pub consequences: Vec<Consequence>,
}

/// What follows for a team.
#[derive(Debug, Clone)]
pub struct Consequence {
    /// The team.
    pub team: Option<Name>,
    /// What changes for it.
    pub change: Option<Text>,
    /// The KPI that shows whether it is prepared.
    pub ready: Option<Name>,
}

static CONSEQUENCE: Record = Record {
    what: "an entry of `consequences`",
    fields: &[
        Field::new("team", Shape::Name, "Who is affected.").example("success").required(),
        Field::new("change", Shape::Text, "What changes.").example("More onboarding calls.").required(),
        Field::new("ready", Shape::Name, "The KPI that shows whether the team is prepared.").example("onboarding_backlog"),
    ],
};

/// The keys of the North Star.
pub static NORTH_STAR: Record = Record {
    what: "the North Star",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: the title of its volume.")
            .example("Teams that get value every week, at a cost that pays back"),
        Field::new("volume", Shape::Name, "The KPI that shows how much value customers get.")
            .example("weekly_active_teams")
            .required(),
        Field::new("efficiency", Shape::Name, "The KPI that shows at what cost.").example("cac_payback_months"),
        Field::new("counter", Shape::List(&Shape::Name), "KPIs that must not suffer while it grows.")
            .example("[nps, gross_churn_rate]"),
        Field::new("because", Shape::Text, "Why this and nothing else.")
            .example("It grows with adoption, not with the market."),
        Field::new(
            "consequences",
            Shape::List(&Shape::Record(&CONSEQUENCE)),
            "Who its growth affects, how, and the KPI that shows whether they are prepared.",
        ),
        allow::FIELD,
    ],
};

/// Reads the North Star.
pub fn decode(entry: &Entry) -> NorthStar {
    let reader = Reader::of(&entry.value);
    let consequence = |reader: Reader<'_>| Consequence {
        team: reader.text("team"),
        change: reader.text("change"),
        ready: reader.text("ready"),
    };
    NorthStar {
        name: entry.key.clone(),
        span: Span { end: entry.value.span.end, ..entry.key.span },
        title: reader.text("title"),
        volume: reader.text("volume"),
        efficiency: reader.text("efficiency"),
        counter: reader.texts("counter"),
        because: reader.text("because"),
        consequences: reader.items("consequences").iter().map(Reader::of).map(consequence).collect(),
    }
}
