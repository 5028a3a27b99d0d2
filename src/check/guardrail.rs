//! Conditions of guardrails: that they are conditions, over KPIs that have values at the guardrail's grain and in its slices, and
//! that not every value of these KPIs decides them.
//!
//! Checking writes the conversions out, as in formulas, and finds the figures that the condition compares: they are what a reader
//! of a guardrail that fires wants to see.

use super::size::{Sizes, too_large};
use super::slice::{Parts, Sliced};
use super::{Context, advice, grain, slice, to_date};
use crate::calendar::Grain;
use crate::diagnostic::{Findings, codes};
use crate::model::expr::{Calc, CalcLeaf, Expr, Literal, Node, Past, Trend, Way};
use crate::model::facts::{CurrencyOf, KnownUnit, Range, Type};
use crate::model::guardrail::{Guardrail, Reading};
use crate::model::unit::Unit;
use crate::model::{KpiId, Model, unusual};
use crate::text::{Files, Span};
use std::collections::{BTreeMap, HashSet};

/// What earlier checks found out about KPIs.
pub(super) struct Known {
    pub(super) sizes: Sizes,
    /// The KPIs without values at a grain.
    pub(super) unfit: HashSet<(KpiId, Grain)>,
    /// What each KPI reads.
    pub(super) parts: BTreeMap<KpiId, Parts>,
}

/// Checks all guardrails.
pub(super) fn guardrails(model: &mut Model, known: &Known, files: &Files, findings: &mut Findings) {
    let check = |guardrail: &Guardrail, findings: &mut Findings| {
        let condition = guardrail.condition.as_ref()?;
        let mut context = Context { model, files, findings, or: guardrail.when_span };
        context.guardrail(guardrail, condition, known)
    };
    let done: Vec<_> = model.guardrails.iter().map(|guardrail| check(guardrail, findings)).collect();
    for (guardrail, done) in model.guardrails.iter_mut().zip(done) {
        let (condition, readings) = done.unzip();
        guardrail.condition = condition;
        guardrail.readings = readings.unwrap_or_default();
    }
}

