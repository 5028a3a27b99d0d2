//! Which numbers may be NaN or infinite, and where that is looked for.
//!
//! NaN and infinity are null: those that a floating column holds, and those that come of a sum, a product or a function that is too
//! large for a number. Arithmetic hands them on (whatever is added to one, or multiplied with it, gives another), so that a sum of
//! products is asked once a row and not once an operand. It is asked where a value is looked at: in a comparison or a choice, as a
//! divisor, by an aggregate, and in the result. [`applied`] says which arguments of a function are looked at.
//!
//! What is made of whole numbers and decimals needs no such question: these have at most 38 digits, and [`Reach`] says how large
//! and how small figures made of them can be.

use crate::plan::lookup::expand::{Expansion, Formula, FormulaLeaf, Measure, MeasureOf, Place};

use crate::calendar::Grain;
use crate::functions::{Function, Gives, conversions};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Literal, Node, PairLeaf, Path, RowExpr, RowLeaf};
use crate::model::facts::Type;
use crate::model::{Body, KpiId, Model, SourceId, Storage};
use crate::plan::algebra::relation::Scalar;

/// How far from 0 a number can be, and how near to it without being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Reach {
    /// Between two powers of ten, or 0.
    Within {
        /// It is at most 10 to the power of this.
        most: i32,
        /// It is 0, or at least 10 to the power of this.
        least: i32,
    },
    /// Finite, but of any size.
    Finite,
    /// NaN or infinite perhaps, which is null.
    Open,
}

use Reach::{Finite, Open, Within};

/// A number that a floating number of 64 bits holds, by its power of ten.
const LARGEST: i32 = 307;
/// How many rows a sum has at most, by its power of ten.
const ROWS: i32 = 15;
/// How many digits a floating number has: a difference can be so much smaller than what it is of.
const DIGITS: i32 = 17;

/// What is not a number, or a small whole one.
const SMALL: Reach = Within { most: 19, least: 0 };
/// A whole number of up to 38 digits.
const WHOLE: Reach = Within { most: 39, least: 0 };
/// A decimal of up to 38 digits, wherever its point is.
const DECIMAL: Reach = Within { most: 39, least: -38 };

impl Reach {
    fn within(most: i32, least: i32) -> Self {
        if most > LARGEST { Open } else { Within { most, least } }
    }

    /// The same once NaN and infinity have become null.
    pub(in crate::plan) fn settled(self) -> Self {
        if self == Open { Finite } else { self }
    }

    fn either(self, other: Self) -> Self {
        match (self, other) {
            (Open, _) | (_, Open) => Open,
            (Finite, _) | (_, Finite) => Finite,
            (Within { most: a, least: b }, Within { most: c, least: d }) => Within { most: a.max(c), least: b.min(d) },
        }
    }

    /// Of what is computed with numbers of which both are known; anything may come of others.
    fn with(self, other: Self, compute: impl Fn((i32, i32), (i32, i32)) -> Self) -> Self {
        match (self, other) {
            (Within { most: a, least: b }, Within { most: c, least: d }) => compute((a, b), (c, d)),
            _ => Open,
        }
    }

    fn map(self, compute: impl Fn(i32, i32) -> Self) -> Self {
        self.with(SMALL, |(most, least), _| compute(most, least))
    }

    fn of_digits(digits: &str) -> Self {
        match digits.parse::<f64>() {
            Ok(number) => Self::of_number(number),
            Err(_) => Open,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a floating number has fewer than 400 digits before and after its point"
    )]
    fn of_number(number: f64) -> Self {
        if !number.is_finite() {
            return Open;
        }
        let size = if number == 0.0 { 0.0 } else { number.abs().log10() };
        Within { most: size.ceil() as i32, least: size.floor() as i32 }
    }
}

/// A value in a plan, with what is known of its size.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Lowered {
    pub(in crate::plan) value: Scalar,
    pub(in crate::plan) reach: Reach,
}

impl Lowered {
    pub(in crate::plan) fn new(value: Scalar, reach: Reach) -> Self {
        Self { value, reach }
    }

    /// What cannot be NaN or infinite.
    pub(in crate::plan) fn small(value: Scalar) -> Self {
        Self { value, reach: SMALL }
    }

    /// The value written differently, which does not change its size.
    pub(in crate::plan) fn map(self, write: impl FnOnce(Scalar) -> Scalar) -> Self {
        Self { value: write(self.value), reach: self.reach }
    }

