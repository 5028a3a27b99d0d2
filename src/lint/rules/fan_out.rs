//! `fan-out`: a sum of what belongs to a row that a reference leads to counts it once for each row that leads there. And
//! `weighted-by-rows`: a mean of it is weighted by how many do.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::functions::{avg, case, if_, median, percentile, percentile_disc, stddev, sum, variance};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Aggregate, Node, PairLeaf, Path, RowExpr, RowLeaf, Stock};
use crate::model::journey::Starts;
use crate::model::{ColumnId, Model, SourceId, SourceKind, Storage};
use crate::text::Span;
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule { code: &codes::FAN_OUT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut all = Vec::new();
    walk::every_aggregate(lens.model, &mut |aggregate, entity| all.extend(found(lens, aggregate, entity)));
    all.sort_by_key(|found| found.span);
    all.dedup_by_key(|found| found.span);
    for found in all {
        let Found { text, rows, others, is_sum, .. } = &found;
        let (code, message, to, but) = if *is_sum {
            let message = format!("`{text}` counts a value of `{others}` again for every row of `{rows}` that refers to it");
            (&codes::FAN_OUT, message, "to count each once", format!("every row of `{rows}` should count it"))
        } else {
            let message = format!("`{text}` weights each row of `{others}` by how many rows of `{rows}` refer to it");
            (&codes::WEIGHTED_BY_ROWS, message, "to look at each once", "the weighting is intended".to_owned())
        };
        let once = found.once();
        let help = format!("{to} {once}; if {but}, say why in the definition: `allow: {{ {}: \"...\" }}`", code.name);
        findings.report(code, found.span, message).help(help);
    }
}

/// What an aggregate is, if it reads nothing but what belongs to rows that references lead to.
fn found(lens: &Lens<'_>, aggregate: &Aggregate, entity: Option<&Path>) -> Option<Found> {
    let is_sum = *aggregate.function == sum::SUM;
    let ranks = [&median::MEDIAN, &percentile::PERCENTILE, &percentile_disc::PERCENTILE_DISC];
    let means = [&avg::AVG, &stddev::STDDEV, &variance::VARIANCE];
    let (argument, span) = (aggregate.argument.as_ref()?, aggregate.at.0?);
    if !is_sum && !means.contains(&aggregate.function) && !ranks.contains(&aggregate.function) {
        return None;
    }
    // The mean of what is the same in all rows of an entity is that.
    let entity = entity.filter(|_| !is_sum);
    let mut reads =
        Reads { model: lens.model, aggregate, entity, own: false, behind: None, references: 0, seen: HashSet::new() };
    reads.values(argument);
    let path = reads.behind.filter(|_| !reads.own)?;
    let (model, source) = (lens.model, aggregate.source);
    let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
    let end = model.sources.get(model.end_of(source, &path));
    let whole = aggregate.filter.is_none() && aggregate.stock.is_none() && end.holds.is_none();
    let is_column = matches!(&argument.node, Node::Leaf(RowLeaf::Column(_))) && aggregate.fraction.is_none();
    let of_column = || format!("{}({}.{})", aggregate.function.name, end.name.value, end.columns.get(path.column).name.value);
    let alone = (whole && is_column).then(of_column);
    let (last, before) = path.through.split_last()?;
    let reference = (reads.references == 1).then(|| model.path_text(source, &Path { through: before.to_vec(), column: *last }));
    let (rows, others) = (model.sources.get(source).name.value.clone(), end.name.value.clone());
    Some(Found { span, text, function: aggregate.function.name, is_sum, rows, others, reference, alone })
}

/// An aggregate over nothing but what belongs to rows that references lead to.
struct Found {
    span: Span,
    /// The aggregate as it was written.
    text: String,
    /// The name of its function.
    function: &'static str,
    is_sum: bool,
    /// The source that it aggregates.
    rows: String,
    /// The source whose rows it counts several times.
    others: String,
    /// The reference that leads there; nothing where there are several.
    reference: Option<String>,
    /// The same over that source itself, where it is that simple.
    alone: Option<String>,
}

