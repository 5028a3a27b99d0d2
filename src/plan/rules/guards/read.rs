//! Which rules the selects of plans rely on, and which rows each of them reads.

use super::names::{all_in_folds, columns_in, is_about, named, names_in, parts_of, reading, reads, selects_of};
use crate::functions::{first, last, max, min, operators};
use crate::model::expr::Expr;
use crate::model::{ColumnId, Holds, Model, SourceId};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, Fold, From, Join, JoinKind, Part, Query, Reading, Relies, Rows, Scalar, Select, SourceRows, column, fold,
};
use crate::plan::rows::readings::Marks;
use crate::plan::rules::{self, RowsOf, Rule, Within, is_there};
use std::collections::{BTreeMap, BTreeSet};

/// What one guard is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct About {
    pub of: SourceId,
    pub through: Vec<ColumnId>,
    pub source: SourceId,
    pub rule: Rule,
}

/// How rows are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// Each by itself.
    Rows,
    /// Those that share a key.
    Key,
    /// Those of a select that groups them by their key: its columns `key_1`, ..., and `times`.
    Made(Box<Select>),
}

/// Some rows of which a rule has to hold.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub about: About,
    pub look: Look,
    /// Which rows, but for the conditions.
    pub within: Within,
    /// The conditions: all of one of these lists.
    pub filters: Vec<Vec<Scalar>>,
}

/// All rules that queries rely on, in an order that is the same in every run.
pub(super) fn asked(model: &Model, queries: &[Query]) -> Vec<Asked> {
    let mut gathered = Gathered::default();
    for query in queries {
        for body in query.parts.iter().map(|part| &part.body).chain([&query.result]) {
            for select in selects_of(body) {
                Looking { model, query, select, gathered: &mut gathered }.look();
            }
        }
    }
    gathered.asked.into_values().flatten().collect()
}

#[derive(Default)]
struct Gathered {
    asked: BTreeMap<About, Vec<Asked>>,
}

impl Gathered {
    /// Adds rows; those that are looked at in the same way share a query.
    fn add(&mut self, asked: Asked) {
        let known = self.asked.entry(asked.about.clone()).or_default();
        let same = |other: &&mut Asked| {
            let (one, two) = (&other.within, &asked.within);
            other.look == asked.look && one.parts == two.parts && one.rows == two.rows && one.taken == two.taken
        };
        let Some(other) = known.iter_mut().find(same) else {
            known.push(asked);
            return;
        };
        other.within.stored.extend(asked.within.stored);
        other.within.raw.extend(asked.within.raw);
        for filter in asked.filters {
            if !other.filters.contains(&filter) {
                other.filters.push(filter);
            }
        }
    }
}

/// A select that is looked at.
struct Looking<'a> {
    model: &'a Model,
    query: &'a Query,
    select: &'a Select,
    gathered: &'a mut Gathered,
}

/// The rows that a select begins with.
struct Base {
    source: SourceId,
    within: Within,
    /// The conditions on its own columns.
    own: Vec<Scalar>,
    /// Columns that its readings have beside those of the source: conditions on these are not about its rows.
    marks: Option<Marks>,
}