    /// The value, null where it is NaN or infinite.
    pub(in crate::plan) fn settled(self) -> Scalar {
        if self.reach == Open { finite(self.value) } else { self.value }
    }
}

/// Null where a number is NaN or infinite. The question is asked of what is converted, where it reads more easily.
pub(in crate::plan) fn finite(value: Scalar) -> Scalar {
    match value.node {
        Node::Apply(function, arguments) if matches!(function.name, "to number" | "negate" | "abs") => {
            let inner = arguments.into_iter().map(finite).collect();
            Expr { node: Node::Apply(function, inner), at: value.at }
        }
        _ => Expr::apply(&conversions::FINITE, vec![value]),
    }
}

/// The value of a function of row values. Arguments that it looks at are settled first.
pub(in crate::plan) fn applied(function: &'static Function, arguments: Vec<Lowered>) -> Lowered {
    let early = settles_early(function, &arguments.iter().map(|argument| argument.reach).collect::<Vec<_>>());
    settle(function, arguments, early)
}

/// The value of a function of KPI values. The result is settled where it is shown, and there its name is all that has to stand twice.
pub(in crate::plan) fn applied_late(function: &'static Function, arguments: Vec<Lowered>) -> Lowered {
    settle(function, arguments, None)
}

fn settle(function: &'static Function, arguments: Vec<Lowered>, early: Option<usize>) -> Lowered {
    let count = arguments.len();
    let mut reaches = Vec::with_capacity(count);
    let mut values = Vec::with_capacity(count);
    for (at, argument) in arguments.into_iter().enumerate() {
        let looks = early == Some(at) || looks_at(function, at, count);
        reaches.push(if looks { argument.reach.settled() } else { argument.reach });
        values.push(if looks { argument.settled() } else { argument.value });
    }
    let reach = reach_of(function, &values, &reaches);
    Lowered::new(Expr::apply(function, values), reach)
}

/// Whether a function looks at an argument, rather than handing on that it is NaN or infinite.
fn looks_at(function: &Function, at: usize, count: usize) -> bool {
    let hands_on = ["negate", "+", "-", "*", "abs", "floor", "ceil", "round", "sqrt", "ln", "to number", "widen", "if", "case"];
    match function.name {
        name if hands_on.contains(&name) => false,
        "/" | "mod" => at > 0,
        "coalesce" => at + 1 < count,
        _ => true,
    }
}

/// The operand to settle where what comes of the operation is then finite for sure: that is easier to read than to settle the result.
fn settles_early(function: &Function, reaches: &[Reach]) -> Option<usize> {
    match (function.name, reaches) {
        ("/", [Open, Within { least, .. }]) if *least >= 0 => Some(0),
        ("*", [Open, Within { most, .. }]) if *most <= 0 => Some(0),
        ("*", [Within { most, .. }, Open]) if *most <= 0 => Some(1),
        _ => None,
    }
}

/// How far the value of a function reaches.
fn reach_of<L>(function: &Function, arguments: &[Expr<L>], reaches: &[Reach]) -> Reach {
    let first = reaches.first().copied().unwrap_or(SMALL);
    let second = reaches.get(1).copied().unwrap_or(SMALL);
    match function.name {
        "negate" | "abs" | "to number" | "widen" => first,
        "+" | "-" => first.with(second, |(a, b), (c, d)| Reach::within(a.max(c) + 1, b.min(d) - DIGITS)),
        "*" if is_at_most_one(second) || is_at_most_one(first) => match (first, second) {
            (Within { most: a, least: b }, Within { most: c, least: d }) => Reach::within(a + c, b + d),
            _ => first.either(second),
        },
        "*" => first.with(second, |(a, b), (c, d)| Reach::within(a + c, b + d)),
        "/" if matches!((first, second), (Finite, Within { least: 0.., .. })) => Finite,
        "/" => first.with(second, |(a, b), (c, d)| Reach::within(a - d, b - c)),
        "mod" => second.with(first, |(a, b), (_, d)| Reach::within(a, b.min(d) - DIGITS)),
        "floor" | "ceil" | "round" => match first {
            Within { most, least } => Within { most: most + 1, least: least.min(0) },
            other => other,
        },
        "sqrt" => first.map(|most, least| Within { most: most / 2 + 1, least: least / 2 - 1 }),
        "ln" => first.map(|_, _| Within { most: 3, least: -DIGITS }),
        // e to the power of 100 has 44 digits.
        "exp" => first.map(|most, _| if most <= 2 { Within { most: 44, least: -44 } } else { Open }),
        "power" => power(arguments.get(1), first),
        "seconds between" => Within { most: 19, least: -6 },
        // Of a text: up to 99 digits on either side of the point, and an exponent of two.
        "number" => Within { most: 198, least: -198 },
        _ => match function.gives {
            Gives::Number => Open,
            Gives::Common => reaches.iter().copied().reduce(Reach::either).unwrap_or(SMALL),
            Gives::Same(at) => reaches.get(at).copied().unwrap_or(SMALL),
            Gives::Truth | Gives::Integer | Gives::Text | Gives::Date => SMALL,
        },
    }
}

