//! `dimensions:`, each one business notion with its place in each source.

use super::reader::{Reader, Text, text};
use super::shape::{Field, Record, Shape};
use crate::load::Entry;
use crate::text::Name;

/// A dimension as written.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Its name.
    pub name: Name,
    /// What it means.
    pub title: Option<Text>,
    /// What it means, at length.
    pub description: Option<Text>,
    /// Its type.
    pub ty: Option<Text>,
    /// For each source the path to its value there.
    pub from: Vec<(Name, Text)>,
    /// Whether its definition is left out because it is wrong, so that it is nowhere.
    pub is_lost: bool,
}

/// The keys of a dimension.
pub static DIMENSION: Record = Record {
    what: "a dimension",
    fields: &[
        Field::new("title", Shape::Text, "Its title.").example("Channel"),
        Field::new("description", Shape::Text, "What it means.").example("Where the customer was won."),
        Field::new("type", Shape::Word(&["text", "boolean", "integer", "date"]), "The type of its values. Default: text."),
        Field::new("from", Shape::Map(&Shape::Text), "For each source, the column or path that has it.")
            .example("{ customers: channel, orders: customer.channel }")
            .required(),
    ],
};

/// Reads one dimension.
pub fn decode(entry: &Entry) -> Dimension {
    let reader = Reader::of(&entry.value);
    let places = reader.entries("from").iter();
    Dimension {
        name: entry.key.clone(),
        title: reader.text("title"),
        description: reader.text("description"),
        ty: reader.text("type"),
        from: places.filter_map(|place| Some((place.key.clone(), text(&place.value)?))).collect(),
        is_lost: false,
    }
}
