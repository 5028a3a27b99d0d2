//! Aggregates over related rows from a time of the row that they belong to up to so long after it, in whatever period they are.
//!
//! The rows that others belong to are read once for their key, that time and the end of what counts, and joined to the related rows; what
//! comes of these is grouped by the key, so that no row is met with a period. States have a row for each time of a key, so the time is
//! a part of it there.

use crate::calendar::{AsOf, Date, Grain, add_days};
use crate::functions::{OverNothing, coalesce, operators};
use crate::model::SourceId;
use crate::model::expr::{Expr, Path, Related, Window};
use crate::plan::algebra::relation::{Body, JoinKind, Relies, Scalar, Select, column, impossible};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::rows::related::related_leaves;
use crate::plan::rows::scan::{Days, Scan};
use crate::plan::rows::{Ask, Group, RelatedJoin, add_folds};
use crate::plan::time::clocks::Timed;

/// The rows that others belong to, each with what counts for it.
#[derive(Debug, Default)]
struct Spans {
    part: String,
    /// The columns of the key.
    keys: Vec<String>,
    /// The column of the time itself, where it tells rows of one key apart.
    time: Option<String>,
    since: String,
    until: String,
    /// A name for what comes of the related rows.
    value: String,
}

impl<'a> Planner<'a> {
    /// An aggregate over the rows that belong to one of `outer` and come within a time of it: its value, and how it is joined.
    pub(in crate::plan) fn related_within(
        &mut self,
        related: &Related,
        ask: &Ask,
        outer: &mut Scan<'a>,
        of: &Path,
        own_key: &[Scalar],
    ) -> (Scalar, RelatedJoin) {
        let aggregate = &related.aggregate;
        let source = outer.source();
        // Where the time is the one at which the outer row counts, no related row before the first of these is met.
        let from = self.first_row_day(ask, ask.first).filter(|_| Some(of) == ask.aggregate.time.map(Path::to).as_ref());
        let (part, spans) = self.rows_within(related, source, of, from);
        let alias = self.names.take("related");
        let names = spans.keys.iter().map(|name| column(&alias, name));
        let mut on: Vec<Scalar> = names.zip(own_key).map(|(there, own)| equal(there, own.clone())).collect();
        if let Some(time) = &spans.time {
            on.push(equal(column(&alias, time), outer.held(of).of));
        }
        let there = column(&alias, &spans.value);
        let zero = aggregate.function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        let value = if zero { Expr::apply(&coalesce::COALESCE, vec![there, Expr::number(0)]) } else { there };
        (value, RelatedJoin { part, alias, on: Expr::all(on).unwrap_or_else(impossible) })
    }

