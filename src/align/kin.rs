//! Which figures grow together because they are made of the same things: the signups that an activation rate is of are among the
//! signups that it is divided by.

use crate::functions::{count, count_distinct, operators, sum};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Literal, Node, RowExpr};
use crate::model::facts::Kind;
use crate::model::{Body, Kpi, Model, SourceId};
use std::collections::BTreeSet;

/// How many aggregates of one figure are looked at; beyond that it counts as made of everything.
const MOST: usize = 24;

/// What a figure is made of, and whether it grows with the number of things.
#[derive(Debug, Clone, Default)]
pub(super) struct Kin<'a> {
    /// The aggregates at its leaves.
    leaves: Vec<&'a Aggregate>,
    /// Whether there are more than these.
    more: bool,
    /// Whether there is more of it where there are more things, as with counts and sums; a mean or a rate has no size.
    pub has_size: bool,
    /// Whether it is a number of things.
    pub counts: bool,
}

impl<'a> Kin<'a> {
    /// What a calculation is made of, given the same of the KPIs in it.
    pub(super) fn of(kpis: &[Kin<'a>], calc: &'a Calc) -> Self {
        let of = |calc: &'a Calc| Self::of(kpis, calc);
        match &calc.node {
            Node::Literal(_) | Node::Broken => Self::default(),
            Node::Apply(function, arguments) => {
                let parts: Vec<Self> = arguments.iter().map(of).collect();
                let literal = |at: usize| arguments.get(at).is_some_and(|argument| matches!(argument.node, Node::Literal(_)));
                let counts = parts.iter().enumerate().all(|(at, part)| part.counts || literal(at));
                let any = parts.iter().any(|part| part.has_size);
                let last = parts.last().is_some_and(|part| part.has_size);
                let (has_size, counts) = match function.name {
                    "/" => (parts.first().is_some_and(|part| part.has_size) && !last, false),
                    "*" => (any, false),
                    _ => (any, any && counts),
                };
                let mut all = parts.into_iter().fold(Self::default(), Self::with);
                (all.has_size, all.counts) = (has_size, counts);
                all
            }
            Node::Leaf(leaf) => match leaf {
                CalcLeaf::Kpi(id) => kpis.get(id.index()).cloned().unwrap_or_default(),
                CalcLeaf::Duration(..) => Self::default(),
                CalcLeaf::Aggregate(aggregate) => Self::of_aggregate(aggregate),
                CalcLeaf::Grouped(grouped) => {
                    let of = of(&grouped.of);
                    let counts = *grouped.function == count::COUNT;
                    Self { has_size: counts || *grouped.function == sum::SUM && of.has_size, counts, ..of }
                }
                CalcLeaf::Each(each) => {
                    let of = of(&each.of);
                    let keeps = matches!(each.function.name, "sum" | "avg" | "min" | "max");
                    Self { has_size: keeps && of.has_size, counts: keeps && of.counts, ..of }
                }
                CalcLeaf::Prior(past, calc, _) if past.is_growth() => Self { has_size: false, counts: false, ..of(calc) },
                CalcLeaf::Trend(trend) => Self { has_size: false, counts: false, ..of(&trend.of) },
                CalcLeaf::Prior(_, calc, _) | CalcLeaf::Slice(calc, _) | CalcLeaf::Total(calc, _) => of(calc),
            },
        }
    }

    /// A KPI whose figures are kept by hand is made of nothing that is known.
    pub(super) fn of_kpi(kpis: &[Kin<'a>], kpi: &'a Kpi) -> Self {
        match &kpi.body {
            Body::Formula(calc) => Self::of(kpis, calc),
            Body::Values(values) => Self { has_size: values.kind != Kind::Ratio, ..Self::default() },
            Body::Broken => Self::default(),
        }
    }

    fn of_aggregate(aggregate: &'a Aggregate) -> Self {
        let counts = *aggregate.function == count::COUNT || *aggregate.function == count_distinct::COUNT_DISTINCT;
        Self { leaves: vec![aggregate], more: false, has_size: counts || *aggregate.function == sum::SUM, counts }
    }

    /// Both together.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.more |= other.more;
        for leaf in other.leaves {
            if self.leaves.iter().any(|known| std::ptr::eq(*known, leaf)) {
                continue;
            }
            if self.leaves.len() == MOST {
                self.more = true;
                break;
            }
            self.leaves.push(leaf);
        }
        self.has_size |= other.has_size;
        self
    }
}

/// For each source the sources that its rows belong to: itself, and those that its references lead to.
#[derive(Debug)]
pub(super) struct Owners {
    of: Vec<BTreeSet<SourceId>>,
}

impl Owners {
    pub(super) fn of(model: &Model) -> Self {
        let one = |id: SourceId| {
            let mut found = BTreeSet::from([id]);
            let mut left = vec![id];
            while let Some(at) = left.pop() {
                let source = model.sources.get(at);
                let references = source.columns.rows().iter().filter_map(|column| column.reference);
                let steps = source.journey.iter().flat_map(|journey| &journey.steps);
                let steps = steps.filter_map(|step| step.rows.as_ref()).map(|rows| rows.source);
                left.extend(references.chain(steps).filter(|next| found.insert(*next)).collect::<Vec<_>>());
            }
            found
        };
        Self { of: model.sources.ids().map(one).collect() }
    }

