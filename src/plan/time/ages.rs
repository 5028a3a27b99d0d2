//! Ages of cohorts: for each period of the unit in which ages are counted the periods after it, and the dense set of periods, slices
//! and ages.
//!
//! A row of a cohort has age n once the n-th unit after the one in which it fell has begun. Which unit comes so many later is found by
//! numbering them, so that every calendar is treated alike. The rows of a cohort that is no longer than a unit have their ages
//! together; those of a longer one, such as a quarter by months, or of a week that lies in two months, each have their own. Such a
//! cohort is shown at an age from its first day's on, and is complete with its last day's.

use crate::calendar::{AsOf, Grain, add_days};
use crate::functions::{coalesce, operators, sum};
use crate::model::ColumnId;
use crate::model::expr::{Age, Expr, Literal, Node, Related, Window};
use crate::plan::algebra::relation::{
    Atom, From, Join, JoinKind, Neighbour, Ranking, Rows, Scalar, Select, column, day, fold, impossible, moved,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{MeasureOf, Move};
use crate::plan::rows::related::adds_up;
use crate::plan::rows::scan::{Scan, period_of};
use crate::plan::rows::{Ask, Group};
use crate::plan::time::complete::{days_or_months, withins_at_age};
use crate::plan::time::spine::{Need, complete};
use std::collections::BTreeSet;

/// The column of ages.
pub(in crate::plan) const AGE: &str = "age";

/// The column of the period at which something has an age.
pub(in crate::plan) const PERIOD_AT_AGE: &str = "period_at_age";

/// The column of the day after that period.
pub(in crate::plan) const END_AT_AGE: &str = "end_at_age";

/// The column that says whether that period is over.
const IS_OVER: &str = "is_over";

/// A part that is joined under its own name.
type Joined = (JoinKind, String, Option<Scalar>);

impl Planner<'_> {
    /// The part with the ages: a row for each period of their unit and each age that it has come to.
    pub(in crate::plan) fn ages(&mut self, age: Age) -> String {
        if let Some(known) = self.ages.get(&age) {
            return known.clone();
        }
        let units = self.units_in_order(age.unit);
        let part = self.names.take(&format!("{}s_by_age", age.unit));
        let (later, name) = ("later", |of: &str, name: &str| column(of, name));
        let mut select = Select::from_part(&units);
        let number = name(&units, "number");
        let last = Expr::apply(&operators::ADD, vec![number.clone(), Expr::number(age.up_to)]);
        let within = Expr::apply(&operators::BETWEEN, vec![name(later, "number"), number.clone(), last]);
        select.join(JoinKind::Inner, &units, later, Some(within));
        select.column(name(&units, "period"), "period");
        select.column(Expr::apply(&operators::SUBTRACT, vec![name(later, "number"), number]), AGE);
        select.column(name(later, "period"), PERIOD_AT_AGE);
        let calendar = self.calendar.clone();
        let as_of = match (calendar.as_of, &self.today) {
            (AsOf::Today, Some(today)) => {
                select.join(JoinKind::Cross, today, today, None);
                Some(column(today, "as_of"))
            }
            _ => None,
        };
        let (end, known) = match &self.custom {
            // Whether the last period of the calendar goes on after the calendar's last day is not known.
            Some(_) if age.unit != Grain::Day => {
                let next = name(later, "next");
                (next.clone(), Some(Expr::apply(&operators::IS_NOT_NULL, vec![next])))
            }
            _ => (moved(name(later, "period"), 1, age.unit), None),
        };
        let mut over = vec![complete(&calendar, end.clone(), as_of.as_ref())];
        let mut seen = BTreeSet::new();
        for measure in &self.expansion.measures {
            let aggregates = match &measure.of {
                MeasureOf::Rows(aggregate) => vec![aggregate.as_ref()],
                MeasureOf::Entities(grouped) => grouped.aggregates(),
                _ => continue,
            };
            for aggregate in aggregates.into_iter().filter(|aggregate| aggregate.age() == Some(age)) {
                seen.extend(withins_at_age(aggregate));
            }
        }
        over.extend(seen.iter().map(|within| {
            let end = days_or_months(within).fold(end.clone(), |end, (count, unit)| moved(end, count, unit));
            complete(&calendar, end, as_of.as_ref())
        }));
        over.extend(known);
        if self.expansion.promises {
            select.column(end, END_AT_AGE);
        }
        select.column(Expr::all(over).unwrap_or_else(impossible), IS_OVER);
        self.push(&part, select);
        self.ages.insert(age, part.clone());
        part
    }

    /// The periods of a grain, numbered: from the one that holds the first day of whole data to the one that holds the last visible
    /// day.
    fn units_in_order(&mut self, unit: Grain) -> String {
        let part = self.names.take(&format!("{unit}s_in_order"));
        let calendar = self.calendar.clone();
        let order = |by: Scalar| {
            let ranking = Ranking { part: Vec::new(), order: vec![(by, false)], dense: false };
            Expr::leaf(Atom::RowNumber(Box::new(ranking)))
        };
        let last = match (calendar.as_of, &self.today) {
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, Some(today)) => column(today, "as_of"),
            (AsOf::Today, None) => day(calendar.start),
        };
        if let Some(custom) = self.custom.clone() {
            let of = if unit == Grain::Day { "day" } else { unit.name() };
            let mut every = Select { distinct: true, ..Select::from_part(&custom) };
            every.column(column(&custom, of), "period");
            let all = self.names.take(&format!("every_{unit}"));
            self.push(&all, every);
            let next = self.names.take(&format!("{all}_and_next"));
            let mut neighbours = Select::from_part(&all);
            let period = column(&all, "period");
            neighbours.column(period.clone(), "period");
            let neighbour = Neighbour { value: period.clone(), offset: 1, part: Vec::new(), order: vec![period.clone()] };
            neighbours.column(Expr::leaf(Atom::Neighbour(Box::new(neighbour))), "next");
            neighbours.column(order(period), "number");
            self.push(&next, neighbours);
            let mut select = Select::from_part(&next);
            for name in ["period", "next", "number"] {
                select.column(column(&next, name), name);
            }
            if let (AsOf::Today, Some(today)) = (calendar.as_of, &self.today) {
                select.join(JoinKind::Cross, today, today, None);
            }
            select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&next, "period"), last]));
            self.push(&part, select);
            return part;
        }
        let first = calendar.period_start(unit, calendar.data_from);
        let (every, step) = match unit {
            Grain::Day => (1, Grain::Day),
            Grain::Week => (7, Grain::Day),
            Grain::Month => (1, Grain::Month),
            Grain::Quarter => (3, Grain::Month),
            Grain::Year => (12, Grain::Month),
        };
        let before = match calendar.as_of {
            AsOf::Day(last) => day(add_days(last, 1)),
            AsOf::Today => moved(last, 1, Grain::Day),
        };
        let days = Rows::Days { from: Box::new(day(first)), before: Box::new(before), every, unit: step };
        let days = From { relation: days, name: format!("{unit}s") };
        let mut select = match &self.today {
            None => Select { from: Some(days), ..Select::default() },
            Some(today) => {
                let mut select = Select::from_part(today);
                select.joins.push(Join { kind: JoinKind::Cross, from: days, on: None });
                select
            }
        };
        let period = column(&format!("{unit}s"), "day");
        select.column(period.clone(), "period");
        select.column(order(period), "number");
        self.push(&part, select);
        part
    }

    /// Ties rows of a cohort to their ages; gives the part of the ages, and what is joined.
    pub(in crate::plan) fn row_ages(
        &mut self,
        scan: &mut Scan<'_>,
        time: ColumnId,
        (age, joined): (Age, &[Joined]),
    ) -> (String, Vec<Joined>) {
        let part = self.ages(age);
        let mut joins = Vec::new();
        let own = match &self.custom {
            Some(calendar) if age.unit != Grain::Day => {
                if !joined.iter().any(|(_, known, _)| known == calendar) {
                    let on = Expr::apply(&operators::EQUAL, vec![column(calendar, "day"), scan.day(time)]);
                    joins.push((JoinKind::Inner, calendar.clone(), Some(on)));
                }
                column(calendar, age.unit.name())
            }
            _ => scan.period(time, age.unit),
        };
        let on = Expr::apply(&operators::EQUAL, vec![column(&part, "period"), own]);
        joins.push((JoinKind::Inner, part.clone(), Some(on)));
        (part, joins)
    }

    /// The ages of an aggregate over a cohort that goes through the rows that belong to it: where a row counts at an age only if
    /// some of these are there, and all rows of a period have their ages together. Then rows meet what belongs to them by their key
    /// alone, whenever that is, and few groups are left to be joined to ages. (On DuckDB that takes a quarter of the time.)
    pub(in crate::plan) fn goes_through(&self, ask: &Ask, related: &[&Related], needed: &[bool]) -> Option<Age> {
        let age = ask.aggregate.age()?;
        let mut at_age = related.iter().zip(needed).filter(|(leaf, _)| leaf.aggregate.window.age().is_some());
        let only = match (at_age.next(), at_age.next()) {
            // At several ages a row is one, while sums of several units add up.
            (Some((leaf, true)), None) => matches!(leaf.aggregate.window, Window::Age(_)) || adds_up(&ask.aggregate).is_some(),
            _ => false,
        };
        (only && ask.grain.nests_in(age.unit, self.calendar.custom)).then_some(age)
    }

    /// Groups by period and later period as groups by period and age; where all ages so far count, added up.
    pub(in crate::plan) fn by_age(&mut self, group: &Group, ask: &Ask, from: &str, age: Age) -> String {
        let ages = self.ages(age);
        let mut select = Select::from_part(from);
        let own = self.unit_of(&mut select, (ask.grain, age.unit), column(from, "period"), "first_day_of_cohort");
        let (at, later) = (column(&ages, PERIOD_AT_AGE), column(from, PERIOD_AT_AGE));
        let to_date = adds_up(&ask.aggregate).is_some_and(|of| matches!(of.aggregate.window, Window::AgeToDate(_)));
        let counts = if to_date {
            Expr::apply(&operators::BETWEEN, vec![later, column(&ages, "period"), at])
        } else {
            Expr::apply(&operators::EQUAL, vec![at, later])
        };
        let on = Expr::all(vec![Expr::apply(&operators::EQUAL, vec![column(&ages, "period"), own]), counts]);
        select.join(JoinKind::Inner, &ages, &ages, on);
        select.column(column(from, "period"), "period");
        select.column(column(&ages, AGE), AGE);
        for key in &group.keys {
            select.column(column(from, &key.name), &key.name);
        }
        let value = column(from, &ask.column);
        if to_date {
            select.group_by_these();
            select.column(fold(&sum::SUM, value), &ask.column);
        } else {
            select.column(value, &ask.column);
        }
        let part = self.part_name(group, &format!("_by_{}_and_age", ask.grain));
        self.push(&part, select);
        part
    }

    /// The dense set of periods, slices and ages.
    pub(in crate::plan) fn dense_by_age(&mut self, grain: Grain, keys: &[String], ways: &BTreeSet<Move>, age: Age) -> String {
        let spine = self.spine_name(grain);
        let is_complete = self.need(grain, Need::IsComplete);
        let end = self.need(grain, Need::End);
        let moves: Vec<String> = ways.iter().map(|way| self.need(grain, Need::Moved(way.clone()))).collect();
        let ages = self.ages(age);
        let custom = self.calendar.custom;
        let together = grain.nests_in(age.unit, custom);
        let mut select = Select::from_part(&spine);
        // Shown from the age of the first day on ...
        let first = self.unit_of(&mut select, (grain, age.unit), column(&spine, "period"), "first_day_of_cohort");
        let on = Expr::apply(&operators::EQUAL, vec![column(&ages, "period"), first]);
        select.join(JoinKind::Inner, &ages, &ages, Some(on));
        // ... and complete with that of the last one.
        let over = if together {
            column(&ages, IS_OVER)
        } else {
            let last_day = moved(column(&spine, &end), -1, Grain::Day);
            let last = self.unit_of(&mut select, (Grain::Day, age.unit), last_day, "last_day_of_cohort");
            let name = "ages_of_last_day";
            let on = Expr::all(vec![
                Expr::apply(&operators::EQUAL, vec![column(name, "period"), last]),
                Expr::apply(&operators::EQUAL, vec![column(name, AGE), column(&ages, AGE)]),
            ]);
            select.join(JoinKind::Left, &ages, name, on);
            let no = Expr::made(Node::Literal(Literal::Truth(false)));
            Expr::apply(&coalesce::COALESCE, vec![column(name, IS_OVER), no])
        };
        let mut whole = vec![over];
        if custom {
            whole.push(column(&spine, &is_complete));
        }
        select.column(column(&spine, "period"), "period");
        let slices = self.slices.get(&self.question.dimensions).cloned();
        if let Some(slices) = &slices {
            // A slice is there from the period of its first row on.
            let begun = Expr::apply(&operators::LESS, vec![column(slices, "first_day"), column(&spine, &end)]);
            select.join(JoinKind::Inner, slices, slices, Some(begun));
            for key in keys.iter().filter(|key| *key != AGE) {
                select.column(column(slices, key), key);
            }
        }
        select.column(column(&ages, AGE), AGE);
        for name in &moves {
            select.column(column(&spine, name), name);
        }
        select.column(Expr::all(whole).unwrap_or_else(impossible), &is_complete);
        let part = self.names.take(&format!("{spine}_and_{}", keys.join("_and_")));
        self.push(&part, select);
        part
    }

    /// The period of the unit that holds the first day of a period of a grain.
    pub(in crate::plan) fn unit_of(
        &mut self,
        select: &mut Select,
        (grain, unit): (Grain, Grain),
        first: Scalar,
        name: &str,
    ) -> Scalar {
        match &self.custom {
            _ if grain == unit => first,
            Some(calendar) => {
                let on = Expr::apply(&operators::EQUAL, vec![column(name, "day"), first]);
                select.join(JoinKind::Inner, calendar, name, Some(on));
                column(name, unit.name())
            }
            None => period_of(self.calendar, unit, first),
        }
    }
}
