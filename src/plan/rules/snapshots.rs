//! The rules of snapshots that [`crate::plan::rules`] asks of rows: no key comes and goes between neighbouring snapshots, and no key whose
//! readings come one by one has gone without a word.

use crate::calendar::{AsOf, Grain};
use crate::functions::{max, min, operators};
use crate::model::expr::Expr;
use crate::model::{Holds, Model, SourceId};
use crate::plan::Data;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, Neighbour, Part, Query, Ranking, Rows, Scalar, Select, column, count_rows, day, fold, moved,
};
use crate::plan::rows::scan::Scan;
use crate::plan::rules::{Beside, Counting, EXAMPLES, Rule};
use crate::plan::time::spine::today;

/// Counts the keys that break a rule: all keys in `rows`, and the others in `wrong`.
pub(in crate::plan) fn counts(model: &Model, source: SourceId, rule: Rule, beside: &Beside) -> Counting {
    let (parts, wrong) = wrong_keys(model, source, rule, beside);
    let mut select = Select::from_part(&wrong);
    select.column(count_rows(), "rows");
    select.column(count_rows(), "wrong");
    Counting { query: Query { parts, result: Body::Select(select) }, columns: vec![(rule, "wrong".to_owned())] }
}

/// The first keys that break a rule: `key_1`, ..., and `value_1`, the day of which the rule says something.
pub(in crate::plan) fn examples(model: &Model, source: SourceId, rule: Rule, beside: &Beside) -> Query {
    let (parts, wrong) = wrong_keys(model, source, rule, beside);
    let mut select = Select::from_part(&wrong);
    let names = (1..=keys(model, source)).map(|at| format!("key_{at}")).chain(["value_1".to_owned()]);
    for name in names {
        select.order.push((column(&wrong, &name), false));
        select.column(column(&wrong, &name), &name);
    }
    select.limit = Some(EXAMPLES);
    Query { parts, result: Body::Select(select) }
}

fn keys(model: &Model, source: SourceId) -> usize {
    Scan::of(model, Data::Warehouse, source).key_parts_of_source().len()
}

fn wrong_keys(model: &Model, source: SourceId, rule: Rule, beside: &Beside) -> (Vec<Part>, String) {
    let (names, calendar) = (beside.names.clone(), beside.calendar.clone());
    let mut made = Made { model, source, names, calendar, parts: Vec::new() };
    let wrong = if rule == Rule::NotStale { made.stale_keys() } else { made.come_and_go() };
    (made.parts, wrong)
}

struct Made<'a> {
    model: &'a Model,
    source: SourceId,
    names: Names,
    /// The part with the days of a custom calendar, which derived columns may look up.
    calendar: Option<String>,
    parts: Vec<Part>,
}

impl Made<'_> {
    fn push(&mut self, wish: &str, select: Select) -> String {
        let name = self.names.take(wish);
        self.parts.push(Part { name: name.clone(), body: Body::Select(select) });
        name
    }

    /// The rows with a key and a day: `key_1`, ..., and `day`.
    fn readings(&mut self) -> (Select, Vec<String>) {
        let mut scan = Scan::of(self.model, Data::Warehouse, self.source);
        scan.calendar.clone_from(&self.calendar);
        let mut select = Select::default();
        let mut names = Vec::new();
        for (at, part) in scan.key_parts_of_source().into_iter().enumerate() {
            let name = format!("key_{}", at + 1);
            select.filter.push(there(&part));
            select.column(part, &name);
            names.push(name);
        }
        let holds = self.model.sources.get(self.source).holds;
        if let Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) = holds {
            let day = scan.day(taken);
            select.filter.push(there(&day));
            select.column(day, "day");
        }
        // Checked: states do not refer to states, so that no readings are met here.
        let (from, joins) = scan.finish(&mut |_, _, rows| Rows::Source(rows));
        (select.from, select.joins) = (Some(from), joins);
        (select, names)
    }

    /// The keys whose latest visible reading is too old at the end of `as_of`, with its day.
    fn stale_keys(&mut self) -> String {
        let (readings, keys) = self.readings();
        let readings = self.push("readings", readings);
        let calendar = self.model.calendar.clone();
        let mut latest = Select::from_part(&readings);
        let as_of = match calendar.as_of {
            AsOf::Day(last) => day(last),
            AsOf::Today => {
                let name = self.names.take("today");
                self.parts.insert(0, today(&name, calendar.zone.clock()));
                let mut single = Select::from_part(&name);
                single.column(column(&name, "as_of"), "as_of");
                Expr::leaf(Atom::Single(Box::new(single)))
            }
        };
        for key in &keys {
            latest.column(column(&readings, key), key);
        }
        latest.group_by_these();
        let read = fold(&max::MAX, column(&readings, "day"));
        latest.column(read.clone(), "value_1");
        latest.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&readings, "day"), as_of.clone()]));
        if let Some(Holds::Readings { fresh_for, .. }) = self.model.sources.get(self.source).holds {
            let too_old = moved(moved(read, 1, Grain::Day), i64::from(fresh_for.count), fresh_for.unit);
            latest.having.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![too_old, as_of]));
        }
        self.push("stale_keys", latest)
    }

    /// The keys that are not in a snapshot between two that have them, with the day of the first such snapshot.
    fn come_and_go(&mut self) -> String {
        let (readings, keys) = self.readings();
        let readings = self.push("readings", readings);
        let mut taken = Select { distinct: true, ..Select::from_part(&readings) };
        taken.column(column(&readings, "day"), "day");
        let taken = self.push("snapshots", taken);
        let mut numbered = Select::from_part(&taken);
        let own = column(&taken, "day");
        numbered.column(own.clone(), "day");
        let ranking = Ranking { part: Vec::new(), order: vec![(own.clone(), false)], dense: false };
        numbered.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), "number");
        let next = Neighbour { value: own.clone(), offset: 1, part: Vec::new(), order: vec![own] };
        numbered.column(Expr::leaf(Atom::Neighbour(Box::new(next))), "next_day");
        let numbered = self.push("snapshots_in_order", numbered);
        let mut followed = Select::from_part(&readings);
        let part: Vec<Scalar> = keys.iter().map(|key| column(&readings, key)).collect();
        let same = Expr::apply(&operators::EQUAL, vec![column(&readings, "day"), column(&numbered, "day")]);
        followed.join(crate::plan::algebra::relation::JoinKind::Inner, &numbered, &numbered, Some(same));
        for key in &keys {
            followed.column(column(&readings, key), key);
        }
        let number = column(&numbered, "number");
        followed.column(number.clone(), "number");
        followed.column(column(&numbered, "next_day"), "next_day");
        let later = Neighbour { value: number.clone(), offset: 1, part, order: vec![number] };
        followed.column(Expr::leaf(Atom::Neighbour(Box::new(later))), "later");
        let followed = self.push("readings_in_order", followed);
        let mut wrong = Select::from_part(&followed);
        for key in &keys {
            wrong.column(column(&followed, key), key);
        }
        wrong.group_by_these();
        wrong.column(fold(&min::MIN, column(&followed, "next_day")), "value_1");
        let skipped = Expr::apply(&operators::ADD, vec![column(&followed, "number"), Expr::number(1)]);
        wrong.filter.push(Expr::apply(&operators::GREATER, vec![column(&followed, "later"), skipped]));
        self.push("come_and_go", wrong)
    }
}

fn there(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()])
}
