//! One source's rows: its columns and those of the sources that it refers to, conditions, and the range of time.

mod bytes;
mod lumped;
mod read;

use crate::calendar::{AsOf, Calendar, Date, Grain, Zone, add_days};
use crate::functions::closing_day::CLOSING_DAY;
use crate::functions::{Function, Gives, conversions, if_, max, operators};
use crate::model::clock::{TimeKind, compares};
use crate::model::expr::{Expr, Literal, Node, PairLeaf, Path, RowExpr, RowLeaf};
use crate::model::facts::Type;
use crate::model::value;
use crate::model::{Clock, Column, ColumnId, Holds, KeyPart, Model, RawSql, SourceId, Storage};
use crate::plan::Data;
use crate::plan::algebra::relation::{
    Atom, From, Join, JoinKind, Moment, PeriodOf, Relies, Rows, Scalar, Select, SourceRows, column, fold, impossible,
};
use crate::plan::lookup::finite::{self, Lowered};
use crate::plan::lookup::whole;
use crate::plan::rows::readings::Form;
use crate::plan::time::clocks;
use crate::plan::time::clocks::Timed;
use bytes::{as_text, compare_by_bytes};
use jiff::civil::Time;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of a source while a select over them is being made.
pub(in crate::plan) struct Scan<'a> {
    model: &'a Model,
    data: Data,
    source: SourceId,
    /// The end of time.
    pub(in crate::plan) as_of: AsOf,
    /// The references that are followed, each with the name of what is joined.
    joined: BTreeMap<Vec<ColumnId>, String>,
    /// What is joined behind them to know which values stand for themselves.
    lumped: Vec<Join>,
    /// Those of them that were met since somebody last looked.
    followed: BTreeSet<Vec<ColumnId>>,
    /// Per relation the stored columns and those of raw SQL that are read.
    stored: BTreeMap<Vec<ColumnId>, BTreeSet<String>>,
    raw: BTreeMap<Vec<ColumnId>, BTreeMap<String, RawSql>>,
    /// Per relation the columns that are read, stored or not.
    columns: BTreeMap<Vec<ColumnId>, BTreeSet<ColumnId>>,
    /// The time by which rows are in range, with the conditions that say so.
    range: (Option<ColumnId>, Vec<Scalar>),
    /// What the select relies on.
    relies: Vec<Relies>,
    /// From which day on and before which one rows matter for what is shown, as far as that is known.
    pub(in crate::plan) matters: (Option<Date>, Option<Date>),
    /// What stands for each aggregate over related rows, in the order in which they are met.
    pub(in crate::plan) related: Vec<Scalar>,
    /// What stands for what is asked of pairs of states.
    pub(in crate::plan) pairs: BTreeMap<PairLeaf, Scalar>,
    /// The part that knows the current date, if the end of time is not fixed.
    pub(in crate::plan) today: Option<String>,
    /// The part that maps days to the periods of a custom calendar.
    pub(in crate::plan) calendar: Option<String>,
    /// The last visible day of the period in which a row is looked at, where rows are tied to periods.
    pub(in crate::plan) closing: Option<Scalar>,
    /// In which form the readings of the source are read, if it has some and they are.
    pub(in crate::plan) form: Option<Form>,
    /// The time column by which rows are read, and the days from and to which they are, as far as known: no other time of it is
    /// met.
    pub(in crate::plan) known_days: Option<(ColumnId, Option<Date>, Option<Date>)>,
}

/// What stands for the rows of a source whose readings are read in some form.
pub(in crate::plan) type ReadingsOf<'f> = dyn FnMut(SourceId, Form, SourceRows) -> Rows + 'f;

/// A range of days; an open end is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) struct Days {
    /// The first day.
    pub from: Option<Date>,
}

impl<'a> Scan<'a> {
    /// The rows of `source`.
    pub(in crate::plan) fn of(model: &'a Model, data: Data, source: SourceId) -> Self {
        Self {
            model,
            data,
            source,
            as_of: model.calendar.as_of,
            joined: BTreeMap::new(),
            lumped: Vec::new(),
            followed: BTreeSet::new(),
            stored: BTreeMap::new(),
            raw: BTreeMap::new(),
            columns: BTreeMap::new(),
            range: (None, Vec::new()),
            relies: Vec::new(),
            matters: (None, None),
            related: Vec::new(),
            pairs: BTreeMap::new(),
            today: None,
            calendar: None,
            closing: None,
            form: None,
            known_days: None,
        }
    }

