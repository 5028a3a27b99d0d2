//! What the rows of a source have to hold so that figures made of them are right, and the queries that find out.
//!
//! 1. [`rules`] lists what a source's declaration promises.
//! 2. [`counts`] counts, for all rules of a source in one scan, the rows that break them.
//! 3. [`examples`] shows the first rows that break one rule.
//!
//! It knows no findings and no words for them; `measure` has these.

pub mod guards;
pub(super) mod snapshots;

use crate::functions::count_distinct::COUNT_DISTINCT;
use crate::functions::{conversions, count, operators, text, trim};
use crate::model::clock::TimeKind;
use crate::model::conversions::Conversion;
use crate::model::expr::{Expr, Literal, Node, Path, RowExpr, RowLeaf};
use crate::model::facts::Type;
use crate::model::{CalendarSource, Column, ColumnId, Holds, KeyPart, Model, RawSql, Source, SourceId, Storage};
use crate::plan::Data;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    self, Atom, Body, Fold, From, Join, JoinKind, Neighbour, Part, Query, Rows, Scalar, Select, column, count_rows, impossible,
};
use crate::plan::rows::readings;
use crate::plan::rows::scan::Scan;
use crate::plan::time::custom;
use std::collections::BTreeSet;

/// What the rows of a source have to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// No two rows have the same key.
    UniqueKey,
    /// No two states of the same key hold at one time.
    NoOverlap,
    /// No state ends before it begins.
    InOrder,
    /// No key is missing from a snapshot between two that have it.
    Steady,
    /// The latest reading of no key is too old.
    NotStale,
    /// A column is never null.
    Present(ColumnId),
    /// The row that a reference names is there.
    Found(ColumnId),
    /// A column has one of its values.
    Listed(ColumnId),
    /// A column is not below its least and not above its greatest value.
    Within(ColumnId),
    /// A conversion gives a value for every text, by its place in [`Model::conversions`].
    Kept(usize),
    /// A number is neither NaN nor infinite, a time not infinite.
    Finite(ColumnId),
}

/// A query that counts rows, with the name of the column that has the count of each rule.
#[derive(Debug, Clone)]
pub struct Counting {
    /// The query; its first column, `rows`, counts all rows.
    pub query: Query,
    /// The rules with their columns.
    pub columns: Vec<(Rule, String)>,
}

/// How many rows that break a rule are shown.
pub(in crate::plan) const EXAMPLES: u64 = 3;

/// The rules that a source's declaration makes, and the formulas over its rows.
pub fn rules(model: &Model, id: SourceId) -> Vec<Rule> {
    let source = model.sources.get(id);
    let mut rules = Vec::new();
    let begins = match source.holds {
        Some(Holds::Valid { from, .. }) => {
            rules.extend((!source.key.is_empty()).then_some(Rule::NoOverlap));
            rules.push(Rule::InOrder);
            Some(from)
        }
        Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => {
            rules.extend((!source.key.is_empty()).then_some(Rule::UniqueKey));
            let per_key = matches!(source.holds, Some(Holds::Readings { .. }));
            rules.extend((!source.key.is_empty()).then_some(if per_key { Rule::NotStale } else { Rule::Steady }));
            Some(taken)
        }
        None => {
            rules.extend((!source.key.is_empty()).then_some(Rule::UniqueKey));
            None
        }
    };
    rules.extend(source.key.iter().chain(&source.time).chain(&begins).map(|column| Rule::Present(*column)));
    for (id, column) in source.columns.iter() {
        if !column.nullable {
            rules.push(Rule::Present(id));
        }
        if column.reference.is_some() {
            rules.push(Rule::Found(id));
        }
        if !column.values.is_empty() {
            rules.push(Rule::Listed(id));
        }
        if column.range.low.is_finite() || column.range.high.is_finite() {
            rules.push(Rule::Within(id));
        }
        // What is worked out from others is null where they are not finite.
        let stored = matches!(column.storage, Storage::Stored(_) | Storage::Raw(_));
        if stored && matches!(column.ty, Type::Number | Type::Date | Type::Timestamp) {
            rules.push(Rule::Finite(id));
        }
    }
    let conversions = model.conversions();
    let own = conversions.iter().enumerate().filter(|(_, conversion)| conversion.source == id);
    rules.extend(own.map(|(at, _)| Rule::Kept(at)));
    let mut seen: Vec<Rule> = Vec::new();
    rules.retain(|rule| {
        let first = !seen.contains(rule);
        seen.push(*rule);
        first
    });
    rules
}

