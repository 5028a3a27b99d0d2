//! Formulas of KPIs: type, unit, kind over time, and range of each, in the order in which they need each other.

use super::row::Scope;
use super::size::{Size, Sizes, too_large};
use super::{Context, Operand, advice, literal};
use crate::calendar::TimeUnit;
use crate::diagnostic::{Findings, codes};
use crate::functions::{Function, if_, operators};
use crate::graph::Graph;
use crate::model::expr::{Calc, CalcLeaf, Expr, Literal, Node, Past, RowLeaf, Trend};
use crate::model::facts::{CurrencyOf, Facts, Kind, KnownUnit, Range, Type};
use crate::model::unit::{Fit, Unit};
use crate::model::{Body, Kpi, KpiId, Model, Values};
use crate::text::Files;
use rayon::prelude::*;

/// Checks the formulas of all KPIs; gives the sizes that they have.
pub(super) fn kpis(model: &mut Model, graph: &Graph, files: &Files, mut sizes: Sizes, findings: &mut Findings) -> Sizes {
    for layer in graph.kpi_layers() {
        let shared: &Model = model;
        let done: Vec<Checked> = layer.par_iter().map(|id| checked(*id, shared, graph, files, &sizes)).collect();
        for (id, Checked { body, facts, size, found }) in layer.into_iter().zip(done) {
            findings.append(found);
            if let Some(size) = size {
                sizes.note_kpi(id, size);
            }
            let kpi = model.kpis.get_mut(id);
            kpi.body = body;
            kpi.facts = facts;
        }
    }
    sizes
}

/// What is found out about a KPI.
struct Checked {
    body: Body,
    facts: Facts,
    /// How large it is written out, if it is right.
    size: Option<Size>,
    found: Findings,
}

/// Checks a KPI whose formula needs only those that have been checked.
fn checked(id: KpiId, model: &Model, graph: &Graph, files: &Files, sizes: &Sizes) -> Checked {
    let kpi = model.kpis.get(id);
    let mut found = Findings::default();
    let mut context = Context { model, files, findings: &mut found, or: kpi.name.span };
    let broken = (Body::Broken, Facts::unknown(), None);
    let (body, facts, size) = match &kpi.body {
        _ if graph.is_cyclic(id) => broken,
        Body::Broken => broken,
        Body::Values(values) => (Body::Values(values.clone()), values_facts(kpi, values), None),
        Body::Formula(calc) => {
            let size = sizes.calc(model, calc);
            if size.is_too_large() {
                // Those that use it are broken by it and not reported again.
                too_large(&mut context, &kpi.name.value, kpi.formula_span.unwrap_or(kpi.name.span), size);
                broken
            } else {
                let (body, facts) = context.kpi(kpi, calc);
                let size = (!facts.is_broken()).then_some(size);
                (body, facts, size)
            }
        }
    };
    Checked { body, facts, size, found }
}

fn values_facts(kpi: &Kpi, values: &Values) -> Facts {
    let figures = values.figures.iter().map(|(_, figure)| Range::point(figure.number));
    Facts {
        ty: if values.are_whole() { Type::Integer } else { Type::Number },
        unit: kpi.unit.as_ref().map_or(Unit::none(), |unit| unit.value.clone()),
        scale: 1.0,
        kind: values.kind,
        adds_over_slices: false,
        range: figures.reduce(Range::or).unwrap_or(Range::ANY),
        needs: None,
    }
}

/// A part of a formula with all that is known of it.
pub(super) struct Figure {
    pub(super) operand: Operand<CalcLeaf>,
    pub(super) kind: Kind,
    pub(super) adds_over_slices: bool,
    /// Whether it is the same at every period.
    pub(super) constant: bool,
}

impl Figure {
    pub(super) fn broken(span: crate::text::Span) -> Self {
        Self { operand: Operand::broken(span), kind: Kind::Ratio, adds_over_slices: false, constant: false }
    }

    fn constant(operand: Operand<CalcLeaf>) -> Self {
        Self { operand, kind: Kind::Ratio, adds_over_slices: false, constant: true }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.operand.is_broken()
    }
}

