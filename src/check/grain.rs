//! Grains: a KPI has a value at a grain only if every part of it has one there.
//!
//! `prior` goes back by whole periods, `each` goes over periods that fit, and hand-kept values have one grain. A part that does
//! not fit is reported where it stands if its own KPI is shown at that grain, else where it is used.

use crate::calendar::{Grain, Length};
use crate::diagnostic::{Code, Findings, codes};
use crate::graph::Graph;
use crate::model::expr::{Calc, CalcLeaf, Each, Node, Window};
use crate::model::{Body, KpiId, Model};
use crate::text::Span;
use std::collections::HashSet;

/// A part of a formula that has no value at a grain.
struct Problem {
    code: &'static Code,
    span: Span,
    message: String,
    help: String,
    /// The KPI whose part it is, if another's.
    of: Option<KpiId>,
}

/// Checks every KPI at each of its grains, and every scorecard at its own; gives the KPIs without values at a grain.
pub(super) fn grains(model: &Model, graph: &Graph, findings: &mut Findings) -> HashSet<(KpiId, Grain)> {
    let mut unfit: HashSet<(KpiId, Grain)> = HashSet::new();
    for id in graph.kpi_order().iter().copied() {
        let kpi = model.kpis.get(id);
        let declared = model.grains(kpi);
        for grain in Grain::ALL {
            let problems = problems(model, id, grain, &unfit);
            if problems.is_empty() {
                continue;
            }
            unfit.insert((id, grain));
            // What hand-kept values cannot be shown by has been said where the grain is listed.
            if !declared.contains(&grain) || matches!(kpi.body, Body::Values(_)) {
                continue;
            }
            for problem in problems {
                // What a KPI reports of itself is not repeated by those that use it.
                let told = problem.of.is_some_and(|of| model.grains(model.kpis.get(of)).contains(&grain));
                if !told {
                    findings.report(problem.code, problem.span, problem.message).help(problem.help);
                }
            }
        }
    }
    for card in &model.scorecards {
        for entry in &card.kpis {
            let kpi = model.kpis.get(entry.value);
            if unfit.contains(&(entry.value, card.grain)) && !model.grains(kpi).contains(&card.grain) {
                let message = format!("`{}` has no value by {}, the grain of this scorecard", kpi.name.value, card.grain);
                findings
                    .report(&codes::GRAIN_MISMATCH, entry.span, message)
                    .also(
                        kpi.formula_span.unwrap_or(kpi.name.span),
                        if kpi.formula_span.is_some() { "its formula" } else { "kept by hand" },
                    )
                    .help(format!("its grain is {}; give the scorecard that grain, or remove the KPI", kpi.grain));
            }
        }
    }
    unfit
}

/// Checks that all parts of a condition have values at a grain.
pub(super) fn condition(
    model: &Model,
    condition: &Calc,
    grain: Grain,
    unfit: &HashSet<(KpiId, Grain)>,
    or: Span,
    findings: &mut Findings,
) {
    let mut found = Vec::new();
    walk(model, condition, grain, unfit, or, &mut found);
    for problem in found {
        findings.report(problem.code, problem.span, problem.message).help(problem.help);
    }
}

fn problems(model: &Model, id: KpiId, grain: Grain, unfit: &HashSet<(KpiId, Grain)>) -> Vec<Problem> {
    let kpi = model.kpis.get(id);
    let mut found = Vec::new();
    match &kpi.body {
        Body::Formula(calc) => walk(model, calc, grain, unfit, kpi.name.span, &mut found),
        Body::Values(values) if values.grain != grain => found.push(Problem {
            code: &codes::GRAIN_MISMATCH,
            span: kpi.name.span,
            message: format!("`{}` is kept by hand by {}, so it has no value by {grain}", kpi.name.value, values.grain),
            help: format!("use it at the grain {}", values.grain),
            of: None,
        }),
        Body::Values(_) | Body::Broken => {}
    }
    found
}

