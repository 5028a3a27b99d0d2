//! Facts of several sources meet without a join: their rows are stacked, each with its own columns and nulls in those of the
//! others, and grouped by period and dimensions. The dense set is one more member of the stack, so that nothing is missing and
//! null dimensions meet by grouping. An earlier period's figures are the same rows once more, moved on.

use crate::calendar::Grain;
use crate::functions::{Function, coalesce, conversions, max, operators, sum};
use crate::model::DimensionId;
use crate::model::clock::{TimeKind, picks};
use crate::model::expr::{Expr, Literal, Node};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{Atom, Body, JoinKind, Scalar, Select, column, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{Formula, FormulaLeaf, Measure, MeasureId, MeasureOf, Move};
use crate::plan::lookup::finite::{self, Lowered};
use crate::plan::lookup::lower::{self, Leaves};
use crate::plan::time::ages::AGE;
use crate::plan::time::spine::{Need, move_name};
use std::collections::{BTreeMap, BTreeSet};

/// One member of a stack: the rows of a series at the periods to which a move leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    part: String,
    way: Move,
    keeps: Vec<DimensionId>,
    by_age: bool,
}

/// Rows of a stack, without its values, and these by the columns in which they stand.
type Placed = (Select, BTreeMap<String, Scalar>);

/// How many members stand in one stack.
const MOST_MEMBERS: usize = 16;

/// The columns of a stack of members.
pub(in crate::plan) struct Stack {
    pub(in crate::plan) name: String,
    /// For each measure and move its column.
    pub(in crate::plan) values: BTreeMap<(MeasureId, Move), String>,
    /// For each move the column with the period that it leads to.
    pub(in crate::plan) moves: BTreeMap<Move, String>,
    /// The column that is null but on rows of the dense set.
    pub(in crate::plan) dense: String,
}