impl Found {
    /// How to count each row once.
    fn once(&self) -> String {
        let inner = self.text.get(self.function.len()..).unwrap_or_default();
        let source = if inner.contains(" from ") { String::new() } else { format!("{}.", self.rows) };
        // A percentile has a second argument.
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).filter(|inner| !inner.contains(", "));
        let grouped = inner.zip(self.reference.as_ref());
        let grouped = grouped.map(|(inner, per)| format!("`{}(max({inner}) per {source}{per})`", self.function));
        match (&self.alone, grouped) {
            (Some(alone), Some(grouped)) => format!("write `{alone}`, or {grouped} for those that such rows refer to"),
            (None, Some(grouped)) => format!("write {grouped}"),
            (Some(alone), None) => format!("write `{alone}`"),
            (None, None) => format!("aggregate the rows of `{}` themselves", self.others),
        }
    }
}

/// What a value is made of: columns of the row itself, or of rows of which several of its kind may share one.
struct Reads<'a> {
    model: &'a Model,
    aggregate: &'a Aggregate,
    /// The entity whose rows are aggregated together: what belongs to it is the same in all of them.
    entity: Option<&'a Path>,
    own: bool,
    /// The first column behind a reference.
    behind: Option<Path>,
    /// How many references there are; two of one kind need not be told apart from more.
    references: usize,
    seen: HashSet<ColumnId>,
}

impl<'a> Reads<'a> {
    /// Looks at what a value is made of. Conditions choose rows, as `where` does, and are not part of it.
    fn values(&mut self, expr: &'a RowExpr) {
        match &expr.node {
            Node::Apply(function, arguments) if **function == if_::IF => {
                arguments.iter().skip(1).for_each(|part| self.values(part));
            }
            Node::Apply(function, arguments) if **function == case::CASE => {
                let last = arguments.len().saturating_sub(1);
                let is_value = |at: usize| at % 2 == 1 || at == last;
                arguments.iter().enumerate().filter(|(at, _)| is_value(*at)).for_each(|(_, part)| self.values(part));
            }
            Node::Apply(_, arguments) => arguments.iter().for_each(|part| self.values(part)),
            Node::Leaf(RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path))) => {
                self.column(path);
            }
            Node::Leaf(RowLeaf::Duration(..)) | Node::Literal(_) => {}
            Node::Leaf(_) | Node::Broken => self.own = true,
        }
    }

    fn column(&mut self, path: &Path) {
        if !path.through.is_empty() {
            let same = self.entity.is_some_and(|entity| path.is_of(entity));
            if same || !self.is_shared(path) {
                self.own = true;
            } else {
                let first = self.behind.get_or_insert_with(|| path.clone());
                if self.references == 0 || first.through != path.through {
                    self.references += 1;
                }
            }
            return;
        }
        let model: &'a Model = self.model;
        match &model.sources.get(self.aggregate.source).columns.get(path.column).storage {
            Storage::Derived(expr) if self.seen.insert(path.column) => self.values(expr),
            Storage::Derived(_) => {}
            _ => self.own = true,
        }
    }

    /// Whether several rows may lead to one row at the end of a path.
    fn is_shared(&self, path: &Path) -> bool {
        let (model, first) = (self.model, self.aggregate.source);
        let of_journey = model.sources.get(first).journey.as_ref().filter(|journey| journey.starts == Starts::First);
        let entity = match &self.aggregate.stock {
            Some(Stock::Pairs(per)) => per.clone(),
            _ => of_journey.and_then(|journey| journey.inherit(&journey.first()?.entity)),
        };
        let mut shared = false;
        let mut at = first;
        for (place, step) in path.through.iter().enumerate() {
            let before = path.through.get(..place).unwrap_or_default();
            if entity.as_ref().is_some_and(|entity| entity.column == *step && entity.through == before) {
                // There is one journey, or pair, of each entity.
                shared = false;
            } else {
                shared |= !self.is_unique(at, *step, at == first && place == 0);
            }
            at = model.sources.get(at).columns.get(*step).reference.unwrap_or(at);
        }
        shared
    }

    /// Whether no two rows of a source have one value of a column.
    fn is_unique(&self, id: SourceId, column: ColumnId, is_aggregated: bool) -> bool {
        let source = self.model.sources.get(id);
        let one_state = match &self.aggregate.stock {
            _ if !is_aggregated => false,
            Some(Stock::At(_) | Stock::Pairs(None)) => true,
            Some(Stock::Pairs(Some(_))) | None => false,
        };
        source.key.as_slice() == [column] && (source.kind != SourceKind::States || one_state)
    }
}
