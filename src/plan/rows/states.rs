//! Measures over states: at a moment, and over pairs of the state at the start of a period and the one at its end.
//!
//! A state holds at a moment if it began before and had not ended before: it is the state just before the moment, so that the
//! opening of a period is the closing of the one before. With `valid` the rows are joined to the periods in which they hold;
//! with snapshots, to the periods whose latest snapshot they are of, as long as that is fresh; with snapshots per key, [`crate::plan::rows::readings`]
//! says which hold.

use crate::calendar::{Date, Grain};
use crate::functions::{Function, case, coalesce, max, min, operators, sum};
use crate::model::expr::{Edge, Expr, Literal, Node, PairLeaf, Path, RowExpr, RowLeaf, Stock};
use crate::model::{Holds, SourceId};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, Fold, JoinKind, Scalar, Select, column, count_rows, day, fold, impossible, moved,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::MeasureId;
use crate::plan::rows::readings::{Form, Marks};
use crate::plan::rows::scan::{Days, Scan};
use crate::plan::rows::{Ask, Group, Series, add_folds};
use crate::plan::time::spine::Need;
use std::collections::BTreeMap;

/// How rows are tied to periods: the period, what is joined, and the condition.
pub(in crate::plan) struct Tie {
    /// The period.
    pub period: Scalar,
    /// The part with the periods, and on which condition it is joined; nothing where rows have theirs.
    pub join: Option<(JoinKind, String, Option<Scalar>)>,
}

/// Whether the state of a row holds at the start and at the end of a period.
struct Both {
    tie: Tie,
    start: Scalar,
    end: Scalar,
}

