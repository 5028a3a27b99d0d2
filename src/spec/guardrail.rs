//! `guardrails:`, conditions over KPIs that call somebody to act.

use super::allow;
use super::reader::{FormulaText, Reader, Text, text_list};
use super::shape::{Field, Record, Shape};
use crate::calendar::Grain;
use crate::load::Entry;
use crate::text::{Files, Name, Spanned};

/// A guardrail as written.
#[derive(Debug, Clone)]
pub struct Guardrail {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: Option<Text>,
    /// What it guards against.
    pub description: Option<Text>,
    /// The condition under which it fires.
    pub when: Option<FormulaText>,
    /// The grain of the periods that are looked at.
    pub grain: Option<Spanned<Grain>>,
    /// The slices that are watched, each a list of dimensions.
    pub by: Vec<Spanned<Vec<Name>>>,
    /// In how many consecutive periods the condition has to hold.
    pub periods: Option<Spanned<u32>>,
    /// How bad it is.
    pub severity: Option<Text>,
    /// The team that acts.
    pub owner: Option<Name>,
    /// What it does.
    pub action: Option<Text>,
}

/// How bad it is that a guardrail fires, the least first.
pub const SEVERITIES: &[&str] = &["notice", "warn", "alert"];

/// The keys of a guardrail.
pub static GUARDRAIL: Record = Record {
    what: "a guardrail",
    fields: &[
        Field::new("title", Shape::Text, "Its title. Default: made from the name.").example("Churn spikes"),
        Field::new("description", Shape::Text, "What it guards against.")
            .example("Customers leave faster than we win new ones."),
        Field::new("when", Shape::Formula, "The condition over KPIs that makes it fire.")
            .example("gross_churn_rate > 5% or growth(gross_churn_rate) > 20%")
            .required(),
        Field::new("grain", Shape::Word(&Grain::NAMES), "The grain at which it is checked. Default: that of its KPIs."),
        Field::new(
            "by",
            Shape::List(&Shape::Either(&[Shape::Name, Shape::List(&Shape::Name)])),
            "The slices to watch instead of the total, each a dimension or a list of dimensions.",
        )
        .example("[segment]"),
        Field::new("for", Shape::Count, "For how many consecutive complete periods the condition has to be true. Default: 1.")
            .example("2"),
        Field::new("severity", Shape::Word(SEVERITIES), "How bad it is when it fires. Default: warn."),
        Field::new("owner", Shape::Name, "The team that acts.").example("success"),
        Field::new("action", Shape::Text, "What the team does.").example("Start the outreach plan."),
        allow::FIELD,
    ],
};

/// Reads one guardrail.
pub fn decode(entry: &Entry, files: &Files) -> Guardrail {
    let reader = Reader::of(&entry.value);
    Guardrail {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        when: reader.formula("when", files),
        grain: reader.grain("grain"),
        by: reader.items("by").iter().map(|node| Spanned::new(text_list(node), node.span)).collect(),
        periods: reader.count("for"),
        severity: reader.text("severity"),
        owner: reader.text("owner"),
        action: reader.text("action"),
    }
}
