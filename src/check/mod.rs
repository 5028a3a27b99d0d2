//! From ids to meaning: types, units, kinds over time and ranges, in the order in which definitions need each other.
//!
//! 1. [`column::columns`] checks derived columns, and [`journey::journeys`] the steps of journeys.
//! 2. [`calc::kpis`] checks formulas and finds out what each KPI is; `row` does the same for row expressions, `aggregate` for
//!    what ties the two, and `apply` for the functions that both share. `ahead` refuses conditions on rows beyond the period.
//! 3. [`grain::grains`] checks that each KPI has a value at each of its grains.
//! 4. [`slice::slices`] checks that all parts of a KPI have the dimensions that it is sliced by.
//! 5. [`cohort::cohorts`] checks that KPIs with ages look at them, and that what uses them has the same.
//! 6. [`guardrail::guardrails`] does all of that for the conditions of guardrails.
//! 7. [`objective::objectives`] holds targets, slices and periods of key results against their KPIs.
//!
//! Checking writes out what formulas leave unsaid: differences of times, and conversions between units of one kind. A part
//! that is wrong becomes unknown, which silences what follows from it.

mod advice;
mod aggregate;
mod ahead;
mod apply;
mod calc;
mod closing;
mod cohort;
mod column;
mod each;
mod grain;
mod guardrail;
mod interval;
mod journey;
mod objective;
mod row;
mod size;
mod slice;
mod to_date;

pub(crate) use grain::back;
pub(crate) use objective::cannot_accumulate;

use crate::diagnostic::{Code, Finding, Findings};
use crate::graph::Graph;
use crate::model::Model;
use crate::model::expr::{Expr, Node, is_whole};
use crate::model::facts::{KnownUnit, Range, Type};
use crate::text::{Files, Span};

/// Checks a whole model and fills in what it finds out.
pub fn check(model: &mut Model, graph: &Graph, files: &Files, findings: &mut Findings) {
    let sizes = column::columns(model, graph, files, findings);
    journey::journeys(model, files, findings);
    let sizes = calc::kpis(model, graph, files, sizes, findings);
    interval::intervals(model, findings);
    // These three look at what the formulas have come to, and not at one another.
    let known: &Model = model;
    let (mut in_grains, mut in_slices, mut in_cohorts) = (Findings::default(), Findings::default(), Findings::default());
    let grains_and_cohorts = || {
        cohort::cohorts(known, graph, &mut in_cohorts);
        to_date::comparisons(known, graph, &mut in_cohorts);
        grain::grains(known, graph, &mut in_grains)
    };
    let (unfit, parts) = rayon::join(grains_and_cohorts, || slice::slices(known, graph, &mut in_slices));
    [in_grains, in_slices, in_cohorts].into_iter().for_each(|found| findings.append(found));
    objective::objectives(model, &parts, findings);
    guardrail::guardrails(model, &guardrail::Known { sizes, unfit, parts }, files, findings);
}

/// What a check looks at and reports to.
struct Context<'a> {
    model: &'a Model,
    files: &'a Files,
    findings: &'a mut Findings,
    /// The place to point at where an expression has none.
    or: Span,
}

impl Context<'_> {
    fn report(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Finding {
        self.findings.report(code, span, message)
    }

    /// An expression as it was written, on one line.
    fn text<L>(&self, expr: &Expr<L>) -> String {
        let written = expr.at.0.map(|span| self.files.slice(span)).unwrap_or_default();
        let line = written.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() > 60 { format!("{}…", line.chars().take(60).collect::<String>()) } else { line }
    }
}

/// An expression with what is known of its value.
#[derive(Debug, Clone)]
struct Operand<L> {
    expr: Expr<L>,
    ty: Type,
    measure: KnownUnit,
    range: Range,
    /// Where its unit comes from, for findings: a name and the place of its definition.
    origin: Option<(String, Span)>,
}

impl<L> Operand<L> {
    fn new(expr: Expr<L>, ty: Type, measure: KnownUnit, range: Range) -> Self {
        Self { expr, ty, measure, range, origin: None }
    }

    /// Something that is wrong.
    fn broken(span: Span) -> Self {
        Self::new(Expr::new(Node::Broken, span), Type::Error, KnownUnit::Unknown, Range::ANY)
    }

    fn is_broken(&self) -> bool {
        self.ty == Type::Error
    }
}

/// What a literal is.
fn literal<L: Clone>(expr: &Expr<L>, literal: &crate::model::expr::Literal) -> Operand<L> {
    use crate::model::expr::Literal;
    let (ty, measure, range) = match literal {
        Literal::Null => (Type::Null, KnownUnit::Bare, Range::ANY),
        Literal::Truth(_) => (Type::Boolean, KnownUnit::none(), Range::ANY),
        Literal::Number(digits) => {
            let value = digits.parse::<f64>().unwrap_or(f64::INFINITY);
            let ty = if is_whole(digits) { Type::Integer } else { Type::Decimal };
            (ty, KnownUnit::Bare, Range::point(value))
        }
        Literal::Text(_) | Literal::Grain(_) => (Type::Text, KnownUnit::none(), Range::ANY),
        Literal::Date(_) => (Type::Date, KnownUnit::none(), Range::ANY),
    };
    Operand::new(expr.clone(), ty, measure, range)
}