impl Looking<'_> {
    fn look(&mut self) {
        let Some(from) = &self.select.from else { return };
        let joined: Vec<(&Join, &Reading)> =
            self.select.joins.iter().filter_map(|join| Some((join, reading(&join.from)?))).collect();
        let own: Vec<Scalar> = self
            .select
            .filter
            .iter()
            .flat_map(Expr::conjuncts)
            .filter(|condition| is_about(condition, &from.name))
            .cloned()
            .collect();
        let base = match (&from.relation, joined.first()) {
            (Rows::Source(rows), _) => rows.read.as_ref().map(|read| {
                self.first_and_last(read);
                self.of_source(rows, read, own)
            }),
            (Rows::Readings(_, rows), _) => rows.read.as_ref().map(|read| {
                self.first_and_last(read);
                self.of_readings(rows, read, own)
            }),
            // The rows of a journey are a part.
            (Rows::Part(part), Some((_, read))) if self.model.sources.get(read.from).journey.is_some() => {
                let parts = parts_of(self.query, std::iter::once(part.as_str()).chain(own.iter().flat_map(named)));
                let within = Within { parts, rows: Some(part.clone()), ..Within::default() };
                Some(Base { source: read.from, within, own, marks: None })
            }
            _ => None,
        };
        let Some(base) = base else { return };
        for (join, read) in &joined {
            self.reference(&base, join, read);
        }
    }

    /// The rules about the readings that a select begins with: those about all of them are of the parts that put these in order.
    fn of_readings(&mut self, rows: &SourceRows, read: &Reading, mut own: Vec<Scalar>) -> Base {
        let (mut rows, mut read) = (rows.clone(), read.clone());
        let marks = Marks::of(self.model, read.source);
        own.retain(|condition| !is_of(condition, &marks));
        let selects = self.query.parts.iter().flat_map(|part| selects_of(&part.body));
        let below = selects.filter_map(|select| match &select.from.as_ref()?.relation {
            Rows::Source(rows) => Some((rows, rows.read.as_ref().filter(|below| below.source == read.source)?)),
            _ => None,
        });
        let visible = below.flat_map(|(rows, read)| read.relies.iter().map(move |relies| (rows, relies)));
        let mut visible = visible.filter_map(|(rows, relies)| match relies {
            Relies::OneState { visible, .. } => Some((rows, visible)),
            _ => None,
        });
        if let Some((below, visible)) = visible.next() {
            rows.stored.extend(below.stored.iter().cloned());
            rows.raw.extend(below.raw.iter().cloned());
            read.range.clone_from(visible);
        }
        Base { marks: Some(marks), ..self.of_source(&rows, &read, own) }
    }

    /// The rules about the rows of a source that a select begins with.
    fn of_source(&mut self, rows: &SourceRows, read: &Reading, mut own: Vec<Scalar>) -> Base {
        let source = self.model.sources.get(read.source);
        let mut within = Within {
            raw: rows.raw.iter().cloned().collect(),
            stored: rows.stored.iter().cloned().collect(),
            ..Within::default()
        };
        let all = rules::rules(self.model, read.source);
        let base = self.select.from.as_ref().map_or("", |from| from.name.as_str());
        let more = |own: &[Scalar], conditions: &[Scalar]| -> Vec<Scalar> {
            let is_new = |condition: &&Scalar| !own.contains(condition) && is_about(condition, base);
            conditions.iter().filter(is_new).cloned().collect()
        };
        own.extend(more(&own, &read.range));
        let mut key_matters = false;
        for relies in &read.relies {
            key_matters = true;
            match relies {
                Relies::OneState { visible, taken } => {
                    if let Some(part) = taken {
                        within.taken = Some(part.clone());
                    } else {
                        own.extend(more(&own, visible));
                    }
                    self.states(&all, &within, &more(&[], visible), read.source);
                }
                Relies::UniqueKey => self.key(read.source, &within, own.clone()),
                Relies::ToldApart if all.contains(&Rule::NoOverlap) => {
                    self.rule(read.source, Rule::NoOverlap, &within, more(&[], &read.range));
                }
                Relies::ToldApart => self.key(read.source, &within, more(&[], &read.range)),
                Relies::UniqueAmong(values) => self.among(read.source, values),
            }
        }
        for rule in all {
            let (matters, filter) = match rule {
                // The range is a condition on the time, and what has none is not in range.
                Rule::Present(column) | Rule::Finite(column) if source.time == Some(column) => {
                    let others = own.iter().filter(|condition| !read.range.contains(condition));
                    (read.time == Some(column), others.cloned().collect())
                }
                Rule::Present(column) => {
                    let declared = !source.columns.get(column).nullable && read.columns.contains(&column);
                    (declared || key_matters && source.key.contains(&column), self.besides(&own, read.source, column))
                }
                Rule::Listed(column) | Rule::Within(column) | Rule::Finite(column) => {
                    (read.columns.contains(&column), self.besides(&own, read.source, column))
                }
                Rule::Found(_)
                | Rule::UniqueKey
                | Rule::NoOverlap
                | Rule::InOrder
                | Rule::Steady
                | Rule::NotStale
                | Rule::Kept(_) => continue,
            };
            if matters {
                self.rule(read.source, rule, &within, filter);
            }
        }
        within.parts = self.parts(&within, &own);
        Base { source: read.source, within, own, marks: None }
    }

    /// The conditions that are not about a column: a row that fails one of those may do so because its value is not as declared.
    fn besides(&self, own: &[Scalar], source: SourceId, id: ColumnId) -> Vec<Scalar> {
        let mut rows = RowsOf::read(self.model, source, Within::default());
        let values: BTreeSet<(String, String)> = rows.scan.parts_of(id).iter().flat_map(columns_in).collect();
        own.iter().filter(|condition| columns_in(condition).is_disjoint(&values)).cloned().collect()
    }

    /// What has to hold of states: a key has one at a time.
    fn states(&mut self, all: &[Rule], within: &Within, visible: &[Scalar], id: SourceId) {
        let source = self.model.sources.get(id);
        let begins = source.holds.map(|holds| holds.begins());
        for rule in all {
            match *rule {
                Rule::UniqueKey => self.key(id, within, visible.to_vec()),
                Rule::NoOverlap | Rule::InOrder => self.rule(id, *rule, within, visible.to_vec()),
                Rule::Present(column) if Some(column) == begins => self.rule(id, *rule, &Within::default(), Vec::new()),
                _ => {}
            }
        }
    }

    fn rule(&mut self, source: SourceId, rule: Rule, within: &Within, filter: Vec<Scalar>) {
        let about = About { of: source, through: Vec::new(), source, rule };
        self.add(about, Look::Rows, within, filter);
    }

    fn key(&mut self, source: SourceId, within: &Within, filter: Vec<Scalar>) {
        let about = About { of: source, through: Vec::new(), source, rule: Rule::UniqueKey };
        if !self.model.sources.get(source).key.is_empty() {
            self.add(about, Look::Key, within, filter);
        }
    }

    /// Rows of the select that share some values have different keys.
    fn among(&mut self, source: SourceId, values: &[Scalar]) {
        let Select { from, joins, filter, .. } = self.select.clone();
        let mut select = Select { from, joins, filter, ..Select::default() };
        let key = RowsOf::read(self.model, source, Within::default()).key();
        for (part, name) in key.into_iter().zip(1..).map(|(part, at)| (part, format!("key_{at}"))) {
            select.filter.push(is_there(&part));
            select.column(part, &name);
        }
        for (value, at) in values.iter().zip(1..) {
            select.column(value.clone(), &format!("group_{at}"));
        }
        let parts = parts_of(self.query, reads(&select));
        self.made(source, select, parts);
    }

    /// The rows of a select that groups them by their key.
    fn made(&mut self, source: SourceId, select: Select, parts: Vec<Part>) {
        let about = About { of: source, through: Vec::new(), source, rule: Rule::UniqueKey };
        let within = Within { parts, ..Within::default() };
        self.gathered.add(Asked { about, look: Look::Made(Box::new(select)), within, filters: Vec::new() });
    }

    fn add(&mut self, about: About, look: Look, within: &Within, filter: Vec<Scalar>) {
        let mut within = within.clone();
        within.parts = self.parts(&within, &filter);
        self.gathered.add(Asked { about, look, within, filters: vec![filter] });
    }

    /// The parts that some rows need, in their order.
    fn parts<'s>(&self, within: &Within, conditions: impl IntoIterator<Item = &'s Scalar>) -> Vec<Part> {
        let named: Vec<&str> = conditions.into_iter().flat_map(named).collect();
        parts_of(self.query, within.taken.iter().chain(&within.rows).map(String::as_str).chain(named))
    }

    /// A reference that the select follows: its target's key is the row's only way, and the row has to be there.
    fn reference(&mut self, base: &Base, join: &Join, read: &Reading) {
        let target = self.model.sources.get(read.source);
        let everything = Within::default();
        match target.holds {
            Some(Holds::Valid { .. }) => self.rule(read.source, Rule::NoOverlap, &everything, Vec::new()),
            Some(Holds::Snapshot { .. } | Holds::Readings { .. }) | None => self.key(read.source, &everything, Vec::new()),
        }
        for rule in rules::rules(self.model, read.source) {
            let matters = match rule {
                Rule::Present(column) => !target.columns.get(column).nullable && read.columns.contains(&column),
                Rule::Listed(column) | Rule::Within(column) | Rule::Finite(column) => read.columns.contains(&column),
                Rule::Found(_)
                | Rule::UniqueKey
                | Rule::NoOverlap
                | Rule::InOrder
                | Rule::Steady
                | Rule::NotStale
                | Rule::Kept(_) => false,
            };
            if matters {
                self.rule(read.source, rule, &everything, Vec::new());
            }
        }
        let Some((last, before)) = read.through.split_last() else { return };
        let mut source = base.source;
        for step in before {
            source = self.model.sources.get(source).columns.get(*step).reference.unwrap_or(source);
        }
        let about = About { of: base.source, through: before.to_vec(), source, rule: Rule::Found(*last) };
        let within = Within { through: before.to_vec(), ..base.within.clone() };
        for used in self.uses(join, read) {
            let is_own = |condition: &Scalar| base.marks.as_ref().is_none_or(|marks| !is_of(condition, marks));
            let used = used.into_iter().filter(|condition| is_own(condition) && !base.own.contains(condition));
            let filter = base.own.iter().cloned().chain(used).collect();
            self.add(about.clone(), Look::Rows, &within, filter);
        }
    }

    /// On which conditions, besides those of the select, a row that a reference leads to is used: one list for each use.
    fn uses(&self, join: &Join, read: &Reading) -> Vec<Vec<Scalar>> {
        let always = vec![Vec::new()];
        let Some(base) = self.select.from.as_ref().map(|from| from.name.as_str()) else { return always };
        // What is behind it is reached through it.
        let behind = |other: &&Join| reading(&other.from).is_some_and(|other| other.through.starts_with(&read.through));
        let mut names: BTreeSet<&str> = self.select.joins.iter().filter(behind).map(|join| join.from.name.as_str()).collect();
        // A derived key may lead on from it. Joins stand in the order in which they need each other.
        for other in self.select.joins.iter().filter(|other| reading(&other.from).is_some()) {
            let leads = other.on.iter().flat_map(names_in).any(|name| names.contains(name.as_str()));
            _ = leads && names.insert(other.from.name.as_str());
        }
        let uses = |expr: &Scalar| names_in(expr).iter().any(|name| names.contains(name.as_str()));
        let on = |other: &Join| reading(&other.from).is_none() && other.on.as_ref().is_some_and(uses);
        let in_order = self.select.having.iter().chain(self.select.order.iter().map(|(by, _)| by));
        if !names.contains(join.from.name.as_str())
            || self.select.filter.iter().any(uses)
            || self.select.joins.iter().any(on)
            || in_order.into_iter().any(uses)
        {
            return always;
        }
        let mut found: Vec<Vec<Scalar>> = Vec::new();
        for (expr, _) in self.select.columns.iter().filter(|(expr, _)| uses(expr)) {
            let mut folds = Vec::new();
            if !all_in_folds(expr, &uses, &mut folds) {
                return always;
            }
            for fold in folds {
                let conditions = fold.filter.iter().flat_map(Expr::conjuncts).filter(|condition| is_about(condition, base));
                let conditions: Vec<Scalar> = conditions.cloned().collect();
                if !found.contains(&conditions) {
                    found.push(conditions);
                }
            }
        }
        found
    }

    /// Rows that stand first or last in a group share neither time nor key with another: else either may be it.
    fn first_and_last(&mut self, read: &Reading) {
        for (expr, _) in &self.select.columns {
            let mut folds = Vec::new();
            all_in_folds(expr, &|_| true, &mut folds);
            for of in folds {
                let is_first = *of.function == first::FIRST;
                if !is_first && *of.function != last::LAST {
                    continue;
                }
                let Some((time, key)) = of.order.split_first().filter(|(_, key)| !key.is_empty()) else { continue };
                let (select, parts) = self.outermost(read, of, (time, key), is_first);
                self.made(read.source, select, parts);
            }
        }
    }

    /// The rows at the first or last time of each group, by key; and the parts that they need.
    fn outermost(&self, read: &Reading, of: &Fold, (time, key): (&Scalar, &[Scalar]), is_first: bool) -> (Select, Vec<Part>) {
        let count = self.select.group.unwrap_or(0);
        let groups: Vec<&Scalar> = self.select.columns.iter().take(count).map(|(expr, _)| expr).collect();
        let names: Vec<String> = (1..=groups.len()).map(|at| format!("group_{at}")).collect();
        let counted = of.argument.iter().map(is_there).chain(of.filter.clone());
        let narrower = read.range.iter().filter(|condition| !self.select.filter.contains(condition));
        let rows = Select {
            from: self.select.from.clone(),
            joins: self.select.joins.clone(),
            filter: self.select.filter.iter().cloned().chain(narrower.cloned()).chain(counted).collect(),
            ..Select::default()
        };
        let mut times = rows.clone();
        for (group, name) in groups.iter().zip(&names) {
            times.column((*group).clone(), name);
        }
        times.group_by_these();
        times.column(fold(if is_first { &min::MIN } else { &max::MAX }, time.clone()), "at");
        let mut parts = parts_of(self.query, reads(&times).chain(key.iter().flat_map(named)));
        let mut free = Names::of(self.model);
        for name in self
            .query
            .parts
            .iter()
            .map(|part| &part.name)
            .chain(self.model.sources.rows().iter().map(|source| &source.name.value))
        {
            free.take(name);
        }
        let outermost = free.take("outermost_times");
        parts.push(Part { name: outermost.clone(), body: Body::Select(times) });
        // By the times alone first: engines look for a few values while they read, and little is left to be told apart.
        let mut at = Select { distinct: true, ..Select::from_part(&outermost) };
        at.column(column(&outermost, "at"), "at");
        let at = From { relation: Rows::Select(Box::new(at)), name: free.take("times") };
        let on = Some(Expr::apply(&operators::EQUAL, vec![time.clone(), column(&at.name, "at")]));
        let mut select = rows;
        select.joins.push(Join { kind: JoinKind::Inner, from: at, on });
        for (part, name) in key.iter().zip(1..).map(|(part, at)| (part, format!("key_{at}"))) {
            select.filter.push(is_there(part));
            select.column(part.clone(), &name);
        }
        for (group, name) in groups.iter().zip(&names) {
            select.column((*group).clone(), name);
        }
        select.column(time.clone(), "at");
        let near = free.take("rows_at_times");
        let same =
            names.iter().map(|name| Expr::leaf(Atom::Same(Box::new(column(&near, name)), Box::new(column(&outermost, name)))));
        let at = Expr::apply(&operators::EQUAL, vec![column(&near, "at"), column(&outermost, "at")]);
        let on = Expr::all(same.chain([at]).collect());
        let columns: Vec<String> = select.columns.iter().map(|(_, name)| name.clone()).collect();
        let from = From { relation: Rows::Select(Box::new(select)), name: near.clone() };
        let mut first = Select { from: Some(from), ..Select::default() };
        first.join(JoinKind::Inner, &outermost, &outermost, on);
        columns.iter().for_each(|name| _ = first.column(column(&near, name), name));
        (first, parts)
    }
}

/// Whether a condition is about what readings have beside the columns of their source.
fn is_of(condition: &Scalar, marks: &Marks) -> bool {
    columns_in(condition).iter().any(|(_, name)| marks.has(name))
}