impl Context<'_> {
    /// What a KPI with a formula is.
    fn kpi(&mut self, kpi: &Kpi, calc: &Calc) -> (Body, Facts) {
        let mut figure = self.calc(calc);
        if kpi.is_condition() {
            figure = self.one_where(calc, figure);
        }
        if figure.is_broken() {
            return (Body::Broken, Facts::unknown());
        }
        let span = calc.span_or(kpi.name.span);
        if !figure.operand.ty.is_numeric() || figure.operand.ty == Type::Null {
            let message = format!("the formula of `{}` gives {}, but a KPI is a number", kpi.name.value, figure.operand.ty);
            let text = self.text(calc);
            let finding = self.report(&codes::KPI_NOT_A_NUMBER, span, message);
            match figure.operand.ty {
                Type::Boolean => finding.help(format!("to get 1 or 0 write `if({text}, 1, 0)`")),
                Type::Date | Type::Timestamp => finding.help(
                    "the difference between two times is a number: `max(a) - \
                 min(b)`",
                ),
                Type::Text => finding.help("count the rows or the distinct texts, or slice a KPI by the column: `by: [...]`"),
                _ => finding,
            };
            return (Body::Broken, Facts::unknown());
        }
        let Some((unit, scale)) = self.declared_unit(kpi, &figure) else {
            return (Body::Broken, Facts::unknown());
        };
        let needs = match &figure.operand.measure {
            KnownUnit::Mixed(CurrencyOf::Dimension(id)) => Some(*id),
            _ => None,
        };
        if let KnownUnit::Mixed(by) = &figure.operand.measure
            && !self.told_apart(kpi, by)
        {
            return (Body::Broken, Facts::unknown());
        }
        let ty = if (scale - 1.0).abs() > f64::EPSILON { Type::Number } else { figure.operand.ty };
        let facts = Facts {
            ty,
            unit,
            scale,
            kind: figure.kind,
            adds_over_slices: figure.adds_over_slices,
            range: figure.operand.range.times(Range::point(scale)),
            needs,
        };
        (Body::Formula(figure.operand.expr), facts)
    }

    /// 1 where a condition holds and 0 elsewhere.
    fn one_where(&mut self, calc: &Calc, figure: Figure) -> Figure {
        let span = calc.span_or(self.or);
        let ty = figure.operand.ty;
        if figure.is_broken() {
            return figure;
        }
        if ty == Type::Boolean {
            let number = |value: u8| {
                let value = Literal::Number(value.to_string());
                literal(&Expr::new(Node::Literal(value.clone()), span), &value)
            };
            let operand = self.apply(&if_::IF, vec![figure.operand, number(1), number(0)], span);
            return Figure { operand, kind: Kind::Ratio, adds_over_slices: false, constant: figure.constant };
        }
        let text = self.text(calc);
        self.report(&codes::TYPE_MISMATCH, span, format!("`--having` takes a condition, and `{text}` is {ty}"))
            .help(advice::condition(ty, &text));
        Figure::broken(span)
    }

    /// Whether every view of a KPI of mixed amounts shows one currency at a time.
    fn told_apart(&mut self, kpi: &Kpi, by: &CurrencyOf) -> bool {
        let span = kpi.formula_span.unwrap_or(kpi.name.span);
        let CurrencyOf::Dimension(id) = by else {
            self.report(&codes::MIXED_CURRENCIES, span, format!("`{}` adds up amounts in several currencies", kpi.name.value))
                .help("multiply by an exchange rate, or define a dimension for the currency and slice by it");
            return false;
        };
        let currency = &self.model.dimensions.get(*id).name;
        if kpi.by.is_empty() {
            self.report(&codes::MIXED_CURRENCIES, span, format!("`{}` adds up amounts in several currencies", kpi.name.value))
                .help(format!(
                    "slice it by the currency (`by: [{currency}]`; then there is no total), or multiply by an exchange rate"
                ));
            return false;
        }
        let Some(slice) = kpi.by.iter().find(|slice| !slice.value.contains(id)) else { return true };
        let message = format!("this slice of `{}` adds up amounts in several currencies", kpi.name.value);
        self.report(&codes::MIXED_CURRENCIES, slice.span, message).help(format!("add `{currency}` to the slice"));
        false
    }

    /// The KPI's unit, and by how much its formula's value has to be multiplied; nothing, with a finding, if they do not fit.
    fn declared_unit(&mut self, kpi: &Kpi, figure: &Figure) -> Option<(Unit, f64)> {
        let inferred = &figure.operand.measure;
        let Some(declared) = &kpi.unit else {
            if kpi.unit_span.is_some() {
                return None;
            }
            let unit = inferred.unit();
            if let (true, KnownUnit::Of(found)) = (kpi.is_asked() && unit.as_time().is_some(), inferred) {
                let shown = Unit::time(TimeUnit::Day);
                if let (true, Fit::Times(factor)) = (has_difference(&figure.operand.expr), found.fit(&shown)) {
                    return Some((shown, factor));
                }
            }
            if unit.as_time().is_some() && has_difference(&figure.operand.expr) {
                let span = kpi.formula_span.unwrap_or(kpi.name.span);
                let message = format!("`{}` is a duration: in which unit should it be shown?", kpi.name.value);
                self.report(&codes::DURATION_WITHOUT_UNIT, span, message)
                    .help("add `unit: day`, `unit: hour` or `unit: minute`");
                return None;
            }
            return Some((unit, 1.0));
        };
        let unit = &declared.value;
        let KnownUnit::Of(found) = inferred else { return Some((unit.clone(), 1.0)) };
        match found.fit(unit) {
            Fit::Times(factor) => Some((unit.clone(), factor)),
            // A declared unit without a time settles what is left of a price per month or year: USD for USD/month. What is divided by
            // a duration depends on the unit in which that is counted.
            Fit::Not
                if unit.times_left().next().is_none()
                    && found.times_left().all(|(time, power)| power < 0 && time.months().is_some())
                    && found.without_times().fit(unit) == Fit::Times(1.0) =>
            {
                Some((unit.clone(), 1.0))
            }
            Fit::Not => {
                let (says, gives) = (advice::unit(unit), advice::unit(found));
                let message = format!("`{}` is declared in {says}, but its formula gives {gives}", kpi.name.value);
                let formula = kpi.formula_span.unwrap_or(kpi.name.span);
                let help = if *found == Unit::none() && figure.operand.origin.is_none() && divides(&figure.operand.expr) {
                    "a value divided by another in the same unit has none: remove `unit`, or write `unit: \"%\"` to show it as \
                     percent"
                        .to_owned()
                } else if found.is_soft() && figure.operand.origin.is_none() {
                    "correct the unit; an amount comes from summing a column with that unit".to_owned()
                } else if *found == Unit::none() {
                    "declare the unit of the column that the formula reads; a share or a growth rate has no unit, and \
                     `unit: \"%\"` shows it as percent"
                        .to_owned()
                } else if found.is_soft() {
                    "declare the unit of the column that the formula reads, or correct the KPI's unit".to_owned()
                } else if unit.currency().is_some() && found.currency().is_some() && unit.currency() != found.currency() {
                    format!("write `unit: {found}`, or multiply by an exchange rate")
                } else {
                    format!("write `unit: {found}`, or correct the formula")
                };
                let label = match &figure.operand.origin {
                    Some((name, _)) => format!("{gives}, from `{name}`"),
                    None => gives,
                };
                self.report(&codes::UNIT_MISMATCH, declared.span, message).also(formula, label).help(help);
                None
            }
        }
    }

    /// Checks a part of a formula.
    pub(super) fn calc(&mut self, calc: &Calc) -> Figure {
        let span = calc.span_or(self.or);
        match &calc.node {
            Node::Broken => Figure::broken(span),
            Node::Literal(value) => Figure::constant(literal(calc, value)),
            Node::Apply(function, arguments) => {
                let figures: Vec<Figure> = arguments.iter().map(|argument| self.calc(argument)).collect();
                let (kind, adds_over_slices) = combined(function, &figures);
                let constant = figures.iter().all(|figure| figure.constant);
                let operands = figures.into_iter().map(|figure| figure.operand).collect();
                let operand = self.apply(function, operands, span);
                Figure { operand, kind, adds_over_slices, constant }
            }
            Node::Leaf(leaf) => self.calc_leaf(leaf, calc),
        }
    }

    fn calc_leaf(&mut self, leaf: &CalcLeaf, calc: &Calc) -> Figure {
        let span = calc.span_or(self.or);
        let at = calc.at;
        match leaf {
            CalcLeaf::Duration(count, unit) => {
                let number = Expr { node: Node::Literal(Literal::Number(count.to_string())), at };
                let range = Range::point(f64::from(*count));
                Figure::constant(Operand::new(number, Type::Integer, KnownUnit::Of(Unit::time(*unit)), range))
            }
            CalcLeaf::Kpi(id) => self.kpi_leaf(*id, calc),
            CalcLeaf::Aggregate(aggregate) => {
                let (aggregate, value) = self.aggregate(aggregate);
                leaf_figure(CalcLeaf::Aggregate(Box::new(aggregate)), value, at, span)
            }
            CalcLeaf::Grouped(grouped) => {
                let (grouped, value) = self.grouped(grouped);
                leaf_figure(CalcLeaf::Grouped(Box::new(grouped)), value, at, span)
            }
            CalcLeaf::Each(each) => self.each(each, calc),
            CalcLeaf::Prior(past, of, length) => {
                let figure = self.calc(of);
                let figure = self.numeric(figure, of, past.name());
                if figure.is_broken() {
                    return Figure::broken(span);
                }
                let Operand { expr, ty, measure, range, origin } = figure.operand;
                let expr = Expr { node: Node::Leaf(CalcLeaf::Prior(*past, Box::new(expr), *length)), at };
                let (ty, measure, range, kind, adds) = match past {
                    Past::Prior | Past::PriorToDate => (ty, measure, range, figure.kind, figure.adds_over_slices),
                    Past::Change | Past::ChangeToDate => {
                        (ty, measure, range.plus(range.negated()), Kind::Movement, figure.adds_over_slices)
                    }
                    Past::Growth | Past::GrowthToDate => (Type::Number, KnownUnit::none(), Range::ANY, Kind::Ratio, false),
                };
                let operand = Operand { expr, ty, measure, range, origin };
                Figure { operand, kind, adds_over_slices: adds, constant: false }
            }
            CalcLeaf::Trend(trend) => {
                let figure = self.calc(&trend.of);
                let figure = self.numeric(figure, &trend.of, trend.way.name());
                if figure.is_broken() {
                    return Figure::broken(span);
                }
                let trend = Trend { of: figure.operand.expr, ..(**trend).clone() };
                let expr = Expr { node: Node::Leaf(CalcLeaf::Trend(Box::new(trend))), at };
                let operand = Operand::new(expr, Type::Boolean, KnownUnit::none(), Range::ANY);
                Figure { operand, kind: Kind::Ratio, adds_over_slices: false, constant: false }
            }
            CalcLeaf::Slice(of, condition) => {
                let figure = self.calc(of);
                let condition_expr = self.condition(condition, Scope::Slice(of), "`slice`");
                let figure = self.numeric(figure, of, "slice");
                let (false, Some(condition)) = (figure.is_broken(), condition_expr) else { return Figure::broken(span) };
                let measure = one_currency(&figure.operand.measure, &condition);
                let expr = Expr { node: Node::Leaf(CalcLeaf::Slice(Box::new(figure.operand.expr), Box::new(condition))), at };
                Figure { operand: Operand { expr, measure, ..figure.operand }, ..figure }
            }
            CalcLeaf::Total(of, dimensions) => {
                let figure = self.calc(of);
                let figure = self.numeric(figure, of, "total");
                if figure.is_broken() {
                    return Figure::broken(span);
                }
                if let KnownUnit::Mixed(by) = &figure.operand.measure
                    && (dimensions.is_empty() || matches!(by, CurrencyOf::Dimension(id) if dimensions.contains(id)))
                {
                    let message = "this total adds up amounts in several currencies";
                    self.report(&codes::MIXED_CURRENCIES, span, message).help("multiply by an exchange rate first");
                    return Figure::broken(span);
                }
                let expr = Expr { node: Node::Leaf(CalcLeaf::Total(Box::new(figure.operand.expr), dimensions.clone())), at };
                Figure { operand: Operand { expr, ..figure.operand }, adds_over_slices: false, ..figure }
            }
        }
    }

    fn kpi_leaf(&mut self, id: KpiId, calc: &Calc) -> Figure {
        let kpi = self.model.kpis.get(id);
        let facts = &kpi.facts;
        if facts.is_broken() {
            return Figure::broken(calc.span_or(self.or));
        }
        let measure = match facts.needs {
            Some(dimension) => KnownUnit::Mixed(CurrencyOf::Dimension(dimension)),
            None => KnownUnit::Of(facts.unit.clone()),
        };
        let mut operand = Operand::new(calc.clone(), facts.ty, measure, facts.range);
        operand.origin = Some((kpi.name.value.clone(), kpi.unit.as_ref().map_or(kpi.name.span, |unit| unit.span)));
        Figure { operand, kind: facts.kind, adds_over_slices: facts.adds_over_slices, constant: false }
    }

    /// A figure that has to be a number.
    pub(super) fn numeric(&mut self, figure: Figure, calc: &Calc, function: &str) -> Figure {
        if figure.is_broken() || figure.operand.ty.is_numeric() {
            return figure;
        }
        let span = calc.span_or(self.or);
        let text = self.text(calc);
        let message = format!("`{function}` takes a number, and `{text}` is {}", figure.operand.ty);
        let finding = self.report(&codes::TYPE_MISMATCH, span, message);
        if figure.operand.ty == Type::Boolean {
            finding.help(format!("to get 1 or 0 write `if({text}, 1, 0)`"));
        }
        Figure::broken(span)
    }
}