/// The columns whose values a rule is about, with all those that these are computed from, each with its source.
pub fn columns_of(model: &Model, source: SourceId, rule: Rule) -> BTreeSet<(SourceId, ColumnId)> {
    let own = model.sources.get(source);
    let mut left: Vec<(SourceId, ColumnId)> = match rule {
        Rule::UniqueKey | Rule::NoOverlap | Rule::InOrder | Rule::Steady | Rule::NotStale => {
            let held = own.holds.iter().flat_map(Holds::columns);
            let key: Vec<ColumnId> = if rule == Rule::InOrder { Vec::new() } else { own.key.clone() };
            key.into_iter().chain(held).map(|column| (source, column)).collect()
        }
        Rule::Found(column) => {
            let target = own.columns.get(column).reference;
            let keys = target.into_iter().flat_map(|id| model.sources.get(id).key.iter().map(move |key| (id, *key)));
            let in_force = target.and_then(|id| Some((id, in_force(model.sources.get(id))?)));
            let times = in_force.into_iter().chain(own.time.filter(|_| in_force.is_some()).map(|time| (source, time)));
            keys.chain(times).chain([(source, column)]).collect()
        }
        Rule::Present(column) | Rule::Listed(column) | Rule::Within(column) | Rule::Finite(column) => {
            vec![(source, column)]
        }
        Rule::Kept(at) => {
            let mut read = Vec::new();
            if let Some(conversion) = model.conversions().get(at) {
                for expr in conversion.among.iter().chain([&conversion.argument]) {
                    columns_in(model, source, expr, &mut read);
                }
            }
            read
        }
    };
    let mut found = BTreeSet::new();
    while let Some((at, id)) = left.pop() {
        if !found.insert((at, id)) {
            continue;
        }
        match &model.sources.get(at).columns.get(id).storage {
            Storage::Derived(expr) => columns_in(model, at, expr, &mut left),
            Storage::Several(parts) => left.extend(parts.iter().filter_map(|part| match part {
                KeyPart::Made(made) => Some((at, *made)),
                KeyPart::Stored(_) => None,
            })),
            Storage::Stored(_) | Storage::Raw(_) => {}
        }
    }
    found
}

/// The days of a calendar's source: `day`, and the first day of each of its periods under the name of the grain.
pub fn calendar_days(model: &Model, calendar: &CalendarSource) -> Query {
    Query { parts: Vec::new(), result: Body::Select(custom::days_of(model, Data::Warehouse, calendar)) }
}

/// The columns that an expression over the rows of a source reads, with the keys that references lead to.
fn columns_in(model: &Model, source: SourceId, expr: &RowExpr, found: &mut Vec<(SourceId, ColumnId)>) {
    expr.leaves(&mut |leaf| {
        let RowLeaf::Column(path) = leaf else { return };
        let mut here = source;
        for step in &path.through {
            found.push((here, *step));
            here = model.sources.get(here).columns.get(*step).reference.unwrap_or(here);
            found.extend(model.sources.get(here).key.iter().map(|key| (here, *key)));
        }
        found.push((here, path.column));
    });
}

/// The time of the readings of a source, if a reference leads to the one in force at a row's time.
fn in_force(source: &Source) -> Option<ColumnId> {
    match source.holds {
        Some(Holds::Readings { taken, .. }) => Some(taken),
        _ => None,
    }
}

/// Counts the rows that break rules: in one scan, and in a second one for what is computed from the rows of other sources, where
/// a key that is not unique would multiply rows.
pub fn counts(model: &Model, source: SourceId, rules: &[Rule]) -> Vec<Counting> {
    counts_beside(model, source, rules, &mut Beside::of(model))
}