fn is_at_most_one(of: Reach) -> bool {
    matches!(of, Within { most: ..=0, .. })
}

/// A power, whose exponent is known where it is written out.
fn power<L>(exponent: Option<&Expr<L>>, base: Reach) -> Reach {
    let Some(Expr { node: Node::Literal(Literal::Number(digits)), .. }) = exponent else { return Open };
    let Ok(exponent) = digits.parse::<f64>() else { return Open };
    #[expect(clippy::cast_possible_truncation, reason = "what is too large for a number is the largest there is")]
    let times = |power: i32, up: bool| {
        let product = f64::from(power) * exponent.abs();
        (if up { product.ceil() } else { product.floor() }) as i32
    };
    base.map(|most, least| {
        if exponent < 0.0 {
            Reach::within(times(-least, true), times(-most, false))
        } else {
            Reach::within(times(most, true), times(least, false))
        }
    })
}

/// How far an aggregate reaches over values that reach so far. Nulls, NaN and infinity are left out before.
pub(in crate::plan) fn aggregated(function: &Function, of: Reach) -> Reach {
    let of = of.settled();
    match function.name {
        "count" | "count_distinct" => SMALL,
        "sum" => of.map(|most, least| Reach::within(most + ROWS, least - DIGITS)),
        "avg" => of.map(|most, least| Within { most, least: least - DIGITS - ROWS }),
        "min" | "max" | "first" | "last" | "percentile_disc" => of,
        // Between two values lies their sum, at most.
        "median" | "percentile" => of.map(|most, least| Reach::within(most + 1, least - DIGITS)),
        // The least difference, squared.
        "variance" | "stddev" => of.map(|most, least| Reach::within(2 * most + 2, 2 * (least - DIGITS) - ROWS)),
        _ => Open,
    }
}

/// How far an expression reaches, given how far its leaves do.
fn reach<L>(expr: &Expr<L>, leaf: &impl Fn(&L) -> Reach) -> Reach {
    match &expr.node {
        Node::Literal(literal) => of_literal(literal),
        Node::Leaf(of) => leaf(of),
        Node::Broken => SMALL,
        Node::Apply(function, arguments) => {
            let mut inner: Vec<Reach> = arguments.iter().map(|argument| reach(argument, leaf)).collect();
            let early = settles_early(function, &inner);
            for (at, inner) in inner.iter_mut().enumerate() {
                if early == Some(at) || looks_at(function, at, arguments.len()) {
                    *inner = inner.settled();
                }
            }
            reach_of(function, arguments, &inner)
        }
    }
}

/// How far a value that is written out reaches.
pub(in crate::plan) fn of_literal(literal: &Literal) -> Reach {
    match literal {
        Literal::Number(digits) => Reach::of_digits(digits),
        Literal::Null | Literal::Truth(_) | Literal::Text(_) | Literal::Date(_) | Literal::Grain(_) => SMALL,
    }
}

/// How far a column as it is read reaches; a derived one by its formula.
pub(in crate::plan) fn of_column(model: &Model, source: SourceId, path: &Path) -> Reach {
    let end = model.end_of(source, path);
    let known = model.sources.get(end);
    let column = known.columns.get(path.column);
    match (&column.storage, column.ty) {
        (Storage::Derived(derived), _) => of_row(model, end, derived),
        // The rows of a journey are made of values that have been settled.
        (Storage::Stored(_), Type::Number) if known.journey.is_some() => Finite,
        (_, Type::Number) | (Storage::Raw(_), Type::Decimal) => Open,
        (_, Type::Decimal) => DECIMAL,
        (_, Type::Integer) => WHOLE,
        _ => SMALL,
    }
}

