//! One SELECT as KPIs: a figure for each column that aggregates, at the grain and by the slices of its groups.

use super::super::kpis::{Dimension, Kpi};
use super::super::metrics::Formula;
use super::super::node::Ty;
use super::super::semantic::Metric;
use super::super::sources::{free, quoted};
use super::super::{on_a_line, short};
use super::conditions::conditions;
use super::figure::{self, Other};
use super::groups::{Groups, groups};
use super::period;
use super::scope::Scope;
use super::statement::{Item, Statement};
use super::{Fault, State, guess};
use crate::calendar::Grain;
use crate::draft::snake;
use crate::rawsql::Token;
use std::collections::{BTreeSet, HashMap};

/// No more figures are read.
const MOST_FIGURES: usize = 5_000;
/// What is told of slices in which no row fulfils a condition.
pub(in crate::import) const LATER: &str =
    "a slice is shown from its first row on that fulfils the condition; before that the SELECT shows 0";

/// What all figures of a SELECT share.
struct Shared {
    base: usize,
    grain: Grain,
    by: Vec<String>,
    differences: Vec<String>,
}

/// A figure before it is a KPI.
struct Wish<'s, 't> {
    item: &'s Item<'t>,
    label: String,
    /// A name for it.
    name: String,
    at: usize,
}

impl State {
    /// The KPIs of a SELECT, or why there are none.
    pub(super) fn select(&mut self, statement: &Statement<'_>, whole: &str) {
        let named = statement.name.clone();
        let groups = match groups(statement, self.sources.dialect, &|name| self.is_column(statement, name)) {
            Ok(groups) => groups,
            Err(fault) => {
                let label = self.label(named.as_deref().unwrap_or(whole), statement.start);
                return self.refuse(label, &fault);
            }
        };
        let mut wishes = Vec::new();
        for item in &statement.items {
            if self.labels.len() >= MOST_FIGURES {
                self.notes.insert(format!("Only the first {MOST_FIGURES} figures are read: import the file in parts."));
                break;
            }
            let alias = item.alias.clone();
            let is_group = groups.all.contains(&figure::normal(&item.tokens));
            if is_group {
                continue;
            }
            let at = item.tokens.first().map_or(statement.start, |token| token.start);
            let text = figure::normal(&item.tokens).replace("( * )", "").replace(['(', ')', '.'], " ");
            let wish = alias.unwrap_or_else(|| on_a_line(&text));
            let taken = self.labels.contains(&short(&wish));
            let label = match (&named, taken) {
                (Some(named), true) => format!("{named}.{wish}"),
                (None, true) if whole != "select" => format!("{whole}: {wish}"),
                _ => wish.clone(),
            };
            let label = self.label(&label, at);
            wishes.push(Wish { item, label, name: snake(&wish).unwrap_or_else(|| "figure".to_owned()), at });
        }
        if wishes.is_empty() {
            let label = self.label(named.as_deref().unwrap_or(whole), statement.start);
            return self.refuse(label, &Fault::at(statement.start, "it aggregates nothing"));
        }
        let (columns, places, dimensions, kpis) =
            (self.sources.mark(), self.places.clone(), self.dimensions.clone(), self.kpis.len() + self.also.len());
        let figures = self.figures(statement, &groups, &wishes);
        // A table of which nothing is carried is no source.
        if self.kpis.len() + self.also.len() == kpis {
            for source in self.sources.all.drain(columns.len()..) {
                self.taken.remove(&source.name);
            }
            self.sources.rewind(&columns);
            self.places = places;
            for place in &self.places {
                self.sources.limit(place.source, place.time.is_some(), place.key.is_some());
            }
            for dimension in self.dimensions.iter().skip(dimensions.len()) {
                self.taken_dimensions.remove(&dimension.name);
            }
            self.dimensions = dimensions;
        }
        if let Err(fault) = figures {
            for wish in wishes {
                self.refuse(wish.label, &fault);
            }
        }
    }