/// The same without the names that are taken; takes those of its parts.
pub(in crate::plan) fn counts_beside(model: &Model, source: SourceId, rules: &[Rule], beside: &mut Beside) -> Vec<Counting> {
    let is_apart = |rule: &&Rule| matches!(rule, Rule::NoOverlap | Rule::Steady | Rule::NotStale);
    let joins = |rule: &Rule| {
        let mut rows = RowsOf::new(model, source, beside);
        rows.key();
        rows.breaks(*rule);
        rows.scan.follows_references()
    };
    let apart = rules.iter().filter(is_apart).copied().collect::<Vec<_>>();
    let others = rules.iter().filter(|rule| !is_apart(rule));
    let (joined, own): (Vec<Rule>, Vec<Rule>) = others.partition(|rule| joins(rule));
    let joined = Some(joined).filter(|rules| !rules.is_empty());
    let rows = std::iter::once(own).chain(joined).map(|rules| counting(model, source, rules, beside));
    let mut counts: Vec<Counting> = rows.collect();
    for rule in apart {
        if rule == Rule::NoOverlap {
            counts.push(overlaps(model, source, beside));
        } else {
            let mut counting = snapshots::counts(model, source, rule, beside);
            counting.query.parts.splice(0..0, beside.calendar(model));
            counts.push(counting);
        }
    }
    counts.iter().for_each(|counting| beside.take(&counting.query.parts));
    counts
}

fn counting(model: &Model, source: SourceId, rules: Vec<Rule>, beside: &Beside) -> Counting {
    let mut rows = RowsOf::new(model, source, beside);
    let mut names = Names::default();
    let mut select = Select::default();
    select.column(count_rows(), &names.take("rows"));
    let mut columns = Vec::new();
    for rule in rules {
        let name = names.take(&column_name(model.sources.get(source), rule));
        let value = if rule == Rule::UniqueKey { rows.repeated() } else { count_where(rows.breaks(rule)) };
        select.column(value, &name);
        columns.push((rule, name));
    }
    let parts = rows.finish(&mut select);
    Counting { query: Query { parts, result: Body::Select(select) }, columns }
}

/// Counts the states during which the next one of the same key begins.
fn overlaps(model: &Model, source: SourceId, beside: &Beside) -> Counting {
    let query = count_overlaps(RowsOf::new(model, source, beside));
    Counting { query, columns: vec![(Rule::NoOverlap, "overlaps".to_owned())] }
}

/// The same of some rows; the column is `overlaps`.
pub(in crate::plan) fn count_overlaps(rows: RowsOf<'_>) -> Query {
    let (followed, names, parts) = followed(rows);
    let overlap = overlap(&names);
    let mut select = Select { from: Some(followed), ..Select::default() };
    select.column(count_rows(), "rows");
    select.column(count_where(overlap), "overlaps");
    Query { parts, result: Body::Select(select) }
}

/// The first states during which the next one of the same key begins: `key_1`, ..., and when each of the two begins.
fn overlap_examples(rows: RowsOf<'_>) -> Query {
    let (followed, names, parts) = followed(rows);
    let mut select = Select { from: Some(followed), ..Select::default() };
    for name in names.keys.iter().map(String::as_str).chain(["value_1", "value_2"]) {
        select.column(column(STATES, name), name);
        select.order.push((column(STATES, name), false));
    }
    select.filter.push(overlap(&names));
    select.limit = Some(EXAMPLES);
    Query { parts, result: Body::Select(select) }
}

/// The name of the states with those that follow them.
const STATES: &str = "followed";

/// The columns of the states with those that follow them.
struct Followed {
    keys: Vec<String>,
    inclusive: bool,
}

