//! Slices: which values the dimensions have had, since when, and the dense set of periods and slices.

use crate::calendar::Grain;
use crate::functions::{min, operators};
use crate::model::DimensionId;
use crate::model::expr::Expr;
use crate::plan::algebra::relation::{Body, JoinKind, Scalar, Select, column, fold};
use crate::plan::answer::appear::Appearance;
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::Move;
use crate::plan::time::spine::Need;
use std::collections::BTreeSet;

impl Planner<'_> {
    /// Finds the values that the dimensions have had, with the first day of each.
    pub(in crate::plan) fn find_slices(&mut self) {
        let dimensions = self.question.dimensions.clone();
        if dimensions.is_empty() {
            return;
        }
        let keys = self.key_names(&dimensions);
        let seen = std::mem::take(&mut self.appearances);
        let counted = |appearance: &Appearance| -> Vec<Scalar> {
            let of = |name: &str| column(&appearance.part, name);
            let shows = appearance.shows.as_ref();
            let shows = shows.map(|name| Expr::apply(&operators::GREATER, vec![of(name), Expr::number(0)]));
            shows.into_iter().chain(appearance.since.counts(&of(&appearance.day))).collect()
        };
        let of = keys.join("_and_");
        let (from, filter) = if let [only] = seen.as_slice() {
            ((only.part.clone(), only.day.clone()), counted(only))
        } else {
            // One condition for all stands at the end.
            let since = seen.first().map(|first| first.since.clone());
            let alike = seen.iter().all(|one| Some(&one.since) == since.as_ref() && one.shows.is_none());
            let mut members: Vec<Select> = Vec::new();
            for appearance in &seen {
                let mut select = Select::from_part(&appearance.part);
                for key in &appearance.keys {
                    select.column(column(&appearance.part, key), key);
                }
                select.column(column(&appearance.part, &appearance.day), "day");
                if !alike {
                    select.filter = counted(appearance);
                }
                members.push(select);
            }
            let part = self.names.take(&format!("{of}_seen"));
            self.push_body(&part, Body::Union(members));
            let filter = since.filter(|_| alike).and_then(|since| since.counts(&column(&part, "day")));
            ((part, "day".to_owned()), filter.into_iter().collect())
        };
        let mut select = Select::from_part(&from.0);
        for key in &keys {
            select.column(column(&from.0, key), key);
        }
        select.group_by_these();
        select.column(fold(&min::MIN, column(&from.0, &from.1)), "first_day");
        select.filter = filter;
        let part = self.names.take(&format!("each_{of}"));
        self.push(&part, select);
        self.slices.insert(dimensions, part);
    }

    /// The values that some of the dimensions have had.
    pub(in crate::plan) fn slices_of(&mut self, keeps: &[DimensionId]) -> Option<String> {
        if keeps.is_empty() {
            return None;
        }
        if let Some(part) = self.slices.get(keeps) {
            return Some(part.clone());
        }
        let whole = self.slices.get(&self.question.dimensions)?.clone();
        let keys = self.key_names(keeps);
        let mut select = Select { distinct: true, ..Select::from_part(&whole) };
        for key in &keys {
            select.column(column(&whole, key), key);
        }
        let part = self.names.take(&format!("each_{}", keys.join("_and_")));
        self.push(&part, select);
        self.slices.insert(keeps.to_vec(), part.clone());
        Some(part)
    }

    /// The dense set of periods and slices.
    pub(in crate::plan) fn dense(&mut self, grain: Grain, keys: &[String], ways: &BTreeSet<Move>) -> String {
        if let Some(age) = self.question.age {
            return self.dense_by_age(grain, keys, ways, age);
        }
        let spine = self.spine_name(grain);
        let is_complete = self.need(grain, Need::IsComplete);
        let moves: Vec<String> = ways.iter().map(|way| self.need(grain, Need::Moved(way.clone()))).collect();
        let dimensions = self.question.dimensions.clone();
        let Some(slices) = self.slices.get(&dimensions).cloned() else { return spine };
        let end = self.need(grain, Need::End);
        let part = self.names.take(&format!("{spine}_and_{}", keys.join("_and_")));
        let mut select = Select::from_part(&spine);
        // A slice is there from the period of its first row on.
        let begun = Expr::apply(&operators::LESS, vec![column(&slices, "first_day"), column(&spine, &end)]);
        select.join(JoinKind::Inner, &slices, &slices, Some(begun));
        select.column(column(&spine, "period"), "period");
        for key in keys {
            select.column(column(&slices, key), key);
        }
        for name in moves.iter().chain([&is_complete]) {
            select.column(column(&spine, name), name);
        }
        self.push(&part, select);
        part
    }
}