    /// The part with the values of an aggregate over related rows, by the key of the rows that they belong to.
    fn rows_within(&mut self, related: &Related, outer: SourceId, of: &Path, from: Option<Date>) -> (String, Spans) {
        let aggregate = &related.aggregate;
        let (Some(time), Window::Within(count, unit)) = (aggregate.time, aggregate.window) else {
            return (String::new(), Spans::default());
        };
        let mut scan = self.rows_of(aggregate.source);
        // A clock that is put back may show an earlier day.
        let first = from.map(|day| if self.calendar.zone.is_fixed() { day } else { add_days(day, -1) });
        let last = match self.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = Some((time, first, last));
        let happened = scan.held(&Path::to(time));
        let (spans, since, until) =
            self.spans(outer, of, from, &happened, |time, planner: &Self| time.later(count, unit, planner.calendar));
        let parts = scan.key_parts(&related.via);
        let mut on: Vec<Scalar> =
            spans.keys.iter().zip(&parts).map(|(key, part)| equal(column(&spans.part, key), part.clone())).collect();
        on.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![since, column(&spans.part, &spans.since)]));
        on.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![until, column(&spans.part, &spans.until)]));
        let mut select = Select::default();
        for (part, name) in parts.into_iter().zip(&spans.keys) {
            select.column(part, name);
        }
        if let Some(name) = &spans.time {
            select.column(column(&spans.part, name), name);
        }
        select.group_by_these();
        let range = scan.range(time, Days { from: first });
        let mut joins = Vec::new();
        let own_key: Vec<Scalar> = scan.key_of_related().into_iter().map(|(_, part)| part).collect();
        for leaf in related_leaves(aggregate) {
            // Checked: what belongs to these rows is looked at within a time too.
            let Some(of) = &leaf.of else { continue };
            let ask = Ask {
                aggregate: aggregate.clone(),
                column: String::new(),
                grain: Grain::Day,
                first: None,
                first_shown: None,
                since: Since::Ever,
            };
            let (value, join) = self.related_within(leaf, &ask, &mut scan, of, &own_key);
            scan.related.push(value);
            joins.push(join);
        }
        let ask = Ask {
            aggregate: aggregate.clone(),
            column: spans.value.clone(),
            grain: Grain::Day,
            first: from,
            first_shown: from,
            since: Since::Ever,
        };
        let group = Group {
            source: aggregate.source,
            time: Some(time),
            stock: None,
            keys: Vec::new(),
            slices: None,
            by_entity: true,
            presence: false,
            asks: Vec::new(),
        };
        let conditions = add_folds(&mut scan, &group, &[&ask], &mut select);
        select.filter = range.into_iter().chain(conditions).collect();
        let (from, own_joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = own_joins;
        select.join(JoinKind::Inner, &spans.part, &spans.part, Expr::all(on));
        for join in joins {
            select.join(JoinKind::Left, &join.part, &join.alias, Some(join.on));
        }
        let source = &self.model.sources.get(aggregate.source).name.value;
        let name =
            self.names.take(&format!("{source}_{}_of_{}", crate::plan::time::spine::window_name(aggregate.window), spans.part));
        self.push(&name, select);
        (name, spans)
    }

    /// The part with the rows that others belong to; and the time of a related row as it is compared with their beginning, and with
    /// their end.
    fn spans(
        &mut self,
        source: SourceId,
        of: &Path,
        from: Option<Date>,
        happened: &Timed,
        end: impl Fn(&Timed, &Self) -> Timed,
    ) -> (Spans, Scalar, Scalar) {
        let mut scan = self.rows_of(source);
        let known = self.model.sources.get(source);
        let mut names = crate::plan::algebra::names::Names::default();
        let mut select = Select::default();
        let mut keys = Vec::new();
        for (wish, part) in scan.key_of_related() {
            let name = names.take(&wish);
            select.column(part, &name);
            keys.push(name);
        }
        let began = scan.held(of);
        // There may be several states of one key, each with times of its own.
        let time = known.holds.is_some().then(|| names.take("time"));
        if let Some(name) = &time {
            select.column(began.of.clone(), name);
            select.distinct = true;
        }
        let calendar = self.calendar;
        let (after_start, start) = happened.beside(&began, calendar);
        let (before_end, until) = happened.beside(&end(&began, self), calendar);
        let [since, until_name, value] = ["since", "last", "value"].map(|wish| names.take(wish));
        select.column(start, &since);
        select.column(until, &until_name);
        select.filter = match from {
            Some(_) if of.through.is_empty() => scan.range(of.column, Days { from }),
            _ => vec![Expr::apply(&operators::IS_NOT_NULL, vec![began.of.clone()])],
        };
        if time.is_none() && known.journey.is_none() {
            // A row that stands twice would count what belongs to it twice.
            scan.rely_on(Relies::UniqueKey);
        }
        let (read, joins) = self.finish(scan);
        select.from = Some(read);
        select.joins = joins;
        let name = format!("{}_{}", known.name.value, self.model.path_text(source, of).replace('.', "_"));
        let part = self.names.take(&name);
        self.push_body(&part, Body::Select(select));
        (Spans { part, keys, time, since, until: until_name, value }, after_start, before_end)
    }
}

fn equal(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::EQUAL, vec![one, two])
}