/// The unit of a part on which mixed amounts are all of one currency.
fn one_currency(measure: &KnownUnit, condition: &Expr<RowLeaf>) -> KnownUnit {
    let KnownUnit::Mixed(CurrencyOf::Dimension(needed)) = measure else { return measure.clone() };
    let code = condition.conjuncts().into_iter().find_map(|part| match &part.node {
        Node::Apply(function, arguments) if **function == operators::EQUAL => match arguments.as_slice() {
            [Expr { node: Node::Leaf(RowLeaf::Dimension(id)), .. }, Expr { node: Node::Literal(Literal::Text(code)), .. }]
                if id == needed =>
            {
                Some(code.clone())
            }
            _ => None,
        },
        _ => None,
    });
    match code.and_then(|code| Unit::parse(&code).ok()) {
        Some(unit) => KnownUnit::Of(unit),
        None => measure.clone(),
    }
}

fn leaf_figure(
    leaf: CalcLeaf,
    value: super::aggregate::Aggregated,
    at: crate::model::expr::At,
    span: crate::text::Span,
) -> Figure {
    if value.ty == Type::Error {
        return Figure::broken(span);
    }
    let expr = Expr { node: Node::Leaf(leaf), at };
    Figure {
        operand: Operand { expr, ty: value.ty, measure: value.measure, range: value.range, origin: value.origin },
        kind: value.kind,
        adds_over_slices: value.adds_over_slices,
        constant: false,
    }
}