/// How far what is asked of pairs of states reaches. Numbers of several states of one side are added up.
fn of_pair(model: &Model, source: SourceId, leaf: &PairLeaf) -> Reach {
    match leaf {
        PairLeaf::Of(_, path) => aggregated(&crate::functions::sum::SUM, of_column(model, source, path)),
        PairLeaf::Either(path) => of_column(model, source, path).settled(),
        PairLeaf::Exists(_) | PairLeaf::Ever => SMALL,
    }
}

/// How far the value of a row expression reaches.
fn of_row(model: &Model, source: SourceId, expr: &RowExpr) -> Reach {
    reach(expr, &|leaf: &RowLeaf| of_leaf(model, source, leaf))
}

/// How far what a row expression reads reaches.
pub(in crate::plan) fn of_leaf(model: &Model, source: SourceId, leaf: &RowLeaf) -> Reach {
    match leaf {
        RowLeaf::Column(path) => of_column(model, source, path),
        RowLeaf::Pair(pair) => of_pair(model, source, pair),
        RowLeaf::Related(related) => of_aggregate(model, &related.aggregate),
        RowLeaf::Duration(..) | RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Reached(_) => SMALL,
    }
}

/// How far an aggregate over rows reaches.
pub(in crate::plan) fn of_aggregate(model: &Model, aggregate: &Aggregate) -> Reach {
    let argument = aggregate.argument.as_ref().map_or(SMALL, |argument| of_row(model, aggregate.source, argument));
    aggregated(aggregate.function, argument)
}

/// How far the value of an entity reaches.
fn of_entity(model: &Model, value: &Calc) -> Reach {
    reach(value, &|leaf: &CalcLeaf| match leaf {
        CalcLeaf::Aggregate(aggregate) => of_aggregate(model, aggregate),
        // Checked: nothing else has a value for each entity.
        _ => Open,
    })
}

/// How far a measure reaches.
pub(in crate::plan) fn of_measure(model: &Model, expansion: &Expansion, measure: &Measure) -> Reach {
    match &measure.of {
        MeasureOf::Rows(aggregate) => of_aggregate(model, aggregate),
        MeasureOf::Entities(grouped) => aggregated(grouped.function, of_entity(model, &grouped.of)),
        MeasureOf::Periods(periods) => aggregated(periods.function, of_formula(model, expansion, &periods.of)),
        MeasureOf::ByHand(kpi) => by_hand(model, *kpi),
        MeasureOf::Fresh(..) | MeasureOf::Unknown(..) | MeasureOf::Trusted(..) | MeasureOf::Doubt(..) => SMALL,
    }
}

fn by_hand(model: &Model, kpi: KpiId) -> Reach {
    let Body::Values(values) = &model.kpis.get(kpi).body else { return SMALL };
    values.figures.iter().map(|(_, figure)| Reach::of_number(figure.number)).reduce(Reach::either).unwrap_or(SMALL)
}

/// How far a formula over measures reaches.
pub(in crate::plan) fn of_formula(model: &Model, expansion: &Expansion, formula: &Formula) -> Reach {
    reach(formula, &|leaf: &FormulaLeaf| match leaf {
        FormulaLeaf::Value(id, _) => {
            let measure = expansion.measures.get(*id);
            measure.map_or(SMALL, |measure| of_measure(model, expansion, measure))
        }
        FormulaLeaf::Known(_) => SMALL,
    })
}

/// Whether the figures of a KPI are so far from what a floating number holds that a few operations more cannot overflow.
pub(in crate::plan) fn is_modest(model: &Model, kpi: KpiId) -> bool {
    is_modest_calc(model, &Expr::leaf(CalcLeaf::Kpi(kpi)), model.kpis.get(kpi).grain)
}

/// The same for any KPI arithmetic.
pub(in crate::plan) fn is_modest_calc(model: &Model, calc: &Calc, grain: Grain) -> bool {
    let mut expansion = Expansion::default();
    let place =
        Place { grain, dimensions: Vec::new(), filters: Vec::new(), since: None, back: Vec::new(), open: false, seen: None };
    let formula = expansion.formula(model, calc, &place);
    let modest = -LARGEST / 4..=LARGEST / 4;
    matches!(of_formula(model, &expansion, &formula), Within { most, least } if modest.contains(&most) && modest.contains(&least))
}