impl Context<'_> {
    /// The checked condition of a guardrail and what it compares; nothing, with findings, if it is wrong.
    fn guardrail(&mut self, guardrail: &Guardrail, written: &Calc, known: &Known) -> Option<(Calc, Vec<Reading>)> {
        if written.is_broken() || self.aggregates(written) {
            return None;
        }
        let size = known.sizes.calc(self.model, written);
        if size.is_too_large() {
            too_large(self, &guardrail.name.value, guardrail.when_span, size);
            return None;
        }
        let figure = self.calc(written);
        if figure.is_broken() {
            return None;
        }
        let span = written.span_or(guardrail.when_span);
        if figure.operand.ty != Type::Boolean {
            let text = self.text(written);
            let message = format!("`{text}` is {}, but a guardrail fires on a condition", figure.operand.ty);
            let help = advice::condition(figure.operand.ty, &text);
            self.report(&codes::GUARDRAIL_NOT_A_CONDITION, span, message).help(help);
            return None;
        }
        if guardrail.watches.is_empty() {
            let message = format!("`{}` watches no KPI, so figures never make it fire", guardrail.name.value);
            self.report(&codes::GUARDRAIL_WITHOUT_KPI, span, message)
                .help("compare a KPI with a value: `gross_churn_rate > 5%`");
            return None;
        }
        let before = self.findings.iter().count();
        self.trends(written, guardrail);
        grain::condition(self.model, written, guardrail.grain, &known.unfit, span, self.findings);
        to_date::in_formula(self.model, written, span, self.findings);
        for by in &guardrail.by {
            let parts = slice::parts(self.model, written, span, &known.parts);
            let sliced = Sliced { name: &guardrail.name.value, what: "condition", own: None };
            slice::check(self.model, &sliced, by, &parts, self.findings);
        }
        slice::conditions(self.model, &figure.operand.expr, span, &known.parts, self.findings);
        let mut readings = Vec::new();
        self.readings(written, guardrail, &mut readings);
        if self.findings.iter().count() > before {
            return None;
        }
        if let Some(holds) = self.verdict(written) {
            let message = if holds {
                format!("`{}` is true for all values that its KPIs can have", self.text(written))
            } else {
                format!("`{}` is false for all values that its KPIs can have", self.text(written))
            };
            self.report(&codes::GUARDRAIL_DECIDED, span, message)
                .help("correct the threshold, or the `min` and `max` of the columns that the KPIs read");
        }
        Some((figure.operand.expr, readings))
    }

    /// Reports aggregates over rows in a condition.
    fn aggregates(&mut self, calc: &Calc) -> bool {
        let mut found = Vec::new();
        nodes(calc, &mut |part| {
            if matches!(&part.node, Node::Leaf(CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_))) {
                found.push(part.span_or(self.or));
            }
        });
        for span in &found {
            let text = self.files.slice(*span).split_whitespace().collect::<Vec<_>>().join(" ");
            self.report(&codes::AGGREGATE_IN_GUARDRAIL, *span, "a guardrail watches KPIs, but this aggregates rows")
                .help(format!("define it under `kpis:` and name it here: `{{ formula: {text} }}`"));
        }
        !found.is_empty()
    }

    /// Trends go by the guardrail's own periods.
    fn trends(&mut self, calc: &Calc, guardrail: &Guardrail) {
        let grain = guardrail.grain;
        let mut found = Vec::new();
        nodes(calc, &mut |part| {
            if let Node::Leaf(CalcLeaf::Trend(trend)) = &part.node
                && trend.length.unit != grain
                && !(trend.way == Way::Unusual && unusual::is_season(grain, trend.length.unit))
            {
                found.push((self.length_of(part, trend), &trend.way, trend.length));
            }
        });
        for (span, way, length) in found {
            let name = way.name();
            let message = format!("`{}` is checked by {grain}, but `{name}` looks at {length}", guardrail.name.value);
            let help = if *way == Way::Unusual {
                let season = if grain == Grain::Day {
                    "`12 weeks` for days of the same weekday"
                } else {
                    "`8 years` for the same time of the year"
                };
                format!("count periods of the guardrail, as in `12 {grain}s`, or seasons, as in {season}")
            } else {
                format!("count periods of the guardrail, as in `3 {grain}s`, or give the guardrail `grain: {}`", length.unit)
            };
            self.report(&codes::TREND_OF_ANOTHER_GRAIN, span, message).help(help);
        }
    }

    /// Where the length of a trend is written: after the value that it is of, and a comma.
    fn length_of(&self, part: &Calc, trend: &Trend) -> Span {
        let whole = part.span_or(self.or);
        let Some(of) = trend.of.at.0.filter(|of| whole.holds(*of)) else { return whole };
        let after = Span { start: of.end, ..whole };
        let text = self.files.slice(after);
        let argument = || {
            let at = text.find(',')? + 1;
            let rest = text.get(at..)?;
            let start = at + (rest.len() - rest.trim_start().len());
            let length = text.get(start..)?.find([',', ')'])?;
            let start = after.start + u32::try_from(start).ok()?;
            let end = start + u32::try_from(length).ok()?;
            Some(Span { start, end, ..whole })
        };
        argument().unwrap_or(whole)
    }

    /// The figures that a condition compares, each once.
    fn readings(&mut self, calc: &Calc, guardrail: &Guardrail, found: &mut Vec<Reading>) {
        if let Node::Leaf(CalcLeaf::Trend(trend)) = &calc.node {
            self.readings(&trend.of, guardrail, found);
            if trend.way == Way::Unusual {
                self.limits(trend, guardrail, found);
                return;
            }
            let prior = CalcLeaf::Prior(Past::Prior, Box::new(trend.of.clone()), Some(trend.length));
            let text = format!("prior({}, {})", self.whole_text(&trend.of), trend.length);
            self.reading(&Expr { node: Node::Leaf(prior), at: trend.of.at }, text, guardrail, found);
            return;
        }
        let figure = self.calc(calc);
        if figure.operand.ty.is_numeric() && figure.operand.ty != Type::Null {
            let text = self.whole_text(calc);
            self.reading(calc, text, guardrail, found);
        } else if let Node::Apply(_, arguments) = &calc.node {
            for argument in arguments {
                self.readings(argument, guardrail, found);
            }
        }
    }

    /// Between which values a figure is usual.
    fn limits(&mut self, trend: &Trend, guardrail: &Guardrail, found: &mut Vec<Reading>) {
        let values = trend.values();
        let Some(limits) = values.get(1..).and_then(unusual::Limits::of) else { return };
        let of = self.whole_text(&trend.of);
        let at = trend.of.at;
        self.reading(&Expr { at, ..limits.low() }, format!("{of}, usual from ({})", trend.length), guardrail, found);
        self.reading(&Expr { at, ..limits.high() }, format!("{of}, usual to ({})", trend.length), guardrail, found);
    }

    fn reading(&mut self, calc: &Calc, text: String, guardrail: &Guardrail, found: &mut Vec<Reading>) {
        let figure = self.calc(calc);
        if figure.constant || found.iter().any(|known| known.text == text) {
            return;
        }
        if let KnownUnit::Mixed(CurrencyOf::Dimension(id)) = &figure.operand.measure
            && (guardrail.by.is_empty() || guardrail.by.iter().any(|slice| !slice.value.contains(id)))
        {
            let currency = &self.model.dimensions.get(*id).name;
            let message = format!("`{text}` adds up amounts in several currencies");
            self.report(&codes::MIXED_CURRENCIES, calc.span_or(self.or), message)
                .help(format!("watch each currency on its own: `by: [{currency}]`"));
        }
        // A growth has no unit of its own, and everybody reads it as a percentage.
        let is_growth = matches!(&calc.node, Node::Leaf(CalcLeaf::Prior(past, ..)) if past.is_growth());
        let percent = Unit::parse("%").ok().filter(|_| is_growth);
        let unit = percent.unwrap_or_else(|| figure.operand.measure.unit());
        found.push(Reading { text, of: figure.operand.expr, unit });
    }

    /// An expression as it was written, on one line, however long.
    fn whole_text(&self, calc: &Calc) -> String {
        let written = calc.at.0.map(|span| self.files.slice(span)).unwrap_or_default();
        written.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether a condition that is right holds for all values that its KPIs can have, or for none; nothing if it depends.
    fn verdict(&mut self, calc: &Calc) -> Option<bool> {
        let Node::Apply(function, arguments) = &calc.node else {
            return match &calc.node {
                Node::Literal(Literal::Truth(truth)) => Some(*truth),
                _ => None,
            };
        };
        match function.name {
            "and" | "or" => {
                let decides = function.name == "or";
                let verdicts: Vec<_> = arguments.iter().map(|argument| self.verdict(argument)).collect();
                if verdicts.contains(&Some(decides)) {
                    return Some(decides);
                }
                verdicts.iter().all(|verdict| *verdict == Some(!decides)).then_some(!decides)
            }
            "not" => arguments.first().and_then(|argument| self.verdict(argument)).map(|holds| !holds),
            "<" | "<=" | ">" | ">=" | "=" => {
                let operands = arguments.iter().map(|argument| self.calc(argument).operand).collect();
                let (operands, _) = self.one_unit(function, operands, calc.span_or(self.or))?;
                let [left, right] = operands.as_slice() else { return None };
                compared(function.name, left.range, right.range)
            }
            _ => None,
        }
    }
}