fn walk(model: &Model, calc: &Calc, grain: Grain, unfit: &HashSet<(KpiId, Grain)>, or: Span, found: &mut Vec<Problem>) {
    let span = calc.span_or(or);
    match &calc.node {
        Node::Apply(_, arguments) => {
            for argument in arguments {
                walk(model, argument, grain, unfit, or, found);
            }
        }
        Node::Leaf(CalcLeaf::Kpi(id)) if unfit.contains(&(*id, grain)) => {
            let used = model.kpis.get(*id);
            found.push(Problem {
                code: &codes::GRAIN_MISMATCH,
                span,
                message: format!("`{}` has no value by {grain}", used.name.value),
                help: format!("its formula is `{}`, which does not work at that grain", used.formula),
                of: Some(*id),
            });
        }
        Node::Leaf(CalcLeaf::Prior(_, of, length)) => {
            if let Some(length) = length
                && back(grain, *length, model.calendar.custom).is_none()
            {
                found.push(part_of_period(grain, *length, span));
            }
            walk(model, of, grain, unfit, or, found);
        }
        Node::Leaf(CalcLeaf::Trend(trend)) => walk(model, &trend.of, grain, unfit, or, found),
        Node::Leaf(CalcLeaf::Each(each)) => {
            each_problem(each, grain, model.calendar.custom, span, found);
            walk(model, &each.of, each.grain, unfit, or, found);
        }
        Node::Leaf(CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _)) => walk(model, of, grain, unfit, or, found),
        Node::Leaf(CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_))
        | Node::Literal(_)
        | Node::Broken => {}
    }
}

fn part_of_period(grain: Grain, length: Length, span: Span) -> Problem {
    let is = if length.count == 1 { "is" } else { "are" };
    let (message, help) = if grain == Grain::Week && length.unit == Grain::Month {
        (
            "a month is not a whole number of weeks, so no week is exactly a month earlier".to_owned(),
            "at the grain `week`, go back by weeks, quarters (13 weeks) or years (52 weeks), or remove that grain".to_owned(),
        )
    } else {
        (
            format!("{length} {is} not a whole number of {grain}s, so no {grain} is exactly that much earlier"),
            format!("go back by whole {grain}s or longer, or show the KPI at a finer grain"),
        )
    };
    Problem { code: &codes::PART_OF_PERIOD, span, message, help, of: None }
}

/// How many periods of `grain` a length goes back, and in which unit; nothing if it is not a whole number of them.
pub(crate) fn back(grain: Grain, length: Length, custom: bool) -> Option<Length> {
    let Length { count, unit } = length;
    if unit == grain || grain == Grain::Day {
        return Some(length);
    }
    if custom {
        // The period of the same number within the longer one.
        return (grain < unit).then_some(length);
    }
    match (grain, unit) {
        (Grain::Week, Grain::Quarter) => Some(Length { count: count.saturating_mul(13), unit: Grain::Week }),
        (Grain::Week, Grain::Year) => Some(Length { count: count.saturating_mul(52), unit: Grain::Week }),
        (Grain::Month, Grain::Quarter | Grain::Year) | (Grain::Quarter, Grain::Year) => Some(length),
        (Grain::Quarter, Grain::Month) if count % 3 == 0 => Some(Length { count: count / 3, unit: Grain::Quarter }),
        (Grain::Year, Grain::Month) if count % 12 == 0 => Some(Length { count: count / 12, unit: Grain::Year }),
        (Grain::Year, Grain::Quarter) if count % 4 == 0 => Some(Length { count: count / 4, unit: Grain::Year }),
        (Grain::Week, Grain::Day) if count % 7 == 0 => Some(Length { count: count / 7, unit: Grain::Week }),
        _ => None,
    }
}

fn each_problem(each: &Each, grain: Grain, custom: bool, span: Span, found: &mut Vec<Problem>) {
    let inner = each.grain;
    let mut mismatch = |message: String, help: String| {
        found.push(Problem { code: &codes::GRAIN_MISMATCH, span, message, help, of: None });
    };
    if !inner.nests_in(grain, custom) {
        let message = format!("a {grain} is not made of whole {inner}s, so `each {inner}` does not work here");
        let help = if inner > grain {
            format!("show this KPI by {inner} or longer, or use a finer grain, such as `each day`")
        } else {
            "use a finer grain that fits, such as `each day`".to_owned()
        };
        mismatch(message, help);
        return;
    }
    let fits = match each.window {
        Window::Period | Window::Previous | Window::AllTime | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => {
            true
        }
        Window::ToDate(unit) => inner.nests_in(unit, custom),
        Window::Trailing(length) => {
            inner == Grain::Day || back(inner, length, custom).is_some_and(|back| whole(inner, back, custom))
        }
    };
    if !fits {
        let message = format!("this window is not made of whole {inner}s");
        mismatch(message, format!("give it in {inner}s, or use `each day`"));
    }
}

/// Whether a length is a number of periods of `inner` that does not depend on where it starts.
fn whole(inner: Grain, length: Length, custom: bool) -> bool {
    length.unit == inner || !custom && matches!(inner, Grain::Month | Grain::Quarter) && length.unit > inner
}