    /// The model.
    pub(in crate::plan) fn model(&self) -> &'a Model {
        self.model
    }

    /// The source whose rows they are.
    pub(in crate::plan) fn source(&self) -> SourceId {
        self.source
    }

    /// The name of the relation at the end of some references.
    pub(in crate::plan) fn alias(&mut self, through: &[ColumnId]) -> String {
        let base = &self.model.sources.get(self.source).name.value;
        if through.is_empty() {
            return base.clone();
        }
        self.followed.insert(through.to_vec());
        if let Some(known) = self.joined.get(through) {
            return known.clone();
        }
        let mut at = self.source;
        let mut names = Vec::new();
        for step in through {
            let column = self.model.sources.get(at).columns.get(*step);
            names.push(column.name.value.as_str());
            at = column.reference.unwrap_or(at);
        }
        let mut wish = names.join("_");
        while wish == *base || self.joined.values().any(|known| *known == wish) {
            wish.push_str("_row");
        }
        self.joined.insert(through.to_vec(), wish.clone());
        wish
    }

    /// The source at the end of some references.
    fn at(&self, through: &[ColumnId]) -> SourceId {
        let mut at = self.source;
        for step in through {
            at = self.model.sources.get(at).columns.get(*step).reference.unwrap_or(at);
        }
        at
    }

    /// A stored column of the relation at the end of some references.
    fn stored(&mut self, through: &[ColumnId], name: &str) -> Scalar {
        self.stored.entry(through.to_vec()).or_default().insert(name.to_owned());
        let of = self.alias(through);
        column(&of, name)
    }

    /// A row expression.
    pub(in crate::plan) fn row(&mut self, expr: &RowExpr) -> Scalar {
        self.row_at(&[], expr).settled()
    }

    /// A row expression about the relation at the end of some references.
    fn row_at(&mut self, through: &[ColumnId], expr: &RowExpr) -> Lowered {
        match &expr.node {
            Node::Literal(literal) => Lowered::new(Expr::made(Node::Literal(literal.clone())), finite::of_literal(literal)),
            Node::Broken => Lowered::small(impossible()),
            Node::Leaf(leaf) => match leaf {
                RowLeaf::Column(path) => self.path_at(through, path),
                RowLeaf::Duration(count, _) => Lowered::small(Expr::number(count)),
                // Conditions on dimensions have become conditions on columns; those on entities are not about rows.
                RowLeaf::Dimension(_) | RowLeaf::Value => Lowered::small(column("", "value")),
                RowLeaf::Reached(reached) => self.row_at(through, &reached.condition),
                RowLeaf::Pair(_) | RowLeaf::Related(_) => {
                    let reach = finite::of_leaf(self.model, self.at(through), leaf);
                    let value = self.made(leaf);
                    let is_instant = self.model.time_kind(self.at(through), expr) == Some(TimeKind::Instant);
                    Lowered::new(if is_instant { clocks::civil_of(&self.model.calendar, value) } else { value }, reach)
                }
            },
            Node::Apply(function, arguments) => {
                let is_test = **function == operators::IS_NULL || **function == operators::IS_NOT_NULL;
                if let (true, [Expr { node: Node::Leaf(RowLeaf::Column(path)), .. }]) = (is_test, arguments.as_slice()) {
                    // What is null is null on every clock.
                    let whole = self.bare(through, path);
                    return Lowered::small(Expr::apply(function, vec![whole]));
                }
                if **function == CLOSING_DAY {
                    return Lowered::small(self.closing.clone().unwrap_or_else(impossible));
                }
                if function.name == "trunc" {
                    return Lowered::small(self.trunc(through, arguments));
                }
                if let Some(value) = whole::rounded_already(self.model, self.at(through), function, arguments) {
                    return self.row_at(through, value);
                }
                if let Some(value) = self.of_instants(through, expr, function, arguments) {
                    return value;
                }
                let room = whole::room(self.model, self.at(through), function, arguments);
                let lowered = arguments.iter().zip(room).map(|(argument, change)| {
                    let value = self.row_at(through, argument);
                    if let Some(change) = change { finite::applied(change, vec![value]) } else { value }
                });
                let mut lowered: Vec<Lowered> = lowered.collect();
                compare_by_bytes(function, &mut lowered);
                let gives_text = matches!(function.name, "lower" | "upper" | "trim" | "concat" | "text");
                finite::applied(function, lowered).map(|value| as_text(value, gives_text.then_some(Type::Text)))
            }
        }
    }

    /// What was computed before the rows are read: something of a pair, or an aggregate over related rows, which are met in
    /// their order. Instants among them are readings of UTC.
    fn made(&mut self, leaf: &RowLeaf) -> Scalar {
        match leaf {
            RowLeaf::Pair(leaf) => self.pairs.get(leaf).cloned().unwrap_or_else(impossible),
            _ if self.related.is_empty() => impossible(),
            _ => self.related.remove(0),
        }
    }

    /// What compares instants or counts the time between them does so with instants, and so does what makes one of others;
    /// nothing where a function is not about instants, or the project's clock shows them in their order anyway.
    fn of_instants(
        &mut self,
        through: &[ColumnId],
        expr: &RowExpr,
        function: &'static Function,
        arguments: &[RowExpr],
    ) -> Option<Lowered> {
        let model = self.model;
        if model.calendar.zone.is_fixed() {
            return None;
        }
        let source = self.at(through);
        if compares(function.name) || *function == conversions::SECONDS_BETWEEN {
            let mut kinds = arguments.iter().filter_map(|argument| model.time_kind(source, argument)).peekable();
            kinds.peek()?;
            if kinds.any(|kind| kind != TimeKind::Instant) {
                return None;
            }
            // Absolute times are compared as they are stored.
            let stored = arguments.iter().all(|argument| self.is_stored_instant(source, argument));
            let lower = |argument| {
                let value = self.instant_at(through, argument);
                Lowered::small(if stored || *function == conversions::SECONDS_BETWEEN {
                    clocks::as_stored(value)
                } else {
                    value
                })
            };
            return Some(finite::applied(function, arguments.iter().map(lower).collect()));
        }
        let makes = matches!(function.name, "add seconds" | "least" | "greatest");
        let is_instant = makes && model.time_kind(source, expr) == Some(TimeKind::Instant);
        is_instant.then(|| Lowered::small(clocks::civil_of(&model.calendar, self.instant_at(through, expr))))
    }

    /// Whether an expression is a column of absolute times, or null.
    fn is_stored_instant(&self, source: SourceId, expr: &RowExpr) -> bool {
        match &expr.node {
            Node::Leaf(RowLeaf::Column(path)) => {
                let column = self.model.column(source, path);
                column.clock == Clock::Instant && !matches!(column.storage, Storage::Derived(_))
            }
            Node::Literal(literal) => *literal == Literal::Null,
            _ => false,
        }
    }

    /// A row expression that gives an instant, as the reading of UTC.
    fn instant_at(&mut self, through: &[ColumnId], expr: &RowExpr) -> Scalar {
        match &expr.node {
            Node::Leaf(RowLeaf::Column(path)) => self.instant_path(through, path),
            Node::Leaf(leaf @ (RowLeaf::Pair(_) | RowLeaf::Related(_))) => self.made(leaf),
            Node::Apply(function, arguments) if function.name == "add seconds" || function.gives == Gives::Common => {
                let is_time = |argument: &RowExpr| self.model.time_kind(self.at(through), argument).is_some();
                let times: Vec<bool> = arguments.iter().map(is_time).collect();
                let lower = |(argument, is_time): (&RowExpr, bool)| {
                    if is_time { Lowered::small(self.instant_at(through, argument)) } else { self.row_at(through, argument) }
                };
                finite::applied(function, arguments.iter().zip(times).map(lower).collect()).settled()
            }
            _ => self.row_at(through, expr).settled(),
        }
    }

    /// A column of instants, as the reading of UTC.
    fn instant_path(&mut self, through: &[ColumnId], path: &Path) -> Scalar {
        let model = self.model;
        let source = self.at(through);
        let column = model.column(source, path);
        match &column.storage {
            Storage::Derived(expr) => {
                let whole: Vec<ColumnId> = through.iter().chain(&path.through).copied().collect();
                let value = Lowered::small(self.instant_at(&whole, expr));
                self.where_found(&whole, expr, value).settled()
            }
            Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => {
                let bare = self.bare(through, path);
                clocks::on_clock(&model.calendar, &column.clock, bare, &Zone::utc(), (None, None))
            }
        }
    }

    /// A value to be told apart from others, ordered or picked: a time as it is known, instants as readings of UTC.
    pub(in crate::plan) fn value(&mut self, expr: &RowExpr) -> Scalar {
        let is_instant = self.model.time_kind(self.source, expr) == Some(TimeKind::Instant);
        if is_instant && !self.model.calendar.zone.is_fixed() { self.instant_at(&[], expr) } else { self.row(expr) }
    }

    /// A time at the end of a path as it is stored if it is an instant, and on the project's clock if not.
    pub(in crate::plan) fn held(&mut self, path: &Path) -> Timed {
        let column = self.model.column(self.source, path);
        let kind = self.model.path_time_kind(self.source, path).unwrap_or(TimeKind::Day);
        let is_derived = matches!(column.storage, Storage::Derived(_));
        let (of, clock) = match kind {
            TimeKind::Instant if !is_derived => (self.bare(&[], path), column.clock.clone()),
            TimeKind::Instant if !self.model.calendar.zone.is_fixed() => {
                (self.instant_path(&[], path), Clock::Wall(Zone::utc()))
            }
            _ => (self.path(path), Clock::Civil),
        };
        Timed { of, kind, clock }
    }

    /// A time of the source's rows as it is known, or as the less that is known of what it is compared with.
    pub(in crate::plan) fn time_as(&mut self, kind: TimeKind, path: &Path) -> Scalar {
        self.time_as_at(&[], kind, path)
    }

    pub(in crate::plan) fn time_as_at(&mut self, through: &[ColumnId], kind: TimeKind, path: &Path) -> Scalar {
        let own = self.model.path_time_kind(self.at(through), path).unwrap_or(TimeKind::Day);
        match kind.min(own) {
            TimeKind::Instant if !self.model.calendar.zone.is_fixed() => self.instant_path(through, path),
            TimeKind::Day if own != TimeKind::Day => {
                Expr::apply(&conversions::TO_DATE, vec![self.path_at(through, path).settled()])
            }
            TimeKind::Day | TimeKind::Civil | TimeKind::Instant => self.path_at(through, path).settled(),
        }
    }

    fn trunc(&mut self, through: &[ColumnId], arguments: &[RowExpr]) -> Scalar {
        let [time, Expr { node: Node::Literal(Literal::Grain(grain)), .. }] = arguments else { return impossible() };
        let of = self.row_at(through, time).settled();
        let calendar = &self.model.calendar;
        match (&self.calendar, grain) {
            (Some(part), grain) if *grain != Grain::Day => {
                // Under names of their own: a column of the row may be called `day` or `month` too.
                let (day_name, grain_name) = ("day_of_calendar", format!("{grain}_of_calendar"));
                let mut days = Select::from_part(part);
                days.column(column(part, "day"), day_name);
                days.column(column(part, grain.name()), &grain_name);
                let from = From { relation: Rows::Select(Box::new(days)), name: part.clone() };
                let mut lookup = Select { from: Some(from), ..Select::default() };
                lookup.column(column(part, &grain_name), &grain_name);
                let day = Expr::apply(&conversions::TO_DATE, vec![of]);
                lookup.filter.push(Expr::apply(&operators::EQUAL, vec![column(part, day_name), day]));
                Expr::leaf(Atom::Single(Box::new(lookup)))
            }
            _ => period_of(calendar, *grain, of),
        }
    }

    /// A column as formulas see it: times are civil times of the project.
    pub(in crate::plan) fn path(&mut self, path: &Path) -> Scalar {
        self.path_at(&[], path).settled()
    }

    fn path_at(&mut self, through: &[ColumnId], path: &Path) -> Lowered {
        let Lowered { value: bare, reach } = self.read(through, path);
        let column = self.model.column(self.at(through), path);
        let own = through.is_empty() && path.through.is_empty();
        let known = self.known_days.filter(|(time, ..)| own && *time == path.column);
        let (from, to) = known.map_or((None, None), |(_, from, to)| (from, to));
        Lowered::new(self.civil(column, bare, from, to), reach)
    }

    /// A column as it is stored, null where that is NaN or infinite.
    fn bare(&mut self, through: &[ColumnId], path: &Path) -> Scalar {
        self.read(through, path).settled()
    }

    /// A column as it is stored.
    fn read(&mut self, through: &[ColumnId], path: &Path) -> Lowered {
        let reach = finite::of_column(self.model, self.at(through), path);
        let at_end: Vec<ColumnId> = through.iter().chain(&path.through).copied().collect();
        self.columns.entry(at_end).or_default().insert(path.column);
        if let Storage::Derived(expr) = &self.model.column(self.at(through), path).storage {
            let whole: Vec<ColumnId> = through.iter().chain(&path.through).copied().collect();
            let ty = self.model.column(self.at(through), path).ty;
            return self.derived(&whole, expr).map(|value| as_text(value, Some(ty)));
        }
        Lowered::new(self.stored_column(through, path), reach)
    }

    /// A column of the relation, or one of raw SQL, whatever is in it.
    pub(in crate::plan) fn stored_column(&mut self, through: &[ColumnId], path: &Path) -> Scalar {
        let whole: Vec<ColumnId> = through.iter().chain(&path.through).copied().collect();
        let model = self.model;
        let source = self.at(&whole);
        let column_here = model.sources.get(source).columns.get(path.column);
        let value = match &column_here.storage {
            Storage::Stored(name) => self.stored(&whole, name),
            Storage::Several(parts) => {
                let target = column_here.reference.map(|target| model.sources.get(target));
                let type_of = |at: usize| target.and_then(|target| Some(target.columns.get(*target.key.get(at)?).ty));
                let part = |(at, part): (usize, &KeyPart)| match part {
                    KeyPart::Stored(name) => {
                        let stored = self.stored(&whole, name);
                        if type_of(at) == Some(Type::Number) { finite::finite(stored) } else { as_text(stored, type_of(at)) }
                    }
                    KeyPart::Made(id) => self.bare(&whole, &Path::to(*id)),
                };
                Expr::leaf(Atom::Tuple(parts.iter().enumerate().map(part).collect()))
            }
            Storage::Derived(_) => self.bare(through, path),
            Storage::Raw(each) => {
                let name = model.sources.get(source).made_name(path.column);
                if self.data == Data::Given {
                    let given = self.stored(&whole, &name);
                    return as_text(given, Some(column_here.ty));
                }
                self.raw.entry(whole.clone()).or_default().insert(name.clone(), each.clone());
                let of = self.alias(&whole);
                column(&of, &name)
            }
        };
        as_text(value, Some(column_here.ty))
    }

    /// A derived column at the end of some references. Where these lead to no row it is null, whatever its formula says of nulls.
    fn derived(&mut self, through: &[ColumnId], expr: &RowExpr) -> Lowered {
        let value = self.row_at(through, expr);
        self.where_found(through, expr, value)
    }

    /// The value of a derived column, null where references lead to no row.
    fn where_found(&mut self, through: &[ColumnId], expr: &RowExpr, value: Lowered) -> Lowered {
        let key = self.model.sources.get(self.at(through)).key.first().copied();
        match key {
            Some(key) if !through.is_empty() && !is_null_of_nulls(expr) => {
                let key = match self.bare(through, &Path::to(key)).node {
                    Node::Leaf(Atom::Tuple(parts)) => parts.into_iter().next().unwrap_or_else(impossible),
                    node => Expr::made(node),
                };
                finite::applied(&if_::IF, vec![Lowered::small(Expr::apply(&operators::IS_NOT_NULL, vec![key])), value])
            }
            _ => value,
        }
    }

    /// The parts of a key: one scalar for most columns, several for a key of several columns.
    pub(in crate::plan) fn key_parts(&mut self, path: &Path) -> Vec<Scalar> {
        let whole = self.bare(&[], path);
        match whole.node {
            Node::Leaf(Atom::Tuple(parts)) => parts,
            // Keys are told apart as they are stored.
            node => vec![Expr { node, at: whole.at }],
        }
    }

    /// The stored parts of a column: several for a key of several columns.
    pub(in crate::plan) fn parts_of(&mut self, column: ColumnId) -> Vec<Scalar> {
        self.parts_along(&[], column)
    }

    /// The stored parts of a reference at the end of others.
    pub(in crate::plan) fn parts_along(&mut self, through: &[ColumnId], column: ColumnId) -> Vec<Scalar> {
        let bare = self.bare(through, &Path::to(column));
        match bare.node {
            Node::Leaf(Atom::Tuple(parts)) => parts,
            _ => vec![bare],
        }
    }

    /// The key of the row at the end of some references.
    pub(in crate::plan) fn key_at(&mut self, through: &[ColumnId]) -> Vec<Scalar> {
        let key = self.model.sources.get(self.at(through)).key.clone();
        key.into_iter().map(|column| self.bare(through, &Path::to(column))).collect()
    }

    /// Whether rows of other sources are joined, by references that were followed.
    pub(in crate::plan) fn follows_references(&self) -> bool {
        !self.joined.is_empty()
    }

    /// The columns that tell the rows of the source apart, a key of several columns in its parts.
    pub(in crate::plan) fn key_parts_of_source(&mut self) -> Vec<Scalar> {
        let key = self.model.sources.get(self.source).key.clone();
        key.into_iter().flat_map(|column| self.parts_of(column)).collect()
    }

    /// The columns that tell the rows of the source apart.
    pub(in crate::plan) fn own_key(&mut self) -> Vec<Scalar> {
        let key = self.model.sources.get(self.source).key.clone();
        key.into_iter().map(|column| self.bare(&[], &Path::to(column))).collect()
    }

    /// The columns by which other rows belong to one, each with what it may be called: its key, or the entity of a journey.
    pub(in crate::plan) fn key_of_related(&mut self) -> Vec<(String, Scalar)> {
        let source = self.model.sources.get(self.source);
        let paths = match &source.journey {
            Some(journey) => journey.entity().into_iter().collect(),
            None => source.key.iter().map(|column| Path::to(*column)).collect::<Vec<Path>>(),
        };
        let mut found = Vec::new();
        for path in paths {
            let name = &self.model.column(self.source, &path).name.value;
            let parts = if source.journey.is_some() { self.key_parts(&path) } else { vec![self.bare(&[], &path)] };
            found.extend(parts.into_iter().map(|part| (name.clone(), part)));
        }
        found
    }

    /// A stored time on the project's clock; `known_from` and `known_to` are the days beyond which it is never met.
    fn civil(&self, column: &Column, stored: Scalar, known_from: Option<Date>, known_to: Option<Date>) -> Scalar {
        match (&column.storage, &column.clock) {
            (Storage::Derived(_), _) | (_, Clock::Civil) => stored,
            _ => {
                let calendar = &self.model.calendar;
                clocks::on_clock(calendar, &column.clock, stored, &calendar.zone, (known_from, known_to))
            }
        }
    }

    /// The civil day of a time column.
    pub(in crate::plan) fn day(&mut self, time: ColumnId) -> Scalar {
        let path = Path::to(time);
        let civil = self.path(&path);
        match self.model.column(self.source, &path).ty {
            Type::Date => civil,
            _ => Expr::apply(&conversions::TO_DATE, vec![civil]),
        }
    }

    /// The civil day of a value of a time column by which rows are ordered.
    pub(in crate::plan) fn civil_day(&mut self, time: ColumnId, stored: Scalar) -> Scalar {
        let column = self.model.sources.get(self.source).columns.get(time);
        let civil = match (&column.storage, self.model.column_time_kind(self.source, column)) {
            (Storage::Derived(_), Some(TimeKind::Instant)) => clocks::civil_of(&self.model.calendar, stored),
            _ => self.civil(column, stored, None, None),
        };
        if column.ty == Type::Date { civil } else { Expr::apply(&conversions::TO_DATE, vec![civil]) }
    }

    /// The civil day of the latest time of a column.
    pub(in crate::plan) fn last_day(&mut self, time: ColumnId) -> Scalar {
        // Converted once, and not for each row.
        let stored = self.order(time);
        self.civil_day(time, fold(&max::MAX, stored))
    }

    /// The time column as the rows are ordered by it.
    pub(in crate::plan) fn order(&mut self, time: ColumnId) -> Scalar {
        let path = Path::to(time);
        let derived = matches!(self.model.column(self.source, &path).storage, Storage::Derived(_));
        if derived { self.value(&Expr::leaf(RowLeaf::Column(path))) } else { self.bare(&[], &path) }
    }

    /// The first day of the period in which a time column falls, in a calendar of rules.
    pub(in crate::plan) fn period(&mut self, time: ColumnId, grain: Grain) -> Scalar {
        let path = Path::to(time);
        let civil = self.path(&path);
        if grain == Grain::Day {
            return self.day(time);
        }
        period_of(&self.model.calendar, grain, civil)
    }

    /// Which rows are visible and in range: conditions on the bare column where that is possible. A row whose time is infinite is in
    /// no range, not even in one without a beginning.
    pub(in crate::plan) fn range(&mut self, time: ColumnId, days: Days) -> Vec<Scalar> {
        let conditions = self.in_range(time, days);
        let mut narrower = conditions.clone();
        let (from, before) = self.matters;
        for (day, is_from) in [(from, true), (before, false)] {
            let bounds = day.map(|day| self.bound(time, day, is_from)).unwrap_or_default();
            narrower.extend(bounds.into_iter().filter(|bound| !conditions.contains(bound)));
        }
        self.range = (Some(time), narrower);
        conditions
    }

    fn in_range(&mut self, time: ColumnId, days: Days) -> Vec<Scalar> {
        let mut conditions = match days.from {
            Some(from) => self.bound(time, from, true),
            None => vec![self.is_dated(time)],
        };
        conditions.extend(self.visible(time));
        conditions
    }

    /// Which rows are visible.
    pub(in crate::plan) fn visible(&mut self, time: ColumnId) -> Vec<Scalar> {
        let mut conditions = Vec::new();
        match (self.as_of, &self.today) {
            (AsOf::Day(last), _) => conditions.extend(self.bound(time, add_days(last, 1), false)),
            (AsOf::Today, Some(today)) => conditions.push(self.before_tomorrow(time, &today.clone())),
            (AsOf::Today, None) => {}
        }
        conditions
    }

    /// Rows up to the end of the current date: the stored time against the moment at which it ends, read once.
    fn before_tomorrow(&mut self, time: ColumnId, today: &str) -> Scalar {
        let path = Path::to(time);
        let column_here = self.model.column(self.source, &path);
        let stored = !matches!(column_here.storage, Storage::Derived(_));
        let bare = if stored { self.bare(&[], &path) } else { self.path(&path) };
        let project = self.model.calendar.zone.clock().to_owned();
        let mut end = Select::from_part(today);
        let tomorrow = crate::plan::algebra::relation::moved(column(today, "as_of"), 1, Grain::Day);
        let midnight = |day: Scalar| Expr::leaf(Atom::Midnight(Box::new(day), project.clone()));
        let bound = match (&column_here.clock, column_here.ty) {
            (Clock::Instant, _) if stored => midnight(tomorrow),
            (Clock::Wall(zone), _) if stored => {
                Expr::leaf(Atom::OnClock(Box::new(midnight(tomorrow)), zone.clock().to_owned()))
            }
            _ => tomorrow,
        };
        end.column(bound, "tomorrow");
        Expr::apply(&operators::LESS, vec![bare, Expr::leaf(Atom::Single(Box::new(end)))])
    }

    /// Rows whose time is not earlier than every moment.
    pub(in crate::plan) fn is_dated(&mut self, time: ColumnId) -> Scalar {
        let path = Path::to(time);
        let column = self.model.column(self.source, &path);
        let stored = !matches!(column.storage, Storage::Derived(_));
        let clock = match (&column.clock, column.ty) {
            (_, Type::Date) => value::Type::Date,
            (Clock::Instant, _) if stored => value::Type::Instant,
            _ => value::Type::Timestamp,
        };
        let bare = if stored { self.bare(&[], &path) } else { self.path(&path) };
        Expr::apply(&operators::GREATER, vec![bare, Expr::leaf(Atom::Moment(Moment::Never(clock)))])
    }

    /// Rows from the beginning of a day on (`from`), or before it.
    fn bound(&mut self, time: ColumnId, day: Date, from: bool) -> Vec<Scalar> {
        let path = Path::to(time);
        let column = self.model.column(self.source, &path);
        let function = if from { &operators::GREATER_OR_EQUAL } else { &operators::LESS };
        let midnight = day.to_datetime(Time::midnight());
        let project = &self.model.calendar.zone;
        let stored = !matches!(column.storage, Storage::Derived(_));
        let (bound, exact) = match (&column.clock, column.ty) {
            (_, Type::Date) => (Moment::Day(day), true),
            (Clock::Instant, _) if stored => {
                let bound = Zone::utc().bound(project, day);
                (Moment::Instant(bound.at), bound.exact)
            }
            (Clock::Wall(zone), _) if stored => {
                let bound = zone.bound(project, day);
                (Moment::Wall(bound.at), bound.exact)
            }
            _ => (Moment::Wall(midnight), true),
        };
        let bare = if stored { self.bare(&[], &path) } else { self.path(&path) };
        let moment = |bound: Moment| Expr::leaf(Atom::Moment(bound));
        if exact {
            return vec![Expr::apply(function, vec![bare, moment(bound)])];
        }
        // The clock is put back across this midnight: which day a reading is can only be said of the civil time.
        let civil = self.day(time);
        let mut conditions = vec![Expr::apply(function, vec![civil, moment(Moment::Day(day))])];
        if from {
            conditions.insert(0, Expr::apply(function, vec![bare, moment(bound)]));
        }
        conditions
    }

    /// What is read, and what is joined to it. `readings` says what stands for the rows of a source whose readings are read.
    pub(in crate::plan) fn finish(mut self, readings: &mut ReadingsOf<'_>) -> (From, Vec<Join>) {
        let mut joins = Vec::new();
        let mut done = BTreeSet::new();
        for through in self.all_paths() {
            self.join(&through, &mut done, &mut joins);
        }
        let lumped = std::mem::take(&mut self.lumped);
        let first = self.source_rows(&[]);
        let mut seen = vec![first.relation.clone()];
        let joins = joins
            .into_iter()
            .map(|(through, on, form)| {
                let name = self.alias(&through);
                let mut rows = self.source_rows(&through);
                let relation = if let Some(form) = form {
                    readings(self.at(&through), form, rows)
                } else {
                    rows.again = seen.contains(&rows.relation);
                    seen.push(rows.relation.clone());
                    Rows::Source(rows)
                };
                Join { kind: JoinKind::Left, from: From { relation, name }, on }
            })
            .chain(lumped)
            .collect();
        let relation = match self.form.take() {
            Some(form) => readings(self.source, form, first),
            None => Rows::Source(first),
        };
        (From { relation, name: self.alias(&[]) }, joins)
    }

    /// Joins what a reference leads to, after all that its key is computed from.
    fn join(
        &mut self,
        through: &[ColumnId],
        done: &mut BTreeSet<Vec<ColumnId>>,
        joins: &mut Vec<(Vec<ColumnId>, Option<Scalar>, Option<Form>)>,
    ) {
        let Some((last, before)) = through.split_last() else { return };
        if !done.insert(through.to_vec()) {
            return;
        }
        let model = self.model;
        let outer = std::mem::take(&mut self.followed);
        let own = self.bare(before, &Path::to(*last));
        let own = match own.node {
            Node::Leaf(Atom::Tuple(parts)) => parts,
            _ => vec![own],
        };
        let key = model.sources.get(self.at(through)).key.iter();
        let conditions = key.zip(own).map(|(key, own)| {
            let there = self.bare(through, &Path::to(*key));
            Expr::apply(&operators::EQUAL, vec![there, own])
        });
        let mut conditions: Vec<Scalar> = conditions.collect();
        conditions.extend(self.as_of_the_row(before, through));
        let in_force = self.in_force((before, self.at(before)), (through, self.at(through)));
        let form = in_force.map(|(form, more)| {
            conditions.extend(more);
            form
        });
        let needed = std::mem::replace(&mut self.followed, outer);
        for needed in needed {
            self.join(&needed, done, joins);
        }
        joins.push((through.to_vec(), Expr::all(conditions), form));
    }

    /// That a state at the end of a reference held at the time of the row that refers to it.
    fn as_of_the_row(&mut self, before: &[ColumnId], through: &[ColumnId]) -> Vec<Scalar> {
        let model = self.model;
        let (referring, target) = (model.sources.get(self.at(before)), model.sources.get(self.at(through)));
        let (Some(Holds::Valid { from, to, inclusive }), Some(time)) = (target.holds, referring.time) else {
            return Vec::new();
        };
        let (own, others) = (self.at(before), self.at(through));
        let own_kind = model.path_time_kind(own, &Path::to(time));
        let mut compared = |column: ColumnId| {
            let kind = model.path_time_kind(others, &Path::to(column)).min(own_kind).unwrap_or(TimeKind::Day);
            (self.time_as_at(through, kind, &Path::to(column)), self.time_as_at(before, kind, &Path::to(time)))
        };
        let ((since, at), (until, before_end)) = (compared(from), compared(to));
        let ends = if inclusive { &operators::GREATER_OR_EQUAL } else { &operators::GREATER };
        let no_end = Expr::apply(&operators::IS_NULL, vec![until.clone()]);
        let not_over = Expr::any(vec![no_end, Expr::apply(ends, vec![until, before_end])]);
        std::iter::once(Expr::apply(&operators::LESS_OR_EQUAL, vec![since, at])).chain(not_over).collect()
    }

    /// All references that are followed, shorter ones first; a longer one needs those on the way.
    fn all_paths(&mut self) -> Vec<Vec<ColumnId>> {
        let known: Vec<Vec<ColumnId>> = self.joined.keys().cloned().collect();
        for path in known {
            for length in 1..path.len() {
                if let Some(before) = path.get(..length) {
                    self.alias(before);
                }
            }
        }
        let mut all: Vec<Vec<ColumnId>> = self.joined.keys().cloned().collect();
        all.sort_by_key(|path| (path.len(), path.clone()));
        all
    }
}

/// The first day of the period that holds a day, in a calendar of rules.
pub(in crate::plan) fn period_of(calendar: &Calendar, grain: Grain, of: Scalar) -> Scalar {
    let (week_starts, fiscal_month) = (calendar.week_starts, calendar.fiscal_month);
    Expr::leaf(Atom::PeriodOf(Box::new(PeriodOf { grain, of, week_starts, fiscal_month })))
}

/// Whether a row expression is null where all columns are.
fn is_null_of_nulls(expr: &RowExpr) -> bool {
    match &expr.node {
        Node::Leaf(leaf) => matches!(leaf, RowLeaf::Column(_)),
        Node::Literal(literal) => *literal == Literal::Null,
        Node::Broken => true,
        Node::Apply(function, arguments) => {
            let answers = matches!(function.name, "coalesce" | "case" | "if" | "is null" | "is not null" | "and" | "or");
            !answers && arguments.iter().any(is_null_of_nulls)
        }
    }
}