impl Planner<'_> {
    /// Ties states to the periods at whose start or end they hold.
    pub(in crate::plan) fn held(&mut self, scan: &mut Scan<'_>, source: SourceId, edge: Edge, grain: Grain) -> Option<Tie> {
        let holds = self.model.sources.get(source).holds?;
        Some(match holds {
            Holds::Valid { .. } => {
                scan.rely_on_one_state(None);
                let moment = self.moment(edge, grain);
                let on = Expr::all(vec![began(scan, holds, &moment), not_over(scan, holds, &moment)]);
                let spine = self.spine_name(grain);
                Tie { period: column(&spine, "period"), join: Some((JoinKind::Inner, spine, on)) }
            }
            Holds::Snapshot { taken, .. } => {
                let latest = self.latest(source, edge, grain);
                scan.rely_on_one_state(Some(&latest));
                let on = Expr::apply(&operators::EQUAL, vec![scan.day(taken), column(&latest, "taken")]);
                Tie { period: column(&latest, "period"), join: Some((JoinKind::Inner, latest, Some(on))) }
            }
            Holds::Readings { .. } => {
                scan.form = Some(Form::Held(grain, edge));
                let period = column(&scan.alias(&[]), &Marks::of(self.model, source).period);
                Tie { period, join: None }
            }
        })
    }

    /// The day at whose beginning states are looked at.
    fn moment(&mut self, edge: Edge, grain: Grain) -> Scalar {
        let spine = self.spine_name(grain);
        match edge {
            Edge::Start => column(&spine, "period"),
            Edge::End => {
                let last_day = self.need(grain, Need::LastDay);
                moved(column(&spine, &last_day), 1, Grain::Day)
            }
        }
    }

    /// The part with the latest snapshot at a moment of each period, for periods for which that is fresh.
    fn latest(&mut self, source: SourceId, edge: Edge, grain: Grain) -> String {
        if let Some(known) = self.latest_snapshots.get(&(source, edge, grain)) {
            return known.clone();
        }
        let days = self.snapshot_days(source);
        let moment = self.moment(edge, grain);
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        let before = Expr::apply(&operators::LESS, vec![column(&days, "day"), moment.clone()]);
        select.join(JoinKind::Inner, &days, &days, Some(before));
        select.column(column(&spine, "period"), "period");
        // Grouped by the moment too, so that it can be compared after grouping.
        select.column(moment.clone(), "moment").group_by_these();
        let taken = fold(&max::MAX, column(&days, "day"));
        select.column(taken.clone(), "taken");
        if let Some(Holds::Snapshot { fresh_for, .. } | Holds::Readings { fresh_for, .. }) =
            self.model.sources.get(source).holds
        {
            let known_until = moved(moved(taken, 1, Grain::Day), i64::from(fresh_for.count), fresh_for.unit);
            select.having.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![known_until, moment]));
        }
        let name = &self.model.sources.get(source).name.value;
        let at = match edge {
            Edge::Start => "start",
            Edge::End => "end",
        };
        let part = self.names.take(&format!("{name}_taken_before_{grain}_{at}"));
        self.push(&part, select);
        self.latest_snapshots.insert((source, edge, grain), part.clone());
        part
    }

    /// The part with the days of which there are snapshots.
    fn snapshot_days(&mut self, source: SourceId) -> String {
        if let Some(known) = self.snapshot_days.get(&source) {
            return known.clone();
        }
        let mut scan = self.rows_of(source);
        let mut select = Select { distinct: true, ..Select::default() };
        let holds = self.model.sources.get(source).holds;
        if let Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) = holds {
            let day = scan.day(taken);
            select.column(day, "day");
            select.filter = scan.range(taken, Days { from: None });
        }
        if let Some(Holds::Readings { .. }) = holds {
            // A reading of nothing says nothing.
            let key = scan.key_parts_of_source();
            select.filter.extend(key.into_iter().map(|part| Expr::apply(&operators::IS_NOT_NULL, vec![part])));
        }
        let (from, joins) = self.read(scan);
        select.from = Some(from);
        select.joins = joins;
        let part = self.names.take(&format!("{}_snapshots", self.model.sources.get(source).name.value));
        self.push(&part, select);
        self.snapshot_days.insert(source, part.clone());
        part
    }

    /// The parts with the periods for which snapshots are fresh, one for each moment that a look needs.
    fn latest_at(&mut self, source: SourceId, stock: &Stock, grain: Grain) -> Vec<String> {
        let edges: &[Edge] = match stock {
            Stock::At(Edge::Start) => &[Edge::Start],
            Stock::At(Edge::End) => &[Edge::End],
            Stock::Pairs(_) => &[Edge::Start, Edge::End],
        };
        edges.iter().map(|edge| self.latest(source, *edge, grain)).collect()
    }

    /// The periods for which snapshots are not fresh at a moment that a look needs, or not there yet: 1 for each.
    pub(in crate::plan) fn unknown(&mut self, id: MeasureId, source: SourceId, stock: &Stock, grain: Grain) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let parts = self.latest_at(source, stock, grain);
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        let mut missing = Vec::new();
        for part in &parts {
            let on = Expr::apply(&operators::EQUAL, vec![column(part, "period"), column(&spine, "period")]);
            select.join(JoinKind::Left, part, part, Some(on));
            missing.push(Expr::apply(&operators::IS_NULL, vec![column(part, "period")]));
        }
        select.column(column(&spine, "period"), "period");
        select.column(Expr::number(1), &own);
        select.filter.extend(Expr::any(missing));
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    /// The periods for which snapshots are fresh at all moments that a look needs: 1 for each.
    pub(in crate::plan) fn fresh(&mut self, id: MeasureId, source: SourceId, stock: &Stock, grain: Grain) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let parts = self.latest_at(source, stock, grain);
        let Some((first, others)) = parts.split_first() else {
            return Series { part: String::new(), column: String::new(), rows: None };
        };
        let mut select = Select::from_part(first);
        for other in others {
            let on = Expr::apply(&operators::EQUAL, vec![column(first, "period"), column(other, "period")]);
            select.join(JoinKind::Inner, other, other, Some(on));
        }
        select.column(column(first, "period"), "period");
        select.column(Expr::number(1), &own);
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    /// Aggregates over pairs of states, at one grain: first one row for each period and entity with what is asked of its two
    /// states, then the aggregates over these.
    pub(in crate::plan) fn pairs(&mut self, group: &Group, per: Option<&Path>, grain: Grain, asks: &[&Ask]) -> Vec<Series> {
        let mut leaves: Vec<PairLeaf> = Vec::new();
        let either = group.keys.iter().map(|key| PairLeaf::Either(key.path.clone()));
        for leaf in either
            .chain(asks.iter().flat_map(|ask| pair_leaves(ask.aggregate.argument.as_ref(), ask.aggregate.filter.as_ref())))
        {
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
        let (part, names) = self.pair_rows(group, per, grain, &leaves);
        let mut scan = self.rows_of(group.source);
        scan.pairs = names.iter().map(|(leaf, name)| (leaf.clone(), column(&part, name))).collect();
        let mut select = Select::from_part(&part);
        select.column(column(&part, "period"), "period");
        for key in &group.keys {
            let name = names.get(&PairLeaf::Either(key.path.clone())).cloned().unwrap_or_default();
            let mut value = column(&part, &name);
            if let Some(lumped) = &key.lumped {
                let (join, own) = lumped.join(value);
                select.joins.push(join);
                value = own;
            }
            select.column(value, &key.name);
        }
        select.group_by_these();
        let conditions = add_folds(&mut scan, group, asks, &mut select);
        select.filter = conditions;
        let done = self.part_name(group, &format!("_pairs_by_{grain}"));
        self.push(&done, select);
        let which = self.since_whole();
        self.appears(group, &done, "period", which);
        asks.iter().map(|ask| Series { part: done.clone(), column: ask.column.clone(), rows: None }).collect()
    }

    /// One row for each period and entity that has a state at its start or end; gives the part and the column of each leaf.
    fn pair_rows(
        &mut self,
        group: &Group,
        per: Option<&Path>,
        grain: Grain,
        leaves: &[PairLeaf],
    ) -> (String, BTreeMap<PairLeaf, String>) {
        let mut scan = self.rows_of(group.source);
        scan.matters.1 = self.shown_until(group);
        let mut select = Select::default();
        let mut names = Names::default();
        names.take("period");
        let entity = self.entity_parts(&mut scan, group.source, per);
        let Some(both) = self.both(&mut scan, group.source, grain) else { return (String::new(), BTreeMap::new()) };
        select.column(both.tie.period.clone(), "period");
        for (name, part) in &entity {
            select.column(part.clone(), &names.take(name));
            select.filter.push(Expr::apply(&operators::IS_NOT_NULL, vec![part.clone()]));
        }
        select.group_by_these();
        let mut columns = BTreeMap::new();
        for leaf in leaves {
            let name = names.take(&self.leaf_name(group.source, leaf));
            let value = match leaf {
                PairLeaf::Of(edge, path) => {
                    let holds = if *edge == Edge::Start { &both.start } else { &both.end };
                    let value = scan.value(&Expr::leaf(RowLeaf::Column(path.clone())));
                    if self.model.column(group.source, path).ty.is_numeric() {
                        // What is the entity's own stands once, however many states it has.
                        let own = per.is_some_and(|per| path.is_of(per));
                        let together = if own { &max::MAX } else { &sum::SUM };
                        Expr::apply(&coalesce::COALESCE, vec![where_holds(together, value, holds), Expr::number(0)])
                    } else {
                        where_holds(&max::MAX, value, holds)
                    }
                }
                PairLeaf::Exists(edge) => exists(if *edge == Edge::Start { &both.start } else { &both.end }),
                PairLeaf::Ever => {
                    let firsts = self.firsts(group.source, per);
                    let on = entity
                        .iter()
                        .map(|(name, part)| Expr::apply(&operators::EQUAL, vec![column(&firsts, name), part.clone()]));
                    if !select.joins.iter().any(|join| join.from.name == firsts) {
                        select.join(JoinKind::Inner, &firsts, &firsts, Expr::all(on.collect()));
                    }
                    let began = fold(&min::MIN, column(&firsts, "began"));
                    Expr::apply(&operators::LESS, vec![began, both.tie.period.clone()])
                }
                PairLeaf::Either(path) => {
                    let value = scan.path(path);
                    let start = where_holds(&max::MAX, value.clone(), &both.start);
                    let end = where_holds(&max::MAX, value, &both.end);
                    Expr::apply(&case::CASE, vec![exists(&both.start), start, end])
                }
            };
            select.column(value, &name);
            columns.insert(leaf.clone(), name);
        }
        select.filter.extend(Expr::any(vec![both.start, both.end]));
        let (from, joins) = self.read(scan);
        select.from = Some(from);
        let firsts = std::mem::replace(&mut select.joins, joins);
        if let Some((kind, part, on)) = both.tie.join {
            select.join(kind, &part, &part, on);
        }
        select.joins.extend(firsts);
        let source = &self.model.sources.get(group.source).name.value;
        let by =
            per.map_or_else(String::new, |per| format!("_of_{}", self.model.path_text(group.source, per).replace('.', "_")));
        let part = self.names.take(&format!("{source}{by}_at_{grain}_start_and_end"));
        self.push(&part, select);
        (part, columns)
    }

    /// Ties states to the periods at whose start or end they hold, and says at which.
    fn both(&mut self, scan: &mut Scan<'_>, source: SourceId, grain: Grain) -> Option<Both> {
        let holds = self.model.sources.get(source).holds?;
        let spine = self.spine_name(grain);
        Some(match holds {
            Holds::Valid { .. } => {
                scan.rely_on_one_state(None);
                let (opens, closes) = (self.moment(Edge::Start, grain), self.moment(Edge::End, grain));
                let on = Expr::all(vec![began(scan, holds, &closes), not_over(scan, holds, &opens)]);
                Both {
                    tie: Tie { period: column(&spine, "period"), join: Some((JoinKind::Inner, spine, on)) },
                    start: began(scan, holds, &opens),
                    end: not_over(scan, holds, &closes),
                }
            }
            Holds::Snapshot { taken, .. } => {
                let part = self.latest_of_both(source, grain);
                scan.rely_on_one_state(Some(&part));
                let on = Expr::apply(&operators::EQUAL, vec![scan.day(taken), column(&part, "taken")]);
                let is_end = column(&part, "is_end");
                Both {
                    tie: Tie { period: column(&part, "period"), join: Some((JoinKind::Inner, part, Some(on))) },
                    start: Expr::apply(&operators::NOT, vec![is_end.clone()]),
                    end: is_end,
                }
            }
            Holds::Readings { .. } => {
                // Of a period of which one side is not known nothing is known.
                let part = self.known_at_both(source, grain);
                scan.form = Some(Form::Both(grain));
                let (of, marks) = (scan.alias(&[]), Marks::of(self.model, source));
                let on = Expr::apply(&operators::EQUAL, vec![column(&of, &marks.period), column(&part, "period")]);
                let is_end = column(&of, &marks.is_end);
                Both {
                    tie: Tie { period: column(&part, "period"), join: Some((JoinKind::Inner, part, Some(on))) },
                    start: Expr::apply(&operators::NOT, vec![is_end.clone()]),
                    end: is_end,
                }
            }
        })
    }

    /// The latest snapshots at the start and at the end of each period for which both are fresh: of a pair of which one side is
    /// not known nothing is known, not even that there is one.
    fn latest_of_both(&mut self, source: SourceId, grain: Grain) -> String {
        let member = |part: &str, other: &str, is_end: bool| {
            let mut select = Select::from_part(part);
            let on = Expr::apply(&operators::EQUAL, vec![column(part, "period"), column(other, "period")]);
            select.join(JoinKind::Inner, other, other, Some(on));
            select.column(column(part, "period"), "period");
            select.column(column(part, "taken"), "taken");
            select.column(Expr::made(Node::Literal(Literal::Truth(is_end))), "is_end");
            select
        };
        let start = self.latest(source, Edge::Start, grain);
        let end = self.latest(source, Edge::End, grain);
        let name = &self.model.sources.get(source).name.value;
        let part = self.names.take(&format!("{name}_taken_before_{grain}"));
        self.push_body(&part, Body::Union(vec![member(&start, &end, false), member(&end, &start, true)]));
        part
    }

    /// The periods for which something is known at the start and at the end.
    fn known_at_both(&mut self, source: SourceId, grain: Grain) -> String {
        let start = self.latest(source, Edge::Start, grain);
        let end = self.latest(source, Edge::End, grain);
        let mut select = Select::from_part(&start);
        let on = Expr::apply(&operators::EQUAL, vec![column(&start, "period"), column(&end, "period")]);
        select.join(JoinKind::Inner, &end, &end, Some(on));
        select.column(column(&start, "period"), "period");
        let name = &self.model.sources.get(source).name.value;
        let part = self.names.take(&format!("{name}_known_by_{grain}"));
        self.push(&part, select);
        part
    }

    /// What tells apart whose states are compared.
    fn entity_parts(&mut self, scan: &mut Scan<'_>, source: SourceId, per: Option<&Path>) -> Vec<(String, Scalar)> {
        let model = self.model;
        let known = model.sources.get(source);
        let paths = match per {
            Some(per) => vec![per.clone()],
            None => known.key.iter().map(|column| Path::to(*column)).collect(),
        };
        let mut found = Vec::new();
        let mut names = Names::default();
        names.take("period");
        names.take("began");
        for path in paths {
            let name = model.path_text(source, &path).replace('.', "_");
            for part in scan.key_parts(&path) {
                found.push((names.take(&name), part));
            }
        }
        found
    }

    /// The part with the time at which the first state of each entity began.
    fn firsts(&mut self, source: SourceId, per: Option<&Path>) -> String {
        let key = (source, per.cloned());
        if let Some(known) = self.first_states.get(&key) {
            return known.clone();
        }
        let mut scan = self.rows_of(source);
        let mut select = Select::default();
        for (name, part) in self.entity_parts(&mut scan, source, per) {
            select.column(part, &name);
        }
        select.group_by_these();
        let began = match self.model.sources.get(source).holds {
            Some(Holds::Valid { from, .. }) => scan.path(&Path::to(from)),
            Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => scan.day(taken),
            None => impossible(),
        };
        select.column(fold(&min::MIN, began), "began");
        let (from, joins) = self.read(scan);
        select.from = Some(from);
        select.joins = joins;
        let part = self.names.take(&format!("first_{}", self.model.sources.get(source).name.value));
        self.push(&part, select);
        self.first_states.insert(key, part.clone());
        part
    }

    fn leaf_name(&self, source: SourceId, leaf: &PairLeaf) -> String {
        let word = |edge: Edge| if edge == Edge::Start { "start" } else { "end" };
        let text = |path: &Path| self.model.path_text(source, path).replace('.', "_");
        match leaf {
            PairLeaf::Of(edge, path) => format!("{}_{}", word(*edge), text(path)),
            PairLeaf::Exists(edge) => format!("{}_exists", word(*edge)),
            PairLeaf::Ever => "start_ever".to_owned(),
            PairLeaf::Either(path) => text(path),
        }
    }
}

