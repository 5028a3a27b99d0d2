//! Aggregates over related rows `over age to date`: from the unit in which the row that they belong to fell to that of each of its ages.
//!
//! The rows that others belong to are read once for their key and their ages, and joined to the related rows; what comes of these is grouped
//! by key and age. Sums of sums and counts need no such step: related rows are met by their key alone, and added up by cohort, by the unit
//! in which they are, and then by age ([`crate::plan::time::ages`]).

use crate::calendar::{AsOf, Date, Grain};
use crate::functions::{OverNothing, case, coalesce, count, operators};
use crate::model::ColumnId;
use crate::model::expr::{Age, Expr, Related};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{JoinKind, Scalar, Select, column, impossible};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::rows::scan::{Days, Scan};
use crate::plan::rows::{Ask, Group, RelatedJoin, add_folds, composite};
use crate::plan::time::ages::PERIOD_AT_AGE;

/// The rows that others belong to, each at each of its ages.
struct Lives {
    part: String,
    /// The columns of the key.
    keys: Vec<String>,
    /// The column of the unit in which the row fell.
    born: String,
    /// The column of the unit at the age.
    at: String,
    /// A name for what comes of the related rows.
    value: String,
}

impl<'a> Planner<'a> {
    /// An aggregate over the rows that belong to a row and came up to its age: its value, and how it is joined. `ages` is the part of the
    /// ages to which the row is tied.
    pub(in crate::plan) fn related_up_to_age(
        &mut self,
        related: &Related,
        (group, ask): (&Group, &Ask),
        (age, ages): (Age, &str),
        own_key: &[Scalar],
    ) -> (Scalar, RelatedJoin) {
        let aggregate = &related.aggregate;
        let nothing = || (impossible(), RelatedJoin { part: String::new(), alias: String::new(), on: impossible() });
        let (Some(born), Some(time)) = (group.time, aggregate.time) else { return nothing() };
        let first = self.first_of_cohorts(ask, age);
        let lives = self.lives(group, born, age, ask.first);
        let mut scan = self.rows_of(aggregate.source);
        let last = match self.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = Some((time, first, last));
        let (unit, calendar) = self.unit_of_row(&mut scan, time, age.unit);
        let parts = scan.key_parts(&related.via);
        let there = |name: &str| column(&lives.part, name);
        let mut on: Vec<Scalar> = lives.keys.iter().zip(&parts).map(|(key, part)| equal(there(key), part.clone())).collect();
        on.push(Expr::apply(&operators::BETWEEN, vec![unit, there(&lives.born), there(&lives.at)]));
        let mut select = Select::default();
        for (part, name) in parts.into_iter().zip(&lives.keys) {
            select.column(part, name);
        }
        for name in [&lives.born, &lives.at] {
            select.column(there(name), name);
        }
        select.group_by_these();
        let range = scan.range(time, Days { from: first });
        let inner = Ask {
            aggregate: aggregate.clone(),
            column: lives.value.clone(),
            grain: age.unit,
            first,
            first_shown: first,
            since: Since::Ever,
        };
        let of_rows = Group {
            source: aggregate.source,
            time: Some(time),
            stock: None,
            keys: Vec::new(),
            slices: None,
            by_entity: true,
            presence: false,
            asks: Vec::new(),
        };
        let conditions = add_folds(&mut scan, &of_rows, &[&inner], &mut select);
        select.filter = range.into_iter().chain(conditions).collect();
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        if let Some((calendar, on)) = calendar {
            select.join(JoinKind::Inner, &calendar, &calendar, Some(on));
        }
        select.join(JoinKind::Inner, &lives.part, &lives.part, Expr::all(on));
        let source = &self.model.sources.get(aggregate.source).name.value;
        let part = self.names.take(&format!("{source}_up_to_{PERIOD_AT_AGE}"));
        self.push(&part, select);
        let alias = self.names.take("related");
        let mut on: Vec<Scalar> =
            lives.keys.iter().zip(own_key).map(|(name, own)| equal(column(&alias, name), own.clone())).collect();
        on.push(equal(column(&alias, &lives.born), column(ages, "period")));
        on.push(equal(column(&alias, &lives.at), column(ages, PERIOD_AT_AGE)));
        let value = column(&alias, &lives.value);
        let zero = aggregate.function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        let value = if zero { Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)]) } else { value };
        (value, RelatedJoin { part, alias, on: Expr::all(on).unwrap_or_else(impossible) })
    }

    /// What related rows bring to a sum over the rows that they belong to, each by itself with its unit: its value, and how it is joined.
    pub(in crate::plan) fn related_to_add(
        &mut self,
        related: &Related,
        ask: &Ask,
        own_key: &[Scalar],
    ) -> (Scalar, RelatedJoin) {
        let aggregate = &related.aggregate;
        let (Some(time), Some(age)) = (aggregate.time, aggregate.window.age()) else {
            return (impossible(), RelatedJoin { part: String::new(), alias: String::new(), on: impossible() });
        };
        let first = self.first_of_cohorts(ask, age);
        let mut scan = self.rows_of(aggregate.source);
        let last = match self.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = Some((time, first, last));
        let (unit, calendar) = self.unit_of_row(&mut scan, time, age.unit);
        let mut names = Names::default();
        let period = names.take("period");
        let mut select = Select::default();
        select.column(unit, &period);
        let keys: Vec<String> = scan
            .key_parts(&related.via)
            .into_iter()
            .map(|part| {
                let name = names.take(&self.model.column(aggregate.source, &related.via).name.value);
                select.column(part, &name);
                name
            })
            .collect();
        let value = names.take("value");
        select.filter = scan.range(time, Days { from: first });
        select.filter.extend(aggregate.filter.iter().map(|filter| scan.row(filter)));
        let brings = match &aggregate.argument {
            None => Expr::number(1),
            Some(argument) if *aggregate.function == count::COUNT => {
                let parts = composite(&mut scan, argument).unwrap_or_else(|| vec![scan.row(argument)]);
                let there = parts.into_iter().map(|part| Expr::apply(&operators::IS_NOT_NULL, vec![part])).collect();
                Expr::apply(&case::CASE, vec![Expr::all(there).unwrap_or_else(impossible), Expr::number(1)])
            }
            Some(argument) => scan.row(argument),
        };
        select.column(brings, &value);
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        if let Some((calendar, on)) = calendar {
            select.join(JoinKind::Inner, &calendar, &calendar, Some(on));
        }
        let source = &self.model.sources.get(aggregate.source).name.value;
        let part = self.names.take(&format!("{source}_with_{}", age.unit));
        self.push(&part, select);
        let alias = self.names.take("related");
        let on = keys.iter().zip(own_key).map(|(name, own)| equal(column(&alias, name), own.clone())).collect();
        (column(&alias, &value), RelatedJoin { part, alias, on: Expr::all(on).unwrap_or_else(impossible) })
    }

    /// The first day of the unit in which the first row of the cohorts that are needed fell; nothing where that is not known.
    pub(in crate::plan) fn first_of_cohorts(&self, ask: &Ask, age: Age) -> Option<Date> {
        if self.calendar.custom {
            return ask.first.filter(|_| age.unit == ask.grain);
        }
        ask.first.map(|first| self.calendar.period_start(age.unit, first))
    }

    /// The rows that others belong to, at each of their ages.
    fn lives(&mut self, group: &Group, time: ColumnId, age: Age, from: Option<Date>) -> Lives {
        let known = self.model.sources.get(group.source);
        let mut scan = self.rows_of(group.source);
        let (ages, joins) = self.row_ages(&mut scan, time, (age, &[]));
        let mut names = Names::default();
        let mut select = Select::default();
        let mut keys = Vec::new();
        for (wish, part) in scan.key_of_related() {
            let name = names.take(&wish);
            select.column(part, &name);
            keys.push(name);
        }
        let [born, at, value] = ["born", PERIOD_AT_AGE, "value"].map(|wish| names.take(wish));
        select.column(column(&ages, "period"), &born);
        select.column(column(&ages, PERIOD_AT_AGE), &at);
        // States of one key may fall in one unit.
        select.distinct = known.holds.is_some();
        select.filter = scan.range(time, Days { from });
        let (read, own_joins) = self.finish(scan);
        select.from = Some(read);
        select.joins = own_joins;
        for (kind, part, on) in joins {
            select.join(kind, &part, &part, on);
        }
        let part = self.names.take(&format!("{}_by_age", known.name.value));
        self.push(&part, select);
        Lives { part, keys, born, at, value }
    }

    /// The unit in which a row falls by a time of it; and the calendar that is joined to know it, where that is the project's own.
    fn unit_of_row(&self, scan: &mut Scan<'a>, time: ColumnId, unit: Grain) -> (Scalar, Option<(String, Scalar)>) {
        match &self.custom {
            Some(calendar) if unit != Grain::Day => {
                let on = equal(column(calendar, "day"), scan.day(time));
                (column(calendar, unit.name()), Some((calendar.clone(), on)))
            }
            _ => (scan.period(time, unit), None),
        }
    }
}

fn equal(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::EQUAL, vec![one, two])
}
