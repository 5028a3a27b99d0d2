//! Names for the parts of a query: what they hold, never twice, and never that of a relation that the specs read.

use crate::model::Model;
use foldhash::HashSet;
use std::sync::Arc;

/// What a column of a plan is called that has something of the project's: by its name, unless the plan has columns of its own that are
/// called so. No name of a project has two underscores, so the other name is nobody's.
pub(in crate::plan) fn beside_own(name: &str, is_own: fn(&str) -> bool) -> String {
    if is_own(name) { format!("{name}__") } else { name.to_owned() }
}

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Names {
    /// Names that are never free. Of parts, every word that stands in a query or raw SQL: it would hide the relation.
    read: Arc<HashSet<String>>,
    /// Names that only a journey's own rows may have.
    journeys: Arc<HashSet<String>>,
    taken: HashSet<String>,
}

impl Names {
    /// Names beside a set that is the same for all queries.
    pub(in crate::plan) fn beside(read: &Arc<HashSet<String>>) -> Self {
        Self { read: Arc::clone(read), journeys: Arc::default(), taken: HashSet::default() }
    }

    /// Names for a query over a model.
    pub(in crate::plan) fn of(model: &Model) -> Self {
        Self { read: model.words_of_relations(), journeys: model.names_of_journeys(), taken: HashSet::default() }
    }

    /// A name that begins with `wish` and is not taken; it is from now on.
    pub(in crate::plan) fn take(&mut self, wish: &str) -> String {
        let journeys = Arc::clone(&self.journeys);
        self.first(wish, |name| !journeys.contains(name))
    }

    /// The same for the rows of a journey.
    pub(in crate::plan) fn take_journey(&mut self, journey: &str) -> String {
        self.first(journey, |_| true)
    }

    fn first(&mut self, wish: &str, is_free: impl Fn(&str) -> bool) -> String {
        let mut name = wish.to_owned();
        let mut count = 1;
        loop {
            let lower = name.to_lowercase();
            if is_free(&lower) && !self.read.contains(&lower) && self.taken.insert(lower) {
                return name;
            }
            count += 1;
            name = format!("{wish}_{count}");
        }
    }
}
