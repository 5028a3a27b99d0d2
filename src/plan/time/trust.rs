//! Figures of sources that promise when their rows come (`fresh_within`, `expect`).
//!
//! If the last visible row of a source is older than `fresh_within` allows, that row's day is the last that can be trusted: the load of
//! its rows has stopped on it. What begins after that day is null, and what does not end before it is not complete. Where a day, week or
//! month lacks the row that `expect` speaks of, there is a hole, and a figure that looks at it is not complete.
//!
//! Both are measures of their own, with a row for each period. [`MeasureOf::Trusted`] has the periods that begin on a day that can be
//! trusted; a value is null where its period is not among them. [`MeasureOf::Doubt`] has those in which a figure is doubtful; for `each` it is
//! made of the doubts of the periods that are gone over, as the values are.

use crate::calendar::{AsOf, Date, Grain, Length, add};
use crate::functions::{coalesce, if_, max, operators, weekday};
use crate::model::expr::{Age, Aggregate, Expr, Literal, Node, Path, Window};
use crate::model::freshness::Expect;
use crate::model::{Model, SourceId};
use crate::plan::algebra::relation::{Atom, Body, JoinKind, Scalar, Select, column, day, fold, impossible, moved};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::stack::Stack;
use crate::plan::lookup::expand::{Expansion, Formula, FormulaLeaf, Measure, MeasureId, MeasureOf, Move, Periods, Place};
use crate::plan::rows::Series;
use crate::plan::rows::scan::Days;
use crate::plan::time::ages::{AGE, END_AT_AGE, PERIOD_AT_AGE};
use crate::plan::time::complete::days_or_months;
use crate::plan::time::reads::{self, Reach, Reads};
use crate::plan::time::spine::Need;
use jiff::civil::date;
use std::collections::BTreeSet;

/// Which period has to begin on a day that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::plan) enum When {
    /// The period itself.
    Own,
    /// The one before it.
    Before,
    /// That at the age of a cohort's first day.
    Age(Age),
}

/// A measure that says where another is doubtful, and the sources that make it so.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Doubted {
    pub by: MeasureId,
    /// Whether it is to be looked up at the period before.
    pub previous: bool,
    pub sources: BTreeSet<SourceId>,
}

impl Reach {
    fn when(&self) -> When {
        match self.window {
            Window::Age(age) | Window::AgeToDate(age) => When::Age(age),
            Window::Previous => When::Before,
            Window::Period | Window::Trailing(_) | Window::ToDate(_) | Window::AllTime | Window::Within(..) => When::Own,
        }
    }

    /// The ages at which it looks at cohorts.
    pub(in crate::plan) fn age(&self) -> Option<Age> {
        self.window.age()
    }
}

impl Expansion {
    /// What an aggregate reads of sources that promise when their rows come.
    pub(in crate::plan) fn reads(&self, model: &Model, aggregate: &Aggregate, place: &Place, entity: Option<&Path>) -> Reads {
        if self.promises { reads::reads(model, aggregate, &place.dimensions, entity, place.since) } else { Reads::new() }
    }

    /// What says where a formula is doubtful.
    pub(in crate::plan) fn doubts_in(&self, formula: &Formula) -> Vec<(MeasureId, Move)> {
        let mut found: Vec<(MeasureId, Move)> = Vec::new();
        formula.leaves(&mut |leaf| {
            let FormulaLeaf::Value(id, way) = leaf else { return };
            // A period that is not over is not complete, whatever it is compared with.
            for doubt in self.doubts.get(&(*id, way.previous)).into_iter().flatten().filter(|_| !way.open) {
                let doubt = (doubt.by, Move { previous: doubt.previous, ..way.clone() });
                if !found.contains(&doubt) {
                    found.push(doubt);
                }
            }
        });
        found
    }

    /// A value of what is read, null where that cannot be trusted; `known` is the same, null where nothing is known.
    pub(in crate::plan) fn where_trusted(
        &mut self,
        model: &Model,
        (reads, value): (&Reads, &Formula),
        place: &Place,
        previous: bool,
        known: Formula,
    ) -> Formula {
        for (source, reach) in reads {
            let name = format!("{}_doubtful", model.sources.get(*source).name.value);
            // The period before the first that there is has no row to be looked up by.
            let window = if previous && reach.window == Window::Period { Window::Previous } else { reach.window };
            let of = MeasureOf::Doubt(*source, Box::new(Reach { window, ..reach.clone() }));
            let doubt =
                self.value(Measure { of, grain: place.grain, keeps: Vec::new(), seen: place.seen }, place, false, &name);
            self.doubted(value, &doubt, [*source].into());
        }
        let whens: BTreeSet<(SourceId, When)> = reads.iter().map(|(source, reach)| (*source, reach.when())).collect();
        self.null_unless(model, &whens, place, previous, known)
    }