/// Each state that holds at any time, with the beginning of the next of the same key.
fn followed(mut rows: RowsOf<'_>) -> (From, Followed, Vec<Part>) {
    let (model, source) = (rows.model, rows.source);
    let mut select = Select::default();
    let key = rows.key();
    for (at, part) in key.iter().enumerate() {
        select.column(part.clone(), &format!("key_{}", at + 1));
        select.filter.push(is_there(part));
    }
    let keys = select.columns.iter().map(|(_, name)| name.clone()).collect();
    let mut inclusive = false;
    if let Some(Holds::Valid { from, to, inclusive: last_day }) = model.sources.get(source).holds {
        inclusive = last_day;
        let since = rows.scan.path(&Path::to(from));
        let in_order = rows.scan.time_as(TimeKind::Instant, &Path::to(from));
        // One order over all keys: engines take half the time of one for each key.
        let next = |value: &Scalar| {
            let (value, order) = (value.clone(), key.iter().chain([&in_order]).cloned().collect());
            Expr::leaf(Atom::Neighbour(Box::new(Neighbour { value, offset: 1, part: Vec::new(), order })))
        };
        // A last day is whole, whenever on it a state begins.
        let (begins, until) = match rows.borders().as_slice() {
            [begins, until] => (begins.clone(), until.clone()),
            _ => (since.clone(), rows.scan.path(&Path::to(to))),
        };
        select.column(since.clone(), "value_1");
        select.column(next(&since), "value_2");
        select.column(next(&begins), "next");
        for (at, part) in key.iter().enumerate() {
            select.column(next(part), &format!("next_key_{}", at + 1));
        }
        select.column(until.clone(), "until");
        // A state that ends as it begins never holds.
        let lasts = if inclusive { &operators::GREATER_OR_EQUAL } else { &operators::GREATER };
        select.filter.push(any(vec![is_missing(&until), Expr::apply(lasts, vec![until, begins])]));
    }
    let parts = rows.finish(&mut select);
    let from = From { relation: Rows::Select(Box::new(select)), name: STATES.to_owned() };
    (from, Followed { keys, inclusive }, parts)
}

fn overlap(names: &Followed) -> Scalar {
    let (next, until) = (column(STATES, "next"), column(STATES, "until"));
    let before = if names.inclusive { &operators::LESS_OR_EQUAL } else { &operators::LESS };
    let overlaps = any(vec![is_missing(&until), Expr::apply(before, vec![next.clone(), until])]);
    let same = names
        .keys
        .iter()
        .map(|key| Expr::apply(&operators::EQUAL, vec![column(STATES, key), column(STATES, &format!("next_{key}"))]));
    Expr::all(same.chain([is_there(&next), overlaps]).collect()).unwrap_or_else(impossible)
}

/// The first rows that break a rule. The columns are `key_1`, ... of the source's key where single rows are shown, `value_1`, ...
/// of what is wrong, and `times` where rows of the same value are one.
pub fn examples(model: &Model, source: SourceId, rule: Rule) -> Query {
    let beside = Beside::of(model);
    match rule {
        Rule::Steady | Rule::NotStale => {
            let mut query = snapshots::examples(model, source, rule, &beside);
            query.parts.splice(0..0, beside.calendar(model));
            query
        }
        _ => examples_among(RowsOf::new(model, source, &beside), rule),
    }
}

/// The same among some rows.
pub(in crate::plan) fn examples_among(mut rows: RowsOf<'_>, rule: Rule) -> Query {
    if rule == Rule::NoOverlap {
        return overlap_examples(rows);
    }
    let mut select = Select::default();
    let key: Vec<Scalar> = rows.key();
    let subject = match rule {
        Rule::UniqueKey | Rule::Present(_) | Rule::NoOverlap | Rule::Steady | Rule::NotStale => Vec::new(),
        Rule::InOrder => rows.bounds(),
        Rule::Found(column) => rows.reference(column),
        Rule::Listed(column) | Rule::Within(column) => rows.scan.parts_of(column),
        Rule::Kept(at) => {
            let conversions = rows.model.conversions();
            conversions.get(at).map(|conversion| rows.scan.row(&conversion.argument)).into_iter().collect()
        }
        // As a text: a program that shows numbers may have none for these.
        Rule::Finite(column) => vec![Expr::apply(&text::TEXT, vec![rows.scan.stored_column(&[], &Path::to(column))])],
    };
    let by_row = match rule {
        Rule::Present(_) => true,
        Rule::Within(_) | Rule::Finite(_) | Rule::InOrder => !key.is_empty(),
        Rule::UniqueKey
        | Rule::NoOverlap
        | Rule::Steady
        | Rule::NotStale
        | Rule::Found(_)
        | Rule::Listed(_)
        | Rule::Kept(_) => false,
    };
    let keyed = by_row || rule == Rule::UniqueKey;
    let named = |parts: Vec<Scalar>, name: &str| {
        parts.into_iter().enumerate().map(|(at, part)| (part, format!("{name}_{}", at + 1))).collect::<Vec<_>>()
    };
    select.columns = named(if keyed { key } else { Vec::new() }, "key");
    select.columns.extend(named(subject, "value"));
    let own: Vec<Scalar> = select.columns.iter().map(|(_, name)| column("", name)).collect();
    select.order = own.into_iter().map(|part| (part, false)).collect();
    if by_row {
        if select.columns.is_empty() {
            // Rows without a key have nothing to be known by.
            select.column(count_rows(), "times");
        }
        select.filter.push(rows.breaks(rule));
    } else {
        select.group_by_these();
        select.column(count_rows(), "times");
        select.order.insert(0, (column("", "times"), true));
        if rule == Rule::UniqueKey {
            select.filter = select.columns.iter().take(select.group.unwrap_or(0)).map(|(part, _)| is_there(part)).collect();
            select.having.push(Expr::apply(&operators::GREATER, vec![count_rows(), Expr::number(1)]));
        } else {
            select.filter.push(rows.breaks(rule));
        }
    }
    select.limit = Some(EXAMPLES);
    let parts = rows.finish(&mut select);
    Query { parts, result: Body::Select(select) }
}

