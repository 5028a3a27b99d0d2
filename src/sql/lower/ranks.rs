//! Medians, percentiles, first and last values become sums and extremes of rows that know their place in an order; standard deviations and
//! variances those of rows that know how far they are from the mean.
//!
//! What is grouped is read first, with the values of all aggregates as columns; then each row gets its places; then all is grouped.

use super::walk::every_select;
use crate::dialect::Abilities;
use crate::functions::conversions::TO_NUMBER;
use crate::functions::operators::{AND, DIVIDE, EQUAL, GREATER, IS_NULL, LESS, LESS_OR_EQUAL, MULTIPLY, SUBTRACT};
use crate::functions::{abs, avg, count, max, percentile, sum};
use crate::functions::{if_::IF, sqrt::SQRT};
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, Body, Fold, From, Query, Ranking, Rolling, Rows, Scalar, Select, column, fold};
use std::borrow::Cow;

/// What the rows are called that are read, and those that know their place.
const READ: &str = "read_rows";
const PLACED: &str = "placed_rows";

/// Which aggregates become that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them.
    All,
    /// Those that look at values in an order: medians, percentiles, first and last values.
    Ordered,
    /// First and last values.
    First,
    /// Medians and percentiles, which each row then knows from a window.
    Percentiles,
    /// Values of a rank. Engines differ in where they round the place of one, so none is asked.
    OfRank,
}

impl Which {
    fn has(self, function: &str) -> bool {
        match self {
            Which::All => Which::Ordered.has(function) || matches!(function, "stddev" | "variance"),
            Which::Ordered => Which::First.has(function) || Which::Percentiles.has(function) || Which::OfRank.has(function),
            Which::First => matches!(function, "first" | "last"),
            Which::Percentiles => matches!(function, "median" | "percentile"),
            Which::OfRank => function == "percentile_disc",
        }
    }
}

/// Says of values in an order what a dialect cannot.
pub(super) fn by_place(query: &mut Cow<'_, Query>, able: &Abilities) {
    let lacking = match able {
        Abilities { ordered_aggregates: false, .. } => Some(Which::All),
        Abilities { several_orders: false, .. } => Some(Which::Ordered),
        Abilities { first_values: false, .. } => Some(Which::First),
        Abilities { percentiles: false, .. } => Some(Which::Percentiles),
        _ => None,
    };
    if !lacking.is_some_and(|which| which.has("percentile_disc")) && has_some(query, Which::OfRank) {
        placed(query.to_mut(), Which::OfRank);
    }
    if let Some(which) = lacking {
        placed(query.to_mut(), which);
    }
}

pub(super) fn placed(query: &mut Query, ordered: Which) {
    every_select(query, &|select| {
        let mut found = false;
        select.exprs_mut().for_each(|expr| found = found || has_ordered(expr, ordered));
        if found {
            rewrite(select, ordered);
        }
    });
}

/// Whether a plan has aggregates that become that.
fn has_some(query: &Query, ordered: Which) -> bool {
    query.parts.iter().map(|part| &part.body).chain([&query.result]).any(|body| match body {
        Body::Select(select) => in_select(select, ordered),
        Body::Union(selects) => selects.iter().any(|select| in_select(select, ordered)),
    })
}

fn in_select(select: &Select, ordered: Which) -> bool {
    let from = select.from.iter().chain(select.joins.iter().map(|join| &join.from));
    let mut inner = from.filter_map(|from| if let Rows::Select(inner) = &from.relation { Some(inner) } else { None });
    let mut own = select.columns.iter().map(|(expr, _)| expr).chain(&select.having);
    inner.any(|inner| in_select(inner, ordered)) || own.any(|expr| has_ordered(expr, ordered))
}

fn has_ordered(expr: &Scalar, ordered: Which) -> bool {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().any(|argument| has_ordered(argument, ordered)),
        Node::Leaf(Atom::Aggregate(fold)) => ordered.has(fold.function.name),
        Node::Leaf(atom) => {
            let mut found = false;
            atom.parts(&mut |part| found = found || has_ordered(part, ordered));
            found
        }
        Node::Literal(_) | Node::Broken => false,
    }
}

/// The two selects inside.
struct Inside {
    ordered: Which,
    keys: Vec<(Scalar, String)>,
    read: Select,
    placed: Select,
}