/// Whether a state began before a moment.
fn began(scan: &mut Scan<'_>, holds: Holds, moment: &Scalar) -> Scalar {
    let Holds::Valid { from, .. } = holds else { return impossible() };
    Expr::apply(&operators::LESS, vec![scan.path(&Path::to(from)), moment.clone()])
}

/// Whether a state had not ended before a moment.
fn not_over(scan: &mut Scan<'_>, holds: Holds, moment: &Scalar) -> Scalar {
    let Holds::Valid { to, inclusive, .. } = holds else { return impossible() };
    let to = scan.path(&Path::to(to));
    let moment = if inclusive { moved_back_a_day(moment) } else { moment.clone() };
    // What has no end holds on every day that there is.
    let to = Expr::apply(&coalesce::COALESCE, vec![to, day(Date::MAX)]);
    Expr::apply(&operators::GREATER_OR_EQUAL, vec![to, moment])
}

/// The day before; of a day that is the day after another, that one.
fn moved_back_a_day(moment: &Scalar) -> Scalar {
    match &moment.node {
        Node::Leaf(Atom::Moved(day, 1, Grain::Day)) => (**day).clone(),
        _ => moved(moment.clone(), -1, Grain::Day),
    }
}

/// An aggregate over the states that hold.
fn where_holds(function: &'static Function, value: Scalar, holds: &Scalar) -> Scalar {
    let filter = Some(holds.clone());
    Expr::leaf(Atom::Aggregate(Box::new(Fold { function, fraction: None, argument: Some(value), filter, order: Vec::new() })))
}

/// Whether there is a state that holds.
fn exists(holds: &Scalar) -> Scalar {
    let Node::Leaf(Atom::Aggregate(mut counted)) = count_rows().node else { return impossible() };
    counted.filter = Some(holds.clone());
    Expr::apply(&operators::GREATER, vec![Expr::leaf(Atom::Aggregate(counted)), Expr::number(0)])
}

/// What an aggregate asks of pairs.
fn pair_leaves(argument: Option<&RowExpr>, filter: Option<&RowExpr>) -> Vec<PairLeaf> {
    let mut found = Vec::new();
    for expr in argument.into_iter().chain(filter) {
        expr.leaves(&mut |leaf| {
            if let RowLeaf::Pair(leaf) = leaf {
                found.push(leaf.clone());
            }
        });
    }
    found
}