/// Names that are taken by what stands beside a query.
#[derive(Debug)]
pub struct Beside {
    pub(in crate::plan) names: Names,
    /// That of the part with the days of a custom calendar, which `trunc` in derived columns looks up.
    pub(in crate::plan) calendar: Option<String>,
}

impl Beside {
    /// Those of a project.
    pub fn of(model: &Model) -> Self {
        let mut names = Names::of(model);
        for source in model.sources.rows() {
            names.take(&source.name.value);
        }
        let calendar = model.calendar_source.as_ref().map(|_| names.take("calendar"));
        Self { names, calendar }
    }

    /// The days of a custom calendar.
    fn calendar(&self, model: &Model) -> Option<Part> {
        custom::calendar_days(model, Data::Warehouse, self.calendar.as_ref()?)
    }

    /// Takes the names of parts.
    fn take(&mut self, parts: &[Part]) {
        for part in parts.iter().filter(|part| self.calendar.as_ref() != Some(&part.name)) {
            self.names.take(&part.name);
        }
    }
}

/// Which rows of a source are looked at: all of them, or those that a select of some query reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::plan) struct Within {
    /// The parts that the conditions need.
    pub parts: Vec<Part>,
    /// The part that has the rows in the source's place.
    pub rows: Option<String>,
    /// The columns of raw SQL that the conditions read, with their names.
    pub raw: BTreeSet<(String, RawSql)>,
    /// The stored columns that the conditions read.
    pub stored: BTreeSet<String>,
    /// Of snapshots the part whose column `taken` has the days that are read.
    pub taken: Option<String>,
    /// The references behind which the last one stands.
    pub through: Vec<ColumnId>,
    /// The conditions, all of them.
    pub filter: Vec<Scalar>,
}

/// The rows of a source, and those of the sources that it refers to as far as they are looked up.
pub(in crate::plan) struct RowsOf<'a> {
    pub model: &'a Model,
    pub source: SourceId,
    pub scan: Scan<'a>,
    pub within: Within,
    /// Whether references are followed as figures do it.
    follows: bool,
    names: Names,
    lookups: Vec<Join>,
    readings: readings::Wanted,
}

impl<'a> RowsOf<'a> {
    fn new(model: &'a Model, source: SourceId, beside: &Beside) -> Self {
        let Beside { names, calendar } = beside;
        Self { follows: false, ..Self::with(model, source, Within::default(), (names.clone(), calendar.clone())) }
    }

    /// Those that a query reads.
    pub(in crate::plan) fn read(model: &'a Model, source: SourceId, within: Within) -> Self {
        let mut names = Names::of(model);
        let sources = model.sources.rows().iter().map(|source| &source.name.value);
        for name in sources.chain(within.parts.iter().map(|part| &part.name)) {
            names.take(name);
        }
        let calendar = model.calendar_source.as_ref().map(|_| names.take("calendar"));
        Self::with(model, source, within, (names, calendar))
    }

    fn with(model: &'a Model, source: SourceId, within: Within, (names, calendar): (Names, Option<String>)) -> Self {
        let mut scan = Scan::of(model, Data::Warehouse, source);
        scan.calendar = calendar;
        scan.also_reads(&within.stored, &within.raw);
        Self { model, source, scan, within, follows: true, names, lookups: Vec::new(), readings: readings::Wanted::default() }
    }