impl Planner<'_> {
    /// Stacks the series that formulas need, and the dense set, whose rows are known by the column `mark` or, without one, by
    /// one of their own.
    pub(in crate::plan) fn stack(
        &mut self,
        formulas: &[Formula],
        grain: Grain,
        (dimensions, by_age): (&[DimensionId], bool),
        dense: &str,
        mark: Option<&str>,
    ) -> Stack {
        let keys = self.keys(dimensions, by_age);
        let moves: BTreeMap<Move, String> =
            moves_in(formulas).into_iter().map(|way| (way.clone(), self.need(grain, Need::Moved(way)))).collect();
        // Two ways can have one description: the period before by the calendar, and the same where data begins.
        let mut taken = Names::default();
        for name in self.value_columns.iter().chain(&keys).chain(moves.values()) {
            taken.take(name);
        }
        let mut members: BTreeMap<Member, Vec<MeasureId>> = BTreeMap::new();
        let mut values: BTreeMap<(MeasureId, Move), String> = BTreeMap::new();
        let mut order: Vec<(MeasureId, Move)> = Vec::new();
        for formula in formulas {
            formula.leaves(&mut |leaf| {
                if let FormulaLeaf::Value(id, way) = leaf
                    && !order.contains(&(*id, way.clone()))
                {
                    order.push((*id, way.clone()));
                }
            });
        }
        for (id, way) in &order {
            let (Some(Some(series)), Some(measure)) = (self.series.get(*id), self.expansion.measures.get(*id)) else {
                continue;
            };
            let (keeps, by_age) = (measure.keeps.clone(), measure.age().is_some());
            let member = Member { part: series.part.clone(), way: way.clone(), keeps, by_age };
            let name = if way.is_nothing() {
                series.column.clone()
            } else {
                taken.take(&format!("{}_{}", series.column, move_name(grain, way)))
            };
            members.entry(member).or_default().push(*id);
            values.insert((*id, way.clone()), name);
        }
        let dense_mark = mark.unwrap_or("is_dense").to_owned();
        let names: Vec<String> = order.iter().filter_map(|key| values.get(key).cloned()).collect();
        let mut placed = Vec::new();
        for (member, ids) in &members {
            let own: BTreeMap<String, Scalar> = ids
                .iter()
                .filter_map(|id| {
                    let series = self.series.get(*id)?.as_ref()?;
                    Some((values.get(&(*id, member.way.clone()))?.clone(), column(&series.part, &series.column)))
                })
                .collect();
            placed.push((self.member(member, grain, (dimensions, by_age), &keys, dense, &moves), own));
        }
        let mut selects = Vec::new();
        for (mut select, mut own) in self.bundled(placed, &keys, &names) {
            for name in &names {
                select.column(own.remove(name).unwrap_or_else(Expr::null), name);
            }
            for name in moves.values() {
                select.column(Expr::null(), name);
            }
            select.column(Expr::null(), &dense_mark);
            selects.push(select);
        }
        let mut set = Select::from_part(dense);
        set.column(column(dense, "period"), "period");
        for key in &keys {
            set.column(column(dense, key), key);
        }
        for name in &names {
            set.column(Expr::null(), name);
        }
        for name in moves.values() {
            set.column(column(dense, name), name);
        }
        let truth = || Expr::made(Node::Literal(Literal::Truth(true)));
        set.column(mark.map_or_else(truth, |mark| column(dense, mark)), &dense_mark);
        selects.push(set);
        let name = self.names.take("parts");
        self.push_body(&name, Body::Union(selects));
        Stack { name, values, moves, dense: dense_mark }
    }

    /// Members, each with its values by the columns in which they stand. Many of them are put together some at a time first, and these
    /// again: each names all columns of its stack, so a stack of all would grow with the square of their number.
    fn bundled(&mut self, mut members: Vec<Placed>, keys: &[String], names: &[String]) -> Vec<Placed> {
        while members.len() > MOST_MEMBERS {
            let mut rest = members.into_iter().peekable();
            members = Vec::new();
            while rest.peek().is_some() {
                let some: Vec<Placed> = rest.by_ref().take(MOST_MEMBERS).collect();
                members.push(self.bundle(some, keys, names));
            }
        }
        members
    }

    /// Some members as one, over a part of their own.
    fn bundle(&mut self, some: Vec<Placed>, keys: &[String], names: &[String]) -> Placed {
        let theirs: Vec<&String> = names.iter().filter(|name| some.iter().any(|(_, own)| own.contains_key(*name))).collect();
        let selects = some.into_iter().map(|(mut select, mut own)| {
            for name in &theirs {
                select.column(own.remove(*name).unwrap_or_else(Expr::null), name);
            }
            select
        });
        let body = Body::Union(selects.collect());
        let part = self.names.take("some_parts");
        self.push_body(&part, body);
        let mut select = Select::from_part(&part);
        for key in std::iter::once("period").chain(keys.iter().map(String::as_str)) {
            select.column(column(&part, key), key);
        }
        let own = theirs.into_iter().map(|name| (name.clone(), column(&part, name))).collect();
        (select, own)
    }

    /// The rows of one member of a stack: their periods and keys.
    fn member(
        &mut self,
        member: &Member,
        grain: Grain,
        (dimensions, by_age): (&[DimensionId], bool),
        keys: &[String],
        dense: &str,
        moves: &BTreeMap<Move, String>,
    ) -> Select {
        let part = member.part.as_str();
        let whole = member.keeps == dimensions && member.by_age == by_age;
        let way = moves.get(&member.way);
        let mut select;
        let period;
        // Where the rows' keys come from: the series itself, or the dense set over which a total is repeated.
        let keys_of;
        if whole {
            select = Select::from_part(part);
            keys_of = part;
            match way {
                None => period = column(part, "period"),
                Some(before) => {
                    let spine = self.spine_name(grain);
                    let on = Expr::apply(&operators::EQUAL, vec![column(&spine, before), column(part, "period")]);
                    select.join(JoinKind::Inner, &spine, &spine, Some(on));
                    period = column(&spine, "period");
                }
            }
        } else {
            select = Select::from_part(dense);
            keys_of = dense;
            let at = way.map_or("period", String::as_str);
            let mut on = vec![Expr::apply(&operators::EQUAL, vec![column(part, "period"), column(dense, at)])];
            if member.by_age {
                on.push(Expr::apply(&operators::EQUAL, vec![column(part, AGE), column(dense, AGE)]));
            }
            for id in &member.keeps {
                let key = self.key_name(*id);
                on.push(Expr::leaf(Atom::Same(Box::new(column(part, &key)), Box::new(column(dense, &key)))));
            }
            select.join(JoinKind::Inner, part, part, Expr::all(on));
            period = column(dense, "period");
        }
        select.column(period, "period");
        for key in keys {
            select.column(column(keys_of, key), key);
        }
        select
    }

    /// A formula over the columns of a stack.
    pub(in crate::plan) fn scalar(&self, formula: &Formula, stack: &Stack) -> Scalar {
        self.lowered(formula, stack).settled()
    }

    /// The same as it comes, with what is known of its size.
    pub(in crate::plan) fn lowered(&self, formula: &Formula, stack: &Stack) -> Lowered {
        lower::lowered(self.calendar, formula, &InStack { planner: self, stack })
    }

    /// The value of a measure in a group of a stack: the only one that is not null.
    fn value(&self, id: MeasureId, way: &Move, stack: &Stack) -> Lowered {
        let name = stack.values.get(&(id, way.clone())).cloned().unwrap_or_default();
        let of = column(&stack.name, &name);
        let Some(measure) = self.expansion.measures.get(id) else { return Lowered::small(fold(&max::MAX, of)) };
        let value = if measure.is_zero_over_nothing() {
            // What has been too large for a number is not nothing: it stays what it is.
            Expr::apply(&coalesce::COALESCE, vec![fold(&sum::SUM, of), Expr::number(0)])
        } else {
            fold(&max::MAX, of)
        };
        Lowered::new(value, finite::of_measure(self.model, &self.expansion, measure))
    }
}