    fn figures<'t>(
        &mut self,
        statement: &Statement<'t>,
        groups: &Groups<'_, 't>,
        wishes: &[Wish<'_, 't>],
    ) -> Result<(), Fault> {
        let items = statement.items.iter().flat_map(|item| item.tokens.iter().copied());
        let joins = statement.joins.iter().flat_map(|join| join.on.iter().copied());
        let all: Vec<Token<'t>> = items.chain(statement.filter.iter().copied()).chain(joins).collect();
        let mut types = guess::types(&all);
        for column in groups.slices.iter().filter_map(|slice| period::column(slice)) {
            types.entry(column.name.to_lowercase()).or_insert(Ty::Text);
        }
        types.insert(groups.time.name.to_lowercase(), Ty::Timestamp);
        let mut scope = Scope::of(self, statement, &groups.time, types)?;
        let mut differences = std::mem::take(&mut scope.differences);
        let time = scope.leaf_of(&groups.time, Ty::Timestamp).map_err(|why| Fault::at(statement.start, &why))?;
        if time.ty == Some(Ty::Instant) {
            differences.push("its days are those of `timezone` in kpic.yml, and not of the zone of a session".to_owned());
        }
        let conditions = conditions(&mut scope, statement, groups, &mut differences)?;
        for shown in &statement.shown {
            differences.push(match *shown {
                "having" => "the SELECT leaves groups out by `having`, and kpic shows all".to_owned(),
                _ => "the SELECT shows some rows alone by `limit`, and kpic all".to_owned(),
            });
        }
        let mut slices = Vec::new();
        for slice in &groups.slices {
            let at = slice.first().map_or(statement.start, |token| token.start);
            match period::column(slice).ok_or_else(|| "kpic slices by columns alone".to_owned()) {
                Ok(column) => slices.push((scope.home(&column), scope.leaf_of(&column, Ty::Text), at)),
                Err(why) => {
                    let text = short(&figure::normal(slice));
                    differences.push(format!("the SELECT groups by `{text}` too, and kpic shows the total: {why}"));
                }
            }
        }
        let base = scope.base();
        let mut others: HashMap<String, Other> = HashMap::new();
        let mut made = Vec::new();
        // Those that are one aggregate come first: others are made of them.
        let is_one = |wish: &&Wish<'_, '_>| is_call(&wish.item.tokens);
        let nothing = HashMap::new();
        let order = wishes.iter().filter(is_one).chain(wishes.iter().filter(|wish| !is_one(wish)));
        let names = names(wishes);
        for wish in order {
            let own = if is_one(&wish) { &nothing } else { &others };
            let columns = scope.sources.mark();
            let result = figure::formula(&mut scope, &conditions, own, "", &wish.item.tokens);
            if result.is_err() {
                scope.sources.rewind(&columns);
            }
            if let (Ok((formula, facts)), true) = (&result, is_one(&wish)) {
                let other = Other { name: String::new(), label: wish.label.clone(), ty: formula.node.ty(), facts: *facts };
                let name = names.get(&wish.label).cloned().unwrap_or_default();
                others.entry(figure::normal(&wish.item.tokens)).or_insert(Other { name, ..other });
            }
            made.push((wish, result));
        }
        let mut by = Vec::new();
        for (home, leaf, at) in slices {
            let found = home.and_then(|(home, way)| Ok((home, way, leaf?)));
            let (home, way, leaf) = found.map_err(|why| Fault::at(at, &why))?;
            by.push(self.slice(base, home, &way, &leaf.text));
        }
        let shared = Shared { base, grain: groups.grain, by, differences };
        // A name that a figure has is the one that others are made of.
        let mut renamed: HashMap<String, String> = HashMap::new();
        made.sort_by_key(|(wish, _)| wish.at);
        let mut ready = Vec::new();
        for (wish, result) in made {
            match result {
                Ok((formula, _)) => ready.push((wish, formula)),
                Err(fault) => self.refuse(wish.label.clone(), &fault),
            }
        }
        ready.sort_by_key(|(wish, _)| !is_one(wish));
        for (wish, formula) in ready {
            self.kpi(wish, formula, &shared, &mut renamed);
        }
        Ok(())
    }

    /// Adds a KPI, or finds the one that is the same.
    fn kpi(&mut self, wish: &Wish<'_, '_>, mut formula: Formula, shared: &Shared, renamed: &mut HashMap<String, String>) {
        formula.differences.extend(shared.differences.iter().cloned());
        if formula.is_dense && !shared.by.is_empty() {
            formula.differences.push(LATER.to_owned());
        }
        if let Some((_, new)) = formula.uses.iter().find_map(|label| renamed.get_key_value(label)) {
            let why = format!(
                "it is made of a figure that is called `{new}` here: give the columns of each SELECT names of their own"
            );
            return self.refuse(wish.label.clone(), &Fault::at(wish.at, &why));
        }
        let known = self.named.get(&wish.name).copied();
        if let Some(at) = known
            && let Some(kpi) = self.kpis.get_mut(at).filter(|kpi| is_same(&kpi.formula, &formula))
        {
            kpi.grains.insert(shared.grain);
            if !shared.by.is_empty() && !kpi.by.contains(&shared.by) {
                kpi.by.push(shared.by.clone());
            }
            let new: Vec<String> =
                formula.differences.into_iter().filter(|one| !kpi.formula.differences.contains(one)).collect();
            kpi.formula.differences.extend(new);
            self.also.push((wish.label.clone(), at));
            return;
        }
        let source = self.sources.source(shared.base).map(|source| source.name.as_str()).unwrap_or_default();
        let wanted = if known.is_some() { format!("{source}_{}", wish.name) } else { wish.name.clone() };
        let mut name = wanted.clone();
        let mut count = 1;
        while self.named.contains_key(&name) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        self.named.insert(name.clone(), self.kpis.len());
        if known.is_some() {
            renamed.insert(wish.label.clone(), name.clone());
        }
        self.kpis.push(Kpi {
            metric: wish.label.clone(),
            name,
            about: Metric { name: wish.label.clone(), ..Metric::default() },
            formula,
            grain: (shared.grain != Grain::Month).then_some(shared.grain),
            grains: BTreeSet::from([shared.grain]),
            owner: None,
            meta: None,
            by: if shared.by.is_empty() { Vec::new() } else { vec![shared.by.clone()] },
            origin: self.origins.get(&wish.label).cloned(),
        });
    }

    /// The name by which KPIs of a source are sliced by a column.
    fn slice(&mut self, base: usize, home: usize, way: &[String], path: &str) -> String {
        let text = path.rsplit('.').next().unwrap_or(path).trim_matches('`').to_owned();
        if way.is_empty() {
            return text;
        }
        let from = self.sources.source(base).map(|source| source.name.clone()).unwrap_or_default();
        let found = self.dimensions.iter_mut().find(|one| {
            one.home == home && one.column == text && one.from.iter().all(|(source, own)| *source != from || own == path)
        });
        if let Some(known) = found {
            if !known.from.iter().any(|(source, _)| *source == from) {
                known.from.push((from, path.to_owned()));
            }
            return known.name.clone();
        }
        let last = way.last().map(|name| name.trim_matches('`').to_owned()).unwrap_or_default();
        let name = free(&format!("{last}_{text}"), &mut self.taken_dimensions);
        let own = self.sources.source(home).and_then(|source| source.columns.iter().find(|one| one.name == text));
        let ty = own.map_or(Ty::Text, super::super::sources::Column::declared);
        let from = vec![(from, path.to_owned())];
        self.dimensions.push(Dimension { name: name.clone(), ty, description: None, from, home, column: text });
        quoted(&name)
    }
}