    fn column(&self, id: ColumnId) -> &'a Column {
        self.model.sources.get(self.source).columns.get(id)
    }

    /// The key that a reference holds.
    fn reference(&mut self, column: ColumnId) -> Vec<Scalar> {
        let through = self.within.through.clone();
        self.scan.parts_along(&through, column)
    }

    pub(in crate::plan) fn key(&mut self) -> Vec<Scalar> {
        let source = self.model.sources.get(self.source);
        // Each snapshot has all keys once more; readings of a key may be of one day.
        let taken = match source.holds {
            Some(Holds::Snapshot { taken, .. }) => Some(self.scan.day(taken)),
            Some(Holds::Readings { taken, .. }) => Some(self.scan.order(taken)),
            Some(Holds::Valid { .. }) | None => None,
        };
        let key = source.key.iter().flat_map(|column| self.scan.parts_of(*column)).collect::<Vec<_>>();
        key.into_iter().chain(taken).collect()
    }

    /// The beginning and the end of a state.
    fn bounds(&mut self) -> Vec<Scalar> {
        match self.model.sources.get(self.source).holds {
            Some(Holds::Valid { from, to, .. }) => vec![self.scan.path(&Path::to(from)), self.scan.path(&Path::to(to))],
            _ => Vec::new(),
        }
    }

    /// The same to compare: a last day is whole, whenever on it the state began.
    fn borders(&mut self) -> Vec<Scalar> {
        match self.model.sources.get(self.source).holds {
            Some(Holds::Valid { from, to, inclusive: true }) => vec![self.scan.day(from), self.scan.day(to)],
            Some(Holds::Valid { from, to, .. }) => {
                let kinds = [from, to].map(|column| self.model.path_time_kind(self.source, &Path::to(column)));
                let kind = kinds.into_iter().min().flatten().unwrap_or(TimeKind::Day);
                vec![self.scan.time_as(kind, &Path::to(from)), self.scan.time_as(kind, &Path::to(to))]
            }
            _ => Vec::new(),
        }
    }

    /// How many rows have a key that another row has, but for one of each key.
    fn repeated(&mut self) -> Scalar {
        let key = self.key();
        let there = || Expr::all(key.iter().map(is_there).collect());
        let argument = match key.as_slice() {
            [only] => only.clone(),
            _ => Expr::leaf(Atom::Tuple(key.clone())),
        };
        let fold = |function, argument| {
            Expr::leaf(Atom::Aggregate(Box::new(Fold {
                function,
                fraction: None,
                argument,
                filter: there(),
                order: Vec::new(),
            })))
        };
        let (all, different) = (fold(&count::COUNT, None), fold(&COUNT_DISTINCT, Some(argument)));
        Expr::apply(&operators::SUBTRACT, vec![all, different])
    }

    /// The condition that is true of the rows which break a rule.
    pub(in crate::plan) fn breaks(&mut self, rule: Rule) -> Scalar {
        match rule {
            Rule::UniqueKey | Rule::NoOverlap | Rule::Steady | Rule::NotStale => {
                Expr::made(Node::Literal(Literal::Truth(false)))
            }
            Rule::InOrder => match self.borders().as_slice() {
                [from, to] => Expr::apply(&operators::LESS, vec![to.clone(), from.clone()]),
                _ => Expr::made(Node::Literal(Literal::Truth(false))),
            },
            Rule::Present(column) => any(self.scan.parts_of(column).iter().map(is_missing).collect()),
            Rule::Found(column) if self.follows => self.leads_nowhere(column),
            Rule::Found(column) => self.not_found(column),
            Rule::Kept(at) => match self.model.conversions().get(at) {
                Some(conversion) => self.lost(conversion),
                None => Expr::made(Node::Literal(Literal::Truth(false))),
            },
            Rule::Listed(column) => {
                let listed = listed(self.column(column));
                let value = first(self.scan.parts_of(column));
                if listed.is_empty() {
                    return is_there(&value);
                }
                Expr::apply(&operators::NOT_IN, std::iter::once(value).chain(listed).collect())
            }
            Rule::Within(column) => {
                let range = self.column(column).range;
                let value = first(self.scan.parts_of(column));
                let beyond = |function, bound: f64| {
                    bound.is_finite().then(|| Expr::apply(function, vec![value.clone(), Expr::number(bound)]))
                };
                let sides = [beyond(&operators::LESS, range.low), beyond(&operators::GREATER, range.high)];
                any(sides.into_iter().flatten().collect())
            }
            Rule::Finite(column) => {
                let stored = self.scan.stored_column(&[], &Path::to(column));
                Expr::apply(&operators::NOT, vec![Expr::apply(&conversions::IS_FINITE, vec![stored])])
            }
        }
    }

    /// Whether a conversion gives null for a text. One of nothing but blanks has no value to lose.
    fn lost(&mut self, conversion: &Conversion) -> Scalar {
        let argument = self.scan.row(&conversion.argument);
        let words = Expr::apply(&trim::TRIM, vec![Expr::apply(&text::TEXT, vec![argument.clone()])]);
        let made = Expr::apply(conversion.function, vec![argument.clone()]);
        let filled = Expr::apply(&operators::NOT_EQUAL, vec![words, relation::text("")]);
        let among = conversion.among.as_ref().map(|among| self.scan.row(among));
        let conditions = [is_there(&argument), filled, is_missing(&made)];
        Expr::all(conditions.into_iter().chain(among).collect()).unwrap_or_else(impossible)
    }

    /// Whether a reference names a row that is not there. Keys are looked up each once, so that no row is counted twice.
    fn not_found(&mut self, reference: ColumnId) -> Scalar {
        let column_here = self.column(reference);
        let Some(target) = column_here.reference else { return Expr::made(Node::Literal(Literal::Truth(false))) };
        if in_force(self.model.sources.get(target)).is_some() {
            return self.none_in_force(reference, target);
        }
        let mut keys = Scan::of(self.model, Data::Warehouse, target);
        keys.calendar.clone_from(&self.scan.calendar);
        let mut known = Select { distinct: true, ..Select::default() };
        let key: Vec<Scalar> = self.model.sources.get(target).key.iter().flat_map(|column| keys.parts_of(*column)).collect();
        for (at, part) in key.into_iter().enumerate() {
            known.column(part, &format!("key_{}", at + 1));
        }
        let names: Vec<String> = known.columns.iter().map(|(_, name)| name.clone()).collect();
        (known.from, known.joins) = self.finished(keys);
        let alias = self.names.take(&format!("known_{}", column_here.name.value));
        let own = self.scan.parts_of(reference);
        let pairs = names.iter().zip(&own);
        let on = pairs.map(|(name, own)| Expr::apply(&operators::EQUAL, vec![column(&alias, name), own.clone()])).collect();
        let from = From { relation: Rows::Select(Box::new(known)), name: alias.clone() };
        self.lookups.push(Join { kind: JoinKind::Left, from, on: Expr::all(on) });
        let nothing = is_missing(&column(&alias, "key_1"));
        let conditions = own.iter().map(is_there).chain([nothing]).collect();
        Expr::all(conditions).unwrap_or_else(impossible)
    }

    /// Whether a reference names a row that is not there, where the figures look it up, at the row's time among states. That no key
    /// stands twice is looked at beside.
    fn leads_nowhere(&mut self, reference: ColumnId) -> Scalar {
        let own = self.reference(reference);
        let path: Vec<ColumnId> = self.within.through.iter().copied().chain([reference]).collect();
        let there = self.scan.key_at(&path);
        Expr::all(own.iter().map(is_there).chain(there.iter().map(is_missing)).collect()).unwrap_or_else(impossible)
    }

    /// Keeps the snapshots of the days that a part has.
    fn days_taken(&mut self, part: &str) -> Option<Join> {
        let Some(Holds::Snapshot { taken, .. }) = self.model.sources.get(self.source).holds else { return None };
        let mut days = Select { distinct: true, ..Select::from_part(part) };
        days.column(column(part, "taken"), "taken");
        let name = self.names.take("snapshots_read");
        let on = Expr::apply(&operators::EQUAL, vec![self.scan.day(taken), column(&name, "taken")]);
        Some(Join { kind: JoinKind::Inner, from: From { relation: Rows::Select(Box::new(days)), name }, on: Some(on) })
    }

    /// Whether a reference of a row that has a time leads to no reading: there is none yet, or the latest is too old.
    fn none_in_force(&mut self, reference: ColumnId, target: SourceId) -> Scalar {
        let own = self.scan.parts_of(reference);
        let time = self.model.sources.get(self.source).time.map(|time| self.scan.order(time));
        let key = self.model.sources.get(target).key.first().copied();
        let found = key.map(|column| self.scan.key_parts(&Path { through: vec![reference], column }));
        let nothing = is_missing(&first(found.unwrap_or_default()));
        let conditions = own.iter().chain(&time).map(is_there).chain([nothing]).collect();
        Expr::all(conditions).unwrap_or_else(impossible)
    }

    fn finished(&mut self, scan: Scan<'_>) -> (Option<From>, Vec<Join>) {
        let (model, names, wanted) = (self.model, &mut self.names, &mut self.readings);
        let (from, joins) = scan.finish(&mut |source, form, rows| wanted.ask((model, &mut *names), source, form, &rows));
        (Some(from), joins)
    }

    /// Makes a select one over the rows; gives the parts that it reads: the days of a custom calendar too, which `trunc` in derived
    /// columns looks up.
    pub(in crate::plan) fn finish(mut self, select: &mut Select) -> Vec<Part> {
        let taken = self.within.taken.take().and_then(|part| self.days_taken(&part));
        let calendar = self.scan.calendar.clone();
        let scan = std::mem::replace(&mut self.scan, Scan::of(self.model, Data::Warehouse, self.source));
        (select.from, select.joins) = self.finished(scan);
        if let (Some(part), Some(from)) = (self.within.rows, &mut select.from) {
            from.relation = Rows::Part(part);
        }
        select.joins.extend(taken.into_iter().chain(self.lookups));
        select.filter.splice(0..0, self.within.filter);
        let days = calendar.as_ref().and_then(|name| custom::calendar_days(self.model, Data::Warehouse, name));
        let mut parts: Vec<Part> = self.within.parts.into_iter().chain(days).collect();
        parts.extend(readings::parts_for(self.model, self.readings, &mut self.names, calendar));
        parts
    }
}