/// The measures of a formula, as a stack has them.
struct InStack<'s, 'p> {
    planner: &'s Planner<'p>,
    stack: &'s Stack,
}

impl InStack<'_, '_> {
    fn measure(&self, leaf: &FormulaLeaf) -> Option<&Measure> {
        match leaf {
            FormulaLeaf::Value(id, _) => self.planner.expansion.measures.get(*id).map(AsRef::as_ref),
            FormulaLeaf::Known(_) => None,
        }
    }
}

impl Leaves<FormulaLeaf> for InStack<'_, '_> {
    fn value(&self, leaf: &FormulaLeaf) -> Lowered {
        match leaf {
            FormulaLeaf::Value(id, way) => self.planner.value(*id, way, self.stack),
            FormulaLeaf::Known(way) => {
                let name = self.stack.moves.get(way).cloned().unwrap_or_default();
                Lowered::small(Expr::apply(&operators::IS_NOT_NULL, vec![fold(&max::MAX, column(&self.stack.name, &name))]))
            }
        }
    }

    fn is_whole(&self, leaf: &FormulaLeaf) -> bool {
        self.measure(leaf).is_some_and(|measure| measure.is_whole(self.planner.model, &self.planner.expansion))
    }

    fn room(&self, leaf: &FormulaLeaf) -> Option<&'static Function> {
        match (leaf, self.measure(leaf)) {
            (FormulaLeaf::Known(_), _) => None,
            (_, Some(measure)) if measure.counts() => None,
            _ if self.is_whole(leaf) => Some(&conversions::WIDEN),
            _ => Some(&conversions::TO_NUMBER),
        }
    }

    fn time_kind(&self, leaf: &FormulaLeaf) -> Option<TimeKind> {
        let model = self.planner.model;
        match &self.measure(leaf)?.of {
            MeasureOf::Rows(aggregate) => model.aggregate_time_kind(aggregate),
            MeasureOf::Entities(grouped) if picks(grouped.function.name) => model.entity_time_kind(grouped),
            MeasureOf::Periods(periods) if picks(periods.function.name) => lower::time_kind(&periods.of, self),
            MeasureOf::Entities(_)
            | MeasureOf::Periods(_)
            | MeasureOf::ByHand(_)
            | MeasureOf::Fresh(..)
            | MeasureOf::Unknown(..)
            | MeasureOf::Trusted(..)
            | MeasureOf::Doubt(..) => None,
        }
    }
}

/// The moves in formulas, but for those that stay where they are.
pub(in crate::plan) fn moves_in(formulas: &[Formula]) -> BTreeSet<Move> {
    let mut found = BTreeSet::new();
    for formula in formulas {
        formula.leaves(&mut |leaf| {
            let (FormulaLeaf::Value(_, way) | FormulaLeaf::Known(way)) = leaf;
            if !way.is_nothing() {
                found.insert(way.clone());
            }
        });
    }
    found
}

/// That a group of a stack is of the dense set.
pub(in crate::plan) fn is_dense(stack: &Stack) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![fold(&max::MAX, column(&stack.name, &stack.dense))])
}