    /// The same for an aggregate over the values of a finer grain, which is null where its own period cannot be trusted.
    pub(in crate::plan) fn each_where_trusted(
        &mut self,
        model: &Model,
        (periods, value): (&Periods, &Formula),
        place: &Place,
        previous: bool,
        known: Formula,
    ) -> Formula {
        let (mut inner, mut sources): (Vec<Formula>, BTreeSet<SourceId>) = (Vec::new(), BTreeSet::new());
        periods.of.leaves(&mut |leaf| {
            let FormulaLeaf::Value(id, way) = leaf else { return };
            for doubt in self.doubts.get(&(*id, way.previous)).into_iter().flatten() {
                sources.extend(&doubt.sources);
                let at = Move { previous: doubt.previous, ..way.clone() };
                let of = Expr::leaf(FormulaLeaf::Value(doubt.by, at));
                if !inner.contains(&of) {
                    inner.push(of);
                }
            }
        });
        let of = match inner.len() {
            0 => return known,
            1 => inner.remove(0),
            _ => Expr::apply(&coalesce::COALESCE, inner),
        };
        let periods = Periods { function: &max::MAX, fraction: None, of, ..periods.clone() };
        let measure =
            Measure { of: MeasureOf::Periods(Box::new(periods)), grain: place.grain, keeps: Vec::new(), seen: place.seen };
        let doubt = self.value(measure, place, previous, "doubtful");
        self.doubted(value, &doubt, sources.clone());
        let whens = sources.into_iter().map(|source| (source, When::Own)).collect();
        self.null_unless(model, &whens, place, previous, known)
    }

    /// Notes that a value is doubtful where another measure says so.
    pub(in crate::plan) fn doubted(&mut self, value: &Formula, doubt: &Formula, sources: BTreeSet<SourceId>) {
        let (Node::Leaf(FormulaLeaf::Value(of, way)), Node::Leaf(FormulaLeaf::Value(by, at))) = (&value.node, &doubt.node)
        else {
            return;
        };
        let (by, previous) = (*by, at.previous);
        let known = self.doubts.entry((*of, way.previous)).or_default();
        if !known.iter().any(|doubt| doubt.by == by) {
            known.push(Doubted { by, previous, sources });
        }
    }

    fn null_unless(
        &mut self,
        model: &Model,
        whens: &BTreeSet<(SourceId, When)>,
        place: &Place,
        previous: bool,
        value: Formula,
    ) -> Formula {
        let mut trusted = Vec::new();
        for (source, when) in whens {
            let known = model.sources.get(*source);
            if known.freshness.within.is_none() {
                continue;
            }
            let name = format!("{}_trusted", known.name.value);
            let when = if previous && *when == When::Own { When::Before } else { *when };
            let of = MeasureOf::Trusted(*source, when);
            let reaches =
                self.value(Measure { of, grain: place.grain, keeps: Vec::new(), seen: place.seen }, place, false, &name);
            trusted.push(Expr::apply(&operators::IS_NOT_NULL, vec![reaches]));
        }
        match Expr::all(trusted) {
            Some(trusted) => Expr::apply(&if_::IF, vec![trusted, value]),
            None => value,
        }
    }
}

