//! `scorecards:`, KPIs that are reviewed together.

use super::allow;
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::calendar::Grain;
use crate::load::Entry;
use crate::model::review::CADENCES;
use crate::text::{Name, Spanned};

/// A scorecard as written.
#[derive(Debug, Clone)]
pub struct Scorecard {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// How often it is reviewed.
    pub cadence: Option<Text>,
    /// The grain of its rows.
    pub grain: Option<Spanned<Grain>>,
    /// Its KPIs, in their order.
    pub kpis: Vec<Name>,
    /// How many KPIs it may have.
    pub max: Option<Spanned<u32>>,
}

/// The keys of a scorecard.
pub static SCORECARD: Record = Record {
    what: "a scorecard",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("Weekly review"),
        Field::new("description", Shape::Text, "What it is for.").example("What the leads look at on Mondays."),
        Field::new("cadence", Shape::Word(&CADENCES), "How often it is reviewed."),
        Field::new("grain", Shape::Word(&Grain::NAMES), "The grain of its rows. Default: month."),
        Field::new("kpis", Shape::List(&Shape::Name), "Its KPIs, in their order.").example("[revenue, orders]").required(),
        Field::new("max", Shape::Count, "How many KPIs it may have. Default: 10.").example("10"),
        allow::FIELD,
    ],
};

/// Reads one scorecard.
pub fn decode(entry: &Entry) -> Scorecard {
    let reader = Reader::of(&entry.value);
    Scorecard {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        cadence: reader.text("cadence"),
        grain: reader.grain("grain"),
        kpis: reader.texts("kpis"),
        max: reader.count("max"),
    }
}
