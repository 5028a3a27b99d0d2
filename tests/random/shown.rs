//! Which rows of a view there are: rule 8 of the language, row by row.

use super::calendar::Back;
use super::evaluate::{Evaluator, Place, ages, part, total};
use super::project::{Aggregate, Body, Figure, Formula, Grain, Kpi, Past, Value, Window};
use super::rows::{Record, related};
use jiff::civil::Date;

impl<'a> Evaluator<'a> {
    /// Rule 8: the combinations of dimension values that a KPI has had, each with the day of the first row that shows it: the first on or
    /// after `data_from`, or after the beginning of a window that is looked at in a period shown.
    pub fn slices(&self, kpi: &'a Kpi, grain: Grain, dimensions: &[String]) -> Vec<(Vec<Value>, Date)> {
        let mut found: Vec<(Vec<Value>, Date)> = Vec::new();
        let slice: Vec<(String, Value)> = dimensions.iter().map(|name| (name.clone(), Value::Null)).collect();
        let mut seen = |record: Record<'a>, day: Date| {
            let values: Vec<Value> = dimensions.iter().map(|name| self.slice_of(record, name)).collect();
            match found.iter_mut().find(|(known, _)| *known == values) {
                Some((_, known)) => *known = (*known).min(day),
                None => found.push((values, day)),
            }
        };
        for age in ages(kpi) {
            let mut leaves: Vec<Leaf<'a>> = Vec::new();
            let start = self.calendar.data_from;
            let (slice, parts) = (slice.clone(), Vec::new());
            let place = Place { grain, start, slice, parts, age, born: None, empty_is_null: false };
            self.kpi_leaves(kpi, &place, true, &mut leaves);
            let first = self.calendar.shown(grain).into_iter().next();
            first.into_iter().for_each(|start| self.kpi_leaves(kpi, &Place { start, ..place.clone() }, false, &mut leaves));
            for leaf in leaves {
                self.leaf_appearances(&leaf, &mut seen);
            }
        }
        found
    }

    fn kpi_leaves(&self, kpi: &'a Kpi, place: &Place<'a>, anywhere: bool, leaves: &mut Vec<Leaf<'a>>) {
        match &kpi.body {
            Body::Formula(formula) => self.leaves(formula, place, anywhere, leaves),
            Body::Values { .. } => {}
        }
    }

    /// The aggregates of a formula that keep all dimensions, each with the earliest day that its window has where it is looked at from the
    /// first period shown; `anywhere` only lists them.
    fn leaves(&self, formula: &'a Formula, place: &Place<'a>, anywhere: bool, leaves: &mut Vec<Leaf<'a>>) {
        formula.leaves(&mut |figure| match figure {
            Figure::Kpi(name) => self.kpi_leaves(self.project.kpi(name), place, anywhere, leaves),
            Figure::Aggregate(aggregate) => self.leaf(aggregate, place, anywhere, leaves),
            Figure::Grouped(grouped) => grouped.aggregates().for_each(|of| self.leaf(of, place, anywhere, leaves)),
            Figure::Each(each) if anywhere => {
                self.leaves(&each.of, &Place { grain: each.grain, ..place.clone() }, anywhere, leaves);
            }
            Figure::Each(each) => {
                // The first of its periods since data is whole.
                let from =
                    self.each_window(each, place).0.map_or(self.calendar.data_from, |from| from.max(self.calendar.data_from));
                let first = self.calendar.from(each.grain, from).into_iter().next();
                let place = first.map(|start| Place { grain: each.grain, start, ..place.clone() });
                place.into_iter().for_each(|place| self.leaves(&each.of, &place, anywhere, leaves));
            }
            Figure::Past(past, of, length) => {
                // Where it leads to before data is whole, the first period that does not begin before.
                let start = match self.calendar.back(place.grain, place.start, *length).unwrap() {
                    Back::To(start) => Some(start),
                    Back::Before | Back::Nowhere => self.calendar.from(place.grain, self.calendar.data_from).into_iter().next(),
                };
                let before = start.map(|start| Place { start, ..place.clone() });
                let before = if anywhere { Some(place.clone()) } else { before };
                before.into_iter().for_each(|place| self.leaves(of, &place, anywhere, leaves));
                if past.whole() != Past::Prior {
                    self.leaves(of, place, anywhere, leaves);
                }
            }
            Figure::Slice(of, condition) => self.leaves(of, &part(place, condition), anywhere, leaves),
            Figure::Total(of, dimensions) => {
                // What lacks a dimension shows no slices.
                let without = total(place, dimensions);
                if without.slice.len() == place.slice.len() {
                    self.leaves(of, &without, anywhere, leaves);
                }
            }
        });
    }

    fn leaf(&self, aggregate: &'a Aggregate, place: &Place<'a>, anywhere: bool, leaves: &mut Vec<Leaf<'a>>) {
        let since = if anywhere {
            self.calendar.data_from
        } else {
            // All time has no beginning.
            self.window(aggregate.window, place).0.unwrap_or(Date::MIN)
        };
        let same = |leaf: &&mut Leaf<'a>| {
            std::ptr::eq(leaf.aggregate, aggregate)
                && leaf.place.grain == place.grain
                && leaf
                    .place
                    .parts
                    .iter()
                    .map(|part| std::ptr::from_ref(*part))
                    .eq(place.parts.iter().map(|part| std::ptr::from_ref(*part)))
        };
        match leaves.iter_mut().find(same) {
            Some(known) => known.since = known.since.min(since),
            None => leaves.push(Leaf { aggregate, place: place.clone(), since }),
        }
    }

    /// The rows of a leaf that pass its condition, each with the day on which it counts.
    fn leaf_appearances(&self, leaf: &Leaf<'a>, seen: &mut dyn FnMut(Record<'a>, Date)) {
        let Leaf { aggregate, place, since } = leaf;
        let calendar = self.calendar;
        let anywhere = Place { slice: Vec::new(), ..place.clone() };
        if related(aggregate).is_empty() && self.project.stock(aggregate).is_none() {
            // A calendar of one's own puts days before its first into no period.
            let by_period = matches!(aggregate.window, Window::Period | Window::Previous);
            let since = if by_period { (*since).max(calendar.first_day()) } else { *since };
            for (day, record, _) in self.passing(aggregate, &anywhere) {
                match day {
                    Some(day) if day >= since && day <= calendar.as_of => {
                        seen(record, day);
                    }
                    // Rows without a time are there from the beginning.
                    None if aggregate.at.is_none() && record.source.time.is_none() => seen(record, calendar.data_from),
                    _ => {}
                }
            }
            return;
        }
        // Whether a row passes, or a state holds, depends on the period: it appears in the first in which it is in the window and passes.
        for start in calendar.from(place.grain, calendar.data_from) {
            for (_, record, _) in self.in_window(aggregate, &Place { start, ..anywhere.clone() }) {
                seen(record, start);
            }
        }
    }

    pub fn kpi_has_rows(&self, kpi: &'a Kpi, place: &Place<'a>) -> bool {
        match &kpi.body {
            Body::Formula(formula) => self.has_rows(formula, place),
            Body::Values { figures, .. } => figures.iter().any(|(start, _)| *start == place.start),
        }
    }

    /// `gaps: omit`: whether any leaf has a row in its own window, or an entity that counts.
    pub fn has_rows(&self, formula: &'a Formula, place: &Place<'a>) -> bool {
        let mut any = false;
        formula.leaves(&mut |figure| {
            any |= match figure {
                Figure::Kpi(name) => self.kpi_has_rows(self.project.kpi(name), place),
                Figure::Aggregate(aggregate) => !self.in_window(aggregate, place).is_empty(),
                Figure::Grouped(grouped) => !self.entities(grouped, place).is_empty(),
                Figure::Each(each) => self.periods(each, place).iter().any(|period| self.has_rows(&each.of, period)),
                Figure::Past(past, of, length) => {
                    let before = match self.earlier(*past, *length, place) {
                        Some(earlier) => {
                            let (evaluator, before) = earlier.as_it_stood();
                            evaluator.has_rows(of, &before)
                        }
                        None => self.past(*length, place).is_some_and(|before| self.has_rows(of, &before)),
                    };
                    before || past.whole() != Past::Prior && self.has_rows(of, place)
                }
                Figure::Slice(of, condition) => self.has_rows(of, &part(place, condition)),
                Figure::Total(of, dimensions) => self.has_rows(of, &total(place, dimensions)),
            };
        });
        any
    }
}

/// An aggregate with dimensions, where it stands, and from which day on its rows show slices.
struct Leaf<'a> {
    aggregate: &'a Aggregate,
    place: Place<'a>,
    since: Date,
}