    /// Whether one figure grows with the other because both are of the same things.
    pub(super) fn are_kin(&self, one: &Kin<'_>, other: &Kin<'_>) -> bool {
        if !one.has_size || !other.has_size {
            return false;
        }
        let pairs = one.leaves.iter().flat_map(|a| other.leaves.iter().map(move |b| (a, b)));
        one.more || other.more || pairs.into_iter().any(|(a, b)| self.share_things(a, b))
    }

    fn share_things(&self, one: &Aggregate, other: &Aggregate) -> bool {
        if one.source == other.source {
            return !exclude(one.filter.as_ref(), other.filter.as_ref());
        }
        match (self.of.get(one.source.index()), self.of.get(other.source.index())) {
            (Some(a), Some(b)) => !a.is_disjoint(b),
            _ => true,
        }
    }
}

/// Whether no row can pass both conditions, as far as can be seen from how they are written.
fn exclude(one: Option<&RowExpr>, other: Option<&RowExpr>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let (one, other) = (values(one), values(other));
    one.iter().any(|(place, values)| {
        other.iter().any(|(same, others)| same == place && values.iter().all(|value| !others.contains(value)))
    })
}

/// What the parts of a condition want to be one of which values.
fn values(condition: &RowExpr) -> Vec<(&RowExpr, Vec<Literal>)> {
    let wanted = |part: &'_ RowExpr| -> Option<Vec<Literal>> {
        let Node::Apply(_, arguments) = &part.node else { return None };
        arguments.iter().skip(1).map(literal).collect()
    };
    let parts = condition.conjuncts().into_iter();
    parts
        .filter_map(|part| match &part.node {
            Node::Apply(function, arguments) if **function == operators::EQUAL || **function == operators::IN => {
                Some((arguments.first()?, wanted(part)?))
            }
            Node::Apply(function, arguments) if **function == operators::NOT => {
                Some((arguments.first()?, vec![Literal::Truth(false)]))
            }
            Node::Leaf(_) => Some((part, vec![Literal::Truth(true)])),
            _ => None,
        })
        .collect()
}

fn literal(expr: &RowExpr) -> Option<Literal> {
    match &expr.node {
        // The same number can be written in several ways.
        Node::Literal(literal @ (Literal::Text(_) | Literal::Truth(_))) => Some(literal.clone()),
        Node::Literal(_) | Node::Leaf(_) | Node::Apply(..) | Node::Broken => None,
    }
}