/// Whether two formulas have the same figures.
fn is_same(one: &Formula, other: &Formula) -> bool {
    one.node.written() == other.node.written()
        && one.source == other.source
        && one.is_dense == other.is_dense
        && one.is_null_over_nothing == other.is_null_over_nothing
}

fn names(wishes: &[Wish<'_, '_>]) -> HashMap<String, String> {
    wishes.iter().map(|wish| (wish.label.clone(), wish.name.clone())).collect()
}

/// Whether tokens are one call that aggregates.
fn is_call(tokens: &[Token<'_>]) -> bool {
    let [function, open, inner @ ..] = tokens else { return false };
    if !figure::aggregates(&function.text.to_lowercase()) || !open.is_mark("(") {
        return false;
    }
    let mut depth = 1_usize;
    let mut rest = inner.iter();
    for token in rest.by_ref() {
        depth += usize::from(token.is_mark("("));
        depth -= usize::from(token.is_mark(")"));
        if depth == 0 {
            break;
        }
    }
    let rest: Vec<&Token<'_>> = rest.collect();
    // What belongs to the call: `filter (...)` or `within group (...)`, up to the end.
    match rest.first() {
        None => true,
        Some(first) => {
            let closes = rest.iter().enumerate().scan(0_usize, |depth, (at, token)| {
                *depth += usize::from(token.is_mark("("));
                *depth = depth.saturating_sub(usize::from(token.is_mark(")")));
                Some((at, *depth == 0 && token.is_mark(")")))
            });
            let end = closes.filter(|(_, closes)| *closes).map(|(at, _)| at).next();
            (first.is_word("filter") || first.is_word("within")) && end == Some(rest.len() - 1)
        }
    }
}
