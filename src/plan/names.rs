//! Names for the parts of a query: what they hold, never twice, and never that of a relation that the specs read.

use crate::model::{Model, Relation};
use std::collections::HashSet;

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Every word that stands in a table's name, a query or raw SQL is taken: a part of that name would hide the relation.
    pub(super) fn of(model: &Model) -> Self {
        let mut taken = HashSet::new();
        let mut words = |text: &str| {
            for word in text.split(|char: char| !(char.is_alphanumeric() || char == '_')) {
                taken.insert(word.to_lowercase());
            }
        };
        for source in model.sources.rows() {
            match &source.relation {
                Some(Relation::Table(parts)) => parts.iter().for_each(|part| words(part)),
                Some(Relation::Query(query)) => words(query),
                Some(Relation::Files(_)) | None => {}
            }
            for column in source.columns.rows() {
                if let crate::model::Storage::Raw(each) = &column.storage {
                    each.iter().for_each(|(_, sql)| words(sql));
                }
            }
        }
        Self { taken }
    }

    /// A name that begins with `wish` and is not taken; it is from now on.
    pub(super) fn take(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        let mut count = 1;
        while !self.taken.insert(name.to_lowercase()) {
            count += 1;
            name = format!("{wish}_{count}");
        }
        name
    }
}