/// The kind of a function of figures, and whether it adds up over slices: the one table of what arithmetic keeps.
fn combined(function: &Function, figures: &[Figure]) -> (Kind, bool) {
    let moving: Vec<&Figure> = figures.iter().filter(|figure| !figure.constant).collect();
    let all_add = moving.iter().all(|figure| figure.adds_over_slices);
    let has_constant = moving.len() < figures.len();
    match (function.name, moving.as_slice()) {
        // -x, k * x, and x / k.
        ("negate" | "*", [only]) => (only.kind, only.adds_over_slices),
        ("/", [only]) if figures.get(1).is_some_and(|divisor| divisor.constant) => (only.kind, only.adds_over_slices),
        // A level may be moved by a constant; a flow may not, it would count once for each period.
        ("+" | "-", [only]) if has_constant => (if only.kind == Kind::Stock { Kind::Stock } else { Kind::Ratio }, false),
        ("+" | "-", [one, two]) if one.kind == two.kind => (one.kind, all_add),
        // A missing value that counts as 0 changes nothing.
        ("coalesce", [only]) if figures.get(1).is_some_and(|or| or.operand.range.single() == Some(0.0)) => {
            (only.kind, only.adds_over_slices)
        }
        _ => (Kind::Ratio, false),
    }
}