/// Whether a comparison holds for all numbers of two ranges, or for none.
fn compared(operator: &str, left: Range, right: Range) -> Option<bool> {
    let (always, never) = match operator {
        "<" => (left.high < right.low, left.low >= right.high),
        "<=" => (left.high <= right.low, left.low > right.high),
        ">" => (left.low > right.high, left.high <= right.low),
        ">=" => (left.low >= right.high, left.high < right.low),
        _ => (false, left.high < right.low || left.low > right.high),
    };
    if always {
        Some(true)
    } else if never {
        Some(false)
    } else {
        None
    }
}

/// Calls `visit` on every node of KPI arithmetic, those inside leaves too.
fn nodes<'a>(calc: &'a Calc, visit: &mut impl FnMut(&'a Calc)) {
    visit(calc);
    match &calc.node {
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| nodes(argument, visit)),
        Node::Leaf(leaf) => match leaf {
            CalcLeaf::Each(each) => nodes(&each.of, visit),
            CalcLeaf::Trend(trend) => nodes(&trend.of, visit),
            CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => nodes(of, visit),
            CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => {}
        },
        Node::Literal(_) | Node::Broken => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_decide_at_their_edges() {
        let share = Range { low: 0.0, high: 1.0 };
        let point = Range::point;
        assert_eq!(compared(">", share, point(1.0)), Some(false));
        assert_eq!(compared(">=", share, point(1.0)), None);
        assert_eq!(compared(">=", share, point(0.0)), Some(true));
        assert_eq!(compared(">", share, point(0.0)), None);
        assert_eq!(compared("<", share, point(0.0)), Some(false));
        assert_eq!(compared("<=", share, point(0.0)), None);
        assert_eq!(compared("=", share, point(2.0)), Some(false));
        assert_eq!(compared("<", Range::ANY, point(2.0)), None);
    }
}