fn rewrite(select: &mut Select, ordered: Which) {
    let keys: Vec<_> = select.columns.iter().take(select.group.unwrap_or(0)).cloned().collect();
    let read = Select {
        from: select.from.take(),
        joins: std::mem::take(&mut select.joins),
        filter: std::mem::take(&mut select.filter),
        ..Select::default()
    };
    let from = From { relation: Rows::Select(Box::default()), name: READ.to_owned() };
    let placed = Select { from: Some(from), ..Select::default() };
    let mut inside = Inside { ordered, keys: Vec::new(), read, placed };
    for (expr, name) in keys {
        inside.read.column(expr.clone(), &name);
        inside.placed.column(column(READ, &name), &name);
        inside.keys.push((expr, name));
    }
    let columns = select.columns.iter_mut().map(|(expr, _)| expr);
    columns.chain(&mut select.having).for_each(|expr| inside.outside(expr));
    let Inside { read, mut placed, .. } = inside;
    if let Some(from) = &mut placed.from {
        from.relation = Rows::Select(Box::new(read));
    }
    select.from = Some(From { relation: Rows::Select(Box::new(placed)), name: PLACED.to_owned() });
}

impl Inside {
    /// Makes an expression of rows one of rows that know their place.
    fn outside(&mut self, expr: &mut Scalar) {
        if let Some((_, name)) = self.keys.iter().find(|(key, _)| key == expr) {
            *expr = column(PLACED, name);
            return;
        }
        match &mut expr.node {
            Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| self.outside(argument)),
            Node::Leaf(Atom::Aggregate(fold)) if self.ordered.has(fold.function.name) => {
                *expr = self.ordered(&fold.clone());
            }
            Node::Leaf(Atom::Aggregate(fold)) => {
                match &mut fold.argument {
                    Some(Expr { node: Node::Leaf(Atom::Tuple(parts)), .. }) => {
                        parts.iter_mut().for_each(|part| *part = self.carried(part.clone(), "part"));
                    }
                    Some(argument) => *argument = self.carried(argument.clone(), "value"),
                    None => {}
                }
                fold.filter.iter_mut().for_each(|filter| *filter = self.carried(filter.clone(), "counts"));
                fold.order.iter_mut().for_each(|by| *by = self.carried(by.clone(), "at"));
            }
            Node::Leaf(Atom::Column { .. }) => *expr = self.carried(expr.clone(), "shown"),
            Node::Leaf(atom) => atom.parts_mut(&mut |part| self.outside(part)),
            Node::Literal(_) | Node::Broken => {}
        }
    }

    /// Reads a value, and gives its column among the rows that know their place.
    fn carried(&mut self, value: Scalar, name: &str) -> Scalar {
        let name = self.read_as(value, name);
        if !self.placed.columns.iter().any(|(_, known)| *known == name) {
            self.placed.column(column(READ, &name), &name);
        }
        column(PLACED, &name)
    }

    /// The name of a column of the rows that are read: one that has that value, or a new one.
    fn read_as(&mut self, value: Scalar, name: &str) -> String {
        if let Some((_, known)) = self.read.columns.iter().skip(self.keys.len()).find(|(known, _)| *known == value) {
            return known.clone();
        }
        let name = self.free(name);
        self.read.column(value, &name);
        name
    }

    fn free(&self, name: &str) -> String {
        let taken = |name: &str| {
            let mut all = self.read.columns.iter().chain(&self.placed.columns);
            all.any(|(_, known)| known.eq_ignore_ascii_case(name))
        };
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    fn place(&mut self, place: Scalar, name: &str) -> Scalar {
        let known = self.placed.columns.iter().find(|(known, _)| *known == place).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = self.free(name);
            self.placed.column(place, &name);
            name
        });
        column(PLACED, &name)
    }

    /// An aggregate that looks at values in an order, or twice.
    fn ordered(&mut self, of: &Fold) -> Scalar {
        let Some(value) = of.argument.clone() else { return crate::plan::relation::impossible() };
        let value = match &of.filter {
            Some(filter) => Expr::apply(&IF, vec![filter.clone(), value]),
            None => value,
        };
        let shown = self.carried(value.clone(), "value");
        let own = column(READ, &self.read_as(value, "value"));
        let mut part: Vec<Scalar> = self.keys.iter().map(|(_, name)| column(READ, name)).collect();
        part.push(Expr::apply(&IS_NULL, vec![own.clone()]));
        match of.function.name {
            "first" | "last" => {
                let order =
                    of.order.iter().map(|by| (column(READ, &self.read_as(by.clone(), "at")), of.function.name == "last"));
                let order = order.collect();
                let rank = self.place(Expr::leaf(Atom::RowNumber(Box::new(Ranking { part, order, dense: false }))), "place");
                let is_first = Expr::apply(&EQUAL, vec![rank, Expr::number(1)]);
                fold(&max::MAX, Expr::apply(&IF, vec![is_first, shown]))
            }
            "percentile_disc" => {
                let order = vec![(own, false)];
                let rank = Expr::leaf(Atom::RowNumber(Box::new(Ranking { part: part.clone(), order, dense: false })));
                let (argument, order) = (Expr::number(1), Expr::number(1));
                let many = Rolling { function: &sum::SUM, fraction: None, argument, part, order, days_before: None };
                let rank = self.place(rank, "place");
                let many = self.place(Expr::leaf(Atom::Rolling(Box::new(many))), "places");
                let is_sought = is_of_rank(of.fraction.as_deref().unwrap_or("0.5"), &rank, &many);
                fold(&max::MAX, Expr::apply(&IF, vec![is_sought, shown]))
            }
            "stddev" | "variance" => {
                let own = Expr::apply(&TO_NUMBER, vec![own]);
                let mean = Rolling {
                    function: &avg::AVG,
                    fraction: None,
                    argument: own.clone(),
                    part,
                    order: Expr::number(1),
                    days_before: None,
                };
                let distance = Expr::apply(&SUBTRACT, vec![own, Expr::leaf(Atom::Rolling(Box::new(mean)))]);
                let distance = self.place(distance, "from_mean");
                let squares = fold(&sum::SUM, Expr::apply(&MULTIPLY, vec![distance.clone(), distance.clone()]));
                let many = fold(&count::COUNT, distance);
                let others = Expr::apply(&SUBTRACT, vec![many.clone(), Expr::number(1)]);
                let variance = Expr::apply(&DIVIDE, vec![squares, others]);
                let is_known = Expr::apply(&GREATER, vec![many, Expr::number(1)]);
                let spread = if of.function.name == "stddev" { Expr::apply(&SQRT, vec![variance]) } else { variance };
                Expr::apply(&IF, vec![is_known, spread])
            }
            _ if self.ordered == Which::Percentiles => {
                // Nulls do not count.
                _ = part.pop();
                let fraction = Some(of.fraction.clone().unwrap_or_else(|| "0.5".to_owned()));
                let (argument, order) = (Expr::apply(&TO_NUMBER, vec![own]), Expr::number(1));
                let rolling = Rolling { function: &percentile::PERCENTILE, fraction, argument, part, order, days_before: None };
                let of_all = self.place(Expr::leaf(Atom::Rolling(Box::new(rolling))), "percentile");
                fold(&max::MAX, of_all)
            }
            _ => {
                let order = vec![(own.clone(), false)];
                let rank = Expr::leaf(Atom::RowNumber(Box::new(Ranking { part: part.clone(), order, dense: false })));
                let (one, order) = (Expr::number(1), Expr::number(1));
                let many = Rolling { function: &sum::SUM, fraction: None, argument: one, part, order, days_before: None };
                let last = Expr::apply(&SUBTRACT, vec![Expr::leaf(Atom::Rolling(Box::new(many))), Expr::number(1)]);
                // In floating numbers, as the fraction is not exact either.
                let fraction = Expr::number(format!("{}e0", of.fraction.as_deref().unwrap_or("0.5")));
                let sought = Expr::apply(&MULTIPLY, vec![fraction, last]);
                let before = Expr::apply(&SUBTRACT, vec![rank, Expr::number(1)]);
                let distance = self.place(Expr::apply(&SUBTRACT, vec![before, sought]), "from_sought");
                // Of the two values beside the place that is sought the nearer one counts more.
                let distance = Expr::apply(&abs::ABS, vec![distance]);
                let share = Expr::apply(&SUBTRACT, vec![Expr::number(1), distance.clone()]);
                let number = Expr::apply(&TO_NUMBER, vec![shown]);
                let is_beside = Expr::apply(&LESS, vec![distance, Expr::number(1)]);
                fold(&sum::SUM, Expr::apply(&IF, vec![is_beside, Expr::apply(&MULTIPLY, vec![number, share])]))
            }
        }
    }
}

/// Whether a place among so many is the first up to which a share of them goes, in whole numbers: with a share of a / b, `(place - 1) * b < a *
/// many <= place * b`.
fn is_of_rank(share: &str, place: &Scalar, many: &Scalar) -> Scalar {
    let (whole, decimals) = share.split_once('.').unwrap_or((share, ""));
    let digits = format!("{whole}{decimals}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Expr::apply(&EQUAL, vec![place.clone(), Expr::number(1)]);
    }
    let of = format!("1{}", "0".repeat(decimals.len()));
    let times = |value: Scalar, by: &str| Expr::apply(&MULTIPLY, vec![value, Expr::number(by)]);
    let sought = times(many.clone(), digits);
    let before = times(Expr::apply(&SUBTRACT, vec![place.clone(), Expr::number(1)]), &of);
    let comes_after = Expr::apply(&LESS, vec![before, sought.clone()]);
    Expr::apply(&AND, vec![comes_after, Expr::apply(&LESS_OR_EQUAL, vec![sought, times(place.clone(), &of)])])
}