fn first(parts: Vec<Scalar>) -> Scalar {
    parts.into_iter().next().unwrap_or_else(impossible)
}

fn any(conditions: Vec<Scalar>) -> Scalar {
    Expr::any(conditions).unwrap_or_else(|| Expr::made(Node::Literal(Literal::Truth(false))))
}

pub(in crate::plan) fn is_there(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()])
}

pub(in crate::plan) fn is_missing(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NULL, vec![value.clone()])
}

pub(in crate::plan) fn count_where(condition: Scalar) -> Scalar {
    let filter = Some(condition);
    let fold = Fold { function: &count::COUNT, fraction: None, argument: None, filter, order: Vec::new() };
    Expr::leaf(Atom::Aggregate(Box::new(fold)))
}

/// The values that a column may have, as values of its type. What is none of that type can never be met.
fn listed(column: &Column) -> Vec<Scalar> {
    let value = |text: &String| {
        let literal = match column.ty {
            Type::Boolean => Literal::Truth(text.parse().ok()?),
            Type::Integer | Type::Decimal | Type::Number => {
                let digits = text.replace('_', "");
                digits.parse::<f64>().ok().filter(|number| number.is_finite())?;
                Literal::Number(digits)
            }
            Type::Date => Literal::Date(text.parse().ok()?),
            Type::Text | Type::Timestamp | Type::Key | Type::Null | Type::Error => Literal::Text(text.clone()),
        };
        Some(Expr::made(Node::Literal(literal)))
    };
    column.values.iter().filter_map(value).collect()
}

fn column_name(source: &Source, rule: Rule) -> String {
    let name = |column: ColumnId| &source.columns.get(column).name.value;
    match rule {
        Rule::UniqueKey => "key_repeated".to_owned(),
        Rule::NoOverlap => "overlaps".to_owned(),
        Rule::Steady | Rule::NotStale => "wrong".to_owned(),
        Rule::InOrder => "ends_before_it_begins".to_owned(),
        Rule::Present(column) => format!("{}_missing", name(column)),
        Rule::Found(column) => format!("{}_not_found", name(column)),
        Rule::Listed(column) => format!("{}_not_listed", name(column)),
        Rule::Within(column) => format!("{}_out_of_range", name(column)),
        Rule::Kept(at) => format!("lost_{}", at + 1),
        Rule::Finite(column) => format!("{}_not_finite", name(column)),
    }
}