/// Whether a value is divided by another somewhere in an expression.
fn divides(expr: &Calc) -> bool {
    match &expr.node {
        Node::Apply(function, parts) => **function == operators::DIVIDE || parts.iter().any(divides),
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
    }
}

/// Whether a formula takes the difference of two times, whose unit nobody wrote.
fn has_difference(calc: &Calc) -> bool {
    fn in_row(expr: &Expr<RowLeaf>) -> bool {
        match &expr.node {
            Node::Apply(function, arguments) => {
                function.name.ends_with(" between") && function.name != "not between" || arguments.iter().any(in_row)
            }
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
        }
    }
    match &calc.node {
        Node::Apply(function, arguments) => {
            function.name.ends_with(" between") && function.name != "not between" || arguments.iter().any(has_difference)
        }
        Node::Leaf(leaf) => match leaf {
            CalcLeaf::Aggregate(aggregate) => aggregate.argument.as_ref().is_some_and(in_row),
            CalcLeaf::Grouped(grouped) => has_difference(&grouped.of),
            CalcLeaf::Each(each) => has_difference(&each.of),
            CalcLeaf::Trend(trend) => has_difference(&trend.of),
            CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => has_difference(of),
            CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) => false,
        },
        Node::Literal(_) | Node::Broken => false,
    }
}