impl Planner<'_> {
    /// The periods whose figures begin on a day that can be trusted: 1 for each.
    pub(in crate::plan) fn trusted(&mut self, id: MeasureId, source: SourceId, when: When, grain: Grain) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let last = self.last_trusted_day(source);
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        select.column(column(&spine, "period"), "period");
        let begins = match when {
            When::Own => column(&spine, "period"),
            When::Before => self.period_before_of(&spine, grain),
            When::Age(age) => {
                let ages = self.ages_of_first_day(&mut select, &spine, grain, age);
                select.column(column(&ages, AGE), AGE);
                column(&ages, PERIOD_AT_AGE)
            }
        };
        select.column(Expr::number(1), &own);
        select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![begins, last]));
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    /// The periods in which a figure is doubtful: 1 for each.
    pub(in crate::plan) fn doubt(&mut self, id: MeasureId, source: SourceId, reach: &Reach, grain: Grain) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let freshness = self.model.sources.get(source).freshness.clone();
        let mut members = Vec::new();
        if freshness.within.is_some() {
            let last = self.last_trusted_day(source);
            let (mut select, _, ends) = self.reached(reach, grain);
            let beyond = ends.into_iter().map(|end| Expr::apply(&operators::GREATER, vec![end, last.clone()]));
            select.filter.extend(Expr::any(beyond.collect()));
            members.push(select);
        }
        if freshness.expect.is_some() {
            let holes = self.holes_of(source);
            let (mut select, start, ends) = self.reached(reach, grain);
            let begun = |end| Expr::apply(&operators::LESS, vec![column(&holes, "first_day"), end]);
            let within = vec![
                Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(&holes, "last_day"), start]),
                Expr::any(ends.into_iter().map(begun).collect()).unwrap_or_else(impossible),
            ];
            select.join(JoinKind::Inner, &holes, &holes, Expr::all(within));
            select.distinct = true;
            members.push(select);
        }
        for select in &mut members {
            select.column(Expr::number(1), &own);
        }
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push_body(&part, Body::Union(members));
        Series { part, column: own, rows: None }
    }

    /// Periods, and ages where there are some, with the first day that a figure looks at, and the days before which it may end: that after
    /// its window, and so much later for each step of a journey.
    fn reached(&mut self, reach: &Reach, grain: Grain) -> (Select, Scalar, Vec<Scalar>) {
        let end = self.need(grain, Need::End);
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        select.column(column(&spine, "period"), "period");
        let period = column(&spine, "period");
        let (start, end) = match reach.window {
            Window::Period | Window::Within(..) => (period, column(&spine, &end)),
            Window::AllTime => (day(reach.since.unwrap_or(self.calendar.data_from)), column(&spine, &end)),
            Window::Trailing(_) | Window::ToDate(_) => {
                let start = self.need(grain, Need::WindowStart(reach.window));
                (column(&spine, &start), column(&spine, &end))
            }
            Window::Previous => (self.period_before_of(&spine, grain), period),
            Window::Age(age) | Window::AgeToDate(age) => {
                let first = self.ages_of_first_day(&mut select, &spine, grain, age);
                select.column(column(&first, AGE), AGE);
                let last = if grain.nests_in(age.unit, self.calendar.custom) {
                    first.clone()
                } else {
                    let last_day = moved(column(&spine, &end), -1, Grain::Day);
                    let unit = self.unit_of(&mut select, (Grain::Day, age.unit), last_day, "last_day_of_cohort");
                    let (ages, name) = (self.ages(age), "ages_of_last_day");
                    let on = vec![
                        Expr::apply(&operators::EQUAL, vec![column(name, "period"), unit]),
                        Expr::apply(&operators::EQUAL, vec![column(name, AGE), column(&first, AGE)]),
                    ];
                    select.join(JoinKind::Inner, &ages, name, Expr::all(on));
                    name.to_owned()
                };
                let since = if matches!(reach.window, Window::AgeToDate(_)) { "period" } else { PERIOD_AT_AGE };
                (column(&first, since), column(&last, END_AT_AGE))
            }
        };
        let mut ends = vec![end.clone()];
        for within in &reach.withins {
            ends.push(days_or_months(within).fold(end.clone(), |end, (count, unit)| moved(end, count, unit)));
        }
        (select, start, ends)
    }

    /// The ages of the first day of each period, joined to these.
    fn ages_of_first_day(&mut self, select: &mut Select, spine: &str, grain: Grain, age: Age) -> String {
        let ages = self.ages(age);
        let first = self.unit_of(select, (grain, age.unit), column(spine, "period"), "first_day_of_cohort");
        let on = Expr::apply(&operators::EQUAL, vec![column(&ages, "period"), first]);
        select.join(JoinKind::Inner, &ages, &ages, Some(on));
        ages
    }

    /// The period before each; of the first that a calendar has, itself.
    fn period_before_of(&mut self, spine: &str, grain: Grain) -> Scalar {
        let before = self.need(grain, Need::Moved(Move::previous()));
        let (before, own) = (column(spine, &before), column(spine, "period"));
        if self.calendar.custom { Expr::apply(&coalesce::COALESCE, vec![before, own]) } else { before }
    }

    /// The last day of a source that can be trusted, which is far away where its rows are fresh.
    fn last_trusted_day(&mut self, source: SourceId) -> Scalar {
        let part = self.last_trusted_part(source);
        let mut single = Select::from_part(&part);
        single.column(column(&part, "last_day"), "last_day");
        Expr::leaf(Atom::Single(Box::new(single)))
    }

    /// The part with that day.
    pub(in crate::plan) fn last_trusted_part(&mut self, source: SourceId) -> String {
        match self.last_trusted.get(&source) {
            Some(known) => known.clone(),
            None => self.make_last_trusted(source),
        }
    }

    fn make_last_trusted(&mut self, source: SourceId) -> String {
        let known = self.model.sources.get(source);
        let name = known.name.value.clone();
        let within = known.freshness.within.as_ref().map(|within| within.value);
        let calendar = self.calendar.clone();
        let last = self.last_row_of(source);
        let mut select = Select::from_part(&last);
        let as_of = match (calendar.as_of, &self.today) {
            (AsOf::Today, Some(today)) => {
                select.join(JoinKind::Cross, today, today, None);
                column(today, "as_of")
            }
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, None) => day(calendar.start),
        };
        let fresh = is_fresh(column(&last, "day"), within, as_of);
        let never = Expr::apply(&coalesce::COALESCE, vec![column(&last, "day"), day(date(1, 1, 1))]);
        select.column(Expr::apply(&if_::IF, vec![fresh, day(Date::MAX), never]), "last_day");
        let part = self.names.take(&format!("{name}_trusted_until"));
        self.push(&part, select);
        self.last_trusted.insert(source, part.clone());
        part
    }

    /// The part with the day of the last visible row of a source that promises when its rows come, looked for no further back than it
    /// can matter.
    pub(in crate::plan) fn last_row_of(&mut self, source: SourceId) -> String {
        if let Some(known) = self.last_rows.get(&source) {
            return known.clone();
        }
        let known = self.model.sources.get(source);
        let calendar = self.calendar;
        let from = match &known.freshness.within {
            // An older row is too old whenever somebody looks.
            Some(within) => add(calendar.start, within.value.unit, -i64::from(within.value.count)),
            None => calendar.data_from,
        };
        let mut scan = self.rows_of(source);
        let mut select = Select::default();
        if let Some(clock) = known.clock() {
            select.column(scan.last_day(clock), "day");
            select.filter = scan.range(clock, Days { from: Some(from) });
        }
        let (from, joins) = self.finish(scan);
        (select.from, select.joins) = (Some(from), joins);
        let part = self.names.take(&format!("last_row_of_{}", known.name.value));
        self.push(&part, select);
        self.last_rows.insert(source, part.clone());
        part
    }

    /// The part with the days, weeks or months that lack a row: their `first_day` and `last_day`.
    pub(in crate::plan) fn holes_of(&mut self, source: SourceId) -> String {
        if let Some(known) = self.holes.get(&source) {
            return known.clone();
        }
        let known = self.model.sources.get(source);
        let name = known.name.value.clone();
        let (Some(expect), Some(clock)) = (known.freshness.expect.as_ref().map(|expect| expect.value), known.clock()) else {
            return String::new();
        };
        let grain = match expect {
            Expect::Day | Expect::Weekday => Grain::Day,
            Expect::Week => Grain::Week,
            Expect::Month => Grain::Month,
        };
        let mut scan = self.rows_of(source);
        let mut rows = Select { distinct: true, ..Select::default() };
        let custom = self.custom.clone().filter(|_| grain != Grain::Day);
        let period = match &custom {
            Some(calendar) => column(calendar, grain.name()),
            None => scan.period(clock, grain),
        };
        rows.column(period, "period");
        rows.filter = scan.range(clock, Days { from: Some(self.calendar.data_from) });
        let own = scan.day(clock);
        let (from, joins) = self.finish(scan);
        (rows.from, rows.joins) = (Some(from), joins);
        if let Some(calendar) = &custom {
            let on = Expr::apply(&operators::EQUAL, vec![column(calendar, "day"), own]);
            rows.join(JoinKind::Inner, calendar, calendar, Some(on));
        }
        let seen = self.names.take(&format!("{grain}s_of_{name}"));
        self.push(&seen, rows);
        let (end, over) = (self.need(grain, Need::End), self.need(grain, Need::IsOver));
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        let on = Expr::apply(&operators::EQUAL, vec![column(&seen, "period"), column(&spine, "period")]);
        select.join(JoinKind::Left, &seen, &seen, Some(on));
        select.column(column(&spine, "period"), "first_day");
        select.column(moved(column(&spine, &end), -1, Grain::Day), "last_day");
        select.filter.push(Expr::apply(&operators::IS_NULL, vec![column(&seen, "period")]));
        select.filter.push(column(&spine, &over));
        if expect == Expect::Weekday {
            let number = Expr::apply(&weekday::WEEKDAY, vec![column(&spine, "period")]);
            select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![number, Expr::number(5)]));
        }
        let part = self.names.take(&format!("{name}_holes"));
        self.push(&part, select);
        self.holes.insert(source, part.clone());
        part
    }
}

/// That no source makes a row doubtful.
pub(in crate::plan) fn no_doubt(stack: &Stack, doubts: &[(MeasureId, Move)]) -> Vec<Scalar> {
    let names = doubts.iter().filter_map(|doubt| stack.values.get(doubt));
    names.map(|name| Expr::apply(&operators::IS_NULL, vec![fold(&max::MAX, column(&stack.name, name))])).collect()
}

/// Whether a last row of a day is not too old.
pub(in crate::plan) fn is_fresh(last: Scalar, within: Option<Length>, as_of: Scalar) -> Scalar {
    let reaches = match within {
        Some(within) => moved(last, i64::from(within.count), within.unit),
        None => last,
    };
    let fresh = Expr::apply(&operators::GREATER_OR_EQUAL, vec![reaches, as_of]);
    Expr::apply(&coalesce::COALESCE, vec![fresh, Expr::made(Node::Literal(Literal::Truth(false)))])
}
